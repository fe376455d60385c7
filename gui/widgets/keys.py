"""Keys of a screen: one press is one call, however long it is held."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

Keys = str | Qt.Key | QKeySequence.StandardKey


def on_key(keys: Keys, owner: QWidget, slot: Callable[[], object], *, alone: bool = False) -> QShortcut:
    """Call ``slot`` when ``keys`` are pressed while ``owner`` or something in it has the focus.

    Args:
        keys: one sequence, such as ``"C"``, a key, or what the platform uses for a purpose.
        owner: where the key counts.
        slot: what is called, once a press.
        alone: only while ``owner`` itself has the focus.

    Returns:
        The shortcut, to be switched on and off.
    """
    made = QShortcut(QKeySequence(keys), owner)
    context = Qt.ShortcutContext
    made.setContext(context.WidgetShortcut if alone else context.WidgetWithChildrenShortcut)
    made.setAutoRepeat(False)
    made.activated.connect(slot)
    return made
