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
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.line.sources.capturing import CaptureSettings, keep_capturing
from filo_core.line.sources.device import Device, Picture
from filo_core.loops import Loop

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from numpy.typing import NDArray

    from filo_core.line.sources.address import CameraAddress
    from filo_core.line.sources.shared_frame import SharedFrame

_END_GRACE_S = 2.0
_FALLBACK_RATE = 25.0

CameraProcess = Callable[["CaptureSettings", "SharedFrame", "Connection[Any, Any]"], None]
"""Captures into the shared frame until its connection closes. Sends ``News`` when pictures end."""


def capture(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    """Capture with OpenCV until the owner closes the connection."""
    ending = begin_process(owner)
    import cv2  # here, where it may take its time and print what it likes

    cv2.setNumThreads(1)
    keep_capturing(lambda limit: _opened(cv2, settings, limit), settings, room, owner, ending)


def begin_process(owner: Connection[Any, Any]) -> threading.Event:
    """Make this a camera's process: silent, deaf to Ctrl+C; back comes what is set when its owner is gone."""
    # Ctrl+C reaches every process of the terminal; this one ends when its owner does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence()
    ending = threading.Event()
    Loop("filo-camera-end", lambda: _end_with_owner(owner, ending), "ends the camera's process").start()
    return ending


class _OpenCvDevice:
    def __init__(self, cv2: Any, device: Any, address: CameraAddress) -> None:
        self._cv2 = cv2
        self._device = device
        self.is_file = is_file = address.is_video_file
        self.is_stream = address.is_url
        rate = float(device.get(cv2.CAP_PROP_FPS)) if is_file else 0.0
        self.interval_s = 1.0 / (rate if 0.0 < rate < 1000.0 else _FALLBACK_RATE) if is_file else 0.0

    def read(self) -> Picture | None:
        grabbed = self._device.grab()
        wall, monotonic = time.time(), time.monotonic()
        whole, picture = self._device.retrieve() if grabbed else (False, None)
        return Picture(to_rgb(self._cv2, picture), wall, monotonic) if whole and picture is not None else None

    def close(self) -> None:
        self._device.release()


def _opened(cv2: Any, settings: CaptureSettings, limit_s: float) -> Device | None:
    address = settings.address
    if address.is_url:
        # Without these limits FFmpeg waits for half a minute, whatever became of the camera.
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(limit_s * 1000)]
        limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(settings.timing.network_read_s * 1000)]
        device = cv2.VideoCapture(address.secret, cv2.CAP_FFMPEG, limits)
    else:
        device = cv2.VideoCapture(address.secret)
    if not device.isOpened():
        device.release()
        return None
    opened = _OpenCvDevice(cv2, device, address)
    if not opened.is_file:
        # A driver's own queue only makes frames old; many ignore this.
        device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if settings.size is not None:
            device.set(cv2.CAP_PROP_FRAME_WIDTH, settings.size[0])
            device.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.size[1])
    return opened


def to_rgb(cv2: Any, picture: NDArray[Any]) -> NDArray[np.uint8]:
    """``(H, W, 3)`` uint8 RGB from what OpenCV delivers: BGR, BGRA or grey, 16-bit by its high byte."""
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    code = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[channels]
    converted: NDArray[np.uint8] = cv2.cvtColor(picture, code)
    return converted


def silence() -> None:
    """Let nothing that this process or its libraries print go anywhere."""
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
