"""What was counted in a picture, as its inspection keeps it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from filo_core.types import ItemsFound
from filo_core.whole_part import WordsFound

_COUNTS: TypeAdapter[tuple[ItemsFound | WordsFound, ...]] = TypeAdapter(tuple[ItemsFound | WordsFound, ...])


def dump_counts(counts: Sequence[ItemsFound | WordsFound]) -> str | None:
    """As JSON; None where nothing was counted."""
    return json.dumps([asdict(one) for one in counts], ensure_ascii=False, allow_nan=False) if counts else None


def load_counts(text: str) -> tuple[ItemsFound | WordsFound, ...]:
    """What :func:`dump_counts` wrote; nothing where it cannot be read, since a picture is shown without it as well."""
    if not text:
        return ()
    try:
        return _COUNTS.validate_json(text)
    except ValidationError:
        return ()
