"""How a fixture's part may lie, beside the canvas on which the fixture is drawn."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from filo_core.zones import FixtureSearch
from gui.widgets.controls import captioned, plain_label, set_shown
from gui.wording import number

_TURNS = (180.0, 45.0, 15.0, 5.0)
_SCALES = (0.0, 0.1, 0.2)


class FixturePanel(QWidget):
    """Two choices and a line; nothing at all where no fixture is chosen."""

    chosen = Signal(float, float)
    """Degrees and share of size, either way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.turn, self.scale = QComboBox(self), QComboBox(self)
        self.turn.setAccessibleName(self.tr("How far a part may be rotated"))
        self.scale.setAccessibleName(self.tr("How much larger or smaller a part may look"))
        for turn in _TURNS:
            self.turn.addItem(self._turn_words(turn), turn)
        for scale in _SCALES:
            self.scale.addItem(self._scale_words(scale), scale)
        self.words = plain_label("", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(captioned(self.tr("Allowed rotation"), self.turn))
        layout.addWidget(captioned(self.tr("Allowed difference in size"), self.scale))
        layout.addWidget(self.words)
        for box in (self.turn, self.scale):
            box.activated.connect(lambda _: self.chosen.emit(self.turn.currentData(), self.scale.currentData()))
        self.hide()

    def _turn_words(self, turn: float) -> str:
        if turn >= 180.0:
            return self.tr("at any angle")
        return self.tr("by up to %1° either way").replace("%1", number(turn))

    def _scale_words(self, scale: float) -> str:
        if not scale:
            return self.tr("always the same size")
        return self.tr("up to %1 % larger or smaller").replace("%1", number(100 * scale))

    def show_search(self, search: FixtureSearch | None, words: str = "") -> None:
        """Show how a fixture is looked for and what was taught; None hides all of it."""
        set_shown(self, search is not None)
        if search is None:
            return
        with QSignalBlocker(self.turn), QSignalBlocker(self.scale):
            _choose(self.turn, search.turn, self._turn_words(search.turn))
            _choose(self.scale, search.scale, self._scale_words(search.scale))
        set_shown(self.words, bool(words))
        self.words.setText(words)


def _choose(box: QComboBox, value: float, words: str) -> None:
    """Another value than those offered comes from a file, and is kept."""
    at = next((index for index in range(box.count()) if abs(box.itemData(index) - value) < 1e-6), -1)
    if at < 0:
        box.addItem(words, value)
        at = box.count() - 1
    box.setCurrentIndex(at)
