"""The first page of a capability study: which parts, how many, and who judges."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from filo_core.capability import LEAST_PARTS, MOST_PARTS, MOST_PEOPLE
from gui.theme import SPACE, TOUCH_PX
from gui.widgets.controls import button, captioned, plain_label
from gui.widgets.rows_layout import RowsLayout
from workflows.studies.parts import USUAL_PARTS


class NewStudy(QWidget):
    """Says what is wished; the presenter lays the study down."""

    wanted = Signal(object, object, int)
    """Folders, people, and how many parts at most."""
    cancelled = Signal()

    def __init__(self, operator: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.can_cancel = False
        self.decided = QRadioButton(self.tr("Parts that people have &decided on, and the golden set"), self)
        self.from_folders = QRadioButton(self.tr("&Folders of known parts"), self)
        self.decided.setChecked(True)
        self.folders = QListWidget(self)
        self.folders.setAccessibleName(self.tr("Folders of known parts"))
        self.folders.setMaximumHeight(110)
        self.add_button = button(
            self.tr("&Add a folder…"),
            "add",
            tip=self.tr("A folder good with good parts, others beside it with bad ones"),
        )
        self.parts = QSpinBox(self)
        self.parts.setRange(LEAST_PARTS, MOST_PARTS)
        self.parts.setValue(USUAL_PARTS)
        self.parts.setMinimumHeight(TOUCH_PX)
        self.people = [QLineEdit(self) for _ in range(MOST_PEOPLE)]
        self.people[0].setText(operator)
        self.create_button = button(self.tr("&Create the study"), "check", primary=True)
        self.cancel_button = button(self.tr("Cancel"))
        self._lay_out()
        self.add_button.clicked.connect(self._on_add_clicked)
        self.from_folders.toggled.connect(self._enable)
        self.create_button.clicked.connect(self._on_create_clicked)
        self.cancel_button.clicked.connect(self.cancelled)
        self._enable()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(plain_label(self.tr("A new capability study"), "title"))
        layout.addWidget(
            plain_label(
                self.tr(
                    "Known parts are presented three times, each time in another order, to the system and to people "
                    "who see neither names nor answers (AIAG MSA, attribute agreement). At least a fifth of the parts "
                    "is good and a fifth bad; those that the recipe learned from take no part. Nothing of it becomes "
                    "an inspection."
                )
            )
        )
        layout.addWidget(plain_label(self.tr("Which parts"), "heading"))
        layout.addWidget(self.decided)
        layout.addWidget(self.from_folders)
        row = QHBoxLayout()
        row.addWidget(self.folders, 1)
        row.addWidget(self.add_button)
        layout.addLayout(row)
        layout.addWidget(plain_label(self.tr("How many, and who judges besides the system"), "heading"))
        who = RowsLayout()
        who.add(captioned(self.tr("Parts at most"), self.parts))
        for number, field in enumerate(self.people, start=1):
            field.setMinimumHeight(TOUCH_PX)
            who.add(captioned(self.tr("Person %1").replace("%1", str(number)), field), 1)
        layout.addLayout(who)
        layout.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.create_button)
        layout.addLayout(foot)

    def add_folder(self, folder: Path) -> None:
        """Take the parts of this folder as well."""
        self.from_folders.setChecked(True)
        self.folders.addItem(str(folder))

    @Slot()
    def _enable(self) -> None:
        self.folders.setEnabled(self.from_folders.isChecked())

    @Slot()
    def _on_add_clicked(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Folder of known parts"))
        if folder:
            self.add_folder(Path(folder))

    @Slot()
    def _on_create_clicked(self) -> None:
        if self.from_folders.isChecked() and not self.folders.count():
            self._on_add_clicked()
            return
        folders = [Path(self.folders.item(row).text()) for row in range(self.folders.count())]
        people = [field.text().strip() for field in self.people if field.text().strip()]
        self.wanted.emit(folders if self.from_folders.isChecked() else [], people, self.parts.value())
