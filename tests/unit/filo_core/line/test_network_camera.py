"""A real stream over loopback, served by ffmpeg, with everything a factory floor does to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from multiprocessing import active_children

import psutil
import pytest

from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.timing import CameraTiming
from tools.stream_rig import FFMPEG, NetworkCamera, RtspCamera, has_rtsp

WaitUntil = Callable[..., None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timed,
    pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed (make system-test)"),
]
needs_rtsp = pytest.mark.skipif(not has_rtsp(), reason="GStreamer's RTSP server is not installed (make system-test)")


@pytest.fixture
def camera() -> Iterator[NetworkCamera]:
    made = NetworkCamera()
    made.plug()
    yield made
    made.close()


@pytest.fixture
def source(camera: NetworkCamera, wait_until: WaitUntil) -> Iterator[CameraSource]:
    """Playing already."""
    made = CameraSource(camera.address)
    made.start()
    wait_until(lambda: made.newest() is not None)
    yield made
    made.stop()


def seconds_until(condition: Callable[[], bool], wait_until: WaitUntil) -> float:
    started = time.monotonic()
    wait_until(condition)
    return time.monotonic() - started


def within(limit_s: float) -> float:
    """The limit, and longer where more wants to run at once than this machine has processors."""
    return limit_s * max(1.0, psutil.getloadavg()[0] / (psutil.cpu_count() or 1))


def fresh(source: CameraSource, since: float) -> Callable[[], bool]:
    """True once a frame that was captured after ``since`` is there."""

    def look() -> bool:
        frame: Frame | None = source.newest()
        return frame is not None and frame.captured_monotonic > since and source.state is SourceState.RUNNING

    return look


@pytest.mark.parametrize("fault", ["unplugged", "frozen"])
def test_a_stream_that_stops_is_lost_within_a_second_and_back_within_five(
    fault: str, camera: NetworkCamera, source: CameraSource, wait_until: WaitUntil
) -> None:
    (process,) = active_children()
    (camera.unplug if fault == "unplugged" else camera.freeze)()
    assert seconds_until(lambda: source.state is SourceState.LOST, wait_until) < within(1.0)
    assert source.problem
    camera.replace()
    assert seconds_until(fresh(source, time.monotonic()), wait_until) < within(5.0)
    assert source.problem == ""
    # A new process would take seconds on a busy machine.
    assert active_children() == [process]


def test_a_camera_that_stays_away_is_tried_again_without_a_new_process(
    camera: NetworkCamera, source: CameraSource, wait_until: WaitUntil
) -> None:
    (process,) = active_children()
    frozen_at = time.monotonic()
    camera.freeze()
    # Beyond every limit of the process for one picture.
    wait_until(lambda: "could not be opened" in source.problem)
    assert time.monotonic() - frozen_at > source._timing.network_read_s
    assert source.state is SourceState.LOST
    camera.replace()
    assert seconds_until(fresh(source, time.monotonic()), wait_until) < within(5.0)
    assert active_children() == [process]


def test_a_stream_of_one_picture_is_lost_and_back_by_the_same_process_once_its_camera_was_restarted(
    camera: NetworkCamera, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    timing = CameraTiming(network_repeat_s=2.0)
    source = started(camera.address, timing=timing)
    wait_until(lambda: source.newest() is not None)
    (process,) = active_children()
    camera.repeat()
    shown_after = seconds_until(lambda: "the same picture again and again" in source.problem, wait_until)
    assert source.state is SourceState.LOST
    assert shown_after < timing.network_repeat_s + within(1.0)
    # Opened again it is as it was: of a hundred signs of life none is a picture.
    given_out, session = source.frames, source._session
    assert session is not None
    alive = session.room.beats
    wait_until(lambda: session.room.beats > alive + 100)
    assert source.frames == given_out
    assert source.newest() is None
    camera.replace()
    wait_until(lambda: camera.is_up)
    assert seconds_until(fresh(source, time.monotonic()), wait_until) < within(5.0)
    assert active_children() == [process]


def test_a_garbled_stream_kills_nobody_and_a_clean_one_is_shown_again(
    camera: NetworkCamera, source: CameraSource, wait_until: WaitUntil
) -> None:
    camera.replace(garbled=True)
    # Whatever the decoder makes of it: pictures with errors, or a loss.
    garbled_at = time.monotonic()
    wait_until(lambda: source.state is SourceState.LOST or fresh(source, garbled_at)())
    camera.replace()
    assert seconds_until(fresh(source, time.monotonic()), wait_until) < within(5.0)


@pytest.fixture
def rtsp() -> Iterator[RtspCamera]:
    made = RtspCamera()
    made.plug()
    yield made
    made.close()


@needs_rtsp
def test_an_rtsp_camera_behind_a_password_is_lost_and_found_again_and_the_password_is_in_no_sentence(
    rtsp: RtspCamera, wait_until: WaitUntil
) -> None:
    source = CameraSource(rtsp.address)
    source.start()
    try:
        wait_until(lambda: source.newest() is not None)
        for fault in (rtsp.unplug, rtsp.freeze):
            fault()
            assert seconds_until(lambda: source.state is SourceState.LOST, wait_until) < within(1.0)
            wait_until(lambda: source.problem)
            assert RtspCamera.PASSWORD not in source.problem + source.name + repr(source)
            rtsp.replace()
            wait_until(lambda: rtsp.is_up)
            assert seconds_until(fresh(source, time.monotonic()), wait_until) < within(5.0)
    finally:
        source.stop()


@needs_rtsp
def test_a_wrong_password_is_a_camera_that_does_not_open(rtsp: RtspCamera, wait_until: WaitUntil) -> None:
    wait_until(lambda: rtsp.is_up)
    source = CameraSource(rtsp.address.replace(RtspCamera.PASSWORD, "wrong"))
    source.start()
    try:
        wait_until(lambda: source.state is SourceState.LOST)
        assert "could not be opened. Check the network, the address, the user name and the password" in source.problem
        assert source.newest() is None
    finally:
        source.stop()
