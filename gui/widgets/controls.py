"""Buttons and labels as this application wants them: big enough, named for a screen reader, plain text only."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from gui.theme import SPACE, TOUCH_PX
from gui.widgets.icons import icon

LARGEST_LIMIT = 10.0

LabelRole = Literal["body", "title", "heading", "hint"]


def plain_label(
    text: str = "", role: LabelRole = "body", *, wrap: bool = True, parent: QWidget | None = None
) -> QLabel:
    """A label that never interprets markup, whatever a file name or a language model puts into it."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    label.setWordWrap(wrap)
    label.setProperty("role", role)
    return label


def captioned(caption: str, control: QWidget) -> QWidget:
    """``control`` under its caption, which names it for screen readers as well."""
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACE // 2)
    label = plain_label(caption, "hint", wrap=False)
    label.setBuddy(control)
    layout.addWidget(label)
    layout.addWidget(control)
    return holder


def button(
    text: str,
    icon_name: str = "",
    *,
    primary: bool = False,
    danger: bool = False,
    tip: str = "",
    checkable: bool = False,
    parent: QWidget | None = None,
) -> QPushButton:
    """A push button that gloves hit, named by its text (``&`` marks its key)."""
    made = QPushButton(text, parent)
    made.setAccessibleName(text.replace("&", ""))
    made.setMinimumHeight(TOUCH_PX)
    made.setCheckable(checkable)
    made.setAutoDefault(False)
    made.setProperty("primary", primary)
    made.setProperty("danger", danger)
    if icon_name:
        set_icon_name(made, icon_name)
    if tip:
        made.setToolTip(tip)
        made.setAccessibleDescription(tip)
    return made


def set_icon_name(made: QPushButton, icon_name: str) -> None:
    """Give a button another icon, in the colour of its text."""
    role = QPalette.ColorRole.HighlightedText if made.property("primary") else QPalette.ColorRole.ButtonText
    made.setIcon(icon(icon_name, role))


def icon_button(name: str, icon_name: str, *, checkable: bool = False, tip: str = "") -> QPushButton:
    """A square button that shows only an icon; ``name`` is read out and shown as the tip."""
    made = button("", icon_name, tip=tip or name, checkable=checkable)
    made.setAccessibleName(name)
    made.setFixedSize(TOUCH_PX, TOUCH_PX)
    made.setStyleSheet("QPushButton { padding: 0; }")
    return made


def set_shown(widget: QWidget, shown: bool) -> None:
    """Show or hide a control; one without a parent yet must not open as a window of its own."""
    if not shown:
        widget.hide()
    elif widget.parentWidget() is not None:
        widget.show()


class HintedEdit(QLineEdit):
    """A field that wants as much width as what it says while nothing is typed; a ``narrow`` one wants no more."""

    def __init__(self, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        super().__init__(parent)
        self._narrow = narrow

    def sizeHint(self) -> QSize:
        usual = super().sizeHint()
        return QSize(self.said_px if self._narrow else max(self.said_px, usual.width()), usual.height())

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().expandedTo(QSize(self.said_px, 0))

    @property
    def said_px(self) -> int:
        """What its words need, with the edges of the field."""
        return self.fontMetrics().horizontalAdvance(self.placeholderText()) + 3 * SPACE


class ElidedLabel(QLabel):
    """One line that is shortened in the middle where it does not fit; the whole text is its tip."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full_text = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.set_full_text(text)

    @property
    def full_text(self) -> str:
        """The text before shortening."""
        return self._full_text

    def set_full_text(self, text: str) -> None:
        """Show ``text``, shortened to the width there is."""
        self._full_text = text
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(40, super().minimumSizeHint().height())

    def _elide(self) -> None:
        one_line = " ".join(self._full_text.split())
        shown = self.fontMetrics().elidedText(
            one_line, Qt.TextElideMode.ElideMiddle, max(0, self.contentsRect().width())
        )
        self.setText(shown)
        # A tip is rich text by guess; a name with "<" in it must not become markup.
        tip = one_line if shown != one_line else ""
        self.setToolTip(f"<qt>{_escaped(tip)}</qt>" if tip else "")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def limit_spin(name: str, parent: QWidget) -> QDoubleSpinBox:
    """A field for a limit of the score or of the map."""
    spin = QDoubleSpinBox(parent)
    spin.setAccessibleName(name)
    spin.setDecimals(3)
    spin.setRange(0.0, LARGEST_LIMIT)
    spin.setSingleStep(0.005)
    return spin
