from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from filo_core.errors import RecipeError, StorageError
from filo_core.events import JobEvent, StepDone
from filo_core.identity import Identity
from filo_core.imaging import decode_image
from filo_core.line import live as live_module
from filo_core.line.live import LiveInspection
from filo_core.line.queue import Job, JobState, Priority
from filo_core.line.sources.base import ImageSource, SourceState
from filo_core.line.sources.folder import FolderSource
from filo_core.line.worker import Worker
from filo_core.types import Inspection, Origin, RecipeVersion, Verdict
from tests.unit.filo_core.line.station_parts import GatedDetector, HandFedSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction

WaitUntil = Callable[[Callable[[], object]], None]
WAIT_S = 20.0


def kept_in(stored: list[Inspection]) -> Callable[[Inspection], Inspection]:
    """What stores by putting into a list."""

    def store(inspection: Inspection) -> Inspection:
        stored.append(inspection)
        return inspection

    return store


class Line:
    """A live inspection with everything around it, writing down what happens."""

    def __init__(
        self, source: ImageSource, worker: Worker[str], version: RecipeVersion, make_detector: Callable[[str], Detector]
    ) -> None:
        self.log: list[tuple[str, int]] = []
        self.shown: list[Inspection] = []
        self.store_error: Exception | None = None
        self.live = LiveInspection(source, worker, version, make_detector, self.show, self.store)

    def store(self, inspection: Inspection) -> Inspection:
        if self.store_error is not None:
            raise self.store_error
        self.log.append(("stored", id(inspection)))
        return inspection

    def show(self, inspection: Inspection) -> None:
        self.log.append(("shown", id(inspection)))
        self.shown.append(inspection)


@pytest.fixture
def source() -> HandFedSource:
    source = HandFedSource()
    source.stop()
    return source


@pytest.fixture
def line(source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any) -> Iterator[Line]:
    line = Line(source, worker, recipe_version, lambda _: detector)
    yield line
    line.live.stop()


@pytest.fixture
def wait_until_shown(wait_until: WaitUntil) -> Callable[[Line, int], None]:
    return lambda line, count: wait_until(lambda: len(line.shown) == count)


@pytest.fixture(autouse=True)
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_RETRY_S", 0.02)


def test_a_frame_gets_a_verdict_as_a_live_inspection(
    line: Line, source: HandFedSource, wait_until: WaitUntil, recipe_version: RecipeVersion
) -> None:
    line.live.start()
    source.put(255)
    wait_until(lambda: line.shown)

    (inspection,) = line.shown

    assert inspection.verdict is Verdict.NG
    assert inspection.origin is Origin.LIVE
    assert inspection.name == "Line 3 #1"
    assert inspection.recipe_hash == recipe_version.recipe.content_hash
    assert inspection.image is not None
    assert inspection.image.frame_id == 1
    assert decode_image(inspection.image.encoded, "frame").pixels.min() == 255


def test_the_age_of_the_frame_counts_from_its_capture_to_the_verdict(
    line: Line, source: HandFedSource, wait_until: WaitUntil
) -> None:
    line.live.start()
    source.slot.put(np.zeros((4, 6, 3), np.uint8), datetime.now(UTC), time.monotonic() - 2.0)
    wait_until(lambda: line.shown)

    age = line.shown[0].frame_age_ms

    assert age is not None
    assert 2000.0 <= age < 2000.0 + WAIT_S * 1000.0
    assert line.live.counters.frame_age_ms == age
    assert line.shown[0].seconds < age / 1000.0


def test_every_verdict_is_stored_before_it_is_shown(
    line: Line, source: HandFedSource, wait_until_shown: Callable[[Line, int], None]
) -> None:
    line.live.start()
    for count in range(1, 4):
        source.put(10 * count)
        wait_until_shown(line, count)

    whats = [what for what, _ in line.log]
    assert whats == ["stored", "shown"] * 3
    assert [key for _, key in line.log[::2]] == [key for _, key in line.log[1::2]]


def test_while_one_frame_is_judged_only_the_newest_of_the_others_is_kept(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any, wait_until: WaitUntil
) -> None:
    gated = GatedDetector(detector)
    line = Line(source, worker, recipe_version, lambda _: gated)
    line.live.start()
    source.put(1)
    assert gated.looking.wait(WAIT_S)
    for brightness in (2, 3, 4):
        source.put(brightness)

    gated.go_on.set()
    wait_until(lambda: len(line.shown) == 2)
    line.live.stop()

    assert [inspection.image.frame_id for inspection in line.shown if inspection.image] == [1, 4]
    counters = line.live.counters
    assert (counters.frames, counters.inspected, counters.dropped) == (4, 2, 2)


def test_a_frame_that_became_old_while_it_waited_for_the_worker_gives_way_to_the_newest(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any, wait_until: WaitUntil
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def long_step(engine: str) -> Iterator[JobEvent]:
        begun.set()
        assert go_on.wait(WAIT_S)
        yield StepDone(1, 1, "long")

    handle = worker.submit(Job("folder", Priority.FOLDER, long_step))
    assert begun.wait(WAIT_S)
    line = Line(source, worker, recipe_version, lambda _: detector)
    line.live.start()
    source.put(1)
    wait_until(lambda: source.slot._frame is None)
    source.put(2)

    go_on.set()
    wait_until(lambda: line.shown)
    assert handle.wait(WAIT_S) is JobState.DONE
    line.live.stop()

    assert [inspection.name for inspection in line.shown] == ["Line 3 #2"]
    assert line.live.counters.dropped == 1


def test_a_verdict_that_cannot_be_stored_is_not_shown_and_the_next_one_is_tried(
    line: Line, source: HandFedSource, wait_until: WaitUntil
) -> None:
    line.store_error = StorageError("The disk is full. Make room on it.")
    line.live.start()
    source.put(1)
    wait_until(lambda: line.live.problem)

    assert line.live.problem == "The disk is full. Make room on it."
    assert line.shown == []
    assert line.live.counters.inspected == 0

    line.store_error = None
    source.put(2)
    wait_until(lambda: line.shown)

    assert line.live.problem == ""
    assert line.shown[0].name == "Line 3 #2"


def test_a_window_that_breaks_while_showing_does_not_end_the_inspection(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any, wait_until: WaitUntil
) -> None:
    stored: list[Inspection] = []

    def show(inspection: Inspection) -> None:
        raise RuntimeError("the window is gone")

    live = LiveInspection(source, worker, recipe_version, lambda _: detector, show, kept_in(stored))
    live.start()
    source.put(1)
    wait_until(lambda: "the window is gone" in live.problem)
    source.put(2)
    wait_until(lambda: len(stored) == 2)
    live.stop()

    assert not live.is_running


def test_an_image_the_model_fails_on_is_not_inspected_and_counted_as_that(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, wait_until: WaitUntil
) -> None:
    class Failing:
        def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
            raise RuntimeError("no answer")

    line = Line(source, worker, recipe_version, lambda _: Failing())
    line.live.start()
    source.put(1)
    wait_until(lambda: line.shown)
    line.live.stop()

    assert line.shown[0].verdict is Verdict.NOT_INSPECTED
    assert line.shown[0].frame_age_ms is not None
    assert (line.live.counters.inspected, line.live.counters.not_inspected) == (0, 1)


def test_a_recipe_for_another_model_is_told_as_the_problem(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, wait_until: WaitUntil
) -> None:
    def make_detector(engine: str) -> Detector:
        raise RecipeError("Cap was signed off for another model. Sign it off again.")

    line = Line(source, worker, recipe_version, make_detector)
    line.live.start()
    source.put(1)
    wait_until(lambda: line.live.problem)
    line.live.stop()

    assert line.live.problem == "Cap was signed off for another model. Sign it off again."
    assert line.shown == []


def test_the_detector_is_made_once_on_the_workers_thread(
    source: HandFedSource,
    worker: Worker[str],
    recipe_version: RecipeVersion,
    detector: Detector,
    wait_until_shown: Callable[[Line, int], None],
) -> None:
    made: list[tuple[str, str]] = []

    def make_detector(engine: str) -> Detector:
        made.append((engine, threading.current_thread().name))
        return detector

    line = Line(source, worker, recipe_version, make_detector)
    line.live.start()
    for count in (1, 2, 3):
        source.put(count)
        wait_until_shown(line, count)
    line.live.stop()

    assert made == [("engine", "filo-worker")]


def test_it_starts_a_stopped_source_and_stops_it_again(line: Line, source: HandFedSource) -> None:
    line.live.start()
    assert source.state is SourceState.RUNNING
    assert line.live.is_running

    line.live.stop()

    assert source.state.value == SourceState.STOPPED.value
    assert not line.live.is_running


def test_it_leaves_a_source_running_that_somebody_else_started(line: Line, source: HandFedSource) -> None:
    source.start()
    line.live.start()

    line.live.stop()

    assert source.state is SourceState.RUNNING


def test_it_ends_with_a_source_that_has_played_to_its_end_after_its_last_frame(
    line: Line, source: HandFedSource, wait_until: WaitUntil
) -> None:
    line.live.start()
    source.put(1)
    source.stop()

    wait_until(lambda: not line.live.is_running)

    assert len(line.shown) == 1


def test_it_ends_with_a_sentence_when_the_worker_was_stopped(
    line: Line, source: HandFedSource, worker: Worker[str], wait_until: WaitUntil
) -> None:
    line.live.start()
    assert worker.stop()
    source.put(1)

    wait_until(lambda: not line.live.is_running)

    assert "the program is closing" in line.live.problem


def test_a_lost_source_is_waited_for(line: Line, source: HandFedSource, wait_until: WaitUntil) -> None:
    line.live.start()
    source.state = SourceState.LOST
    source.put(1)
    wait_until(lambda: line.shown)

    assert line.live.is_running
    assert line.live.problem == ""


def test_no_verdict_comes_after_the_stop(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any
) -> None:
    gated = GatedDetector(detector)
    line = Line(source, worker, recipe_version, lambda _: gated)
    line.live.start()
    source.put(1)
    assert gated.looking.wait(WAIT_S)
    stopping = threading.Thread(target=line.live.stop)
    stopping.start()

    gated.go_on.set()
    stopping.join(WAIT_S)
    shown = len(line.shown)
    source.put(2)
    probe = worker.submit(Job("probe", Priority.FOLDER, lambda _: iter([StepDone(1, 1, "probe")])))

    assert probe.wait(WAIT_S) is JobState.DONE
    assert len(line.shown) == shown == 1


def test_it_can_be_stopped_by_whoever_is_shown_a_verdict(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any, wait_until: WaitUntil
) -> None:
    stored: list[Inspection] = []
    lives: list[LiveInspection[str]] = []

    def stop(inspection: Inspection) -> None:
        source.put(2)
        lives[0].stop()

    lives.append(LiveInspection(source, worker, recipe_version, lambda _: detector, stop, kept_in(stored)))
    lives[0].start()
    source.put(1)

    wait_until(lambda: stored and not lives[0].is_running)

    assert len(stored) == 1
    lives[0].stop()


def test_stopping_twice_and_starting_again_counts_anew(
    line: Line, source: HandFedSource, wait_until: WaitUntil
) -> None:
    line.live.start()
    line.live.start()
    source.put(1)
    wait_until(lambda: line.shown)
    line.live.stop()
    line.live.stop()

    line.live.start()
    assert line.live.counters.inspected == 0
    source.put(2)

    wait_until(lambda: len(line.shown) == 2)
    assert line.live.counters.inspected == 1


def test_live_goes_on_beside_a_long_folder_run_which_gets_its_share(
    tmp_path: Path, worker: Worker[str], recipe_version: RecipeVersion, detector: Any, wait_until: WaitUntil
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")

    def endless(engine: str) -> Iterator[JobEvent]:
        while True:
            yield StepDone(1, 0, "folder")

    class Count:
        events = 0

        def job_event(self, handle: Any, event: JobEvent) -> None:
            self.events += 1

        def job_state_changed(self, handle: Any, state: JobState) -> None:
            pass

    count = Count()
    handle = worker.submit(Job("folder", Priority.FOLDER, endless), count)
    line = Line(FolderSource(tmp_path, interval_s=0.005), worker, recipe_version, lambda _: detector)
    line.live.start()

    wait_until(lambda: len(line.shown) >= 20 and count.events >= 20)

    line.live.stop()
    handle.cancel()
    assert handle.wait(WAIT_S) is JobState.CANCELLED
    counters = line.live.counters
    assert counters.per_second is not None
    assert counters.per_second > 0
    assert counters.latency_ms is not None


def test_a_scan_names_the_next_picture_and_not_the_one_that_is_judged_meanwhile(
    source: HandFedSource, worker: Worker[str], recipe_version: RecipeVersion, detector: Any, wait_until: WaitUntil
) -> None:
    gated = GatedDetector(detector)
    line = Line(source, worker, recipe_version, lambda _: gated)
    line.live.start()
    source.put(0)
    assert gated.looking.wait(WAIT_S)
    line.live.scanned.put(Identity("SN-2"))
    gated.go_on.set()
    wait_until(lambda: len(line.shown) == 1)
    source.put(1)
    wait_until(lambda: len(line.shown) == 2)
    line.live.stop()
    assert [each.identity.serial for each in line.shown] == ["", "SN-2"]


def test_a_scan_stays_with_its_part_where_the_verdict_cannot_be_stored(
    line: Line, source: HandFedSource, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "_RETRY_S", 0.01)
    line.store_error = StorageError("The disk is full.")
    line.live.start()
    line.live.scanned.put(Identity("SN-1"))
    source.put(0)
    wait_until(lambda: line.live.problem)
    line.store_error = None
    source.put(1)
    wait_until(lambda: line.shown)
    assert line.shown[0].identity == Identity("SN-1")
