"""How fast a run goes and how long it will still take."""

from __future__ import annotations

from collections import deque

_WINDOW = 40


class Pace:
    """Rate over the last images judged, with the pauses taken out. Times are ``time.monotonic()`` seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_WINDOW)
        self._paused_at: float | None = None
        self._paused_s = 0.0

    def start(self, now: float) -> None:
        """A run begins."""
        self._times.clear()
        self._paused_at, self._paused_s = None, 0.0
        self._times.append(now)

    def judged(self, now: float) -> None:
        """One more image got its verdict."""
        self._times.append(now - self._paused_s)

    def pause(self, now: float) -> None:
        """The clock stands."""
        if self._paused_at is None:
            self._paused_at = now

    def resume(self, now: float) -> None:
        """The clock goes on."""
        if self._paused_at is not None:
            self._paused_s += now - self._paused_at
            self._paused_at = None

    @property
    def images_per_second(self) -> float | None:
        """None until two moments are known."""
        if len(self._times) < 2 or self._times[-1] <= self._times[0]:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    def seconds_left(self, images: int) -> float | None:
        """Time for so many images at the present rate; None while the rate is unknown."""
        rate = self.images_per_second
        return None if rate is None else images / rate
