"""What holds for every source of live images, whatever it plays."""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.line.sources.base import Frame, FrameSlot, ImageSource, SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.folder import FolderSource
from filo_core.line.sources.timing import CameraTiming

LONGEST_WAIT_S = 20.0
RATE = 50.0
QUICK = CameraTiming(first_retry_s=0.05, longest_retry_s=0.1)


@dataclass(frozen=True)
class Kind:
    """How to make one kind of source, and what it plays."""

    make: Callable[[Path, bool], ImageSource]
    provide: Callable[[Path], None]
    """Put there what the source plays."""
    place: str


def provide_folder(folder: Path) -> None:
    # Made elsewhere and moved, so that the source never meets a half-filled folder.
    making = folder.with_name("making")
    making.mkdir()
    for number in range(4):
        Image.new("RGB", (8, 6), (50 * number + 50, 0, 0)).save(making / f"{number}.png")
    making.rename(folder)


def provide_video(path: Path) -> None:
    import cv2

    making = path.with_name("making.avi")
    writer = cv2.VideoWriter(str(making), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (64, 48))
    assert writer.isOpened()
    for number in range(10):
        writer.write(np.full((48, 64, 3), (0, 0, 20 * number + 50), np.uint8))
    writer.release()
    making.rename(path)


KINDS = {
    "folder": Kind(
        make=lambda place, loop: FolderSource(place, interval_s=1 / RATE, loop=loop),
        provide=provide_folder,
        place="pictures",
    ),
    "video": Kind(
        make=lambda place, loop: CameraSource(place, loop=loop, timing=QUICK),
        provide=provide_video,
        place="line.avi",
    ),
}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found = request.param
    assert isinstance(found, Kind)
    return found


@pytest.fixture
def place(kind: Kind, tmp_path: Path) -> Path:
    return tmp_path / kind.place


@pytest.fixture
def make(kind: Kind, place: Path) -> Iterator[Callable[..., ImageSource]]:
    """Make a source of this kind, not started; it is stopped at the end."""
    sources: list[ImageSource] = []

    def make_source(*, loop: bool = True) -> ImageSource:
        sources.append(kind.make(place, loop))
        return sources[-1]

    yield make_source
    for source in sources:
        source.stop()


@pytest.fixture
def source(kind: Kind, place: Path, make: Callable[..., ImageSource]) -> ImageSource:
    """A source that has something to play, not started."""
    kind.provide(place)
    return make()


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    threads = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= threads
    assert not active_children()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.002)


def take(source: ImageSource) -> Frame:
    taken: list[Frame] = []

    def took() -> bool:
        frame = source.newest()
        if frame is not None:
            taken.append(frame)
        return bool(taken)

    wait_until(took)
    return taken[0]


def test_a_source_is_stopped_and_empty_before_it_is_started(source: ImageSource) -> None:
    assert source.state is SourceState.STOPPED
    assert source.newest() is None
    assert (source.frames, source.dropped, source.problem) == (0, 0, "")


def test_a_source_goes_by_the_name_of_what_it_plays(source: ImageSource, place: Path) -> None:
    assert source.name == place.name
    assert place.name in repr(source)


def test_starting_returns_at_once_and_the_source_runs_once_pictures_come(source: ImageSource) -> None:
    began = time.monotonic()
    source.start()
    assert time.monotonic() - began < 5.0
    assert source.state in {SourceState.OPENING, SourceState.RUNNING}

    wait_until(lambda: source.state is SourceState.RUNNING)

    assert source.problem == ""


def test_a_frame_is_rgb_and_knows_when_it_was_captured(source: ImageSource) -> None:
    before, before_monotonic = datetime.now(UTC), time.monotonic()
    source.start()

    frame = take(source)

    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.ndim == 3
    assert frame.pixels.shape[2] == 3
    assert frame.pixels.flags.c_contiguous
    red, green, blue = frame.pixels.reshape(-1, 3).mean(axis=0)
    assert red > 30
    assert max(green, blue) < 15
    assert before <= frame.captured_at <= datetime.now(UTC)
    assert before_monotonic <= frame.captured_monotonic <= time.monotonic()


def test_each_frame_is_given_out_once_under_a_rising_number(source: ImageSource) -> None:
    source.start()

    numbers = [take(source).frame_id for _ in range(8)]

    assert numbers[0] >= 1
    assert all(earlier < later for earlier, later in itertools.pairwise(numbers))


def test_only_the_newest_frame_waits_and_the_others_are_counted_as_dropped(source: ImageSource) -> None:
    source.start()
    wait_until(lambda: source.frames >= 6)

    frame = take(source)

    assert frame.frame_id >= 6
    assert source.dropped >= 5


def test_every_frame_is_taken_dropped_or_waiting(source: ImageSource) -> None:
    source.start()
    taken = [take(source) for _ in range(5)]
    wait_until(lambda: source.frames > taken[-1].frame_id + 3)
    source.stop()

    assert source.frames == len(taken) + source.dropped


def test_a_frame_that_was_taken_stays_as_it_is(source: ImageSource) -> None:
    source.start()
    frame = take(source)
    copy = frame.pixels.copy()

    wait_until(lambda: source.frames > frame.frame_id + 5)

    assert np.array_equal(frame.pixels, copy)


def test_several_callers_never_get_the_same_frame(source: ImageSource) -> None:
    source.start()
    numbers: list[int] = []

    def take_many() -> None:
        for _ in range(5):
            numbers.append(take(source).frame_id)  # noqa: PERF401 each as soon as it is there

    callers = [threading.Thread(target=take_many) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert len(numbers) == 20
    assert len(set(numbers)) == 20


def test_a_stopped_source_gives_no_frame(source: ImageSource) -> None:
    source.start()
    wait_until(lambda: source.frames >= 2)

    source.stop()

    assert source.state is SourceState.STOPPED
    assert source.newest() is None


def test_stopping_twice_or_before_the_start_is_harmless(source: ImageSource) -> None:
    source.stop()
    source.start()
    source.stop()
    source.stop()

    assert source.state is SourceState.STOPPED


def test_starting_twice_captures_once(source: ImageSource) -> None:
    source.start()
    threads, processes = threading.active_count(), len(active_children())

    source.start()
    take(source)

    assert threading.active_count() == threads
    assert len(active_children()) <= max(processes, 1)


def test_a_source_started_again_counts_anew(source: ImageSource) -> None:
    source.start()
    wait_until(lambda: source.frames >= 10)
    source.stop()

    source.start()
    frame = take(source)

    assert frame.frame_id < 10
    wait_until(lambda: source.state is SourceState.RUNNING)


def test_a_source_that_does_not_repeat_stops_at_the_end_and_keeps_its_last_frame(
    kind: Kind, place: Path, make: Callable[..., ImageSource]
) -> None:
    kind.provide(place)
    source = make(loop=False)
    source.start()

    wait_until(lambda: source.state is SourceState.STOPPED)

    frame = source.newest()
    assert frame is not None
    assert frame.frame_id == source.frames
    assert source.newest() is None
    assert source.problem == ""


def test_a_source_with_nothing_to_play_is_lost_and_says_why(place: Path, make: Callable[..., ImageSource]) -> None:
    source = make()
    source.start()

    wait_until(lambda: source.state is SourceState.LOST)

    assert f"{place.name} does not exist." in source.problem
    assert source.problem.endswith(".")
    source.stop()
    assert source.state is SourceState.STOPPED
    assert source.problem == ""


def test_a_lost_source_comes_back_by_itself(kind: Kind, place: Path, make: Callable[..., ImageSource]) -> None:
    source = make()
    source.start()
    wait_until(lambda: source.state is SourceState.LOST)

    kind.provide(place)

    wait_until(lambda: source.state is SourceState.RUNNING)
    assert take(source).frame_id >= 1
    assert source.problem == ""


def test_a_source_whose_pictures_vanish_is_lost(place: Path, source: ImageSource) -> None:
    source.start()
    take(source)

    os.rename(place, place.with_name("away"))  # noqa: PTH104 the same for a file and a folder

    wait_until(lambda: source.state is SourceState.LOST)
    assert "does not exist" in source.problem


def test_a_frame_can_be_waited_for_and_is_there_then(source: ImageSource) -> None:
    source.start()
    taken = 0
    for _ in range(5):
        # Another picture may be taken between the two by nobody: there is one caller.
        assert source.wait(LONGEST_WAIT_S)
        taken += source.newest() is not None
    assert taken == 5


def test_nothing_is_waited_for_in_vain_longer_than_said(source: ImageSource) -> None:
    assert source.wait(0.0) is False
    assert source.wait(0.02) is False


def test_a_thread_that_waits_is_woken_by_the_next_frame_of_a_slot() -> None:
    slot = FrameSlot()
    found: list[bool] = []
    waiting = threading.Thread(target=lambda: found.append(slot.wait(LONGEST_WAIT_S)))
    waiting.start()
    slot.put(np.zeros((1, 1, 3), np.uint8), datetime.now(UTC), time.monotonic())
    waiting.join(LONGEST_WAIT_S)
    assert found == [True]
    assert slot.take() is not None
    assert slot.wait(0.0) is False


def test_a_source_whose_thread_dies_is_lost_and_plays_again(source: ImageSource) -> None:
    source.start()
    wait_until(lambda: source.state is SourceState.RUNNING)
    loop = getattr(source, "_playing", None) or source._loop  # type: ignore[attr-defined]
    ident = loop._thread.ident
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit)) == 1
    wait_until(lambda: loop.deaths)
    assert source.state is SourceState.LOST
    assert "failed" in source.problem
    wait_until(lambda: source.state is SourceState.RUNNING)
    wait_until(lambda: source.newest() is not None)
