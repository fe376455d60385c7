"""How fast one decides, and how long what is left takes. No Qt."""

from __future__ import annotations

from collections import deque
from statistics import median

_WINDOW = 20
_LONGEST_S = 120.0
"""A longer gap is a break, and says nothing of the pace."""
_TOGETHER_S = 0.25
"""A shorter one lies between parts that were decided by one key."""


class DecidingPace:
    """The usual time between the last decisions. Moments are ``time.monotonic()`` seconds."""

    def __init__(self) -> None:
        self._before: float | None = None
        self._gaps: deque[float] = deque(maxlen=_WINDOW)

    def decided(self, now: float) -> None:
        """One more is decided."""
        if self._before is not None and _TOGETHER_S < now - self._before <= _LONGEST_S:
            self._gaps.append(now - self._before)
        self._before = now

    def minutes_left(self, parts: int) -> int | None:
        """Whole minutes that so many parts take at this pace, at least 1; None while the pace is not known."""
        if len(self._gaps) < 2 or not parts:
            return None
        return max(1, round(parts * median(self._gaps) / 60.0))
