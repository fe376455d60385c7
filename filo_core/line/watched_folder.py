"""A folder that is watched by itself: what arrives is read at once, and that the folder is away is known at once."""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

from filo_core.imaging import printable_name
from filo_core.line.settled_files import PATIENCE_S, SETTLED_S, SettledFiles
from filo_core.line.watching.looks import FolderLooks
from filo_core.line.watching.marks import Arrival, ArrivalMemory
from filo_core.loops import Loop, first_problem
from filo_core.sentence import Sentence

LOOK_EVERY_S = 0.2
_PROBE_EVERY_S = 0.2
_LONGEST_PROBE_S = 0.8
"""A folder that does not say within this whether it is there, is away: a share whose server is gone just hangs."""
_MOST_BYTES = 256 << 20
"""Held until somebody takes them; what arrives beyond waits on its disk."""


class WatchedFolder:
    """Watches a folder on threads of its own. Arrivals wait in their order until they are done.

    Their bytes are read as they arrive, so that each of several files that follow each other under one name is there.

    Args:
        folder: with its sub-folders.
        every_s: how often it is looked at, whatever the system tells.
        settled_s: see :class:`SettledFiles`, as for the next two.
        patience_s: of a file that is not whole.
        memory: which files were answered before.
    """

    def __init__(
        self,
        folder: Path,
        *,
        every_s: float = LOOK_EVERY_S,
        settled_s: float = SETTLED_S,
        patience_s: float = PATIENCE_S,
        memory: ArrivalMemory | None = None,
    ) -> None:
        self._folder = folder
        self._every_s = every_s
        self._files = SettledFiles(folder, settled_s, patience_s=patience_s, memory=memory)
        self._probed = FolderLooks(folder)
        self._probing_since: float | None = None
        self._probe_problem = ""
        self._arrived = threading.Condition()
        self._arrivals: deque[Arrival] = deque()
        self._bytes = 0
        self._looking = Loop("filo-folder-look", self._look, "watches the folder", lambda _: self._files.reconsider())
        self._probing = Loop("filo-folder-probe", self._probe, "sees whether the folder is there")

    @property
    def problem(self) -> str:
        """Why what arrives would not be taken now, as a sentence; empty when all is well."""
        since = self._probing_since
        if since is not None and time.monotonic() - since > _LONGEST_PROBE_S:
            where = printable_name(str(self._folder))
            return Sentence(
                "The watched folder {where} does not answer. Check the network share and its server.", where=where
            )
        return first_problem((self._looking, self._probing)) or self._probe_problem or self._files.problem

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of what is not looked at, and may hold parts."""
        return self._files.left_out

    def start(self) -> None:
        """Begin to watch."""
        self._files.start()
        self._looking.start()
        self._probing.start()

    def stop(self, timeout: float | None = None) -> bool:
        """Watch no more; False where a share that hangs holds a thread longer than ``timeout`` seconds."""
        self.ask_to_stop()
        self._files.stop()
        ended = self._looking.join(timeout)
        return self._probing.join(timeout) and ended

    def ask_to_stop(self) -> None:
        """Have it stop; does not wait."""
        self._looking.ask_to_stop()
        self._probing.ask_to_stop()
        with self._arrived:
            self._arrived.notify_all()

    def wait(self, timeout: float) -> bool:
        """Wait for an arrival, at most ``timeout`` seconds; True when one waits."""
        with self._arrived:
            return self._arrived.wait_for(lambda: bool(self._arrivals) or self._looking.must_stop(), timeout) and bool(
                self._arrivals
            )

    def next(self) -> Arrival | None:
        """The oldest arrival that is not done; None where none waits."""
        with self._arrived:
            return self._arrivals[0] if self._arrivals else None

    def waiting(self) -> tuple[Arrival, ...]:
        """All arrivals that are not done, oldest first."""
        with self._arrived:
            return tuple(self._arrivals)

    def done(self, arrival: Arrival) -> None:
        """An arrival has its answer."""
        self._files.remember(arrival)
        with self._arrived:
            if arrival in self._arrivals:
                self._arrivals.remove(arrival)
                self._bytes -= len(arrival.encoded or b"")
                self._arrived.notify_all()

    def _look(self) -> None:
        while not self._looking.must_stop():
            for arrival in self._files.arrivals():
                with self._arrived:
                    self._arrivals.append(arrival)
                    self._bytes += len(arrival.encoded or b"")
                    self._arrived.notify_all()
            self._files.wait(self._every_s)
            with self._arrived:
                self._arrived.wait_for(lambda: self._bytes < _MOST_BYTES or self._looking.must_stop())

    def _probe(self) -> None:
        while not self._probing.pause(_PROBE_EVERY_S):
            self._probing_since = time.monotonic()
            try:
                self._probed.check()
                self._probe_problem = ""
            except OSError as error:
                self._probe_problem = self._files.away(error)
            self._probing_since = None
