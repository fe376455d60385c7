"""Ending a command that runs until it is told to."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
