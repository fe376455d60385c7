"""What the program is, which version, and what it is made of with the licences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.app_icon import app_picture
from gui.background import Background
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label
from workflows.settings.installed_parts import InstalledPart, bill_of_materials, installed_parts, program_version

if TYPE_CHECKING:
    from gui.state import AppState

_ICON_PX = 64
_SHARES = (0.4, 0.25, 0.35)
"""Of the table's width that name, version and licence get at most; what is cut off is in the tool tip."""


class AboutDialog(QDialog):
    """Read only; the packages are looked up elsewhere, since there are a hundred of them."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About FiLo Inspector"))
        self.resize(880, 640)
        picture = QLabel(self)
        picture.setPixmap(app_picture(_ICON_PX))
        picture.setAccessibleName(self.tr("FiLo Inspector"))
        version = self.tr("Version %1").replace("%1", program_version())
        self.facts = plain_label(self._facts(state, version))
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table = QTableWidget(0, 3, self)
        self.table.setAccessibleName(self.tr("Made with"))
        self.table.setHorizontalHeaderLabels([self.tr("Made with"), self.tr("Version"), self.tr("Licence")])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setStretchLastSection(True)
        close = button(self.tr("Close"), primary=True)
        close.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        close.clicked.connect(self.accept)
        top = QHBoxLayout()
        top.setSpacing(2 * SPACE)
        top.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.addWidget(plain_label(self.tr("FiLo Inspector"), "title"))
        column.addWidget(self.facts)
        top.addLayout(column, 1)
        bottom = QHBoxLayout()
        bottom.addStretch(1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addLayout(top)
        layout.addWidget(self.table, 1)
        layout.addLayout(bottom)
        self._background = Background()
        self._background.run(installed_parts, self._show_parts)
        self.finished.connect(self._background.close)

    def _facts(self, state: AppState, version: str) -> str:
        lines = [version]
        if state.is_open:
            lines.append(self.tr("Model profile: %1").replace("%1", state.profile))
            lines.append(self.tr("Data: %1").replace("%1", str(state.settings.home)))
        bill = bill_of_materials()
        if bill is not None:
            lines.append(self.tr("List of parts and texts of licences: %1").replace("%1", str(bill.parent)))
        lines.append(self.tr("Nothing leaves this machine unless the settings say where to."))
        return "\n".join(lines)

    def _show_parts(self, parts: Sequence[InstalledPart]) -> None:
        self.table.setRowCount(len(parts))
        width, metrics = self.table.viewport().width(), self.table.fontMetrics()
        for row, part in enumerate(parts):
            said = (part.name, part.version, part.licence or "–")
            for column, (text, share) in enumerate(zip(said, _SHARES, strict=True)):
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(share * width) - 5 * SPACE)
                item = QTableWidgetItem(shown)
                item.setToolTip(text if shown != text else "")
                self.table.setItem(row, column, item)
