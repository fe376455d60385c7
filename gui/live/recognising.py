"""Whether the newest picture is of a known part: asked of the record behind the verdict, which does not wait for it."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from filo_core.types import Inspection, KnownAs
from gui.background import Background
from gui.live.display import STRIP_LENGTH

if TYPE_CHECKING:
    from gui.live.results import LiveResult
    from gui.state import AppState

_KEPT = 2 * STRIP_LENGTH


class Recognising(QObject):
    """Looks at the newest only: pictures may come faster than they can be looked up."""

    recognised = Signal()
    """One more is known."""

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._background = Background()
        self._known: OrderedDict[datetime, KnownAs] = OrderedDict()

    def look(self, product: str, inspection: Inspection) -> None:
        """Find out whether the picture of an inspection is of a known part."""
        image = inspection.image
        if image is None:
            return
        history = self._state.workbench.history
        self._background.cancel_waiting()
        self._background.run(
            lambda: history.known_as(product, inspection.recipe_hash, image),
            lambda known: self._take(inspection.inspected_at, known),
            # Whatever is wrong with the record is told where the verdict is kept.
            lambda _: None,
        )

    def known_as(self, result: LiveResult | None) -> KnownAs | None:
        """What the part of a verdict is known as, as far as that was found out."""
        return None if result is None else self._known.get(result.inspected_at)

    def close(self) -> None:
        """Look no more."""
        self._background.close()

    def _take(self, moment: datetime, known: KnownAs | None) -> None:
        if known is None:
            return
        self._known[moment] = known
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self.recognised.emit()
