"""Takes what a scanner types out of a window's keys, whatever has the focus; a person's keys go where they would."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from gui.widgets.scan_buffer import GAP_S, ScanBuffer

_HELD_MS = round(1000 * GAP_S) + 10
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_EDITING = (
    *(Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Escape),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
)
"""Keys that no scanner sends."""
_PLAIN = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier


@dataclass(slots=True)
class _HeldKey:
    """A key that may be a scanner's, and where it would have gone."""

    target: QWidget
    key: int
    text: str
    modifiers: Qt.KeyboardModifier
    is_released: bool = False

    def event(self, kind: QEvent.Type) -> QKeyEvent:
        made = QKeyEvent(kind, self.key, self.modifiers, self.text)
        made.ignore()
        return made


class ScanCatcher(QObject):
    """Holds each plain letter for a moment. What comes faster than hands and ends in Enter is a code, and no key.

    Args:
        owner: the screen that is scanned into while it is shown; the filter lives as long as it does.
    """

    scanned = Signal(str)

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._owner = owner
        self._buffer = ScanBuffer()
        self._held: list[_HeldKey] = []
        self._gives_back = False
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(_HELD_MS)
        self._waiting.timeout.connect(self._give_back)
        application = QApplication.instance()
        assert application is not None, "there are no keys without an application"
        application.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        if self._gives_back or not isinstance(event, QKeyEvent):
            return False
        taken = False
        match event.type():
            case QEvent.Type.ShortcutOverride:
                # Else a letter of the code would be a shortcut.
                taken = self._may_be_scanned(event)
            case QEvent.Type.KeyPress:
                taken = self._may_be_scanned(event) and self._take(event)
                if event.key() in _EDITING:
                    # It is for the letters before it, which have yet to get there.
                    self._give_back()
            case QEvent.Type.KeyRelease:
                taken = self._released(event)
        if taken:
            # Else it goes on to the parents.
            event.accept()
        return taken

    def _may_be_scanned(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat() or not self._is_asked():
            return False
        if event.key() in _ENTERS:
            return not self._buffer.is_empty
        if event.key() == Qt.Key.Key_Space and self._buffer.is_empty:
            # No code begins with it, and whoever acknowledges with it waits for nothing.
            return False
        return bool(event.text()) and event.text().isprintable() and not event.modifiers() & ~_PLAIN

    def _is_asked(self) -> bool:
        if not isValid(self._owner) or not self._owner.isVisible() or QApplication.activeModalWidget() is not None:
            return False
        return QApplication.activePopupWidget() is None and self._owner.window().isActiveWindow()

    def _take(self, event: QKeyEvent) -> bool:
        at = event.timestamp() / 1000.0
        if not self._buffer.is_empty and not self._buffer.goes_on(at):
            self._give_back()
        if event.key() in _ENTERS:
            code = self._buffer.end(at)
            if code:
                self._waiting.stop()
                self._held.clear()
                self.scanned.emit(code)
                return True
            self._give_back()
            return False
        target = QApplication.focusWidget() or self._owner
        self._held.append(_HeldKey(target, event.key(), event.text(), event.modifiers()))
        self._buffer.add(event.text(), at)
        self._waiting.start()
        return True

    def _released(self, event: QKeyEvent) -> bool:
        for held in self._held:
            if held.key == event.key() and not held.is_released:
                held.is_released = True
                return True
        return False

    @Slot()
    def _give_back(self) -> None:
        """A person typed: each key does what it would have done a moment ago."""
        self._waiting.stop()
        self._buffer.clear()
        held, self._held = self._held, []
        self._gives_back = True
        try:
            for one in held:
                if isValid(one.target):
                    _press(one)
        finally:
            self._gives_back = False


def _press(held: _HeldKey) -> None:
    override = held.event(QEvent.Type.ShortcutOverride)
    QCoreApplication.sendEvent(held.target, override)
    shortcut = None if override.isAccepted() else _shortcut_of(held)
    if shortcut is not None:
        shortcut.activated.emit()
        return
    QCoreApplication.sendEvent(held.target, held.event(QEvent.Type.KeyPress))
    if held.is_released and isValid(held.target):
        QCoreApplication.sendEvent(held.target, held.event(QEvent.Type.KeyRelease))


def _shortcut_of(held: _HeldKey) -> QShortcut | None:
    """The one that the key would have been; a plain key belongs to a screen, and counts where it or a part of it is."""
    wanted = QKeySequence(held.key)
    for shortcut in held.target.window().findChildren(QShortcut):
        owner = shortcut.parent()
        if shortcut.isEnabled() and shortcut.key() == wanted and isinstance(owner, QWidget) and owner.isVisible():
            alone = shortcut.context() is Qt.ShortcutContext.WidgetShortcut
            if owner is held.target or (not alone and owner.isAncestorOf(held.target)):
                return shortcut
    return None
