"""One trigger, and what becomes of it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from filo_core.identity import NOBODY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from filo_core.identity import Identity
    from filo_core.line.results import LineResult
    from filo_core.line.sources.base import Frame
    from filo_core.types import SourceImage


class TriggerKind(StrEnum):
    """Who asks."""

    CONTINUOUS = "continuous"
    KEY = "key"
    FOLDER = "folder"
    MODBUS = "modbus"
    HTTP = "http"
    MQTT = "mqtt"
    OPCUA = "opcua"


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """A wish for one verdict.

    ``trigger_id`` tells a repetition from another part: the same id again is answered with the same verdict, and
    not judged again. Without a ``picture`` the first frame captured after the trigger is judged.
    """

    trigger_id: str
    kind: TriggerKind
    picture: Frame | SourceImage | None = field(default=None, repr=False)
    asked_monotonic: float = field(default_factory=time.monotonic)
    repeats_within_s: float = 600.0
    """So long the same id means the same part; afterwards a controller may have begun to count anew."""
    problem: str = ""
    """Why there is no picture to judge, as a sentence: the answer is NOT_INSPECTED then."""
    identity: Identity = NOBODY
    """Which part it is, as whoever asks says."""
    file: str = ""
    """What the file is called that brought the picture, or the part that files brought; empty for a camera's."""
    views: Mapping[str, SourceImage | str] | None = field(default=None, repr=False)
    """Of a part with several views that files brought: by the name of the view its picture, or why there is none."""


class Ticket:
    """The acknowledgement of a trigger, and the place where its answer arrives. Thread-safe."""

    def __init__(self, trigger: Trigger) -> None:
        self.trigger = trigger
        self.is_repeat = False
        """True where the answer was that of an earlier trigger with this id already."""
        self._answered = threading.Event()
        self._lock = threading.Lock()
        self._result: LineResult | None = None
        self._listeners: list[Callable[[LineResult], None]] = []

    @property
    def result(self) -> LineResult | None:
        """The answer; None until there is one."""
        return self._result

    def wait(self, timeout: float | None = None) -> LineResult | None:
        """The answer, waited for at most ``timeout`` seconds."""
        self._answered.wait(timeout)
        return self._result

    def on_answer(self, listener: Callable[[LineResult], None]) -> None:
        """Call ``listener`` once with the answer: at once where it is known, else on the thread that answers."""
        with self._lock:
            if self._result is None:
                self._listeners.append(listener)
                return
        listener(self._result)

    def answer(self, result: LineResult) -> None:
        """Give the answer. For the station only, once."""
        with self._lock:
            self._result = result
            listeners, self._listeners = self._listeners, []
        self._answered.set()
        for listener in listeners:
            listener(result)


class Asks(Protocol):
    """Takes triggers: what a trigger source is given."""

    def ask(self, trigger: Trigger) -> Ticket:
        """Accept a trigger; a repetition gets the ticket, or the answer, of the first."""
        ...


class LineState(Protocol):
    """How a line is."""

    @property
    def heartbeat(self) -> int:
        """Grows while the line is alive."""
        ...

    @property
    def problem(self) -> str:
        """Why no part would get a verdict now, as a sentence; empty when all is well."""
        ...


class StationState(Asks, LineState, Protocol):
    """What a server asks of the station."""

    @property
    def is_busy(self) -> bool:
        """True while a trigger waits for its answer."""
        ...
