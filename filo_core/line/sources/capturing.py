"""The loop of every camera's own process: read the device, and open it again whenever it is lost.

Opening again within the process takes what the device needs. A new process would have to load its libraries first,
which takes seconds on a busy machine.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from filo_core.line.sources.device import Device
from filo_core.line.sources.repeats import Handling, Repeats, Stuck

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from filo_core.line.sources.address import CameraAddress
    from filo_core.line.sources.shared_frame import SharedFrame
    from filo_core.line.sources.timing import CameraTiming

_LONGEST_NAP_S = 0.1


class Ending(StrEnum):
    """What a camera's process says of itself when no pictures come any more."""

    NOT_OPENED = "not opened"
    """It tries again by itself, unless it ends."""
    NO_PICTURE = "no picture"
    """It opened, and a read failed: unplugged, or the stream broke. It tries again by itself, unless it ends."""
    REPEATED = "repeated"
    """It is stuck on a picture, which is given out no more. It tries again by itself."""
    PLAYED = "played"
    """A video file came to its end."""
    TOO_LARGE = "too large"
    """A frame does not fit; comes with the bytes it needs."""

    @property
    def is_tried_again(self) -> bool:
        """True where the same process opens the device again."""
        return self in {Ending.NOT_OPENED, Ending.NO_PICTURE, Ending.REPEATED}


@dataclass(frozen=True, slots=True)
class News:
    """What becomes of a camera's process."""

    ending: Ending | None
    """None when the process itself has ended."""
    number: int = 0
    """The bytes that a picture needs which is too large; the exit code of a process that has ended."""
    stuck: Stuck = field(default=frozenset(), repr=False)
    """Pictures that the camera is stuck on: its next process has to know them."""


@dataclass(frozen=True, slots=True)
class CaptureSettings:
    """How to capture. ``size`` is a wish (width, height) to the camera; ``loop`` plays a file again and again."""

    address: CameraAddress
    size: tuple[int, int] | None
    loop: bool
    timing: CameraTiming
    stuck: Stuck = field(default=frozenset(), repr=False)
    """Pictures that the camera was stuck on before."""


def keep_capturing(
    open_device: Callable[[float], Device | None],
    settings: CaptureSettings,
    room: SharedFrame,
    owner: Connection[Any, Any],
    ending: threading.Event,
) -> None:
    """Capture into ``room`` until ``ending`` is set, a file has been played, or a picture is too large.

    Args:
        open_device: opens it within so many seconds, where that can be limited; None when it does not open.
        settings: what to do at a file's end, and how long to wait between tries.
        room: where each picture goes.
        owner: gets :class:`News` each time no pictures come any more.
        ending: set when the owner is gone.
    """
    timing = settings.timing
    repeats = Repeats(timing, settings.stuck)
    limit, sequence, failures = timing.network_open_s, 0, 0
    while not ending.is_set():
        room.beat()
        began, first = time.monotonic(), sequence
        device = open_device(limit)
        outcome, needed = Ending.NOT_OPENED, 0
        if device is not None:
            usual = time.monotonic() - began
            limit = min(timing.network_open_s, max(timing.network_reopen_s, 2.0 * usual))
            with contextlib.closing(device):
                repeats.begin(device)
                outcome, needed, sequence = _read_all(device, repeats, room, ending, sequence)
        if ending.is_set() or (outcome is Ending.PLAYED and settings.loop):
            continue
        owner.send(News(outcome, needed, repeats.stuck))
        if not outcome.is_tried_again:
            return
        failures = 1 if sequence > first else failures + 1
        _nap_until(time.monotonic() + timing.pause(failures), room, ending)


def _read_all(
    device: Device, repeats: Repeats, room: SharedFrame, ending: threading.Event, sequence: int
) -> tuple[Ending, int, int]:
    """Until no picture comes; why, the bytes that would have been needed, and the number of the last picture."""
    due, first = time.monotonic(), sequence
    while not ending.is_set():
        room.beat()
        picture = device.read()
        if picture is None:
            played = device.is_file and sequence > first
            return Ending.PLAYED if played else Ending.NO_PICTURE, 0, sequence
        if picture.rgb.size > room.capacity:
            return Ending.TOO_LARGE, picture.rgb.size, sequence
        sight = repeats.look(picture)
        if sight is Handling.STUCK:
            return Ending.REPEATED, 0, sequence
        if sight is Handling.GIVEN:
            sequence += 1
            room.write(picture.rgb, sequence, picture.wall, picture.monotonic)
        # A file is played at its own pace, but a pause of the whole machine is not caught up with.
        due = max(due + device.interval_s, time.monotonic())
        _nap_until(due, room, ending)
    return Ending.PLAYED, 0, sequence


def _nap_until(due: float, room: SharedFrame, ending: threading.Event) -> None:
    while (left := due - time.monotonic()) > 0 and not ending.wait(min(left, _LONGEST_NAP_S)):
        room.beat()
