"""Which local cameras there are."""

from __future__ import annotations

import contextlib
import multiprocessing
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filo_core.line.sources.camera_process import silence

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_PROBE_TIMEOUT_S = 15.0
_PROBED_CAMERAS = range(4)


def available_cameras() -> list[int]:
    """Numbers of the local cameras that look present; opening one may still fail.

    Linux says so itself. Elsewhere the first four are tried, in a process that may hang and is killed then.
    """
    if platform.system() == "Linux":
        return _listed_cameras(Path("/sys/class/video4linux"), Path("/dev"))
    return _probed_cameras()


def _listed_cameras(listing: Path, devices: Path) -> list[int]:
    numbers = []
    for device in devices.glob("video*"):
        number = device.name.removeprefix("video")
        index = listing / device.name / "index"
        # A webcam's further nodes carry its metadata, and never a picture.
        if number.isdecimal() and (not index.is_file() or index.read_text(encoding="ascii").strip() == "0"):
            numbers.append(int(number))
    return sorted(numbers)


def _probed_cameras() -> list[int]:
    context = multiprocessing.get_context("spawn")
    owner: Connection[int, int]
    owner, theirs = context.Pipe()
    process = context.Process(target=probe, args=(theirs,), name="filo-camera-probe", daemon=True)
    process.start()
    theirs.close()
    numbers: list[int] = []
    deadline = time.monotonic() + _PROBE_TIMEOUT_S
    # The end of the connection is the end of the search.
    with contextlib.suppress(EOFError, OSError):
        while owner.poll(max(0.0, deadline - time.monotonic())):
            numbers.append(owner.recv())
    process.kill()
    process.join()
    process.close()
    owner.close()
    return numbers


def probe(owner: Connection[Any, Any]) -> None:
    """Send the number of each local camera that opens, one by one; in a process of its own."""
    silence()
    import cv2

    for number in _PROBED_CAMERAS:
        device = cv2.VideoCapture(number)
        if device.isOpened():
            owner.send(number)
        device.release()
