"""What a view is called, and where its pictures come from."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from filo_core.types import View
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label


@dataclass(frozen=True, slots=True)
class ViewWish:
    """What was typed."""

    name: str
    suffix: str
    source: str


class ViewDialog(QDialog):
    """Name, suffix and camera of a view; the name of one that is there stays."""

    def __init__(self, view: View | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Change view") if view else self.tr("Add a view"))
        self.name = QLineEdit(view.name if view else "", self)
        self.name.setPlaceholderText(self.tr("top"))
        self.name.setReadOnly(view is not None)
        self.suffix = QLineEdit(view.suffix if view else "", self)
        self.suffix.setPlaceholderText("_top")
        self.source = QLineEdit(view.source if view else "", self)
        self.source.setPlaceholderText(self.tr("camera number, address or folder"))
        self.accept_button = button(self.tr("OK"), "check", primary=True)
        self.accept_button.setDefault(True)
        self.cancel_button = button(self.tr("Cancel"), "close")
        self._lay_out()
        self.accept_button.clicked.connect(self.accept)
        self.cancel_button.clicked.connect(self.reject)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setSpacing(SPACE)
        rows = (
            (self.tr("Name of the view"), self.name),
            (self.tr("Files end in"), self.suffix),
            (self.tr("Camera in Live"), self.source),
        )
        for caption, field in rows:
            label = plain_label(caption, wrap=False)
            label.setBuddy(field)
            field.setAccessibleName(caption)
            form.addRow(label, field)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(
            plain_label(
                self.tr(
                    "Each view has good images, regions and limits of its own. All views are judged together, and the "
                    "worst decides. In a folder, part7_top.png and part7_side.png are one part."
                ),
                "hint",
            )
        )
        layout.addLayout(form)
        layout.addLayout(buttons)
        self.setMinimumWidth(520)

    @property
    def wish(self) -> ViewWish:
        """What was typed."""
        return ViewWish(self.name.text(), self.suffix.text(), self.source.text())


def ask_for_view(view: View | None, parent: QWidget) -> ViewWish | None:
    """What a view is to be; None where it was given up."""
    dialog = ViewDialog(view, parent)
    accepted, wish = dialog.exec() == QDialog.DialogCode.Accepted, dialog.wish
    dialog.deleteLater()
    return wish if accepted else None
