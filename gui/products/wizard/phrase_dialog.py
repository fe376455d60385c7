"""The good images with what one phrase lights up on each, phrase by phrase."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QIcon, QPalette, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.products.wizard.phrase_preview import PICTURE_PX, PhrasePicture, PhrasePreview, PhraseState
from gui.theme import SPACE, TOUCH_PX
from gui.widgets.controls import button, plain_label
from gui.widgets.icons import icon

_PHRASE = Qt.ItemDataRole.UserRole


class PhraseDialog(QDialog):
    """Choose a phrase at the left, see the good images at the right."""

    def __init__(self, preview: PhrasePreview, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preview = preview
        self.phrases = QListWidget(self)
        self.phrases.setAccessibleName(self.tr("Phrases"))
        self.pictures = QListWidget(self)
        self.pictures.setAccessibleName(self.tr("Good images under the chosen phrase"))
        self.pictures.setViewMode(QListView.ViewMode.IconMode)
        self.pictures.setResizeMode(QListView.ResizeMode.Adjust)
        self.pictures.setMovement(QListView.Movement.Static)
        self.pictures.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.pictures.setSpacing(8)
        self.pictures.setWordWrap(True)
        self.close_button = button(self.tr("Close"), "close")
        self._lay_out()
        self._connect()
        self._fill()

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("What each phrase lights up on good parts"))
        self.resize(960, 640)
        hint = plain_label(
            self.tr("Bright: nearer to the phrase than to a good part. On good parts nothing should be bright."), "hint"
        )
        middle = QHBoxLayout()
        middle.setSpacing(SPACE)
        self.phrases.setFixedWidth(300)
        middle.addWidget(self.phrases)
        middle.addWidget(self.pictures, 1)
        bottom = QHBoxLayout()
        bottom.addWidget(hint, 1)
        bottom.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addLayout(middle, 1)
        layout.addLayout(bottom)

    def _connect(self) -> None:
        self.phrases.currentItemChanged.connect(self._on_phrase_chosen)
        self.close_button.clicked.connect(self.accept)
        self._preview.pictures_ready.connect(self._on_pictures_ready)

    def _fill(self) -> None:
        for phrase in self._preview.phrases():
            note = self._preview.note(phrase)
            item = QListWidgetItem(f"{phrase}\n{note.text}")
            item.setData(_PHRASE, phrase)
            item.setSizeHint(QSize(0, TOUCH_PX + 14))
            if note.state is PhraseState.FIRES:
                item.setIcon(icon("warning", QPalette.ColorRole.Text))
            self.phrases.addItem(item)
        self.phrases.setCurrentRow(0)

    @Slot()
    def _on_phrase_chosen(self) -> None:
        item = self.phrases.currentItem()
        if item is not None:
            self._preview.ask_for_pictures(item.data(_PHRASE))

    @Slot(str, object)
    def _on_pictures_ready(self, phrase: str, pictures: tuple[PhrasePicture, ...]) -> None:
        item = self.phrases.currentItem()
        if item is None or item.data(_PHRASE) != phrase:
            return
        self.pictures.clear()
        for shown in pictures:
            words = self.tr("%1: fires here") if shown.fires else self.tr("%1: quiet")
            text = words.replace("%1", shown.name)
            self.pictures.addItem(QListWidgetItem(QIcon(QPixmap.fromImage(shown.picture)), text))
