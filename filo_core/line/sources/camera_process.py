"""What runs in a camera's own process: OpenCV's capture, which may hang in a driver at any call.

Nothing that OpenCV or FFmpeg prints leaves this process, because both print addresses with passwords. It ends by
itself when its owner does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from numpy.typing import NDArray

    from filo_core.line.sources.address import CameraAddress
    from filo_core.line.sources.shared_frame import SharedFrame

_LONGEST_NAP_S = 0.1
_END_GRACE_S = 2.0
_FALLBACK_RATE = 25.0
_PROBED_CAMERAS = range(4)


class Ending(StrEnum):
    """Why a camera's process ended, as it says itself."""

    NOT_OPENED = "not opened"
    NO_PICTURE = "no picture"
    """It opened, and a read failed: unplugged, or the stream broke."""
    PLAYED = "played"
    """A video file came to its end."""
    TOO_LARGE = "too large"
    """A frame does not fit; comes with the bytes it needs."""


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """How to capture. ``size`` is a wish (width, height) to the camera; ``loop`` plays a file again and again."""

    address: CameraAddress
    size: tuple[int, int] | None
    loop: bool


CameraProcess = Callable[["CaptureSettings", "SharedFrame", "Connection[Any, Any]"], None]
"""Captures into the shared frame until its connection closes. Sends ``(Ending, bytes needed)`` before it returns."""


def capture(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    """Capture until the owner closes the connection, or no picture comes any more."""
    # Ctrl+C reaches every process of the terminal; this one ends when its owner does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _silence()
    ending = threading.Event()
    threading.Thread(target=_end_with_owner, args=(owner, ending), daemon=True).start()
    import cv2  # here, where it may take its time and print what it likes

    cv2.setNumThreads(1)
    room.beat()
    sequence = 0
    while not ending.is_set():
        device = cv2.VideoCapture(settings.address.secret)
        try:
            outcome, needed, sequence = _read_all(cv2, device, settings, room, ending, sequence)
        finally:
            device.release()
        if outcome is not Ending.PLAYED or not settings.loop:
            owner.send((outcome, needed))
            return


def probe(owner: Connection[Any, Any]) -> None:
    """Send the number of each local camera that opens, one by one."""
    _silence()
    import cv2

    for number in _PROBED_CAMERAS:
        device = cv2.VideoCapture(number)
        if device.isOpened():
            owner.send(number)
        device.release()


def _read_all(
    cv2: Any, device: Any, settings: CaptureSettings, room: SharedFrame, ending: threading.Event, sequence: int
) -> tuple[Ending, int, int]:
    if not device.isOpened():
        return Ending.NOT_OPENED, 0, sequence
    is_file = settings.address.is_video_file
    _set_up(cv2, device, settings)
    rate = float(device.get(cv2.CAP_PROP_FPS)) if is_file else 0.0
    interval = 1.0 / (rate if 0.0 < rate < 1000.0 else _FALLBACK_RATE) if is_file else 0.0
    due = time.monotonic()
    first = sequence
    while not ending.is_set():
        room.beat()
        grabbed = device.grab()
        wall, monotonic = time.time(), time.monotonic()
        whole, picture = device.retrieve() if grabbed else (False, None)
        if not whole or picture is None:
            played = is_file and sequence > first
            return Ending.PLAYED if played else Ending.NO_PICTURE, 0, sequence
        rgb = to_rgb(cv2, picture)
        if rgb.size > room.capacity:
            return Ending.TOO_LARGE, rgb.size, sequence
        sequence += 1
        room.write(rgb, sequence, wall, monotonic)
        # A file is played at its own pace, but a pause of the whole machine is not caught up with.
        due = max(due + interval, time.monotonic())
        _nap_until(due, room, ending)
    return Ending.PLAYED, 0, sequence


def to_rgb(cv2: Any, picture: NDArray[Any]) -> NDArray[np.uint8]:
    """``(H, W, 3)`` uint8 RGB from what OpenCV delivers: BGR, BGRA or grey, 16-bit by its high byte."""
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    code = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[channels]
    converted: NDArray[np.uint8] = cv2.cvtColor(picture, code)
    return converted


def _set_up(cv2: Any, device: Any, settings: CaptureSettings) -> None:
    if settings.address.is_video_file:
        return
    # A driver's own queue only makes frames old; many ignore this.
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if settings.size is not None:
        device.set(cv2.CAP_PROP_FRAME_WIDTH, settings.size[0])
        device.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.size[1])


def _nap_until(due: float, room: SharedFrame, ending: threading.Event) -> None:
    while (left := due - time.monotonic()) > 0 and not ending.wait(min(left, _LONGEST_NAP_S)):
        room.beat()


def _silence() -> None:
    os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _end_with_owner(owner: Connection[Any, Any], ending: threading.Event) -> None:
    # Nothing is ever sent this way: it ends when the owner closes its end, or dies.
    with contextlib.suppress(EOFError, OSError):
        owner.recv()
    ending.set()
    # Reached only when the main thread hangs in a driver; nobody may be left to kill this process.
    time.sleep(_END_GRACE_S)
    os._exit(1)
