"""What the text side of a profile went by, in words: boxes, positions, the phrase of a region, filtering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.types import Position
from gui.wording import number, position_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filo_core.events import ReasonsFound

_MOST_BOXES = 4


def reasons_in_words(found: ReasonsFound) -> Iterator[str]:
    """Sentences, the most telling first."""
    reasons = found.reasons
    if found.phrase:
        yield _tr("This place was lit by the phrase “%1”.").replace("%1", found.phrase)
    boxes = [f"{box.phrase or '?'} {number(box.score, 2)}" for box in reasons.boxes[:_MOST_BOXES]]
    more = len(reasons.boxes) - len(boxes)
    if boxes:
        listed = ", ".join(boxes) + (f" (+{more})" if more > 0 else "")
        yield _tr("Boxes found: %1. Outside of them the map counts less.").replace("%1", listed)
    else:
        yield _tr("No box was found, so the whole picture counts alike.")
    if len(reasons.positions) == len(Position):
        yield _tr("Anomalies were asked about at all nine positions.")
    else:
        places = ", ".join(position_name(position) for position in reasons.positions)
        yield _tr("Anomalies were asked about at: %1.").replace("%1", places)
    yield _filtering(found)


def _filtering(found: ReasonsFound) -> str:
    if found.reasons.dropped is None:
        return _tr("Phrases were not filtered: this model takes all of them.")
    if found.unfiltered_sides:
        sides = ", ".join(_side(side) for side in found.unfiltered_sides)
        text = _tr("Filtering left out %1 phrases; it was not applied to the %2 side, which it would have emptied.")
        return text.replace("%1", number(found.reasons.dropped)).replace("%2", sides)
    return _tr("Filtering left out %1 phrases.").replace("%1", number(found.reasons.dropped))


def _side(name: str) -> str:
    return {"normal": _tr("normal"), "anomalous": _tr("anomalous")}.get(name, name)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Reasons", text)
