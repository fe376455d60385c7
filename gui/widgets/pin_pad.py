"""A PIN, typed or tapped on large keys: never shown, and gone once it was taken."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from gui.widgets.controls import button

KEY_PX = 72
"""A gloved thumb hits it without a look."""
_GAP_PX = 8
_DIGITS = "123456789"


class PinPad(QWidget):
    """``entered`` says that the PIN is complete: Return was pressed."""

    entered = Signal()
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edit = QLineEdit(self)
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setAccessibleName(self.tr("PIN"))
        self.edit.setPlaceholderText(self.tr("PIN"))
        self.edit.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.edit.returnPressed.connect(self.entered)
        self.edit.textChanged.connect(self.changed)
        self.keys = {digit: self._key(digit) for digit in f"{_DIGITS}0"}
        self.back_key = self._key("⌫", self.tr("Delete the last digit"))
        self.clear_key = self._key("C", self.tr("Clear the PIN"))
        for digit, key in self.keys.items():
            key.clicked.connect(lambda _=False, typed=digit: self._type(typed))
        self.back_key.clicked.connect(self._on_back)
        self.clear_key.clicked.connect(self.clear)
        self._lay_out()

    def _key(self, text: str, name: str = "") -> QPushButton:
        made = button(text, parent=self)
        made.setAccessibleName(name or text)
        made.setToolTip(name)
        # The keyboard stays in the field: who taps a digit may type the next one.
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        side = f"min-width: {KEY_PX - 2}px; min-height: {KEY_PX - 2}px;"
        made.setStyleSheet(f"QPushButton {{ padding: 0; font-size: 18pt; {side} }}")
        # Told to the layout as well: a style sheet's least height is not asked for where room is short.
        made.setMinimumSize(KEY_PX, KEY_PX)
        return made

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(_GAP_PX)
        for place, digit in enumerate(_DIGITS):
            grid.addWidget(self.keys[digit], place // 3, place % 3)
        for column, key in enumerate((self.clear_key, self.keys["0"], self.back_key)):
            grid.addWidget(key, 3, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(_GAP_PX)
        layout.addWidget(self.edit)
        layout.addLayout(grid)

    def also_takes_passwords(self) -> None:
        """People of a directory give their password here."""
        words = self.tr("PIN, or password of the directory")
        self.edit.setAccessibleName(words)
        self.edit.setPlaceholderText(words)

    def minimumSizeHint(self) -> QSize:
        """All keys in full: a layout asks a field with a style sheet for less than it is drawn in."""
        least = super().minimumSizeHint()
        keys = 4 * (KEY_PX + _GAP_PX)
        return QSize(least.width(), max(least.height(), self.edit.sizeHint().height() + keys))

    @property
    def pin(self) -> str:
        """What was typed or tapped."""
        return self.edit.text()

    def take(self) -> str:
        """The PIN, which does not stay behind."""
        pin = self.pin
        self.clear()
        return pin

    def clear(self) -> None:
        """Begin anew."""
        self.edit.clear()
        self.edit.setFocus()

    def _type(self, digit: str) -> None:
        self.edit.setText(self.pin + digit)

    def _on_back(self) -> None:
        self.edit.setText(self.pin[:-1])
