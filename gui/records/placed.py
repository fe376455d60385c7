"""Where the regions of a recipe lie in one picture, and what its fixture left: the same in every view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.shown_items import with_items
from filo_core.zones import Zone, ZoneKind
from gui.translation import in_language
from gui.wording import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.fixture import Placed
    from filo_core.types import ItemsFound
    from filo_core.whole_part import WordsFound


def told(placed: Placed, pixels: NDArray[np.uint8], counts: Sequence[ItemsFound | WordsFound]) -> tuple[Zone, ...]:
    """Regions as they are painted, items that were counted too; the fixture's name says how well it fits, its residual.

    Args:
        placed: where they lie.
        pixels: ``(H, W, 3)`` of the picture.
        counts: what was counted in them.
    """
    return with_items(_with_fit(placed), counts, pixels.shape[1], pixels.shape[0], in_language)


def _with_fit(placed: Placed) -> tuple[Zone, ...]:
    placement = placed.placement
    if placement is None:
        return placed.zones
    words = QCoreApplication.translate("Placed", "%1: fits to %2 %, %3 px off")
    words = words.replace("%2", number(100 * placement.fit)).replace("%3", number(placement.residual_px, 2))
    return tuple(
        replace(zone, name=words.replace("%1", zone.name)) if zone.kind is ZoneKind.FIXTURE else zone
        for zone in placed.zones
    )
