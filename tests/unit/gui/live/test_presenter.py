from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from filo_core.line.sources.base import SourceState
from filo_core.types import InspectionFilter, Verdict
from gui.live import presenter as presenter_module
from gui.live.display import Hold
from gui.live.presenter import LivePhase, LivePresenter
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState, ModelState
from tests.unit.gui.live.conftest import CHOICE, HandSource, show
from workflows.workbench import Workbench

Until = Callable[..., None]


def verdict_shown(presenter: LivePresenter) -> Verdict | None:
    return presenter.banner.verdict


def phase_of(presenter: LivePresenter) -> LivePhase:
    return presenter.phase


def test_a_picture_gets_its_verdict_on_screen_and_in_the_record(
    presenter: LivePresenter, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    assert phase_of(presenter) is LivePhase.RUNNING
    show(presenter, camera, until, 20)
    assert verdict_shown(presenter) is Verdict.OK
    assert presenter.banner.caption == "nothing stands out"
    shown = presenter.display.shown
    assert shown is not None
    assert shown.content is not None
    assert shown.content.has_heat_map
    assert shown.trained is False
    assert workbench.history.count(InspectionFilter(product=product)) == 1


def test_an_ng_is_told_for_a_sound_and_an_ok_is_not(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    refused: list[bool] = []
    presenter.refused.connect(lambda: refused.append(True))
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    assert refused == []
    show(presenter, camera, until, 230)
    until(lambda: refused == [True])


def test_an_ng_freezes_names_what_was_found_and_waits_for_its_acknowledgement(
    presenter: LivePresenter, camera: HandSource, workbench: Workbench, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 230, 20, 240, 30)
    banner = presenter.banner
    assert banner.verdict is Verdict.NG
    assert banner.held
    assert "scratch 80 % – center" in banner.caption
    assert "1 more NG" in banner.caption
    presenter.acknowledge()
    assert verdict_shown(presenter) is Verdict.OK
    assert workbench.history.count(InspectionFilter(product=product)) == 4


@pytest.mark.timed
def test_a_lost_camera_takes_the_old_verdict_off_the_screen_within_a_second(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    camera.lose()
    lost_at = monotonic()
    until(lambda: presenter.banner.verdict is Verdict.NOT_INSPECTED, seconds=2)
    assert monotonic() - lost_at < 1.0
    assert presenter.problem == "Camera 0 does not answer. Check its cable."
    show(presenter, camera, until, 20)
    assert verdict_shown(presenter) is Verdict.OK
    assert presenter.problem == ""


def test_a_camera_that_is_back_does_not_bring_the_verdict_of_before_its_loss_back(
    presenter: LivePresenter, camera: HandSource, engine: Any, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    engine.gate.clear()
    camera.show(30)
    until(lambda: camera.slot._frame is None, "the frame is taken")
    camera.lose()
    until(lambda: presenter.banner.caption == "The camera gives no new picture.")
    # What was captured before the loss is judged after it.
    before = presenter.display.newest
    engine.gate.set()
    until(lambda: presenter.display.newest is not before, "the verdict of before the loss")
    camera.state, camera.problem = SourceState.RUNNING, ""
    until(lambda: presenter.facts.camera is SourceState.RUNNING)
    assert presenter.banner.verdict is Verdict.NOT_INSPECTED
    assert presenter.banner.caption == "The camera is back. Waiting for its first verdict."
    show(presenter, camera, until, 20)
    assert verdict_shown(presenter) is Verdict.OK


@pytest.mark.parametrize("held", [240, 20], ids=["an NG that is held", "an OK looked back at"])
def test_a_lost_camera_wins_over_a_verdict_that_is_held(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until, held: int
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, held)
    if held == 20:
        presenter.look_at(0)
    assert presenter.banner.held
    camera.lose()
    until(lambda: presenter.is_camera_lost)
    assert presenter.banner.verdict is Verdict.NOT_INSPECTED
    assert ("An NG waits to be acknowledged" in presenter.banner.caption) is (held == 240)
    presenter.acknowledge()
    assert presenter.banner.verdict is Verdict.NOT_INSPECTED
    presenter.stop()
    until(lambda: presenter.phase is LivePhase.IDLE)
    # Nor does the last verdict come back when nobody inspects any more.
    assert presenter.banner.verdict is Verdict.NOT_INSPECTED
    assert presenter.banner.caption == "Stopped while the camera gave no picture."


def test_a_camera_that_opens_again_in_the_middle_of_a_run_was_lost(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    camera.open_again()
    until(lambda: presenter.is_camera_lost)
    assert presenter.banner.verdict is Verdict.NOT_INSPECTED
    show(presenter, camera, until, 30)
    assert verdict_shown(presenter) is Verdict.OK


def test_a_verdict_that_grows_old_is_not_left_standing(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenter_module, "STALE_AFTER_S", 0.3)
    presenter.start(product, SourceChoice(SourceKind.CAMERA, "0", seconds_per_image=0.0))
    show(presenter, camera, until, 20)
    assert verdict_shown(presenter) is Verdict.OK
    until(lambda: presenter.banner.verdict is Verdict.NOT_INSPECTED)


def test_the_banner_says_what_is_waited_for(
    presenter: LivePresenter, camera: HandSource, state: AppState, product: str, until: Until
) -> None:
    assert "Start" in presenter.banner.caption
    state.set_model_state(ModelState.LOADING)
    presenter.start(product, CHOICE)
    assert presenter.banner.caption == "The model is loading…"
    state.set_model_state(ModelState.READY)
    camera.open_again()
    until(lambda: presenter.banner.caption == "Opening the camera…")
    camera.state = SourceState.RUNNING
    until(lambda: presenter.banner.caption == "Waiting for the first verdict…")
    assert verdict_shown(presenter) is None


def test_the_numbers_count_verdicts_dropped_frames_and_ages(
    presenter: LivePresenter, camera: HandSource, engine: Any, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    engine.gate.clear()
    camera.show(30)
    until(lambda: camera.slot._frame is None, "the frame is taken")
    for red in (31, 32, 33):
        camera.show(red)
    engine.gate.set()
    # On a busy machine the frame that was taken is itself replaced before its judging begins.
    until(lambda: (presenter.facts.dropped, presenter.facts.inspected) in {(2, 3), (3, 2)})
    facts = presenter.facts
    assert facts.latency_ms is not None
    assert facts.picture_age_ms is not None
    assert facts.picture_age_ms > facts.latency_ms


def test_the_strip_keeps_small_pictures_of_large_frames(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    before = presenter.display.newest
    camera.show(100, size=(3300, 2000))
    until(lambda: presenter.display.newest is not before)
    kept, shown = presenter.display.strip[-1], presenter.display.shown
    assert kept.content is not None
    assert max(kept.content.size) <= 1600
    assert shown is not None
    assert shown.content is not None
    assert shown.content.size == (3300, 2000)
    box, small = shown.content.regions[0].box, kept.content.regions[0].box
    assert small.x * 3 == pytest.approx(box.x, abs=3)


def test_looking_back_shows_the_earlier_picture_until_released(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20, 110, 30)
    presenter.look_at(1)
    assert presenter.display.hold is Hold.LOOKING_BACK
    assert verdict_shown(presenter) is Verdict.REVIEW
    assert "earlier picture" in presenter.banner.caption
    presenter.acknowledge()
    assert verdict_shown(presenter) is Verdict.OK


def test_stopping_ends_the_source_and_says_the_last_verdict_in_words_alone(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    presenter.stop()
    assert phase_of(presenter) is LivePhase.STOPPING
    until(lambda: presenter.phase is LivePhase.IDLE)
    assert camera.state is SourceState.STOPPED
    assert verdict_shown(presenter) is None
    assert presenter.banner.word == "STOPPED"
    assert "OK" in presenter.banner.caption
    assert presenter.display.shown is not None
    assert presenter.display.shown.verdict is Verdict.OK
    assert presenter.source_name == ""


def test_a_source_that_has_played_to_its_end_stops_by_itself(
    presenter: LivePresenter, camera: HandSource, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    camera.stop()
    until(lambda: presenter.phase is LivePhase.IDLE)
    assert presenter.display.shown is not None


def test_a_product_without_a_recipe_is_refused_in_a_sentence(presenter: LivePresenter) -> None:
    failures: list[str] = []
    presenter.failed.connect(lambda sentence, _: failures.append(sentence))
    presenter.start("unheard of", CHOICE)
    assert phase_of(presenter) is LivePhase.IDLE
    assert "unheard of" in failures[0]


@pytest.mark.parametrize("kind", list(SourceKind))
def test_a_source_that_is_not_chosen_is_asked_for(state: AppState, product: str, kind: SourceKind) -> None:
    presenter = LivePresenter(state)
    failures: list[str] = []
    presenter.failed.connect(lambda sentence, _: failures.append(sentence))
    presenter.start(product, SourceChoice(kind, "  "))
    assert phase_of(presenter) is LivePhase.IDLE
    assert failures[0].startswith("No ")


def test_a_folder_is_played_as_a_camera(state: AppState, product: str, parts: Path, until: Until) -> None:
    presenter = LivePresenter(state)
    presenter.set_freeze_on_ng(False)
    presenter.start(product, SourceChoice(SourceKind.FOLDER, str(parts), seconds_per_image=0.05))
    until(lambda: len(presenter.display.strip) == 12)
    assert {result.verdict for result in presenter.display.strip} == {Verdict.OK, Verdict.REVIEW, Verdict.NG}
    presenter.close_down()
    assert phase_of(presenter) is LivePhase.IDLE


def test_a_password_in_an_address_is_not_shown_by_a_choice() -> None:
    assert "secret" not in repr(SourceChoice(SourceKind.ADDRESS, "rtsp://anna:secret@host/1"))


def test_closing_while_a_picture_is_judged_waits_for_it(
    presenter: LivePresenter, camera: HandSource, engine: Any, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    engine.gate.clear()
    camera.show(30)
    until(lambda: camera.slot._frame is None)
    threading.Timer(0.2, engine.gate.set).start()
    presenter.close_down()
    assert camera.state is SourceState.STOPPED
    assert len(presenter.display.strip) == 1


@pytest.mark.timed
def test_the_window_goes_on_while_a_picture_is_judged(
    presenter: LivePresenter, camera: HandSource, engine: Any, product: str, until: Until
) -> None:
    presenter.start(product, CHOICE)
    show(presenter, camera, until, 20)
    engine.gate.clear()
    camera.show(30)
    until(lambda: camera.slot._frame is None, "the model is busy")
    beats: list[float] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(monotonic()))
    timer.start(5)
    until(lambda: len(beats) >= 100)
    timer.stop()
    engine.gate.set()
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(beats))
    assert gaps[len(gaps) // 2] < 0.05
