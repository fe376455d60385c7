"""What a scanner read last: the name of the part that comes next."""

from __future__ import annotations

import threading

from filo_core.identity import NOBODY, Identity


class Scanned:
    """Holds one identity until a part takes it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = NOBODY

    @property
    def waiting(self) -> Identity:
        """What the next part will be called; :data:`~filo_core.identity.NOBODY` while nothing was scanned."""
        return self._waiting

    def put(self, identity: Identity) -> None:
        """A part was scanned; another one that nothing has come of is forgotten."""
        with self._lock:
            self._waiting = identity

    def take(self) -> Identity:
        """What was scanned, for this part and no other."""
        with self._lock:
            taken, self._waiting = self._waiting, NOBODY
            return taken
