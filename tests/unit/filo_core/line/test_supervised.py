from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import psutil
import pytest

from filo_core.imaging import encode_frame
from filo_core.line.station import Station
from filo_core.line.supervised import ModelProcessError, SupervisedDetector
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.types import Recipe, Verdict
from tests.unit.filo_core.line.station_parts import MemoryLedger

WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The misbehaving detectors, importable by name from the spawned process as well."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import model_children

    return model_children


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def make(children: ModuleType, notes: list[str], tmp_path: Path) -> Iterator[Callable[..., SupervisedDetector]]:
    made: list[SupervisedDetector] = []

    def make_detector(maker: Any = None, **options: Any) -> SupervisedDetector:
        maker = maker or partial(children.make_odd, marker=str(tmp_path / "marker"))
        made.append(SupervisedDetector(maker, on_note=notes.append, **options))
        return made[-1]

    yield make_detector
    for detector in made:
        detector.close()


def picture(first: int, side: int = 8) -> np.ndarray[Any, np.dtype[np.uint8]]:
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[0, 0, 0] = first
    return pixels


def test_views_have_detectors_of_their_own_in_the_one_process(
    make: Callable[..., SupervisedDetector], children: ModuleType
) -> None:
    detector = make(children.make_two)
    first, second = detector.of_view(0), detector.of_view(1)
    grey = np.full((8, 8, 3), 51, np.uint8)
    assert first.predict(grey).image_score == pytest.approx(0.2)
    assert second.predict(grey).image_score == pytest.approx(0.8)


def test_a_prediction_comes_back_whole_from_the_other_process(make: Callable[..., SupervisedDetector]) -> None:
    detector = make()
    prediction = detector.predict(np.full((8, 8, 3), 51, np.uint8))
    assert prediction.image_score == pytest.approx(0.2)
    assert prediction.anomaly_map.shape == (4, 4)
    assert detector.pid not in (None, os.getpid())
    assert detector.load_seconds is not None


def test_a_model_that_dies_is_started_anew_and_its_part_is_tried_once_more(
    make: Callable[..., SupervisedDetector], children: ModuleType, notes: list[str]
) -> None:
    detector = make()
    detector.wait_ready()
    first = detector.pid
    assert detector.predict(picture(children.DIE_ONCE)).image_score < 1.0
    assert detector.restarts == 1
    assert detector.pid != first
    assert "ended by itself and is started anew" in notes[0]


def test_a_model_that_hangs_is_killed_and_its_part_is_tried_once_more(
    make: Callable[..., SupervisedDetector], children: ModuleType
) -> None:
    detector = make(hang_s=0.3)
    detector.wait_ready()
    first = detector.pid
    assert first is not None
    assert detector.predict(picture(children.HANG_ONCE)).image_score < 1.0
    assert not psutil.pid_exists(first)


def test_a_picture_that_takes_long_does_not_cost_the_model_that_computes_it(
    make: Callable[..., SupervisedDetector], children: ModuleType
) -> None:
    detector = make(hang_s=0.5)
    detector.wait_ready()
    first = detector.pid
    assert detector.predict(picture(children.COMPUTE)).image_score < 1.0
    assert (detector.pid, detector.restarts) == (first, 0)


def test_a_part_whose_picture_takes_longer_than_the_deadline_is_not_inspected_and_the_next_finds_the_same_model(
    make: Callable[..., SupervisedDetector], children: ModuleType, recipe: Recipe, wait_until: WaitUntil
) -> None:
    detector = make()
    detector.wait_ready()
    first = detector.pid
    station = Station(None, recipe, detector, MemoryLedger(), deadline_s=0.5)
    station.start()
    parts = itertools.count()

    def ask(what: int) -> Verdict:
        number = next(parts)
        image = encode_frame(picture(what), f"part-{number}", datetime.now(UTC), number)
        result = station.ask(Trigger(f"part-{number}", TriggerKind.HTTP, image)).wait(20)
        assert result is not None
        return result.verdict

    try:
        assert ask(children.COMPUTE) is Verdict.NOT_INSPECTED
        wait_until(lambda: ask(0) is Verdict.OK)
    finally:
        station.stop()
    assert (detector.pid, detector.restarts) == (first, 0)


def test_a_model_that_computes_for_ever_is_killed_as_one_that_hangs(
    make: Callable[..., SupervisedDetector], children: ModuleType, notes: list[str]
) -> None:
    detector = make(hang_s=0.2, longest_s=0.5)
    with pytest.raises(ModelProcessError, match="twice over this part"):
        detector.predict(picture(children.COMPUTE_FOR_EVER))
    assert "without an answer" in notes[0]
    assert detector.predict(picture(0)).image_score == 0.0


@pytest.mark.parametrize("what", ["DIE", "HANG"])
def test_a_part_that_takes_the_model_down_twice_is_given_up_and_the_next_one_is_judged(
    what: str, make: Callable[..., SupervisedDetector], children: ModuleType
) -> None:
    detector = make(hang_s=0.3)
    with pytest.raises(ModelProcessError, match="twice over this part"):
        detector.predict(picture(getattr(children, what)))
    assert detector.restarts == 2
    assert detector.predict(picture(0)).image_score == 0.0


def test_a_model_killed_from_outside_between_two_parts_is_not_missed(
    make: Callable[..., SupervisedDetector],
) -> None:
    detector = make()
    detector.wait_ready()
    assert detector.pid is not None
    os.kill(detector.pid, signal.SIGKILL)
    assert detector.predict(picture(0)).image_score == 0.0


@pytest.mark.parametrize(("what", "words"), [("REFUSE", "the picture is odd"), ("NO_ROOM", "not enough memory")])
def test_a_picture_the_model_refuses_costs_that_part_only(
    what: str, words: str, make: Callable[..., SupervisedDetector], children: ModuleType
) -> None:
    detector = make()
    with pytest.raises(ModelProcessError, match=words):
        detector.predict(picture(getattr(children, what)))
    assert detector.predict(picture(0)).image_score == 0.0
    assert detector.restarts == 0


def test_a_model_with_a_fixture_loads_though_no_part_is_in_what_it_is_warmed_with(
    make: Callable[..., SupervisedDetector], children: ModuleType
) -> None:
    detector = make(children.make_with_fixture)
    detector.wait_ready()
    with pytest.raises(ModelProcessError, match="The part was not found"):
        detector.predict(picture(0))
    assert detector.predict(np.full((8, 8, 3), 255, np.uint8)).image_score == 0.5


def test_a_full_graphics_card_moves_the_model_to_the_cpu_and_says_so_once(
    make: Callable[..., SupervisedDetector], children: ModuleType, notes: list[str]
) -> None:
    detector = make(device="cuda")
    assert "cuda" in detector.predict(picture(0)).stage_seconds
    assert "cpu" in detector.predict(picture(children.NO_GPU_ROOM)).stage_seconds
    assert "cpu" in detector.predict(picture(0)).stage_seconds
    assert notes == ["The graphics card has too little memory: the model runs on the CPU now, and is slower."]


def test_a_model_too_large_for_the_graphics_card_loads_on_the_cpu(
    make: Callable[..., SupervisedDetector], children: ModuleType, notes: list[str]
) -> None:
    detector = make(children.make_too_large_for_gpu, device="cuda")
    detector.wait_ready()
    assert "cpu" in detector.predict(picture(0)).stage_seconds
    assert len(notes) == 1


def test_a_model_that_died_unused_is_said_to_load_and_loads_without_being_asked_for_a_picture(
    make: Callable[..., SupervisedDetector], wait_until: WaitUntil
) -> None:
    detector = make()
    detector.wait_ready()
    assert detector.problem == ""
    assert detector.pid is not None
    psutil.Process(detector.pid).kill()
    wait_until(lambda: "loading" in detector.problem)
    wait_until(lambda: detector.problem == "")
    assert detector.restarts == 1
    detector.close()
    assert detector.problem == "The model is stopped."


def test_a_model_that_cannot_be_loaded_says_why(make: Callable[..., SupervisedDetector], children: ModuleType) -> None:
    with pytest.raises(ModelProcessError, match=r"weights\.safetensors is missing"):
        make(children.make_nothing).wait_ready()
    with pytest.raises(ModelProcessError, match="while it was loading"):
        make(children.make_dying).wait_ready()


def test_a_model_that_cannot_be_loaded_is_a_problem_and_not_tried_all_the_time(
    make: Callable[..., SupervisedDetector], children: ModuleType, wait_until: WaitUntil
) -> None:
    detector = make(children.make_nothing)
    wait_until(lambda: "weights.safetensors is missing" in detector.problem)
    assert detector.pid is None
    assert "weights.safetensors is missing" in detector.problem
    assert detector.pid is None


@pytest.mark.parametrize("is_asked_for_a_picture", [False, True])
def test_a_model_that_hangs_while_it_loads_again_is_killed_by_what_loading_took_before(
    is_asked_for_a_picture: bool,
    make: Callable[..., SupervisedDetector],
    children: ModuleType,
    tmp_path: Path,
    wait_until: WaitUntil,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("filo_core.line.supervised._LEAST_LOAD_S", 0.5)
    marker, wish = tmp_path / "hangs", tmp_path / "wish"
    detector = make(partial(children.make_hanging, marker=str(marker), wish=str(wish)), load_s=3600.0)
    detector.wait_ready()
    wish.touch()
    assert detector.pid is not None
    psutil.Process(detector.pid).kill()
    wait_until(lambda: "loading" in detector.problem and marker.exists())
    hanging = detector.pid
    assert hanging is not None
    psutil.Process(hanging).suspend()
    wish.unlink()
    if is_asked_for_a_picture:
        assert detector.predict(picture(0)).image_score == 0.0
    else:
        wait_until(lambda: detector.problem == "")
    assert detector.restarts == 2
    assert not psutil.pid_exists(hanging)


def test_a_model_may_load_longer_each_time_that_was_too_short(
    make: Callable[..., SupervisedDetector], wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filo_core.line.supervised._LEAST_LOAD_S", 0.01)
    monkeypatch.setattr("filo_core.line.supervised._LOAD_SLACK", 0.02)
    detector = make(load_s=3600.0)
    detector.wait_ready()
    assert detector.pid is not None
    psutil.Process(detector.pid).kill()
    # The first limits are shorter than any load; a fixed one would never see the model again.
    wait_until(lambda: "loading" in detector.problem)
    wait_until(lambda: detector.problem == "")
    assert detector.restarts > 2


def test_a_picture_larger_than_expected_gets_more_room(make: Callable[..., SupervisedDetector]) -> None:
    detector = make()
    detector.predict(picture(0))
    large = np.full((3000, 3000, 3), 255, np.uint8)
    large[0, 0, 0] = 0
    assert detector.predict(large).image_score > 0.99


def test_closing_ends_a_process_that_hangs_at_once(
    make: Callable[..., SupervisedDetector], children: ModuleType, wait_until: WaitUntil
) -> None:
    detector = make(hang_s=60.0)
    detector.wait_ready()
    pid = detector.pid
    failed: list[str] = []

    def predict() -> None:
        try:
            detector.predict(picture(children.HANG))
        except ModelProcessError as error:
            failed.append(str(error))

    thread = threading.Thread(target=predict)
    thread.start()
    wait_until(lambda: detector._frame == 1)
    started = time.monotonic()
    detector.close()
    thread.join(20)
    assert time.monotonic() - started < 5.0
    assert failed
    assert pid is not None
    assert not psutil.pid_exists(pid)


def test_the_model_ends_when_its_owner_is_killed(children: ModuleType, wait_until: WaitUntil) -> None:
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import model_children\n"
        "from filo_core.line.supervised import SupervisedDetector\n"
        "if __name__ == '__main__':\n"
        "    detector = SupervisedDetector(model_children.make_odd); detector.wait_ready()\n"
        "    print(detector.pid, flush=True); time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)], cwd=Path(__file__).parents[4], stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
