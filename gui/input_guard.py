"""Rules for the whole program: a held key is one trigger, the wheel changes no value without focus, and fingers do.

They stand in one filter of the application rather than in every control: a control that is new, or Qt's own, keeps
them as well. What fingers need is :mod:`gui.gloves`.
"""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from gui.gloves import MOUSE_KINDS, Fingers, fit_for_gloves

_KEYS: Final = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride})
_BY_HAND: Final = _KEYS | MOUSE_KINDS | {QEvent.Type.Wheel}
_MOVING: Final = frozenset(
    {
        Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
        Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Tab, Qt.Key.Key_Backtab,
        Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Equal,
    }
)  # fmt: skip
"""Move, scroll and zoom: the only keys whose repetition means something outside of a text."""
_ENDING: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape})
"""What a field hands on to the dialog around it."""
_FIELDS: Final = (QLineEdit, QAbstractSpinBox)
_TEXTS: Final = (QTextEdit, QPlainTextEdit)
_VALUES: Final = (QAbstractSpinBox, QComboBox, QAbstractSlider, QTabBar)


class InputGuard(QObject):
    """Looks at every event of the application before the control that it is for."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._released = (0, 0)
        self._touched = time.monotonic()
        self._fingers = Fingers()
        for widget in app.allWidgets():
            _prepare(widget)
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _BY_HAND:
            self._touched = time.monotonic()
        if kind in _KEYS:
            return isinstance(event, QKeyEvent) and self._is_repetition(event) and _stops_repeat(watched, event)
        if kind in MOUSE_KINDS:
            return (
                isinstance(watched, QWidget) and isinstance(event, QMouseEvent) and self._fingers.takes(watched, event)
            )
        if kind is QEvent.Type.Wheel:
            return isinstance(watched, QWidget) and _stops_wheel(watched, event)
        if kind is QEvent.Type.Polish and isinstance(watched, QWidget):
            _prepare(watched)
        return False

    @property
    def untouched_s(self) -> float:
        """For how long no key, button, finger or wheel has moved."""
        return time.monotonic() - self._touched

    def _is_repetition(self, event: QKeyEvent) -> bool:
        """Whether no finger did it.

        An X server tells of a repetition as a release and a press in the same millisecond. Qt knows it by the press
        that is waiting behind the release; where a busy machine has not read it yet, both look like a finger's.
        """
        if event.isAutoRepeat():
            return True
        this = event.nativeScanCode(), event.timestamp()
        if event.type() is QEvent.Type.KeyRelease:
            self._released = this
            return False
        return all(this) and this == self._released


def guard_input() -> None:
    """Put the rules in force in this application; once is enough, and more does no harm."""
    app = QApplication.instance()
    if isinstance(app, QApplication) and app.findChild(InputGuard) is None:
        InputGuard(app)


def untouched_s() -> float:
    """For how many seconds nobody has touched the window; 0 without the rules."""
    app = QApplication.instance()
    guard = app.findChild(InputGuard) if app is not None else None
    return guard.untouched_s if guard is not None else 0.0


def is_value(widget: QWidget) -> bool:
    """Whether a control holds something that the wheel could change; a scroll bar only shows another part."""
    return isinstance(widget, _VALUES) and not isinstance(widget, QScrollBar)


def _stops_repeat(watched: QObject, event: QKeyEvent) -> bool:
    if event.type() is QEvent.Type.ShortcutOverride:
        # Claimed by the control, so that no shortcut anywhere is looked up for a repetition.
        event.accept()
        return True
    # A window hands the key on to its control, which is asked in its turn.
    if not isinstance(watched, QWidget) or _may_repeat(watched, event):
        return False
    event.accept()
    return True


def _may_repeat(widget: QWidget, event: QKeyEvent) -> bool:
    key = event.key()
    if key in _MOVING:
        return True
    if isinstance(widget, _TEXTS):
        return not widget.isReadOnly() and key != Qt.Key.Key_Escape
    types = isinstance(widget, _FIELDS) or (isinstance(widget, QComboBox) and widget.isEditable())
    return types and key not in _ENDING


def _stops_wheel(watched: QWidget, event: QEvent) -> bool:
    value = _value_at(watched)
    if value is None or _has_focus(value):
        return False
    # Not taken, so that the page around it scrolls.
    event.ignore()
    return True


def _value_at(widget: QWidget | None) -> QWidget | None:
    """The control that a part of it belongs to; the list of an open drop-down is a window, and may scroll."""
    while widget is not None and not is_value(widget):
        widget = None if widget.isWindow() else widget.parentWidget()
    return widget


def _has_focus(widget: QWidget) -> bool:
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


def _prepare(widget: QWidget) -> None:
    _focus_by_click_only(widget)
    fit_for_gloves(widget)


def _focus_by_click_only(widget: QWidget) -> None:
    """Qt would give the focus by the wheel, just before it asks whether the control has it."""
    if is_value(widget) and widget.focusPolicy() == Qt.FocusPolicy.WheelFocus:
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
