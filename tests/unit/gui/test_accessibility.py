"""A walk over every screen: what a person without a mouse, without colour vision or with a screen reader needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from filo_core.types import Verdict, WizardStep
from gui import theme as themes
from gui.folder.verdict_tiles import VerdictTile
from gui.main_window import MainWindow
from gui.products.panel import ProductsPanel
from gui.screens import SCREENS
from gui.settings.panel import SettingsPanel
from gui.state import AppState, Screen
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT, Tone
from gui.widgets.verdict_banner import VerdictBanner
from gui.widgets.verdicts import draw_verdict_chip, verdict_word
from tests.unit.gui.walking import (
    WEAKEST,
    called,
    controls_of,
    in_place,
    is_inner,
    is_reached_by_arrows,
    strongest_contrast,
)
from workflows.settings.setting_kinds import SettingsPage
from workflows.workbench import Workbench

Until = Callable[..., None]
PLACES = [
    *(spec.screen.value for spec in SCREENS),
    *(f"wizard-{step.value}" for step in WizardStep),
    "settings-users",
    "settings-outputs",
]
THEMES = (LIGHT, DARK)


@pytest.fixture
def inspected(workbench: Workbench, product: str, parts: Path) -> str:
    """A product with verdicts of every kind."""
    handle = workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    assert handle.error is None
    return product


@pytest.fixture
def window(qtbot: QtBot, state: AppState, workbench: Workbench, inspected: str) -> Iterator[MainWindow]:
    made = MainWindow(state)
    qtbot.addWidget(made)
    made.resize(1360, 860)
    made.show()
    state.set_current_product(inspected)
    state.workbench_opened.emit()
    yield made
    made.close()


def go_to(window: MainWindow, place: str, until: Until) -> None:
    """Show a screen or a step of the wizard, and wait until it has settled."""
    screen = Screen.PRODUCTS if place.startswith("wizard") else Screen(place.partition("-")[0])
    window.show_screen(screen)
    panel = window.screen_widget(screen)
    if isinstance(panel, ProductsPanel) and place.startswith("wizard"):
        panel.set_up("metal nut")
        panel.wizard.go_to(WizardStep(place.removeprefix("wizard-")))
    if isinstance(panel, SettingsPanel):
        pages = {"settings-users": panel.users, "settings-outputs": panel.outputs}
        panel.show_page(pages.get(place, SettingsPage.LANGUAGE_MODEL))
    if screen is Screen.STATISTICS:
        until(lambda: panel.presenter.figures is not None or panel.empty.isVisible(), "the figures are read", 90.0)
    window.activateWindow()
    until(window.isActiveWindow, "the window is active")
    for _ in range(3):
        QApplication.processEvents()


@pytest.mark.parametrize("place", PLACES)
def test_every_control_has_a_name_to_be_read_out(window: MainWindow, until: Until, place: str) -> None:
    go_to(window, place, until)
    controls = controls_of(window)
    assert len(controls) > 6
    assert [called(made) for made in controls if not made.accessibleName().strip()] == []


@pytest.mark.parametrize("place", PLACES)
def test_the_tab_key_reaches_every_control_and_comes_round(window: MainWindow, until: Until, place: str) -> None:
    go_to(window, place, until)
    reached: list[QWidget] = []
    for _ in range(120):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused in reached:
            break
        reached.append(focused)
    else:
        pytest.fail("the tab order does not come round")
    missed = [made for made in controls_of(window) if made not in reached and not is_reached_by_arrows(made, reached)]
    assert [called(made) for made in missed] == []


@pytest.mark.parametrize("place", PLACES)
def test_one_sees_which_control_has_the_keyboard(
    window: MainWindow, qapp: QApplication, until: Until, place: str
) -> None:
    unseen = []
    for theme in THEMES:
        apply_theme(qapp, theme)
        go_to(window, place, until)
        for made in controls_of(window):
            made.clearFocus()
            before = made.grab().toImage()
            made.setFocus(Qt.FocusReason.TabFocusReason)
            if made.hasFocus() and made.grab().toImage() == before:
                unseen.append(f"{theme.name}: {called(made)}")
    assert unseen == []


@pytest.mark.parametrize("place", PLACES)
def test_every_word_on_screen_has_enough_contrast(
    window: MainWindow, qapp: QApplication, until: Until, place: str
) -> None:
    weak = {}
    for theme in THEMES:
        apply_theme(qapp, theme)
        go_to(window, place, until)
        for made in window.findChildren(QWidget):
            text = made.text() if isinstance(made, QLabel | QAbstractButton | QLineEdit) else ""
            if text.strip() and made.isVisible() and made.isEnabled() and not is_inner(made):
                found = strongest_contrast(in_place(window, made))
                if found < WEAKEST:
                    weak[f"{theme.name}: {called(made)}: {text}"] = round(found, 2)
    assert weak == {}


def test_the_measure_of_contrast_tells_weak_letters(qtbot: QtBot) -> None:
    label = QLabel("weak")
    qtbot.addWidget(label)
    label.setStyleSheet("background: #ffffff; color: #999999;")
    label.show()
    assert strongest_contrast(label.grab().toImage()) < WEAKEST
    label.setStyleSheet("background: #ffffff; color: #15202b;")
    assert strongest_contrast(label.grab().toImage()) >= WEAKEST


def _chip(verdict: Verdict) -> QImage:
    image = QImage(160, 36, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    draw_verdict_chip(painter, verdict, QRectF(2, 2, 156, 32))
    painter.end()
    return image


def _banner(verdict: Verdict) -> QImage:
    banner = VerdictBanner()
    banner.resize(600, 140)
    banner.set_verdict(verdict, "")
    image = banner.grab().toImage()
    banner.deleteLater()
    return image


def _tile(verdict: Verdict) -> QImage:
    tile = VerdictTile(verdict)
    tile.resize(150, 62)
    image = tile.grab().toImage()
    tile.deleteLater()
    return image


@pytest.mark.parametrize("draw", [_chip, _banner, _tile], ids=["chip", "banner", "tile"])
def test_no_verdict_is_told_by_colour_alone(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, draw: Callable[[Verdict], QImage]
) -> None:
    # One and the same colour for all: what still differs is word or sign.
    colourless = replace(LIGHT, verdicts=tuple((verdict, Tone("#444444", "#ffffff")) for verdict in Verdict))
    monkeypatch.setattr(themes, "LIGHT", colourless)
    pictures = {verdict: draw(verdict) for verdict in Verdict}
    alike = [(one, other) for one, other in combinations(Verdict, 2) if pictures[one] == pictures[other]]
    assert alike == []
    assert len({verdict_word(verdict) for verdict in Verdict}) == len(Verdict)
