"""The two trays of the page *Prove it*: good parts and bad ones, each with what adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from gui.products.wizard.part_tray import PartTile, PartTray
from gui.widgets.controls import button, icon_button, plain_label, set_shown
from gui.widgets.keys import on_key
from gui.widgets.rows_layout import RowsLayout

_NARROW = "QPushButton { padding: 0 6px; }"
"""Seven buttons stand side by side in the smallest window."""


class Tray(QWidget):
    """A heading that counts, buttons, and the tiles; files may be dropped on it."""

    dropped = Signal(list)
    """Paths."""

    def __init__(self, title: str, empty: str, buttons: Sequence[QPushButton], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._waits = title, True
        self._heading = plain_label(role="heading", wrap=False)
        self._empty = plain_label(empty, "hint")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.tray = PartTray(title, self)
        top = RowsLayout()
        top.add(self._heading, 1)
        for one in buttons:
            top.add(one)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self._empty)
        layout.addWidget(self.tray, 1)
        self.setAcceptDrops(True)
        self.show_tiles(())

    def show_tiles(self, tiles: Sequence[PartTile], known: int = 0) -> None:
        """Show ``tiles``; ``known`` parts there are, some of them not looked at yet."""
        apart = sum(tile.apart for tile in tiles)
        count = f"{max(known, len(tiles)) - apart}" + (f" + {apart}" if apart else "")
        self._heading.setText(f"{self._title} ({count})")
        self.tray.show_tiles(tiles)
        set_shown(self._empty, not tiles)
        set_shown(self.tray, bool(tiles))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


class PartTrays(QWidget):
    """Both trays side by side."""

    files_wanted = Signal(bool)
    """Files are to be chosen: of bad parts, or of good ones."""
    camera_wanted = Signal()
    drawing_wanted = Signal(str)
    """On the good image of this hash; empty for the first."""
    files_dropped = Signal(list, bool)
    """Paths, and whether they are bad parts."""
    removal_wanted = Signal(list)
    """Image hashes."""
    session_wanted = Signal()
    """Good parts of another day are to be chosen."""
    joining_wanted = Signal()
    """The good parts of other days are to be evidence as well."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.add_good_button = icon_button(self.tr("Add other good parts"), "add")
        self.add_bad_button = button(self.tr("Add &bad parts …"), "add")
        self.add_bad_button.setStyleSheet(_NARROW)
        self.camera_button = icon_button(self.tr("Take pictures of bad parts"), "live")
        self.draw_button = icon_button(
            self.tr("Draw a defect"), "edit", tip=self.tr("On the chosen good part; a real one may be harder to find")
        )
        self.remove_button = icon_button(self.tr("Remove the chosen parts"), "delete")
        self.session_button = button(
            self.tr("Of another &day …"),
            "add",
            tip=self.tr("Check the promise with good parts of another day"),
        )
        self.join_button = button(
            self.tr("&Use them too"),
            "check",
            tip=self.tr("Set the limits again, so that parts of that day pass"),
        )
        for one in (self.session_button, self.join_button):
            one.setStyleSheet(_NARROW)
        good = (self.join_button, self.session_button, self.add_good_button)
        self.good = Tray(self.tr("Good parts"), self.tr("No good part yet."), good, self)
        self.bad = Tray(
            self.tr("Bad parts"),
            self.tr("Drop one to five pictures of bad parts here: files, a camera, or a defect drawn on a good part."),
            (self.add_bad_button, self.camera_button, self.draw_button, self.remove_button),
            self,
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(self.good, 1)
        layout.addWidget(self.bad, 1)
        self._connect()

    def _connect(self) -> None:
        self.add_good_button.clicked.connect(lambda: self.files_wanted.emit(False))
        self.add_bad_button.clicked.connect(lambda: self.files_wanted.emit(True))
        self.camera_button.clicked.connect(self.camera_wanted)
        self.session_button.clicked.connect(self.session_wanted)
        self.join_button.clicked.connect(self.joining_wanted)
        self.draw_button.clicked.connect(self._on_draw)
        self.remove_button.clicked.connect(self._on_remove)
        self.good.dropped.connect(lambda paths: self.files_dropped.emit(paths, False))
        self.bad.dropped.connect(lambda paths: self.files_dropped.emit(paths, True))
        for tray in (self.good.tray, self.bad.tray):
            on_key(QKeySequence.StandardKey.Delete, tray, self._on_remove, alone=True)
            tray.selectionModel().selectionChanged.connect(self._update)
        self._update()

    def ask_for_sessions(self, *, ready: bool, apart: bool) -> None:
        """Whether parts of another day can be shown, and whether some were shown that are no evidence yet."""
        self.session_button.setEnabled(ready)
        set_shown(self.join_button, apart)
        self.join_button.setEnabled(ready)

    def show_parts(self, good: Sequence[PartTile], bad: Sequence[PartTile], known_bad: int) -> None:
        """Show the tiles of both."""
        self.good.show_tiles(good)
        self.bad.show_tiles(bad, known_bad)
        self._update()

    def _update(self) -> None:
        self.remove_button.setEnabled(bool(self.bad.tray.chosen() or self.good.tray.chosen()))

    def _on_draw(self) -> None:
        chosen = self.good.tray.chosen()
        self.drawing_wanted.emit(chosen[0] if chosen else "")

    def _on_remove(self) -> None:
        chosen = [*self.bad.tray.chosen(), *self.good.tray.chosen()]
        if chosen:
            self.removal_wanted.emit(chosen)
