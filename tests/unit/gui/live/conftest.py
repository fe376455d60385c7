"""A camera by hand, and a presenter that looks through it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import monotonic

import numpy as np
import pytest

from filo_core.line.sources.base import Frame, FrameSlot, SourceState
from gui.live.presenter import LivePresenter
from gui.live.sources import SourceChoice, SourceKind
from gui.state import AppState

Until = Callable[..., None]
CHOICE = SourceChoice(SourceKind.CAMERA, "0")


class HandSource:
    """A camera whose pictures and troubles come by hand."""

    name = "camera by hand"

    def __init__(self) -> None:
        self.state = SourceState.STOPPED
        self.problem = ""
        self._slot = FrameSlot()

    @property
    def frames(self) -> int:
        return self._slot.frames

    @property
    def dropped(self) -> int:
        return self._slot.dropped

    def start(self) -> None:
        self.state = SourceState.OPENING

    def stop(self) -> None:
        self.state = SourceState.STOPPED

    def newest(self) -> Frame | None:
        return self._slot.take()

    def show(self, red: int, size: tuple[int, int] = (64, 48)) -> None:
        pixels = np.zeros((size[1], size[0], 3), np.uint8)
        pixels[..., 0] = red
        pixels[0, 0] = self.frames % 255
        self.state, self.problem = SourceState.RUNNING, ""
        self._slot.put(pixels, datetime.now(UTC), monotonic())

    def lose(self) -> None:
        self.problem, self.state = "Camera 0 does not answer. Check its cable.", SourceState.LOST


@pytest.fixture
def camera() -> HandSource:
    return HandSource()


@pytest.fixture
def presenter(state: AppState, camera: HandSource) -> Iterator[LivePresenter]:
    made = LivePresenter(state, lambda _: camera)
    yield made
    made.close_down()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def show(presenter: LivePresenter, camera: HandSource, until: Until, *reds: int) -> None:
    for red in reds:
        before = presenter.display.newest
        camera.show(red)
        until(lambda before=before: presenter.display.newest is not before, "the next verdict")
