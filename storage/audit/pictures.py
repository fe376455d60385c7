"""The pictures that the record speaks of, looked at one by one: each must be what its name says."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.happenings import told
from storage.audit.problems import Problem
from storage.image_pool import place_of
from storage.pictures import spoken_of

SAMPLE = 500
"""Pictures that are looked at in a night."""

_CHUNK = 1 << 20


def picture_problems(
    session: Session, images: Path, sample: int | None = None, seed: int = 0, *, all_here: bool = True
) -> Iterator[Problem]:
    """Pictures that were altered, or are gone though no rule removed them.

    Args:
        session: in a transaction that sees one state throughout.
        images: folder of the image store.
        sample: how many to look at; None for all.
        seed: of the choice.
        all_here: whether the store has the pictures of the whole record; stations keep theirs on a shared one.
    """
    wanted = sorted(set(spoken_of(session)) - _removed(session))
    if sample is not None and len(wanted) > sample:
        wanted = sorted(random.Random(seed).sample(wanted, sample))
    for content_hash in wanted:
        path = place_of(images, content_hash)
        if (all_here or path.exists()) and (what := _wrong(path, content_hash)):
            yield Problem(0, "pictures", 0, what)


def _removed(session: Session) -> set[str]:
    removed: set[str] = set()
    for event in told(session, EventKind.IMAGES_REMOVED):
        files = event.detail.get("files")
        removed.update(str(name) for name in (files if isinstance(files, list) else json.loads(files or "[]")))
    return removed


def _wrong(path: Path, content_hash: str) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return Sentence("{name} is gone from the image store, and no rule removed it", name=content_hash)
    except OSError as error:
        return Sentence("{name} cannot be read: {reason}", name=content_hash, reason=error.strerror or error)
    return "" if digest.hexdigest() == content_hash else Sentence("{name} is not what was stored", name=content_hash)
