"""Model profiles put into the data folder, by somebody who may: what they hold decides every verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.profiles.manifest import MANIFEST_NAME
from filo_core.types import EventKind
from workflows.people.own_record import require_own_record
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from workflows.people.access import Access


@asks(Right.INSTALL)
def install_model(access: Access, models: Path, name: str, put: Callable[[], Path]) -> Path:
    """Install a profile with ``put``, which brings its folder back; the event has the hash of its manifest.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        ProfileError: as ``put``.
    """
    require_own_record(access, models.parent)
    by = access.require(Right.INSTALL)
    before = _manifest_hash(models / name)
    folder = put()
    with access.storage.transaction() as transaction:
        detail = {"old": before, "new": _manifest_hash(folder), "folder": folder.name}
        access.note(transaction, EventKind.MODEL_INSTALLED, by, name, detail)
    return folder


def _manifest_hash(folder: Path) -> str:
    """SHA-256 of a profile's manifest, which has the hashes of its weights; where there is none, of what lies there."""
    try:
        return hashlib.sha256((folder / MANIFEST_NAME).read_bytes()).hexdigest()
    except OSError:
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.is_dir() else []
        return hashlib.sha256("\n".join(names).encode()).hexdigest() if names else ""
