"""Which formats the verdicts of a job are written as, and into which folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from gui.picking import pick_folder
from gui.state import AppState
from gui.theme import SPACE
from gui.translation import QT_TRANSLATE_NOOP
from gui.widgets.controls import button, captioned, plain_label
from workflows.export.formats import ExportFormat

_TEXTS = {
    ExportFormat.CSV: QT_TRANSLATE_NOOP("ExportDialog", "Table (CSV), for spreadsheets"),
    ExportFormat.JSON_LINES: QT_TRANSLATE_NOOP("ExportDialog", "JSON lines, for other programs"),
    ExportFormat.COCO: QT_TRANSLATE_NOOP("ExportDialog", "COCO, with boxes of the regions"),
    ExportFormat.MVTEC: QT_TRANSLATE_NOOP("ExportDialog", "Folders like MVTec's, with pictures and masks"),
    ExportFormat.PDF: QT_TRANSLATE_NOOP("ExportDialog", "Report on paper (PDF)"),
}


class ExportDialog(QDialog):
    """Accepted once something is chosen to be written somewhere."""

    def __init__(self, state: AppState, name: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setWindowTitle(self.tr("Export the verdicts"))
        self.ticks = {
            kind: QCheckBox(QCoreApplication.translate("ExportDialog", text)) for kind, text in _TEXTS.items()
        }
        self.ticks[ExportFormat.CSV].setChecked(True)
        self.folder_edit = QLineEdit(str(folder), self)
        self.browse_button = button(self.tr("Choose…"), "folder")
        self.save_button = button(self.tr("Export"), "export", primary=True)
        self.save_button.setDefault(True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        place = QHBoxLayout()
        place.setSpacing(SPACE)
        place.addWidget(captioned(self.tr("Into the folder"), self.folder_edit), 1)
        self.folder_edit.setAccessibleName(self.tr("Into the folder"))
        place.addWidget(self.browse_button, 0, Qt.AlignmentFlag.AlignBottom)
        # A path says little by its first letters.
        self.folder_edit.setMinimumWidth(36 * self.fontMetrics().averageCharWidth())
        ends = QHBoxLayout()
        ends.setSpacing(SPACE)
        ends.addStretch(1)
        ends.addWidget(self.cancel_button)
        ends.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(plain_label(self.tr("Each is called %1. What is there already stays.").replace("%1", name)))
        for kind, tick in self.ticks.items():
            tick.setAccessibleName(tick.text())
            tick.setObjectName(kind.value)
            tick.toggled.connect(self._update)
            layout.addWidget(tick)
        layout.addLayout(place)
        layout.addLayout(ends)
        self.folder_edit.textChanged.connect(self._update)
        self.browse_button.clicked.connect(self._on_browse)
        self.save_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)

    @property
    def formats(self) -> tuple[ExportFormat, ...]:
        """What is to be written."""
        return tuple(kind for kind, tick in self.ticks.items() if tick.isChecked())

    @property
    def folder(self) -> Path:
        """Where it is to be written."""
        return Path(self.folder_edit.text().strip()).expanduser()

    def _update(self) -> None:
        self.save_button.setEnabled(bool(self.formats) and bool(self.folder_edit.text().strip()))

    def _on_browse(self) -> None:
        chosen = pick_folder(self._state, self.tr("Into the folder"), self, self.folder_edit.text())
        if chosen:
            self.folder_edit.setText(chosen)
