"""Processes that misbehave as cameras do. A module of its own, since a spawned process imports it by name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.line.sources.camera_process import begin_process
from filo_core.line.sources.capturing import CaptureSettings, Ending, News, keep_capturing
from filo_core.line.sources.device import Picture

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from filo_core.line.sources.shared_frame import SharedFrame

FRAME_S = 0.02


def _hang() -> None:
    while True:
        time.sleep(3600)


def _send(room: SharedFrame, number: int, shape: tuple[int, int] = (6, 8)) -> None:
    room.beat()
    room.write(np.full((*shape, 3), number % 256, np.uint8), number, time.time(), time.monotonic())


def _marker(settings: CaptureSettings) -> Path:
    """The tests give the path of a file as the path of the URL."""
    return Path("/" + str(settings.address.secret).partition("://")[2].partition("/")[2])


def _send_until_the_owner_closes(
    room: SharedFrame, owner: Connection[Any, Any], shape: tuple[int, int] = (6, 8)
) -> None:
    number = room.sequence
    while not owner.poll(FRAME_S):
        number += 1
        _send(room, number, shape)


def play(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    _send_until_the_owner_closes(room, owner)


def hang_while_opening(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    room.beat()
    _hang()


def hang_after_five(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    for number in range(1, 6):
        _send(room, number)
        time.sleep(FRAME_S)
    _hang()


def hang_in_the_first_life(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    marker = _marker(settings)
    if not marker.exists():
        marker.touch()
        hang_after_five(settings, room, owner)
    _send_until_the_owner_closes(room, owner)


def hang_with_the_lock_in_the_first_life(
    settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]
) -> None:
    marker = _marker(settings)
    if not marker.exists():
        marker.touch()
        _send(room, 1)
        room._lock.acquire()
        _send_no_more(room)
    _send_until_the_owner_closes(room, owner)


def _send_no_more(room: SharedFrame) -> None:
    # Another frame is announced, but its memory stays locked.
    room._numbers[1] = 2
    _hang()


def be_unplugged_after_five(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    for number in range(1, 6):
        _send(room, number)
        time.sleep(FRAME_S)
    owner.send(News(Ending.NO_PICTURE))


class _StuckDevice:
    interval_s, is_file, is_stream = FRAME_S, False, False

    def read(self) -> Picture:
        return Picture(np.full((6, 8, 3), 7, np.uint8), time.time(), time.monotonic())

    def close(self) -> None:
        """Nothing is held."""


def be_stuck(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    keep_capturing(lambda _: _StuckDevice(), settings, room, owner, begin_process(owner))


def crash(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    os._exit(3)


def stutter(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    _send(room, 1)
    marker = _marker(settings)
    while not marker.exists():
        time.sleep(FRAME_S)
    _send_until_the_owner_closes(room, owner)


def change_size(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    for number in range(1, 6):
        _send(room, number, (6, 8))
        time.sleep(FRAME_S)
    _send_until_the_owner_closes(room, owner, (12, 10))


def send_larger_than_expected(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    needed = 3000 * 3000 * 3
    if room.capacity < needed:
        owner.send(News(Ending.TOO_LARGE, needed))
        return
    _send_until_the_owner_closes(room, owner, (3000, 3000))


def send_larger_than_ever_read(settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    owner.send(News(Ending.TOO_LARGE, 200_000_000 * 3))


def probe_and_hang(owner: Connection[Any, Any]) -> None:
    owner.send(0)
    owner.send(2)
    _hang()
