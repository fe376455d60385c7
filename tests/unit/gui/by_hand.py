"""Real keys and a real wheel in real windows; run by ``test_real_input.py`` on an X server of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtWidgets import QApplication, QComboBox, QScrollArea, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from filo_core.line.triggers.base import TriggerKind
from filo_core.types import InspectionFilter, Verdict
from gui.live.display import Hold
from gui.live.panel import LivePanel
from gui.live.presenter import LivePresenter
from gui.main_window import MainWindow
from gui.review.panel import ReviewPanel
from gui.settings.panel import SettingsPanel
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState, Screen
from tests.unit.gui.live.conftest import HandSource
from tests.unit.gui.test_accessibility import go_to
from workflows.line.triggers import TriggerChoice
from workflows.settings.setting_kinds import SettingsPage

Until = Callable[..., None]
ENOUGH = 15
"""Repetitions of a held key: half a second of them, after the first one's delay."""


class Hands(QObject):
    """Keys and mouse by the X server, and how many repetitions came to the window."""

    def __init__(self, until: Until) -> None:
        super().__init__()
        self._until = until
        self.repeated = 0
        self.told: list[str] = []
        """Keys as they came to the window, for whoever reads why a test failed."""
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QWindow) and isinstance(event, QKeyEvent):
            repeats = event.isAutoRepeat()
            self.repeated += repeats and event.type() is QEvent.Type.KeyPress
            self.told.append(f"{event.timestamp()} {event.type().name} {event.text()!r} {'repeated' * repeats}")
        return False

    def do(self, *arguments: str) -> None:
        """One command of xdotool, while the window lives."""
        with subprocess.Popen(["xdotool", *arguments]) as running:
            self._until(lambda: running.poll() is not None, f"xdotool {arguments[0]}")

    def press(self, key: str) -> None:
        self.do("key", key)

    def hold(self, key: str) -> None:
        """Until the server has repeated it many times, which is what a person sees who forgets a glove on it."""
        before = self.repeated
        self.do("keydown", key)
        try:
            self._until(lambda: self.repeated >= before + ENOUGH, f"{key} is repeated")
        finally:
            self.do("keyup", key)

    def point_at(self, widget: QWidget) -> None:
        place = widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))
        self.do("mousemove", str(place.x()), str(place.y()))

    def turn_wheel(self, over: QWidget, notches: int) -> None:
        self.point_at(over)
        self.do("click", "--repeat", str(abs(notches)), "--delay", "20", "5" if notches < 0 else "4")


@pytest.fixture
def hands(qapp: QApplication, until: Until) -> Hands:
    assert QApplication.platformName() == "xcb"
    return Hands(until)


@pytest.fixture
def inspected(state: AppState, product: str, parts: Path) -> str:
    handle = state.workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    return product


@pytest.fixture
def window(qtbot: QtBot, state: AppState, inspected: str, until: Until) -> Iterator[MainWindow]:
    made = MainWindow(state)
    qtbot.addWidget(made)
    made.setGeometry(0, 0, 1270, 860)
    made.show()
    state.set_current_product(inspected)
    state.workbench_opened.emit()
    yield made
    made.close()


def keep_picture(window: QWidget, name: str) -> None:
    """For whoever wants to look at it."""
    if folder := os.environ.get("BY_HAND_PICTURES"):
        window.grab().save(str(Path(folder) / f"{name}.png"))


def hold_until_taken(hands: Hands, key: str, count: Callable[[], int]) -> None:
    """Hold a key, again where a busy machine had not painted the picture yet; one hold never takes two."""
    before = count()
    for _ in range(4):
        hands.hold(key)
        left = count()
        assert left in {before, before - 1}, f"one hold of {key} decided on {before - left}: {hands.told}"
        if left < before:
            return
    raise AssertionError(f"four holds of {key} decided on nothing: {hands.told}")


def test_a_held_c_confirms_one_part_and_ctrl_z_takes_it_back(
    window: MainWindow, state: AppState, hands: Hands, until: Until
) -> None:
    go_to(window, "review", until)
    panel = window.screen_widget(Screen.REVIEW)
    assert isinstance(panel, ReviewPanel)
    history, undecided = state.workbench.history, InspectionFilter(undecided=True)
    until(lambda: panel.detail.is_seen, "the picture is on screen")

    def left() -> int:
        until(lambda: not panel.presenter.saves, "what was decided is stored")
        return history.count(undecided)

    hold_until_taken(hands, "c", left)
    until(lambda: panel.detail.is_seen, "the next picture is on screen")
    keep_picture(window, "review-undo")
    hold_until_taken(hands, "c", left)
    assert history.count(undecided) == 6
    for wanted in (7, 8):
        hands.press("ctrl+z")
        until(lambda wanted=wanted: left() == wanted, "one is taken back")
    keep_picture(window, "review-taken-back")
    assert panel.current is not None
    assert panel.current.review is None
    until(lambda: panel.detail.is_seen, "the picture is on screen")
    # Five presses that come quickly decide on no more than what was on screen.
    hands.do("key", "--repeat", "5", "--delay", "1", "c")
    decided = 8 - left()
    assert 1 <= decided <= 5


def test_a_held_enter_inspects_one_part_and_space_only_acknowledges(
    qtbot: QtBot, state: AppState, product: str, hands: Hands, until: Until
) -> None:
    camera = HandSource()
    panel = LivePanel(state, LivePresenter(state, lambda _: camera))
    qtbot.addWidget(panel)
    panel.setGeometry(0, 0, 1100, 720)
    panel.show()
    panel.activateWindow()
    until(panel.isActiveWindow, "the window is active")
    panel.source.set_choice(SourceChoice(SourceKind.FOLDER, "parts"))
    panel.trigger.set_choice(TriggerChoice(TriggerKind.KEY))
    panel.start_or_stop()
    until(panel.inspect.isEnabled, "the key is taken")
    history = state.workbench.history

    def recorded() -> list[Verdict]:
        return [record.verdict for record in reversed(history.page(InspectionFilter()))]

    hands.hold("space")
    assert recorded() == []
    hands.hold("Return")
    camera.show(240)
    until(lambda: panel.presenter.display.hold is Hold.NG, "the NG is held")
    hands.hold("space")
    until(lambda: panel.presenter.display.hold is Hold.NONE, "it is acknowledged")
    assert recorded() == [Verdict.NG]
    camera.show(240)
    hands.press("Return")
    camera.show(240)
    until(lambda: panel.presenter.display.hold is Hold.NG or panel.message.sentence != "", "the next, or why not")
    camera.lose()
    until(lambda: panel.banner.verdict is Verdict.NOT_INSPECTED, "the loss on screen")
    keep_picture(panel, "live-lost-while-held")
    panel.close_down()


def test_the_wheel_over_the_settings_scrolls_and_changes_nothing(
    window: MainWindow, hands: Hands, until: Until
) -> None:
    go_to(window, "settings", until)
    panel = window.screen_widget(Screen.SETTINGS)
    assert isinstance(panel, SettingsPanel)
    page = panel.general
    bar = page.findChild(QScrollArea).verticalScrollBar()  # type: ignore[union-attr]
    before = dict(page.presenter.values)
    area = page.findChild(QScrollArea)
    assert isinstance(area, QScrollArea)
    turned = 0
    for row, (kind, notches) in product(
        range(panel.pages.count()), ((QComboBox, -1), (QSpinBox, -1), (QComboBox, 1), (QSpinBox, 1))
    ):
        panel.pages.setCurrentRow(row)
        for control in filter(QWidget.isVisible, page.findChildren(kind)):
            turned += 1
            bar.setValue(bar.maximum() // 2)
            area.ensureWidgetVisible(control, 10, 60)
            scrolled = bar.value()
            hands.turn_wheel(control, 3 * notches)
            at_its_end = scrolled == (bar.maximum() if notches < 0 else bar.minimum())
            until(lambda scrolled=scrolled, end=at_its_end: end or bar.value() != scrolled, "the page scrolls")
            assert page.presenter.values == before, control.accessibleName()
            assert not control.hasFocus()
    assert turned > 10
    keep_picture(window, "settings-after-the-wheel")
    assert not page.save_button.isEnabled()
    panel.show_page(SettingsPage.RETENTION)
    spin = page.fields["image_quota_gb"].control
    area.ensureWidgetVisible(spin, 10, 60)
    spin.setFocus(Qt.FocusReason.MouseFocusReason)
    hands.turn_wheel(spin, 2)
    until(lambda: page.presenter.values["image_quota_gb"] == 2, "what has the focus follows the wheel")
