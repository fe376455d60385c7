"""A network camera is pulled while the window inspects it, and plugged in again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic

import pytest
from pytestqt.qtbot import QtBot

from filo_core.line.sources import camera as camera_module
from filo_core.line.sources.timing import CameraTiming
from filo_core.types import InspectionFilter, Verdict
from gui.live.display import Hold
from gui.live.panel import LivePanel
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState
from tools.stream_rig import FFMPEG, NetworkCamera

Until = Callable[..., None]
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed (make system-test)")


@pytest.fixture
def camera() -> Iterator[NetworkCamera]:
    made = NetworkCamera()
    made.plug()
    yield made
    made.close()


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, product: str) -> Iterator[LivePanel]:
    made = LivePanel(state)
    qtbot.addWidget(made)
    made.resize(990, 600)
    made.show()
    yield made
    made.close_down()


@pytest.mark.timed
@needs_ffmpeg
@pytest.mark.slow
def test_pulling_the_camera_shows_at_once_and_inspection_goes_on_by_itself_when_it_is_back(
    panel: LivePanel, camera: NetworkCamera, state: AppState, product: str, until: Until
) -> None:
    panel.presenter.set_freeze_on_ng(False)
    panel.source.set_choice(SourceChoice(SourceKind.ADDRESS, camera.address))
    panel.start_stop.click()
    until(lambda: panel.banner.verdict not in {None, Verdict.NOT_INSPECTED}, "a first verdict")

    for fault in (camera.unplug, camera.freeze):
        pulled = monotonic()
        fault()
        until(lambda: panel.banner.verdict is Verdict.NOT_INSPECTED, "the loss on screen", seconds=3)
        assert monotonic() - pulled < 1.0
        assert panel.presenter.problem
        before = state.workbench.history.count(InspectionFilter(product=product))

        camera.replace()
        back = monotonic()
        until(lambda: panel.banner.verdict is not Verdict.NOT_INSPECTED, "the next verdict", seconds=8)
        assert monotonic() - back < 5.0
        # A new one, not that of before the loss.
        assert state.workbench.history.count(InspectionFilter(product=product)) > before
        assert panel.presenter.display.hold is Hold.NONE


@needs_ffmpeg
@pytest.mark.slow
def test_a_camera_that_only_repeats_its_picture_is_not_inspected_and_the_window_says_why(
    panel: LivePanel, camera: NetworkCamera, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "CameraTiming", partial(CameraTiming, network_repeat_s=1.0))
    panel.presenter.set_freeze_on_ng(False)
    panel.source.set_choice(SourceChoice(SourceKind.ADDRESS, camera.address))
    panel.start_stop.click()
    until(lambda: panel.banner.verdict not in {None, Verdict.NOT_INSPECTED}, "a first verdict")

    camera.repeat()
    until(lambda: "sends the same picture again and again" in panel.trouble.sentence, "the loss in words", seconds=8)
    assert panel.banner.verdict is Verdict.NOT_INSPECTED

    camera.replace()
    until(lambda: panel.banner.verdict is not Verdict.NOT_INSPECTED, "the next verdict", seconds=8)
    assert panel.trouble.sentence == ""


@needs_ffmpeg
@pytest.mark.x11
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed (make system-test)")
def test_the_same_in_a_window_on_a_real_x_server(printed_on_a_real_server: Callable[[str, float], str]) -> None:
    test = "test_pulling_the_camera_shows_at_once_and_inspection_goes_on_by_itself_when_it_is_back"
    assert "1 passed" in printed_on_a_real_server(f"{__file__}::{test}", 200)
