"""A scanner in Live: what it types names the next part, whatever has the focus, and is never a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from filo_core.identity import NOBODY, Identity
from filo_core.line.triggers.base import TriggerKind
from filo_core.types import InspectionFilter, Verdict
from gui.live.panel import LivePanel
from gui.live.presenter import LivePresenter
from gui.state import AppState
from tests.unit.gui.live.conftest import CHOICE, HandSource
from workflows.line.triggers import TriggerChoice
from workflows.workbench import Workbench

Until = Callable[..., None]
FAST_MS, SLOW_MS = 4, 200
KEY = TriggerChoice(TriggerKind.KEY)


class Keys:
    """Types into a widget as the system would: a chance for shortcuts first, then the key; each with its moment."""

    def __init__(self) -> None:
        self.at = 1000

    def type(self, target: QWidget, text: str, gap_ms: int, *, enter: bool = True) -> None:
        for letter in text:
            self.press(target, Qt.Key(ord(letter.upper())), letter, gap_ms)
        if enter:
            self.press(target, Qt.Key.Key_Return, "\r", gap_ms)

    def press(self, target: QWidget, key: Qt.Key, text: str, gap_ms: int) -> None:
        self.at += gap_ms
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, text)
            event.setTimestamp(self.at)
            event.ignore()
            QCoreApplication.sendEvent(target, event)


@pytest.fixture
def panel(state: AppState, presenter: LivePresenter, qtbot: QtBot) -> Iterator[LivePanel]:
    made = LivePanel(state, presenter)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitActive(made)
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    made.close_down()


def start(presenter: LivePresenter, product: str, until: Until) -> None:
    presenter.start(product, CHOICE, KEY)
    until(lambda: presenter.takes_key, "the line listens")


def test_a_scan_asks_for_the_part_that_it_names_and_is_gone_after_it(
    panel: LivePanel, presenter: LivePresenter, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    start(presenter, product, until)
    panel.trigger.place.setText("before")
    Keys().type(panel.trigger.place, "SN 4711", FAST_MS)
    assert panel.trigger.place.text() == "before"
    camera.show(20)
    until(lambda: presenter.display.newest is not None, "there is a verdict")
    (record,) = workbench.history.page(InspectionFilter(product=product))
    assert (record.identity, record.verdict) == (Identity("SN 4711"), Verdict.OK)
    assert presenter.facts.next_part == NOBODY
    assert "SN 4711" in presenter.banner.caption


def test_a_space_in_a_code_acknowledges_nothing(
    panel: LivePanel, presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    start(presenter, product, until)
    keys = Keys()
    keys.type(panel.picture.view, "SN 4711", FAST_MS)
    camera.show(240)
    until(lambda: presenter.display.newest is not None, "there is a verdict")
    held = presenter.display.hold
    keys.type(panel.picture.view, "A B C", FAST_MS)
    assert presenter.display.hold is held


def test_what_a_person_types_stays_in_its_field(panel: LivePanel, qtbot: QtBot) -> None:
    panel.trigger.place.show()
    panel.trigger.place.setFocus()
    Keys().type(panel.trigger.place, "abc", SLOW_MS, enter=False)
    qtbot.waitUntil(lambda: panel.trigger.place.text() == "abc")


def test_a_key_that_edits_comes_after_the_letters_that_were_typed_before_it(panel: LivePanel, qtbot: QtBot) -> None:
    panel.trigger.place.show()
    panel.trigger.place.setFocus()
    keys = Keys()
    keys.type(panel.trigger.place, "ab", FAST_MS, enter=False)
    keys.press(panel.trigger.place, Qt.Key.Key_Backspace, "\b", FAST_MS)
    qtbot.waitUntil(lambda: panel.trigger.place.text() == "a")


def test_a_scan_while_nothing_runs_is_said_and_not_kept(panel: LivePanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.presenter.noted) as told:
        Keys().type(panel, "SN4711", FAST_MS)
    assert "Press Start, then scan again" in told.args[0]


def test_a_serial_that_comes_again_is_said_under_its_verdict(
    panel: LivePanel, presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.set_freeze_on_ng(False)
    start(presenter, product, until)
    for _ in range(2):
        before = presenter.display.newest
        presenter.scan("SN4711")
        camera.show(20)
        until(lambda before=before: presenter.display.newest is not before, "there is a verdict")
    assert "Seen before: inspected once, as OK" in presenter.banner.caption


def test_a_scan_that_is_no_serial_is_refused_in_a_sentence(
    panel: LivePanel, presenter: LivePresenter, product: str, until: Until, qtbot: QtBot
) -> None:
    start(presenter, product, until)
    with qtbot.waitSignal(presenter.failed) as told:
        presenter.scan("x" * 5000)
    assert "5000 characters" in told.args[0]
    assert presenter.facts.next_part == NOBODY
