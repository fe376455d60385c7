"""What a screen shows while it has nothing to show: why, and the one thing to do next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.theme import SPACE, current_theme
from gui.widgets.controls import button, plain_label
from gui.widgets.icons import draw_icon

_TEXT_WIDTH = 536


class _Picture(QWidget):
    def __init__(self, icon_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self.setFixedSize(QSize(84, 84))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        draw_icon(painter, self._icon_name, QRectF(self.rect()).adjusted(8, 8, -8, -8), QColor(current_theme().muted))
        painter.end()


class EmptyPage(QWidget):
    """Icon, a sentence, a hint, and a button for the next action (none where ``action`` is empty)."""

    action_requested = Signal()
    other_requested = Signal()
    """The second button, where there is one, was pressed."""

    def __init__(
        self, icon_name: str, sentence: str, action: str = "", hint: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._sentence = plain_label(sentence, "heading")
        self._hint = plain_label(hint, "hint")
        self._button = button(action, primary=True)
        self._button.clicked.connect(self.action_requested)
        self.other_button = button("", "play")
        self.other_button.clicked.connect(self.other_requested)
        self.other_button.hide()
        for label in (self._sentence, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
            # A fixed width lets the wrapped text tell its true height; aligned items get no height for width.
            label.setFixedWidth(_TEXT_WIDTH)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addStretch(2)
        layout.addWidget(_Picture(icon_name, self), 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(SPACE)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.other_button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        self.set_content(sentence, action, hint)

    @property
    def sentence(self) -> str:
        """The sentence shown."""
        return self._sentence.text()

    def set_content(self, sentence: str, action: str = "", hint: str = "") -> None:
        """Say something else."""
        self._sentence.setText(sentence)
        self._hint.setText(hint)
        self._fit()
        self._hint.setVisible(bool(hint))
        self._button.setText(action)
        self._button.setAccessibleName(action.replace("&", ""))
        self._button.setVisible(bool(action))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.FontChange} and hasattr(self, "_button"):
            self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Only now the letters have the size that the style sheet gives them.
        self._fit()

    def _fit(self) -> None:
        for label in (self._sentence, self._hint):
            label.setMinimumHeight(max(0, label.heightForWidth(_TEXT_WIDTH)))

    def offer(self, other: str, tip: str) -> None:
        """Add a second button for something else that can be done."""
        self.other_button.setText(other)
        self.other_button.setAccessibleName(other.replace("&", ""))
        self.other_button.setToolTip(tip)
        self.other_button.setAccessibleDescription(tip)
        self.other_button.show()
