"""The worst parts of a report, each with its heat map, its contour and what it was called."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image

from filo_core.errors import FiloError
from filo_core.naming.part_types import part_called
from filo_core.rendering import render_heat_map
from filo_core.types import UNKNOWN_TYPE, InspectionFilter, PageOrder, Verdict
from workflows.reporting.history import History

if TYPE_CHECKING:
    from storage.storage import Storage

MOST = 3
_LOOKED_AT = 12
_LONGEST_PX = 520


@dataclass(frozen=True, slots=True)
class WorstPart:
    """One part that counts as NG."""

    name: str
    called: str
    """Its anomaly type; empty where it is unknown."""
    times_limit: float | None
    """Its score as a multiple of the limit of OK."""
    jpeg: bytes
    """Its picture with the heat map and a line around what is above the limit."""


def worst_parts(storage: Storage, wanted: InspectionFilter, most: int = MOST) -> tuple[WorstPart, ...]:
    """The parts with the highest scores that count as NG, and whose picture is still there.

    Raises:
        StorageError: if the record cannot be read.
    """
    history = History(storage)
    ng = replace(wanted, final=frozenset({Verdict.NG}), line_only=True)
    records = history.several(history.ordered(ng, PageOrder.HIGHEST, _LOOKED_AT))
    order = sorted(records, key=lambda record: -(record.limits.relative(record.image_score or 0.0) or 0.0))
    found: list[WorstPart] = []
    for record in order:
        if len(found) == most:
            break
        if not record.map_hash:
            continue
        try:
            pixels = history.image(record).pixels
            drawn = render_heat_map(pixels, history.anomaly_map(record), record.limits)
        except FiloError:
            # Retention took its picture: the next one is shown.
            continue
        image = Image.fromarray(drawn)
        image.thumbnail((_LONGEST_PX, _LONGEST_PX))
        name, _ = part_called(record.verdict, record.regions, record.anomaly_types)
        called = record.review.anomaly_type if record.review and record.review.anomaly_type else name
        times = record.limits.relative(record.image_score) if record.image_score is not None else None
        found.append(WorstPart(record.name, "" if called == UNKNOWN_TYPE else called, times, jpeg_of(image)))
    return tuple(found)


def jpeg_of(image: Image.Image) -> bytes:
    """A picture as it goes onto paper."""
    encoded = io.BytesIO()
    image.convert("RGB").save(encoded, "JPEG", quality=85)
    return encoded.getvalue()
