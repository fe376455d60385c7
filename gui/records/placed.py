"""Where the regions of a recipe lie in one picture, and what its fixture left: the same in every view."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.zones import Zone, ZoneKind
from gui.wording import number

if TYPE_CHECKING:
    from filo_core.fixture import Placed


def told(placed: Placed) -> tuple[Zone, ...]:
    """Regions as they are painted; the fixture's name says how well it fits and its residual."""
    placement = placed.placement
    if placement is None:
        return placed.zones
    words = QCoreApplication.translate("Placed", "%1: fits to %2 %, %3 px off")
    words = words.replace("%2", number(100 * placement.fit)).replace("%3", number(placement.residual_px, 2))
    return tuple(
        replace(zone, name=words.replace("%1", zone.name)) if zone.kind is ZoneKind.FIXTURE else zone
        for zone in placed.zones
    )
