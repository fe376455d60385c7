"""The server of a module lives for all of its tests, and takes threads as it needs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

_LONGEST_END_S = 10.0


@pytest.fixture(autouse=True)
def nothing_left_behind() -> None:
    """In place of the one for each test."""


@pytest.fixture(autouse=True, scope="module")
def no_thread_left_behind() -> Iterator[None]:
    """Fail a module that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + _LONGEST_END_S
    while (left := [one.name for one in threading.enumerate() if one not in before]) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left, f"threads left running: {left}"
