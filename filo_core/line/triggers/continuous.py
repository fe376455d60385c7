"""Continuous: every frame asks for a verdict as soon as the one before has its own."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from filo_core.line.sources.base import SourceState
from filo_core.line.triggers.base import Asks, Trigger, TriggerKind
from filo_core.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.line.sources.base import ImageSource

_LOOK_EVERY_S = 0.1
"""Whether to stop; a picture is noticed at once."""


class _Continuous(ABC):
    """Asks in a loop of its own, from the start to the stop."""

    def __init__(self, station: Asks, does: str) -> None:
        self._station = station
        self._run_id = uuid.uuid4().hex[:8]
        self._loop = Loop("filo-continuous", self._run, does)

    @property
    def is_running(self) -> bool:
        """False before the start, after the stop, and once a source has played to its end."""
        return self._loop.is_running

    @property
    def problem(self) -> str:
        """Why it does not ask now, as a sentence; empty when all is well."""
        return self._loop.problem

    def start(self) -> None:
        """Begin to ask."""
        self._loop.start()

    def stop(self) -> None:
        """Ask no more."""
        self._loop.stop()

    @abstractmethod
    def _run(self) -> None:
        """Until the loop must stop: what there is to ask for, one after the other."""

    def _ask(self, trigger: Trigger) -> None:
        """Ask, and wait for the answer or the stop."""
        asked = self._station.ask(trigger)
        while asked.wait(_LOOK_EVERY_S) is None and not self._loop.must_stop():
            pass


class ContinuousTrigger(_Continuous):
    """Asks with the newest frame of a source; frames that come while one is judged are dropped, and counted there."""

    def __init__(self, source: ImageSource, station: Asks) -> None:
        super().__init__(station, "has every picture judged")
        self._source = source

    def _run(self) -> None:
        while not self._loop.must_stop():
            ended = self._source.state is SourceState.STOPPED
            frame = self._source.newest()
            if frame is None:
                if ended:
                    return
                self._source.wait(_LOOK_EVERY_S)
                continue
            name = f"frame-{self._run_id}-{frame.frame_id}"
            self._ask(Trigger(name, TriggerKind.CONTINUOUS, frame, frame.captured_monotonic))


class ContinuousParts(_Continuous):
    """Asks for a part as soon as the one before has its answer and every camera shows something new.

    Args:
        sources: the cameras of its views.
        station: judges.
    """

    def __init__(self, sources: Sequence[ImageSource], station: Asks) -> None:
        super().__init__(station, "has every part judged")
        self._sources = tuple(sources)

    def _run(self) -> None:
        number = 0
        while not self._loop.must_stop():
            ended = any(source.state is SourceState.STOPPED for source in self._sources)
            # A camera that is lost holds parts up rather than fill the record: the line says which one it is. What
            # was played last is still to be judged.
            if not all(source.wait(0.0 if ended else _LOOK_EVERY_S) for source in self._sources):
                if ended:
                    return
                continue
            number += 1
            self._ask(Trigger(f"part-{self._run_id}-{number}", TriggerKind.CONTINUOUS))
