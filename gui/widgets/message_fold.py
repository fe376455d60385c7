"""A message in the user's words, with the technical details folded away under it."""

from __future__ import annotations

import re
from enum import StrEnum

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.theme import Tone, current_theme
from gui.widgets.controls import button, plain_label
from gui.widgets.icons import draw_icon

_PATH, _MAY_BREAK = re.compile(r"(?<=[/\\_])(?=[^\s/\\])|(?<=[0-9a-f]{16})(?=[0-9a-f])"), "\u200b"
"""Long paths may go on in the next line after each of their parts, and so may a hash."""


class MessageKind(StrEnum):
    """How urgent a message is."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class _Sign(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind = MessageKind.NOTE
        self.setFixedSize(28, 28)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        draw_icon(painter, self.kind.value, QRectF(self.rect()).adjusted(2, 2, -2, -2), QColor(_tone(self.kind).text))
        painter.end()


def _tone(kind: MessageKind) -> Tone:
    theme = current_theme()
    match kind:
        case MessageKind.NOTE:
            return theme.note
        case MessageKind.WARNING:
            return theme.warning
        case MessageKind.ERROR:
            return theme.error


class MessageFold(QFrame):
    """Hidden until something is said. An error stays until it is closed or :meth:`clear` is called."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None, *, closable: bool = True) -> None:
        super().__init__(parent)
        self._kind = MessageKind.NOTE
        self._sign = _Sign(self)
        self._said = ""
        self._sentence = plain_label()
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = button("", checkable=True)
        self._more.toggled.connect(self._on_more_toggled)
        self._close = button("")
        self._close.clicked.connect(self._on_close_clicked)
        if not closable:
            self._close.hide()
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setFixedHeight(120)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self._sign)
        line.addWidget(self._sentence, 1)
        self._line = line
        line.addWidget(self._more)
        line.addWidget(self._close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addLayout(line)
        layout.addWidget(self._details)
        self._details.hide()
        self._translate()
        self.hide()

    def put(self, widget: QWidget) -> None:
        """Put something to press behind the sentence."""
        self._line.insertWidget(2, widget)

    @property
    def sentence(self) -> str:
        """What is said; empty when nothing is."""
        return self._said

    @property
    def details(self) -> str:
        """The folded technical details."""
        return self._details.toPlainText()

    @property
    def kind(self) -> MessageKind:
        """How urgent it is."""
        return self._kind

    def show_note(self, sentence: str) -> None:
        """Say something that needs no action."""
        self.show_message(MessageKind.NOTE, sentence)

    def show_warning(self, sentence: str, details: str = "") -> None:
        """Say something to take care of."""
        self.show_message(MessageKind.WARNING, sentence, details)

    def show_error(self, sentence: str, details: str = "") -> None:
        """Say what went wrong and what to do; ``details`` is for whoever is called for help."""
        self.show_message(MessageKind.ERROR, sentence, details)

    def show_message(self, kind: MessageKind, sentence: str, details: str = "") -> None:
        """Say ``sentence``; an empty one clears."""
        if not sentence:
            self.clear()
            return
        self._kind = self._sign.kind = kind
        self._said = sentence
        self._sentence.setText(_PATH.sub(_MAY_BREAK, sentence))
        self.setAccessibleName(sentence)
        # A text that can be selected takes the keyboard, so it needs a name of its own.
        self._sentence.setAccessibleName(sentence)
        self._details.setPlainText(details)
        self._more.setChecked(False)
        self._more.setVisible(bool(details))
        self._recolour()
        self.show()

    def clear(self) -> None:
        """Say nothing and take no room."""
        self._said = ""
        self._sentence.setText("")
        self._details.clear()
        self.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_sentence"):
            self._recolour()
        elif event.type() is QEvent.Type.LanguageChange:
            self._translate()

    def _translate(self) -> None:
        self._details.setAccessibleName(self.tr("Technical details"))
        for made, text in ((self._more, self.tr("Details")), (self._close, self.tr("Close"))):
            made.setText(text)
            made.setAccessibleName(text)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(_tone(self._kind).ground))
        painter.end()

    def _recolour(self) -> None:
        # Not by palette: the application's style sheet takes that back when the style is polished again.
        wanted = f"color: {_tone(self._kind).text};"
        if self._sentence.styleSheet() != wanted:
            self._sentence.setStyleSheet(wanted)
        self.update()
        self._sign.update()

    def _on_more_toggled(self, shown: bool) -> None:
        self._details.setVisible(shown)

    def _on_close_clicked(self) -> None:
        self.clear()
        self.closed.emit()
