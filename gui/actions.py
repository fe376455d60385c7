"""The actions of the main window as a table: what they are called, their keys, and which slot they call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence

from gui.translation import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One entry of a menu. ``slot`` names a method of the window without arguments."""

    menu: str
    text: str
    slot: str
    keys: tuple[str, ...] = ()
    tip: str = ""


FILE_MENU = QT_TRANSLATE_NOOP("MainWindow", "&File")
VIEW_MENU = QT_TRANSLATE_NOOP("MainWindow", "&View")
HELP_MENU = QT_TRANSLATE_NOOP("MainWindow", "&Help")
MENUS = (FILE_MENU, VIEW_MENU, HELP_MENU)

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(FILE_MENU, QT_TRANSLATE_NOOP("MainWindow", "Change &operator…"), "ask_for_operator", ("Ctrl+U",)),
    ActionSpec(FILE_MENU, QT_TRANSLATE_NOOP("MainWindow", "Show the &data folder"), "show_data_folder"),
    ActionSpec(FILE_MENU, QT_TRANSLATE_NOOP("MainWindow", "&Quit"), "close", ("Ctrl+Q",)),
    ActionSpec(VIEW_MENU, QT_TRANSLATE_NOOP("MainWindow", "&Full screen"), "toggle_full_screen", ("F11",)),
    ActionSpec(HELP_MENU, QT_TRANSLATE_NOOP("MainWindow", "&Keys and words"), "show_help", ("F1",)),
    ActionSpec(HELP_MENU, QT_TRANSLATE_NOOP("MainWindow", "&About FiLo Inspector"), "show_about"),
)


def add_actions(window: QMainWindow) -> dict[str, QAction]:
    """Fill the window's menu bar from :data:`ACTIONS`; the actions by their slot's name."""
    bar = window.menuBar()
    menus = {menu: bar.addMenu("") for menu in MENUS}
    made: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(window)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setAutoRepeat(False)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(_caller(window, spec.slot))
        menus[spec.menu].addAction(action)
        made[spec.slot] = action
    translate_actions(window, made)
    return made


def translate_actions(window: QMainWindow, made: dict[str, QAction]) -> None:
    """Write menus and actions in the language of the window."""
    for menu, action in zip(MENUS, window.menuBar().actions(), strict=True):
        action.setText(QCoreApplication.translate("MainWindow", menu))
    for spec in ACTIONS:
        made[spec.slot].setText(QCoreApplication.translate("MainWindow", spec.text))


def _caller(window: QMainWindow, slot: str) -> Callable[[], None]:
    def call() -> None:
        getattr(window, slot)()

    return call
