"""Says on every output within a second that the line is not ready, and that it is again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from filo_core.line.sinks.base import Readiness
from filo_core.loops import Loop

_LOOK_EVERY_S = 0.1


class ReadinessWatch:
    """Looks whether a part would be judged now, and tells each change; a line that is ready at first tells nothing.

    Args:
        problem: why a part would get no verdict, as a sentence; empty when it would. Never waits.
        tell: told of every change.
    """

    def __init__(self, problem: Callable[[], str], tell: Callable[[Readiness], None]) -> None:
        self._ask = problem
        self._tell = tell
        self._said = ""
        self._loop = Loop("filo-readiness", self._watch, "says whether the line is ready")

    @property
    def problem(self) -> str:
        """That it has died and is started again, as a sentence; empty when all is well."""
        return self._loop.problem

    def start(self) -> None:
        """Begin to look."""
        self._said = ""
        self._loop.start()

    def stop(self) -> None:
        """Look no more."""
        self._loop.stop()

    def _watch(self) -> None:
        while not self._loop.pause(_LOOK_EVERY_S):
            problem = self._ask()
            if problem != self._said:
                self._tell(Readiness(problem, datetime.now(UTC)))
                self._said = problem
