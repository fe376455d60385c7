"""What a scanner read last: the name of the part that comes next."""

from __future__ import annotations

import threading
import time

from filo_core.identity import NOBODY, Identity


class Scanned:
    """Holds one identity until a part takes it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = NOBODY
        self._at = 0.0

    @property
    def waiting(self) -> Identity:
        """What the next part will be called; :data:`~filo_core.identity.NOBODY` while nothing was scanned."""
        return self._waiting

    def put(self, identity: Identity) -> None:
        """A part was scanned; another one that nothing has come of is forgotten."""
        with self._lock:
            self._waiting, self._at = identity, time.monotonic()

    def take(self, seen_at: float | None = None) -> Identity:
        """What was scanned, for this part and no other.

        Args:
            seen_at: ``time.monotonic()`` of its picture: a scan that came later is of another part, and stays.
        """
        with self._lock:
            if seen_at is not None and seen_at < self._at:
                return NOBODY
            taken, self._waiting = self._waiting, NOBODY
            return taken

    def give_back(self, taken: Identity) -> None:
        """Nothing came of the part: the next one is called so, unless another was scanned meanwhile."""
        with self._lock:
            if not self._waiting:
                self._waiting = taken
