"""Who began an id with the HTTP trigger, so that nobody gets the verdict of another caller's part."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_REMEMBERED = 10_000


@dataclass(slots=True)
class Begun:
    """An id, from its first trigger on.

    Attributes:
        caller: who sent it.
        at: when, monotonic, in seconds.
        answered_at: when its answer was known; None until then.
    """

    caller: str
    at: float
    answered_at: float | None = None


class Callers:
    """Ids that were begun since the start, with their callers. Thread-safe.

    Args:
        remembered_s: so long an id belongs to who began it.
        clock: monotonic, in seconds.
    """

    def __init__(self, remembered_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._remembered_s = remembered_s
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: OrderedDict[str, Begun] = OrderedDict()

    def known(self, trigger_id: str) -> Begun | None:
        """Whoever began this id; None where nobody did, or that is too long ago."""
        begun = self._begun.get(trigger_id)
        return begun if begun is not None and self._clock() - begun.at <= self._remembered_s else None

    def begin(self, trigger_id: str, caller: str) -> tuple[Begun, bool]:
        """Whoever began this id, and whether that is just now."""
        with self._lock:
            known = self.known(trigger_id)
            if known is not None:
                return known, False
            begun = self._begun[trigger_id] = Begun(caller, self._clock())
            self._begun.move_to_end(trigger_id)
            if len(self._begun) > _REMEMBERED:
                self._begun.popitem(last=False)
            return begun, True

    def note_answer(self, begun: Begun) -> None:
        """Its answer is known now, if it was not before; called whether or not anybody still waits for it."""
        with self._lock:
            if begun.answered_at is None:
                begun.answered_at = self._clock()

    def age_s(self, begun: Begun) -> float:
        """Seconds since its answer was known; 0 until then."""
        return 0.0 if begun.answered_at is None else self._clock() - begun.answered_at
