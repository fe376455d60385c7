"""What Live says from three metres: that a verdict is new, how the shift goes, what the camera sees, and STOPPED."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pytestqt.qtbot import QtBot

from filo_core.line.triggers.base import TriggerKind
from filo_core.types import Verdict
from gui.live import presenter as presenter_module
from gui.live.panel import LivePanel
from gui.live.presenter import LivePhase, LivePresenter
from gui.live.totals import ShiftTotals
from gui.main_window import MainWindow
from gui.state import AppState, Badge, Screen
from gui.widgets.verdict_banner import VerdictBanner
from tests.unit.gui.conftest import RedEngine
from tests.unit.gui.live.conftest import CHOICE, HandSource, show
from workflows.line.triggers import TriggerChoice

Until = Callable[..., None]
KEY = TriggerChoice(TriggerKind.KEY)


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, product: str, presenter: LivePresenter) -> Iterator[LivePanel]:
    made = LivePanel(state, presenter)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    yield made
    made.close_down()


def test_totals_are_counted_over_starts_of_one_product_until_a_new_shift() -> None:
    totals = ShiftTotals()
    assert totals.first_pass_yield is None
    totals.begin("nut")
    at = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
    verdicts = (Verdict.OK, Verdict.OK, Verdict.NG, Verdict.NOT_INSPECTED)
    assert [totals.add(verdict, at) for verdict in verdicts] == [1, 2, 3, 4]
    totals.begin("nut")
    assert (totals.number, totals.first_pass_yield, totals.since) == (4, 0.5, at)
    totals.begin("bolt")
    assert (totals.number, totals.since) == (0, None)


def test_two_verdicts_alike_are_told_apart_by_number_and_flash_and_the_totals_follow(
    panel: LivePanel, product: str, camera: HandSource, until: Until
) -> None:
    presenter = panel.presenter
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    assert panel.banner.flashes
    until(lambda: not panel.banner.flashes)
    assert (panel.banner.verdict, panel.banner.number) == (Verdict.OK, 1)
    show(presenter, camera, until, 21)
    assert panel.banner.flashes
    assert (panel.banner.verdict, panel.banner.number) == (Verdict.OK, 2)
    show(presenter, camera, until, 240)
    assert panel.totals.text.startswith("3 parts since ")
    assert "2 OK" in panel.totals.text
    assert "1 NG" in panel.totals.text
    assert "yield 67 %" in panel.totals.text or "yield 66.7 %" in panel.totals.text
    panel.totals.reset_button.click()
    assert panel.totals.text == "No part inspected in this shift yet."


def test_a_stopped_screen_says_so_in_large_letters_and_not_the_last_verdict(
    panel: LivePanel, product: str, camera: HandSource, until: Until
) -> None:
    assert panel.banner.word == "", "nothing has run yet"
    panel.presenter.start(product, CHOICE)
    show(panel.presenter, camera, until, 100)
    panel.presenter.stop()
    until(lambda: panel.presenter.phase is LivePhase.IDLE)
    assert panel.banner.verdict is None
    assert panel.banner.word == "STOPPED"
    assert "REVIEW" in panel.banner.caption


def test_between_two_triggers_one_sees_the_camera_with_the_last_verdict_in_a_corner(
    panel: LivePanel, product: str, camera: HandSource, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenter_module, "VERDICT_SHOWN_S", 0.2)
    presenter = panel.presenter
    presenter.start(product, CHOICE, KEY)
    until(lambda: presenter.takes_key)
    camera.show(30)
    until(lambda: presenter.view is not None, "the view to lay the part by")
    assert not panel.last.isVisible(), "nothing was judged yet"
    assert presenter.trigger()
    camera.show(35)
    until(lambda: presenter.display.newest is not None, "the verdict")
    until(lambda: presenter.view is not None and panel.last.isVisible(), "the view of the camera again")
    assert panel.last.result is presenter.display.newest
    camera.show(200)
    until(lambda: presenter.view is not None and int(presenter.view.pixels[5, 5, 0]) == 200, "it follows the camera")
    assert panel.banner.verdict is Verdict.OK


def test_the_time_limit_is_chosen_beside_the_trigger_and_the_late_part_keeps_its_picture(
    panel: LivePanel, state: AppState, product: str, camera: HandSource, engine: RedEngine, until: Until
) -> None:
    panel.trigger.set_choice(KEY, 0.5)
    assert panel.trigger.deadline.isVisible()
    panel.start_or_stop()
    presenter = panel.presenter
    until(lambda: presenter.takes_key)
    engine.gate.clear()
    assert presenter.trigger()
    camera.show(30)
    until(lambda: presenter.display.newest is not None, "the answer")
    late = presenter.display.newest
    assert late is not None
    assert late.verdict is Verdict.NOT_INSPECTED
    assert "within 0.5 s" in late.reason
    assert late.content is not None, "it can be judged by eye"
    engine.gate.set()
    history = state.workbench.history
    until(lambda: history.counts().not_inspected == 1)
    from filo_core.types import InspectionFilter

    kept = history.page(InspectionFilter())[0]
    assert kept.width > 0
    assert len(history.encoded(kept)) > 0
    assert state.settings.deadline_s == 0.5, "and it is remembered"
    until(lambda: not panel._remembered.is_busy)


def test_the_navigation_says_that_live_runs_and_that_an_ng_waits(
    qtbot: QtBot, state: AppState, product: str, camera: HandSource, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = MainWindow(state)
    qtbot.addWidget(window)
    window._on_workbench_opened()
    window.show()
    panel = window.screen_widget(Screen.LIVE)
    assert isinstance(panel, LivePanel)
    monkeypatch.setattr(panel.presenter, "_make_source", lambda _: camera)
    entry = window._buttons[Screen.LIVE]
    assert entry.badge is Badge.NONE
    panel.presenter.start(product, CHOICE)
    until(lambda: entry.badge is Badge.RUNS)
    assert entry.accessibleDescription() == "running"
    show(panel.presenter, camera, until, 240)
    until(lambda: entry.badge is Badge.WAITS)
    panel.presenter.acknowledge()
    until(lambda: entry.badge is Badge.RUNS)
    window.close()
    assert panel.presenter.phase is LivePhase.IDLE


def test_a_short_caption_is_half_as_high_as_the_verdict_and_a_long_one_fits(qtbot: QtBot) -> None:
    banner = VerdictBanner()
    qtbot.addWidget(banner)
    banner.resize(1000, 200)
    banner.set_verdict(Verdict.NG, "scratch – bottom left")
    assert banner._caption_font().pixelSize() >= 40
    banner.set_verdict(Verdict.NOT_INSPECTED, "The camera gives no picture. " * 8)
    assert banner._caption_font().pixelSize() < 40
