"""A camera by hand, and a presenter that looks through it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import monotonic

import numpy as np
import pytest
from shiboken6 import isValid

from filo_core.line.sources.base import SourceState
from gui.live.presenter import LivePresenter
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState
from tests.unit.filo_core.line.station_parts import HandFedSource
from tools.stream_rig import free_port

Until = Callable[..., None]
CHOICE = SourceChoice(SourceKind.CAMERA, "0")


class HandSource(HandFedSource):
    """A camera whose pictures and troubles come by hand."""

    name = "camera by hand"

    def __init__(self) -> None:
        super().__init__()
        self.state = SourceState.STOPPED

    def start(self) -> None:
        self.state = SourceState.RUNNING

    def open_again(self) -> None:
        self.state = SourceState.OPENING

    def show(self, red: int, size: tuple[int, int] = (64, 48)) -> None:
        pixels = np.zeros((size[1], size[0], 3), np.uint8)
        pixels[..., 0] = red
        pixels[0, 0] = self.frames % 255
        self.state, self.problem = SourceState.RUNNING, ""
        self.slot.put(pixels, datetime.now(UTC), monotonic())

    def lose(self) -> None:
        self.problem, self.state = "Camera 0 does not answer. Check its cable.", SourceState.LOST


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield int(taken.getsockname()[1])


@pytest.fixture
def camera() -> HandSource:
    return HandSource()


@pytest.fixture
def presenter(state: AppState, camera: HandSource) -> Iterator[LivePresenter]:
    made = LivePresenter(state, lambda _: camera)
    yield made
    # A panel that held it may have ended it, and taken it along.
    if isValid(made):
        made.close_down()


@pytest.fixture
def port() -> int:
    return free_port()


def show(presenter: LivePresenter, camera: HandSource, until: Until, *reds: int) -> None:
    for red in reds:
        before = presenter.display.newest
        camera.show(red)
        until(lambda before=before: presenter.display.newest is not before, "the next verdict")
