"""Whether an alarm of the record stands, for those who must not wait for the disk."""

from __future__ import annotations

from collections.abc import Callable

from filo_core.line.sinks.base import Seal
from filo_core.loops import Loop

_LOOK_EVERY_S = 1.0


class AlarmWatch:
    """Asks for the seal again and again, and remembers its alarm.

    Args:
        seal: the seal as it is now; asks the disk.
    """

    def __init__(self, seal: Callable[[], Seal]) -> None:
        self._seal = seal
        self._stands = False
        self._loop = Loop("filo-alarms", self._watch, "looks for alarms of the record")

    @property
    def problem(self) -> str:
        """That it has died and is started again, as a sentence; empty when all is well."""
        return self._loop.problem

    def stands(self) -> bool:
        """Whether one stood when it was last looked at, a second ago at most; never waits."""
        return self._stands

    def start(self) -> None:
        """Begin to look."""
        self._loop.start()

    def stop(self) -> None:
        """Look no more."""
        self._loop.stop()

    def _watch(self) -> None:
        self._stands = bool(self._seal().alarm)
        while not self._loop.pause(_LOOK_EVERY_S):
            self._stands = bool(self._seal().alarm)
