"""The people who may sign in, as tiles to tap: those who signed in last come first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QPushButton, QVBoxLayout, QWidget

from gui.theme import SPACE
from gui.widgets.controls import button, plain_label, set_shown

MOST_TILES = 8
"""More would be a list to read; from there on a name is searched for."""
_COLUMNS = 2
_TILE_PX = 56


class PersonTiles(QWidget):
    """At most one is chosen."""

    chosen = Signal(str)

    def __init__(self, people: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._people = tuple(people)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self.tiles = [self._tile() for _ in range(min(MOST_TILES, len(self._people)))]
        self._more = plain_label("", "hint")
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, tile in enumerate(self.tiles):
            grid.addWidget(tile, place // _COLUMNS, place % _COLUMNS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addLayout(grid)
        layout.addWidget(self._more)
        layout.addStretch(1)
        self.search("")

    def _tile(self) -> QPushButton:
        made = button("", checkable=True, parent=self)
        made.setStyleSheet(f"QPushButton {{ min-height: {_TILE_PX - 2}px; }}")
        made.clicked.connect(lambda: self.chosen.emit(made.text().replace("&&", "&")))
        self._group.addButton(made)
        return made

    @property
    def names(self) -> list[str]:
        """Whose tiles are shown."""
        return [tile.accessibleName() for tile in self.tiles if not tile.isHidden()]

    def knows(self, text: str) -> bool:
        """Whether somebody's name has ``text`` in it."""
        return any(text.casefold() in name.casefold() for name in self._people)

    def search(self, text: str) -> None:
        """Show those whose name has ``text`` in it; everybody where it is somebody's whole name, or nobody's."""
        wanted = text.strip().casefold()
        found = [name for name in self._people if wanted in name.casefold()]
        is_whole = wanted in {name.casefold() for name in self._people}
        shown = found if found and not is_whole else self._people
        for place, tile in enumerate(self.tiles):
            name = shown[place] if place < len(shown) else ""
            # A name must not become a key of its own.
            tile.setText(name.replace("&", "&&"))
            tile.setAccessibleName(name)
            set_shown(tile, bool(name))
        self._mark(wanted)
        missing = len(shown) - len(self.tiles)
        self._more.setText(self.tr("%1 more: type the beginning of the name.").replace("%1", str(missing)))
        set_shown(self._more, missing > 0)

    def _mark(self, wanted: str) -> None:
        self._group.setExclusive(False)
        for tile in self.tiles:
            tile.setChecked(bool(wanted) and tile.accessibleName().casefold() == wanted)
        self._group.setExclusive(True)
