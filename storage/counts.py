"""What was found in a picture beside its regions, as its inspection keeps it: counts, and where a fixture was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from filo_core.fixture import Placement
from filo_core.types import ItemsFound
from filo_core.whole_part import WordsFound

_KEPT: TypeAdapter[tuple[ItemsFound | WordsFound | Placement, ...]] = TypeAdapter(
    tuple[ItemsFound | WordsFound | Placement, ...]
)


def dump_counts(counts: Sequence[ItemsFound | WordsFound], placement: Placement | None = None) -> str | None:
    """As JSON; None where nothing was counted and nothing placed."""
    kept = [*counts, *([placement] if placement is not None else [])]
    return json.dumps([asdict(one) for one in kept], ensure_ascii=False, allow_nan=False) if kept else None


def load_counts(text: str) -> tuple[ItemsFound | WordsFound, ...]:
    """The counts that :func:`dump_counts` wrote; none where it cannot be read: a picture is shown without as well."""
    return tuple(one for one in _load(text) if not isinstance(one, Placement))


def load_placement(text: str) -> Placement | None:
    """The placement that :func:`dump_counts` wrote; None without one, and as above."""
    return next((one for one in _load(text) if isinstance(one, Placement)), None)


def _load(text: str) -> tuple[ItemsFound | WordsFound | Placement, ...]:
    if not text:
        return ()
    try:
        return _KEPT.validate_json(text)
    except ValidationError:
        return ()
