"""A receiver that accepts and never answers keeps nobody: not the event loop, not the stop, not the window."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from gui.live.panel import LivePanel
from gui.live.presenter import LivePhase, LivePresenter
from gui.main_window import MainWindow
from gui.screens import ScreenSpec
from gui.state import AppState, Screen
from storage.outbox import Outbox
from tests.unit.gui.live.conftest import CHOICE, HandSource, show
from tests.unit.gui.live.test_outputs import KEY, press, use
from tests.unit.gui.test_event_loop import Heartbeat

Until = Callable[..., None]
LONGEST_GAP_MS = 200.0
FEWEST_BEATS = 20
"""Of the hundreds that a loop has in the time of a stop, on a machine that is busy."""


@pytest.fixture
def hanging() -> Iterator[socket.socket]:
    """A port that takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


@pytest.fixture
def window(qtbot: QtBot, state: AppState, presenter: LivePresenter, product: str) -> MainWindow:
    state.set_current_product(product)
    live = ScreenSpec(Screen.LIVE, "Live", "", "live", "Ctrl+2", lambda state: LivePanel(state, presenter))
    made = MainWindow(state, screens=(live,))
    qtbot.addWidget(made)
    made.show()
    state.workbench_opened.emit()
    return made


def panel_of(window: MainWindow) -> LivePanel:
    panel = window.screen_widget(Screen.LIVE)
    assert isinstance(panel, LivePanel)
    return panel


@pytest.fixture(params=["http", "mqtt"])
def stuck(
    request: pytest.FixtureRequest,
    state: AppState,
    window: MainWindow,
    camera: HandSource,
    product: str,
    hanging: socket.socket,
    until: Until,
) -> Iterator[str]:
    """Live with a verdict that is on its way to a receiver that hangs; the name of the output."""
    host, port = hanging.getsockname()
    name = f"{request.param}://{host}:{port}/line"
    use(state, name)
    presenter = panel_of(window).presenter
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    connection, _ = hanging.accept()
    with connection:
        yield name


def backlog(state: AppState) -> dict[str, int]:
    outbox = Outbox(state.settings.outbox)
    try:
        return outbox.backlog()
    finally:
        outbox.close()


def test_a_stop_says_what_it_waits_for_and_leaves_the_rest_on_the_disk(
    window: MainWindow, stuck: str, state: AppState, until: Until
) -> None:
    panel, said = panel_of(window), set()
    panel.presenter.facts_changed.connect(lambda: said.add(panel.trouble.sentence))
    panel.start_or_stop()
    until(lambda: panel.presenter.phase is LivePhase.IDLE, "the end")
    assert "Delivering what is left…" in said
    assert not panel.trouble.isVisible()
    assert panel.delivery.outputs.values == ("1  (1 verdict waiting)",)
    assert panel.delivery.problem.sentence.endswith(
        "What was not delivered is kept on disk and sent when Live or a line starts."
    )
    assert backlog(state) == {stuck: 1}


def test_live_starts_again_while_the_receiver_still_hangs(
    window: MainWindow, stuck: str, state: AppState, camera: HandSource, product: str, until: Until
) -> None:
    presenter = panel_of(window).presenter
    panel_of(window).start_or_stop()
    until(lambda: presenter.phase is LivePhase.IDLE, "the end")
    presenter.start(product, CHOICE, KEY)
    press(presenter, camera, until, 30)
    assert presenter.delivery.waiting == 2


def test_the_window_closes_while_a_receiver_hangs_and_lives_until_then(
    window: MainWindow, stuck: str, state: AppState
) -> None:
    beats, said = [], set()
    timer = QTimer()
    timer.timeout.connect(lambda: (beats.append(1), said.add(window.message), window.close()))
    timer.start(5)
    assert window.close()
    timer.stop()
    assert len(beats) > FEWEST_BEATS
    assert "Finishing… Verdicts that an output does not accept now are kept on disk." in said
    assert not window.isVisible()
    assert backlog(state) == {stuck: 1}


@pytest.mark.timed
@pytest.mark.parametrize("closes", [False, True])
def test_the_event_loop_is_never_held(
    window: MainWindow,
    stuck: str,
    until: Until,
    closes: bool,
    record_property: Callable[[str, object], None],
) -> None:
    panel = panel_of(window)
    heart = Heartbeat(panel.picture.view)
    if closes:
        window.close()
    else:
        panel.start_or_stop()
        until(lambda: panel.presenter.phase is LivePhase.IDLE, "the end")
    heart.stop()
    longest = float(np.max(heart.gaps_ms()))
    record_property("gap_longest_ms", round(longest, 1))
    assert longest < LONGEST_GAP_MS
