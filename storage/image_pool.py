"""Images of backups: content-addressed files beside them; only what is new is added, and checked by its hash."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Pooled:
    """What was added, and what the image store no longer has as it was: a file whose content is not its name's."""

    added: int
    damaged: tuple[str, ...]


def place_of(images: Path, content_hash: str) -> Path:
    """Where a store or a pool keeps a file."""
    return images / content_hash[:2] / content_hash


def add_to_pool(store: Path, pool: Path, hashes: Iterable[str]) -> Pooled:
    """Add what the pool lacks and the store has: as a link on the same disk, which takes no room, else as a copy.

    Raises:
        OSError: if a file cannot be written.
    """
    added, damaged = 0, []
    for content_hash in hashes:
        origin, place = place_of(store, content_hash), place_of(pool, content_hash)
        if place.exists():
            continue
        match _taken(origin, place, content_hash, _linked_or_copied):
            case True:
                added += 1
            case False:
                damaged.append(content_hash)
    return Pooled(added, tuple(damaged))


def drop_from_pool(store: Path, pool: Path, hashes: Iterable[str]) -> int:
    """Let go of what was removed from the store by its rules, unless it came back; how many files that were."""
    dropped = 0
    for content_hash in hashes:
        place = place_of(pool, content_hash)
        if place.exists() and not place_of(store, content_hash).exists():
            place.unlink()
            dropped += 1
    return dropped


def copied(source: Path, target: Path, content_hash: str) -> bool:
    """Whether the target has the file, copied from the source where it has not; what is damaged is not copied.

    Raises:
        OSError: if it cannot be written.
    """
    origin, place = place_of(source, content_hash), place_of(target, content_hash)
    return place.is_file() or bool(_taken(origin, place, content_hash, _copy))


def _taken(origin: Path, place: Path, content_hash: str, take: Callable[[Path, Path], None]) -> bool | None:
    """Whether a file was taken: not if it is damaged; None if it is not there, be it removed at this moment."""
    try:
        if not _is_whole(origin, content_hash):
            return False
        take(origin, place)
    except FileNotFoundError:
        if origin.exists():
            raise
        return None
    return True


def _linked_or_copied(origin: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(origin, place)
    except OSError:
        # Another disk, or a file system without links.
        _copy(origin, place)


def _copy(origin: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{place.name}.part")
    shutil.copyfile(origin, temporary)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(place)


def _is_whole(path: Path, content_hash: str) -> bool:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == content_hash
