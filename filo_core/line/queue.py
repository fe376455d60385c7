"""Jobs for the one worker: what is to be done, how far it is, and which one goes on next."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol

from typing_extensions import TypeVar

from filo_core.errors import FiloError
from filo_core.events import JobEvent

if TYPE_CHECKING:
    from filo_core.engine import Engine

# The default is a name, so that a queue can be used without importing torch.
EngineT = TypeVar("EngineT", default="Engine")


class Priority(IntEnum):
    """Who goes first; lower is sooner."""

    LIVE = 0
    INTERACTIVE = 1
    FOLDER = 2


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """True once nothing will happen to the job any more."""
        return self in {JobState.DONE, JobState.CANCELLED, JobState.FAILED}


class WorkerStoppedError(FiloError):
    """A job was handed to a worker that has been stopped."""


@dataclass(frozen=True, slots=True)
class Job(Generic[EngineT]):
    """Work for the engine's thread. ``steps`` is called there, with the engine, when the job's turn comes first.

    What ``steps`` opens is closed when its iterator is: at its end, at an exception, or when the job is cancelled.
    """

    name: str
    priority: Priority
    steps: Callable[[EngineT], Iterator[JobEvent]]


class JobListener(Protocol):
    """Told about one job, always on the worker's thread. Raising from here fails the job."""

    def job_event(self, handle: JobHandle, event: JobEvent) -> None:
        """The job yielded ``event``."""
        ...

    def job_state_changed(self, handle: JobHandle, state: JobState) -> None:
        """The job is now in ``state``."""
        ...


class Wish(StrEnum):
    """What the job's owner wants of it; the worker grants it between two events."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


class JobHandle:
    """A submitted job. Every method may be called from any thread.

    Cancelling and pausing are wishes: the worker grants them before it asks the job for its next event.
    """

    def __init__(self, job: Job[Any], number: int, listener: JobListener | None, changed: threading.Condition) -> None:
        self._job = job
        self._changed = changed
        self._state = JobState.WAITING
        self._wish = Wish.RUN
        self._error: Exception | None = None
        self._ended = threading.Event()
        # Only the worker's thread touches these.
        self.listener = listener
        self.iterator: Iterator[JobEvent] | None = None
        self.last_turn = number

    def __repr__(self) -> str:
        return f"JobHandle({self._job.name!r}, {self._state})"

    @property
    def job(self) -> Job[Any]:
        """What was submitted."""
        return self._job

    @property
    def state(self) -> JobState:
        """How far the job is."""
        return self._state

    @property
    def error(self) -> Exception | None:
        """Why the job failed; None unless it did."""
        return self._error

    @property
    def wish(self) -> Wish:
        """What the job's owner wants of it."""
        return self._wish

    def cancel(self) -> None:
        """End the job between two events; what it has open is closed. Nothing happens to one that has ended."""
        self._want(Wish.CANCEL)

    def pause(self) -> None:
        """Hold the job between two events until :meth:`resume`; others go on meanwhile."""
        self._want(Wish.PAUSE)

    def resume(self) -> None:
        """Go on with a paused job."""
        self._want(Wish.RUN)

    def wait(self, timeout: float | None = None) -> JobState:
        """Wait until the job has ended and its listener has been told, at most ``timeout`` seconds; its state then."""
        self._ended.wait(timeout)
        return self._state

    def move_to(self, state: JobState, error: Exception | None = None) -> None:
        """Take over a new state. For the worker only."""
        with self._changed:
            self._state = state
            self._error = error

    def release_waiting(self) -> None:
        """Let everybody go on who waits for the end. For the worker only, after the listener was told."""
        self._ended.set()

    def close_iterator(self) -> None:
        """Close what the job has open. For the worker only.

        Raises:
            Exception: whatever the job raises while it closes.
        """
        iterator, self.iterator = self.iterator, None
        if isinstance(iterator, Generator):
            iterator.close()

    def _want(self, wish: Wish) -> None:
        with self._changed:
            if self._wish is not Wish.CANCEL:
                self._wish = wish
            self._changed.notify_all()


class JobQueue:
    """Unfinished jobs in the order they came, and whose turn it is.

    The highest priority goes first, and within it the job that came first. After ``fairness`` events in a row from
    jobs of higher priority, the lower job that has waited longest gets one.
    """

    def __init__(self, changed: threading.Condition, fairness: int) -> None:
        self._changed = changed
        self._fairness = fairness
        self._handles: list[JobHandle] = []
        self._numbers = itertools.count()
        self._favoured = 0

    def add(self, job: Job[Any], listener: JobListener | None) -> JobHandle:
        """Append a job, and wake the worker."""
        with self._changed:
            handle = JobHandle(job, next(self._numbers), listener, self._changed)
            self._handles.append(handle)
            self._changed.notify_all()
        return handle

    def remove(self, handle: JobHandle) -> None:
        """Forget a job that has ended."""
        with self._changed:
            self._handles.remove(handle)

    def unfinished(self) -> tuple[JobHandle, ...]:
        """Jobs that have not ended, in the order they came."""
        with self._changed:
            return tuple(self._handles)

    def wishes(self) -> tuple[JobHandle, ...]:
        """Jobs whose state does not agree with what their owner wants."""
        return tuple(
            handle
            for handle in self.unfinished()
            if handle.wish is Wish.CANCEL or (handle.wish is Wish.PAUSE) != (handle.state is JobState.PAUSED)
        )

    def next_turn(self) -> JobHandle | None:
        """The job whose turn it is, None when none can run."""
        runnable = [handle for handle in self.unfinished() if handle.state is not JobState.PAUSED]
        if not runnable:
            return None
        first = min(runnable, key=lambda handle: handle.job.priority)
        lower = [handle for handle in runnable if handle.job.priority > first.job.priority]
        if lower and self._favoured >= self._fairness:
            return min(lower, key=lambda handle: handle.last_turn)
        return first

    def took_turn(self, handle: JobHandle) -> None:
        """Count an event of ``handle`` for fairness."""
        handle.last_turn = next(self._numbers)
        waiting = [other for other in self.unfinished() if other.state is not JobState.PAUSED and other is not handle]
        favoured = any(other.job.priority > handle.job.priority for other in waiting)
        made_way = any(other.job.priority < handle.job.priority for other in waiting)
        self._favoured = self._favoured + 1 if favoured and not made_way else 0
