"""The screens as a table. Each is built the first time it is shown, and its module imported no earlier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gui.state import Screen
from gui.translation import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from gui.state import AppState, Badge


@runtime_checkable
class HasWorkToEnd(Protocol):
    """A screen that runs something; it is asked to end it before the window and the workbench close."""

    def close_down(self) -> None:
        """End what runs, and wait until it has."""
        ...


@runtime_checkable
class CanBeBusy(Protocol):
    """A screen that cannot always be built anew, because that would end what it runs."""

    @property
    def is_busy(self) -> bool:
        """True while something runs that must not be ended."""
        ...


@runtime_checkable
class HasMoreToBuild(Protocol):
    """A screen that builds a part of itself when it is asked for."""

    def build_more(self) -> None:
        """Build it now; more than once does no harm."""
        ...


@runtime_checkable
class HasBadge(Protocol):
    """A screen that goes on while another one is looked at."""

    @property
    def badge(self) -> Badge:
        """How it is, for the navigation."""
        ...


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """One entry of the navigation."""

    screen: Screen
    title: str
    """Source text, translated in the context ``MainWindow``."""
    tip: str
    icon_name: str
    shortcut: str
    build: Callable[[AppState], QWidget]
    needs_room: bool = False
    """The navigation shows icons alone beside it."""


def _products(state: AppState) -> QWidget:
    from gui.products.panel import ProductsPanel

    return ProductsPanel(state)


def _live(state: AppState) -> QWidget:
    from gui.live.panel import LivePanel

    return LivePanel(state)


def _folder(state: AppState) -> QWidget:
    from gui.folder.panel import FolderPanel

    return FolderPanel(state)


def _review(state: AppState) -> QWidget:
    from gui.review.panel import ReviewPanel

    return ReviewPanel(state)


def _statistics(state: AppState) -> QWidget:
    from gui.statistics.panel import StatisticsPanel

    return StatisticsPanel(state)


def _settings(state: AppState) -> QWidget:
    from gui.settings.panel import SettingsPanel

    return SettingsPanel(state)


SCREENS: tuple[ScreenSpec, ...] = (
    ScreenSpec(
        Screen.PRODUCTS,
        QT_TRANSLATE_NOOP("MainWindow", "Products"),
        QT_TRANSLATE_NOOP("MainWindow", "Set up products and sign off their recipes"),
        "products",
        "Ctrl+1",
        _products,
    ),
    ScreenSpec(
        Screen.LIVE,
        QT_TRANSLATE_NOOP("MainWindow", "Live"),
        QT_TRANSLATE_NOOP("MainWindow", "Inspect what a camera sees"),
        "live",
        "Ctrl+2",
        _live,
    ),
    ScreenSpec(
        Screen.FOLDER,
        QT_TRANSLATE_NOOP("MainWindow", "Folder"),
        QT_TRANSLATE_NOOP("MainWindow", "Inspect the images of a folder"),
        "folder",
        "Ctrl+3",
        _folder,
    ),
    ScreenSpec(
        Screen.REVIEW,
        QT_TRANSLATE_NOOP("MainWindow", "Review"),
        QT_TRANSLATE_NOOP("MainWindow", "Look at the verdicts and decide on them"),
        "review",
        "Ctrl+4",
        _review,
        needs_room=True,
    ),
    ScreenSpec(
        Screen.STATISTICS,
        QT_TRANSLATE_NOOP("MainWindow", "Statistics"),
        QT_TRANSLATE_NOOP("MainWindow", "Yield, anomaly types, control chart, limits and agreement"),
        "statistics",
        "Ctrl+5",
        _statistics,
    ),
    ScreenSpec(
        Screen.SETTINGS,
        QT_TRANSLATE_NOOP("MainWindow", "Settings"),
        QT_TRANSLATE_NOOP("MainWindow", "Model, camera, language model, language and appearance"),
        "settings",
        "Ctrl+6",
        _settings,
    ),
)
