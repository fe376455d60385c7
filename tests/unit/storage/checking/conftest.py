"""The record of the audit's tests is checked here."""

from tests.unit.storage.audit.conftest import database, storage

__all__ = ["database", "storage"]
