"""Runs the revisions on the connection it is given, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

# Imported for their tables: they join the metadata of the others.
import storage.calibration_models
import storage.plant_models
import storage.trust_models  # noqa: F401
from storage.models import Row

context.configure(connection=context.config.attributes["connection"], target_metadata=Row.metadata)
with context.begin_transaction():
    context.run_migrations()
