"""Continuous: every frame asks for a verdict as soon as the one before has its own."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

from filo_core.line.sources.base import SourceState
from filo_core.line.triggers.base import Asks, Trigger, TriggerKind

if TYPE_CHECKING:
    from filo_core.line.sources.base import ImageSource

_LOOK_EVERY_S = 0.005


class ContinuousTrigger:
    """Asks with the newest frame of a source; frames that come while one is judged are dropped, and counted there."""

    def __init__(self, source: ImageSource, station: Asks) -> None:
        self._source = source
        self._station = station
        self._run_id = uuid.uuid4().hex[:8]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="filo-continuous", daemon=True)

    @property
    def is_running(self) -> bool:
        """False before the start, after the stop, and once the source has played to its end."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            ended = self._source.state is SourceState.STOPPED
            frame = self._source.newest()
            if frame is None:
                if ended:
                    return
                self._stopping.wait(_LOOK_EVERY_S)
                continue
            name = f"frame-{self._run_id}-{frame.frame_id}"
            asked = self._station.ask(Trigger(name, TriggerKind.CONTINUOUS, frame, frame.captured_monotonic))
            while asked.wait(0.1) is None and not self._stopping.is_set():
                pass
