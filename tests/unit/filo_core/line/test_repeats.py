"""A camera that is stuck, and repeats its last picture: by hand first, then in a process of its own."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable
from multiprocessing import active_children
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from filo_core.line.sources.address import CameraAddress
from filo_core.line.sources.base import SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.capturing import CaptureSettings, Ending, News, keep_capturing
from filo_core.line.sources.device import Picture
from filo_core.line.sources.repeats import Stuck
from filo_core.line.sources.shared_frame import SharedFrame
from filo_core.line.sources.test_pattern import capture_pattern
from filo_core.line.sources.timing import CameraTiming

WaitUntil = Callable[..., None]
INTERVAL_S = 0.1
TIMING = CameraTiming(repeat_s=1.0, network_repeat_s=2.0, repeats=5, first_retry_s=0.0)


def sensor_picture(scene: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Noise, and the number of the scene in its corner."""
    picture = np.random.default_rng(scene).integers(0, 256, (48, 64, 3), np.uint8)
    picture[0, 0] = scene
    return picture


class HandDevice:
    """Gives the pictures of these scenes, one every tenth of a second by their own clock, and then no more."""

    interval_s = 0.0

    def __init__(
        self, scenes: Iterable[int], interval_s: float = INTERVAL_S, *, is_file: bool = False, is_stream: bool = False
    ) -> None:
        self._scenes = iter(scenes)
        self._times = itertools.count(step=interval_s)
        self.is_file, self.is_stream = is_file, is_stream
        self.given = 0

    def read(self) -> Picture | None:
        scene = next(self._scenes, None)
        if scene is None:
            return None
        self.given += 1
        return Picture(sensor_picture(scene), 0.0, next(self._times))

    def close(self) -> None:
        """Nothing is held."""


class RecordingRoom(SharedFrame):
    """Remembers the numbers of the scenes that were written."""

    def __init__(self) -> None:
        super().__init__(multiprocessing.get_context("spawn"), 48 * 64 * 3)
        self.scenes: list[int] = []

    def write(self, rgb: Any, sequence: int, *times: float) -> bool:  # type: ignore[override]
        self.scenes.append(int(rgb[0, 0, 0]))
        return super().write(rgb, sequence, *times)


def captured(*openings: HandDevice, stuck: Stuck = frozenset()) -> tuple[list[int], list[News]]:
    """The scenes that were given out over these openings of a device, and what its owner was told."""
    ending, room, told = threading.Event(), RecordingRoom(), []

    class Owner:
        def send(self, news: News) -> None:
            told.append(news)
            if len(told) == len(openings):
                ending.set()

    devices = iter(openings)
    settings = CaptureSettings(CameraAddress(0), None, False, TIMING, stuck)
    keep_capturing(lambda _: next(devices), settings, room, Owner(), ending)  # type: ignore[arg-type]
    return room.scenes, told


def endings(told: list[News]) -> list[Ending | None]:
    return [news.ending for news in told]


def test_a_camera_stuck_on_its_picture_is_lost_after_the_limit_and_gives_it_out_once() -> None:
    device = HandDevice([1, 2, *[3] * 100])
    scenes, told = captured(device)
    assert scenes == [1, 2, 3]
    assert endings(told) == [Ending.REPEATED]
    assert device.given == 3 + math.ceil(TIMING.repeat_s / INTERVAL_S)


def test_a_camera_that_is_still_stuck_when_it_is_opened_again_gives_nothing_until_its_picture_changes() -> None:
    stuck, still_stuck, well = HandDevice([1, *[2] * 100]), HandDevice([2] * 100), HandDevice([2, 2, 3, 4])
    scenes, told = captured(stuck, still_stuck, well)
    assert scenes == [1, 2, 3, 4]
    assert endings(told) == [Ending.REPEATED, Ending.REPEATED, Ending.NO_PICTURE]


def test_a_camera_that_sends_a_picture_every_few_seconds_is_not_stuck_by_two_that_are_alike() -> None:
    device = HandDevice([1, 1, 1, 2, 3], interval_s=5.0)
    scenes, told = captured(device)
    assert scenes == [1, 2, 3]
    assert endings(told) == [Ending.NO_PICTURE]


@pytest.mark.parametrize("pictures", [2, 5, 60])
def test_a_driver_that_hands_out_its_few_buffers_in_turn_is_stuck_as_well(pictures: int) -> None:
    device = HandDevice(itertools.islice(itertools.cycle(range(pictures)), 1000))
    scenes, told = captured(device)
    assert scenes == list(range(pictures))
    assert endings(told) == [Ending.REPEATED]


def test_a_stream_may_show_a_still_scene_until_the_next_key_frame() -> None:
    still = [1] * 15 + [2] * 15 + [3] * 15
    scenes, told = captured(HandDevice(still, is_stream=True))
    assert scenes == still
    assert endings(told) == [Ending.NO_PICTURE]


def test_a_stream_that_is_stuck_is_held_back_from_its_loss_on() -> None:
    first = HandDevice([1, *[2] * 100], is_stream=True)
    scenes, told = captured(first, HandDevice([2, 2, 2, 4, 5, 2], is_stream=True))
    repeats = math.ceil(TIMING.network_repeat_s / INTERVAL_S)
    # The picture of the loss itself is not given out either, nor is it when it comes again among others.
    assert scenes == [1, *[2] * repeats, 4, 5]
    assert first.given == 2 + repeats
    assert endings(told) == [Ending.REPEATED, Ending.NO_PICTURE]


def test_a_video_file_may_show_the_same_picture_as_long_as_it_likes() -> None:
    scenes, told = captured(HandDevice([7] * 100, is_file=True))
    assert scenes == [7] * 100
    assert endings(told) == [Ending.PLAYED]


def test_what_a_camera_was_stuck_on_is_known_to_the_process_that_replaces_its_own() -> None:
    _, told = captured(HandDevice([1, *[2] * 100]))
    scenes, _ = captured(HandDevice([2, 2, 3]), stuck=told[-1].stuck)
    assert scenes == [3]


class Silhouette(HandDevice):
    """Black, but for one dot between the rows that are looked at first: it comes to so many places in turn."""

    def __init__(self, places: int) -> None:
        super().__init__(range(60), is_stream=True)
        self._places = places

    def read(self) -> Picture | None:
        picture = super().read()
        if picture is not None:
            picture.rgb[:] = 0
            picture.rgb[1, self.given % self._places] = 255
        return picture


@pytest.mark.parametrize(("places", "ending"), [(3, Ending.REPEATED), (60, Ending.NO_PICTURE)])
def test_of_pictures_that_differ_in_little_those_count_as_repeated_that_are_the_same_throughout(
    places: int, ending: Ending
) -> None:
    _, told = captured(Silhouette(places))
    assert endings(told) == [ending]


QUICK = CameraTiming(repeat_s=0.2, repeats=3, first_retry_s=0.02, longest_retry_s=0.05)


def test_a_stuck_camera_is_lost_says_so_and_is_opened_again_by_the_same_process(
    started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    address = "test://part?rate=50&size=64x64&stuck=5"
    source = started(address, name="Line 3", timing=QUICK, process=capture_pattern)
    wait_until(lambda: source.state is SourceState.LOST)
    assert source.problem.startswith("Line 3 sends the same picture again and again. Restart the camera")
    (process,) = active_children()
    wait_until(lambda: source.frames > 5 and source.state is SourceState.RUNNING)
    assert source.problem == ""
    assert active_children() == [process]


def test_nobody_gets_the_picture_that_a_camera_was_lost_with(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.be_stuck, timing=QUICK)
    wait_until(lambda: source.state is SourceState.LOST)
    assert source.newest() is None
    assert (source.frames, source.dropped) == (1, 1)


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_a_stuck_picture_is_known_again_when_the_cameras_process_was_killed(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.be_stuck, timing=QUICK)
    wait_until(lambda: "the same picture" in source.problem)
    (process,) = active_children()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: "ended by itself" in source.problem)
    wait_until(lambda: "the same picture" in source.problem)
    assert active_children() != [process]
    assert source.state is SourceState.LOST
    assert source.newest() is None
    assert source.frames == 1
