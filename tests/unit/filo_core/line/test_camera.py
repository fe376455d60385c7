from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import active_children
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import psutil
import pytest

from filo_core.line.sources import camera
from filo_core.line.sources.address import CameraAddress
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.camera_process import to_rgb
from filo_core.line.sources.timing import CameraTiming

WaitUntil = Callable[..., None]
QUICK = CameraTiming(open_s=10.0, lost_s=0.3, hang_s=0.6, first_retry_s=0.05, longest_retry_s=0.2)
URL = "fake://somewhere"


def write_video(path: Path, size: tuple[int, int] = (64, 48), frames: int = 10, colour: Any = (0, 0, 255)) -> Path:
    """A short video of one BGR colour, red unless told."""
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 50.0, size)
    assert writer.isOpened()
    for _ in range(frames):
        writer.write(np.full((size[1], size[0], 3), colour, np.uint8))
    writer.release()
    return path


def next_frame(source: CameraSource, wait_until: WaitUntil) -> Frame:
    found: list[Frame] = []

    def take() -> bool:
        frame = source.newest()
        if frame is not None:
            found.append(frame)
        return bool(found)

    wait_until(take)
    return found[0]


def camera_pids() -> set[int]:
    return {process.pid for process in active_children() if process.pid is not None}


def test_a_video_file_plays_in_rgb_and_begins_again_at_its_end(
    tmp_path: Path, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(write_video(tmp_path / "line.avi"))

    frame = next_frame(source, wait_until)
    wait_until(lambda: source.frames > 25)

    assert frame.pixels.shape == (48, 64, 3)
    red, green, blue = frame.pixels.reshape(-1, 3).mean(axis=0)
    assert red > 240
    assert max(green, blue) < 15
    assert source.state is SourceState.RUNNING


def test_a_video_file_plays_at_its_own_pace(
    tmp_path: Path, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(write_video(tmp_path / "line.avi", frames=200))
    first = next_frame(source, wait_until)

    wait_until(lambda: source.frames >= first.frame_id + 20)
    last = next_frame(source, wait_until)

    seconds = last.captured_monotonic - first.captured_monotonic
    # Never faster than its 50 frames a second; a busy machine may make it slower.
    assert seconds >= 0.9 * (last.frame_id - first.frame_id) / 50.0


def test_a_video_that_gets_another_size_while_it_plays_is_followed(
    tmp_path: Path, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    path = write_video(tmp_path / "line.avi")
    source = started(path)
    assert next_frame(source, wait_until).pixels.shape == (48, 64, 3)

    write_video(tmp_path / "other.avi", size=(96, 80)).replace(path)

    wait_until(lambda: next_frame(source, wait_until).pixels.shape == (80, 96, 3))


def test_a_frame_of_another_size_in_mid_stream_comes_whole(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.change_size)

    wait_until(lambda: source.frames > 6)
    frame = next_frame(source, wait_until)

    assert frame.pixels.shape == (12, 10, 3)
    assert len(np.unique(frame.pixels)) == 1


def test_pictures_larger_than_expected_get_more_room_without_being_lost(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.send_larger_than_expected)

    assert next_frame(source, wait_until).pixels.shape == (3000, 3000, 3)
    assert source.problem == ""


def test_pictures_larger_than_ever_read_are_refused_with_a_sentence(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.send_larger_than_ever_read)

    wait_until(lambda: source.state is SourceState.LOST)

    assert "200,000,000 pixels" in source.problem


@pytest.mark.timed
def test_a_hung_camera_is_seen_as_lost_within_a_second(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.hang_after_five)
    wait_until(lambda: source.frames == 5)
    last = next_frame(source, wait_until)

    wait_until(lambda: source.state is SourceState.LOST)

    assert time.monotonic() - last.captured_monotonic < 1.0
    assert "sends no pictures" in source.problem


@pytest.mark.timed
def test_an_unplugged_camera_is_seen_as_lost_within_a_second(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.be_unplugged_after_five)
    wait_until(lambda: source.frames == 5)
    last = next_frame(source, wait_until)

    wait_until(lambda: source.state is SourceState.LOST)

    assert time.monotonic() - last.captured_monotonic < 1.0
    assert "sends no pictures any more" in source.problem


def test_a_hung_child_is_killed_and_the_camera_opened_anew(
    tmp_path: Path, children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(f"{URL}{tmp_path}/marker", process=children.hang_in_the_first_life, timing=QUICK)
    wait_until(lambda: source.frames == 5)
    (first,) = camera_pids()

    wait_until(lambda: source.frames > 8)

    assert source.state is SourceState.RUNNING
    assert source.problem == ""
    assert not psutil.pid_exists(first)
    assert next_frame(source, wait_until).frame_id > 8


def test_a_child_killed_with_the_lock_in_its_hands_does_not_block_anybody(
    tmp_path: Path, children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    address = f"{URL}{tmp_path}/marker"
    source = started(address, process=children.hang_with_the_lock_in_the_first_life, timing=QUICK)
    wait_until(lambda: source.frames == 2)

    began = time.monotonic()
    assert source.newest() is None
    assert time.monotonic() - began < 5.0

    wait_until(lambda: source.frames > 5)
    assert next_frame(source, wait_until).frame_id > 2


def test_a_camera_that_does_not_open_in_time_is_killed_and_says_so(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    timing = CameraTiming(open_s=0.5, first_retry_s=60.0)
    source = started(process=children.hang_while_opening, timing=timing)

    wait_until(lambda: source.state is SourceState.LOST)

    assert "did not open within 0.5 s" in source.problem
    wait_until(lambda: not camera_pids())


def test_a_crashed_child_is_reported_with_its_exit_code_and_started_again(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.crash, timing=QUICK)

    wait_until(lambda: source.state is SourceState.LOST)

    assert "exit code 3" in source.problem


def test_a_camera_that_only_stutters_is_not_opened_anew(
    tmp_path: Path, children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    marker = tmp_path / "marker"
    timing = CameraTiming(lost_s=0.2, hang_s=60.0)
    source = started(f"{URL}{marker}", process=children.stutter, timing=timing)
    wait_until(lambda: source.state is SourceState.LOST)
    before = camera_pids()

    marker.touch()
    wait_until(lambda: source.state is SourceState.RUNNING)

    assert camera_pids() == before
    assert source.problem == ""


def test_the_last_frame_before_a_loss_can_still_be_taken_once(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    timing = CameraTiming(first_retry_s=60.0)
    source = started(process=children.be_unplugged_after_five, timing=timing)
    wait_until(lambda: source.state is SourceState.LOST)

    frame = source.newest()

    assert frame is not None
    assert frame.frame_id == 5
    assert source.newest() is None
    assert (source.frames, source.dropped) == (5, 4)


def test_stopping_a_hung_camera_kills_its_process(
    children: ModuleType, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    source = started(process=children.hang_after_five, timing=CameraTiming(lost_s=60.0, hang_s=60.0))
    wait_until(lambda: source.frames == 5)
    pids = camera_pids()

    source.stop()

    assert source.state is SourceState.STOPPED
    assert len(pids) == 1
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_a_cameras_process_ends_when_its_owner_is_killed(tmp_path: Path, wait_until: WaitUntil) -> None:
    video = write_video(tmp_path / "line.avi", frames=300)
    script = tmp_path / "owner.py"
    script.write_text(
        "import sys, time\n"
        "from multiprocessing import active_children\n"
        "from filo_core.line.sources.camera import CameraSource\n"
        "if __name__ == '__main__':\n"
        "    source = CameraSource(sys.argv[1])\n"
        "    source.start()\n"
        "    while source.newest() is None:\n"
        "        time.sleep(0.01)\n"
        "    print(active_children()[0].pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    root = Path(camera.__file__).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, str(script), str(video)], stdout=subprocess.PIPE, env=environment, text=True
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)

    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_a_file_that_is_no_video_says_so(
    tmp_path: Path, started: Callable[..., CameraSource], wait_until: WaitUntil
) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("no video")
    source = started(path)

    wait_until(lambda: source.state is SourceState.LOST)

    assert source.problem == "notes.mp4 could not be opened. Check that it is a video file that plays elsewhere."


def test_a_camera_that_is_not_there_says_so(started: Callable[..., CameraSource], wait_until: WaitUntil) -> None:
    source = started(987)

    wait_until(lambda: source.state is SourceState.LOST)

    assert source.problem.startswith("Camera 987 could not be opened. Check the plug")


SECRETS = ("s3cr3t", "admin", "p@ss", "w0rd")
ADDRESSES_WITH_SECRETS = [
    "rtsp://admin:s3cr3t@127.0.0.1:1/stream",
    "rtsp://admin:p@ss/w0rd?s3cr3t@127.0.0.1:1/stream",
    "rtsp://admin:%73s3cr3t%40@127.0.0.1:1/stream",
    "http://127.0.0.1:1/video?user=admin&pwd=s3cr3t",
    "rtsp://127.0.0.1:1/user=admin_password=s3cr3t_channel=1.sdp",
    "rtsp://127.0.0.1:1/live;token=s3cr3t#w0rd",
    "admin:s3cr3t@127.0.0.1",
    "  rtsp://admin:s3cr3t@127.0.0.1:1/stream\n",
]


@pytest.mark.parametrize("address", ADDRESSES_WITH_SECRETS)
def test_a_password_is_never_in_what_an_address_shows(address: str) -> None:
    shown = CameraAddress(address)

    for text in (str(shown), repr(shown), f"{shown}", f"{shown!r:>9}", shown.shown, repr([shown])):
        assert not any(secret in text for secret in SECRETS), text
        assert "127.0.0.1" in text
    assert shown.secret == address.strip()


@pytest.mark.parametrize("address", ADDRESSES_WITH_SECRETS[:5])
def test_a_password_never_reaches_name_problem_log_or_terminal(
    address: str,
    started: Callable[..., CameraSource],
    wait_until: WaitUntil,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    source = started(address, timing=QUICK)
    wait_until(lambda: source.state is SourceState.LOST)
    texts = [source.name, repr(source), source.problem, repr(source._settings)]
    source.stop()

    printed = capfd.readouterr()
    texts += [caplog.text, printed.out, printed.err]

    assert "127.0.0.1" in source.name
    assert not [text for text in texts if any(secret in text for secret in SECRETS)]


def test_a_child_that_crashes_with_the_address_in_its_hands_prints_nothing_of_it(
    children: ModuleType,
    started: Callable[..., CameraSource],
    wait_until: WaitUntil,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    source = started("rtsp://admin:s3cr3t@127.0.0.1:1/stream", process=children.crash, timing=QUICK)
    wait_until(lambda: source.state is SourceState.LOST)

    printed = capfd.readouterr()

    assert not any(secret in source.problem + caplog.text + printed.out + printed.err for secret in SECRETS)


@pytest.mark.parametrize(
    ("address", "secret", "shown"),
    [
        (0, 0, "Camera 0"),
        ("2", 2, "Camera 2"),
        ("1_0", "1_0", "1_0"),
        ("rtsp://10.0.0.5/stream", "rtsp://10.0.0.5/stream", "rtsp://10.0.0.5/stream"),
    ],
)
def test_an_address_may_be_a_number_as_text(address: Any, secret: Any, shown: str) -> None:
    assert CameraAddress(address).secret == secret
    assert CameraAddress(address).shown == shown


def test_the_url_of_a_file_is_the_file(tmp_path: Path) -> None:
    path = tmp_path / "line 3.avi"
    path.touch()

    address = CameraAddress(path.as_uri())

    assert address.secret == str(path)
    assert address.is_video_file
    assert not address.is_url


def test_an_existing_file_is_shown_by_its_name_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a=b@c.avi"
    path.touch()

    assert CameraAddress(path).shown == "a=b@c.avi"


def test_a_source_goes_by_the_name_it_is_given() -> None:
    assert CameraSource(0, name="Line 3").name == "Line 3"
    assert CameraSource(0).name == "Camera 0"


@pytest.mark.parametrize(
    ("picture", "rgb"),
    [
        (np.full((2, 2), 7, np.uint8), [7, 7, 7]),
        (np.full((2, 2, 1), 7, np.uint8), [7, 7, 7]),
        (np.tile(np.array([1, 2, 3], np.uint8), (2, 2, 1)), [3, 2, 1]),
        (np.tile(np.array([1, 2, 3, 255], np.uint8), (2, 2, 1)), [3, 2, 1]),
        (np.full((2, 2), 0x1234, np.uint16), [0x12, 0x12, 0x12]),
    ],
)
def test_whatever_a_camera_delivers_becomes_rgb(picture: np.ndarray[Any, Any], rgb: list[int]) -> None:
    import cv2

    converted = to_rgb(cv2, picture)

    assert converted.shape == (2, 2, 3)
    assert converted.dtype == np.uint8
    assert converted[0, 0].tolist() == rgb
