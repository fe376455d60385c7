"""Commands that run until they are told to end, and say meanwhile what is wrong."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.common import warn


@contextmanager
def ended_by_signal(ended: threading.Event) -> Iterator[None]:
    """While the block runs, Ctrl+C and the word of a service manager set ``ended`` and break nothing off."""
    wishes = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, lambda *_: ended.set()) for number in wishes}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def watch_until(ended: threading.Event, every_s: float, problem: Callable[[], str]) -> None:
    """Wait for ``ended``, and say each time something else is wrong, or nothing any more."""
    said = ""
    while not ended.wait(every_s):
        if (now := problem()) != said:
            said = now
            warn(said or "All is well again.")
