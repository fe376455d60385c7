"""What anomalies in one region may be called, out of the product's list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.widgets.controls import captioned, set_shown

_HEIGHT = 96


class NamesPanel(QWidget):
    """The product's list with a tick a name; nothing at all where a region names none, or the list is empty."""

    chosen = Signal(object)
    """Tuple of the names that the region may give; empty for the whole list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Anomalies that are named here"))
        self.list.setToolTip(self.tr("Without a tick anything on the product's list may be named here."))
        self.list.setFixedHeight(_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(captioned(self.tr("Anomalies here (none: all)"), self.list))
        self.list.itemChanged.connect(self._tell)
        self.hide()

    def take(self, listed: Sequence[str]) -> None:
        """The product's list; what is off does not stand there."""
        with QSignalBlocker(self.list):
            self.list.clear()
            for name in listed:
                item = QListWidgetItem(name, self.list)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked)

    def show_names(self, names: Sequence[str] | None) -> None:
        """Tick those of a region; None hides all of it."""
        set_shown(self, names is not None and self.list.count() > 0)
        with QSignalBlocker(self.list):
            for item in self._items():
                ticked = item.text() in (names or ())
                item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _tell(self) -> None:
        self.chosen.emit(tuple(item.text() for item in self._items() if item.checkState() is Qt.CheckState.Checked))
