"""Ids of the triggers of a watched folder: each names its file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.line.watching.marks import Arrival

_KIND = "folder-"


def id_of(arrival: Arrival, image_hash: str) -> str:
    """The id of an arrival, the same whoever asks when: from its name, its content and its times."""
    mark = arrival.mark
    known = f"{arrival.name_on_disk}\0{mark.size}\0{mark.changed_ns}\0{mark.status_ns}\0{image_hash}"
    which = hashlib.sha256(known.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{_KIND}{image_hash[:16] or 'unread'}-{which[:16]}:{arrival.name}"


def id_of_part(part: str, files: Sequence[tuple[Arrival, str]]) -> str:
    """The same of a part that several files show, each with the hash of its content."""
    ids = sorted(id_of(arrival, image_hash) for arrival, image_hash in files)
    which = hashlib.sha256("\0".join(ids).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{_KIND}{which[:16]}-{which[16:32]}:{part}"


def file_of(trigger_id: str) -> str:
    """What the file of a trigger is called; empty where none brought it."""
    return trigger_id.partition(":")[2] if trigger_id.startswith(_KIND) else ""
