"""The one thread that owns the engine, and advances every job on it one event at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from enum import StrEnum
from typing import Generic

from filo_core.errors import FiloError
from filo_core.line.queue import EngineT, Job, JobHandle, JobListener, JobQueue, JobState, Wish, WorkerStoppedError
from filo_core.loops import Loop
from filo_core.sentence import Sentence

logger = logging.getLogger(__name__)


class EngineState(StrEnum):
    """Whether the model can be used yet."""

    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class EngineBusyError(FiloError):
    """The engine cannot be changed while jobs that began with it have not ended."""


class Worker(Generic[EngineT]):
    """Runs jobs on the one thread that makes and owns the engine.

    Jobs may be submitted before the engine is ready. If it cannot be made, they and all later ones fail with that
    error. An exception in a job fails that job alone. One that ends the whole thread cancels every job, and the
    engine is made anew.

    Args:
        make_engine: called on the worker's thread; once, unless the engine is changed.
        on_engine: told on the worker's thread how the engine is, with the sentence that says why it failed.
        fairness: after so many events of higher priority a waiting job of lower priority gets one.
    """

    def __init__(
        self,
        make_engine: Callable[[], EngineT],
        on_engine: Callable[[EngineState, str], None] | None = None,
        fairness: int = 8,
    ) -> None:
        self._make_engine = make_engine
        self._on_engine = on_engine
        self._changed = threading.Condition()
        self._queue = JobQueue(self._changed, fairness)
        self._engine: EngineT | None = None
        self._engine_error: Exception | None = None
        self._stopping = False
        self._must_load = True
        self._loop = Loop("filo-worker", self._run, "runs the model", self._after_death)

    @property
    def engine(self) -> EngineT | None:
        """The engine once it is ready, to read its properties; compute with it in jobs only."""
        return self._engine

    @property
    def problem(self) -> str:
        """That its thread has died and is started again, as a sentence; empty when all is well."""
        return self._loop.problem

    @property
    def engine_problem(self) -> str:
        """Why the engine could not be made, as a sentence; empty unless it failed."""
        return "" if self._engine_error is None else _sentence(self._engine_error)

    def start(self) -> None:
        """Start the thread, and make the engine on it."""
        self._loop.start()

    def submit(self, job: Job[EngineT], listener: JobListener | None = None) -> JobHandle:
        """Queue a job; ``listener`` is told on the worker's thread.

        Raises:
            WorkerStoppedError: after :meth:`stop`.
        """
        with self._changed:
            if self._stopping:
                raise WorkerStoppedError(
                    "{name!r} cannot start: the program is closing. Start it again.", name=job.name
                )
            return self._queue.add(job, listener)

    def change_engine(self, make_engine: Callable[[], EngineT]) -> None:
        """Make another engine in place of the one there is; jobs submitted from now on wait for it.

        Raises:
            EngineBusyError: while a job has not ended.
            WorkerStoppedError: after :meth:`stop`.
        """
        with self._changed:
            if self._stopping:
                raise WorkerStoppedError("The model cannot be changed: the program is closing. Start it again.")
            unfinished = self._queue.unfinished()
            if unfinished:
                name = unfinished[0].job.name
                raise EngineBusyError(
                    "{name!r} has not ended. Wait for it or cancel it, then change the model.", name=name
                )
            self._make_engine = make_engine
            self._must_load = True
            self._changed.notify_all()

    def stop(self, timeout: float = 10.0) -> bool:
        """Cancel every job between two events and end the thread; True when it has ended within ``timeout``."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        ended = self._loop.stop(timeout)
        if ended:
            # What was never begun, or was left by a thread that died.
            self._cancel_all()
        return ended

    def _run(self) -> None:
        while not self._stopping:
            if self._must_load:
                self._load_engine()
                continue
            self._grant_wishes()
            handle = self._queue.next_turn()
            if handle is None:
                self._wait_for_work()
            elif self._engine_error is not None:
                self._end(handle, JobState.FAILED, self._engine_error)
            else:
                self._advance(handle)
        self._cancel_all()
        self._engine = None

    def _after_death(self, _: str) -> None:
        """Nobody may wait for ever for a job that went with the thread, nor trust the model it was left with."""
        self._must_load = True
        self._cancel_all()
        self._engine = None

    def _load_engine(self) -> None:
        self._must_load = False
        # Before the next one: two models at once may be more than the memory holds.
        self._engine, self._engine_error = None, None
        self._report_engine(EngineState.LOADING)
        try:
            self._engine = self._make_engine()
        except Exception as error:
            # Whatever a driver or a damaged file leads to must reach the screen.
            self._engine_error = error
            logger.error("the engine could not be made", exc_info=error)
            self._report_engine(EngineState.FAILED)
        else:
            self._report_engine(EngineState.READY)

    def _report_engine(self, state: EngineState) -> None:
        if self._on_engine is None:
            return
        try:
            self._on_engine(state, self.engine_problem)
        except Exception:
            # A window that is already gone must not take the worker with it.
            logger.exception("whoever watches the engine failed")

    def _wait_for_work(self) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._stopping
                    or self._must_load
                    or bool(self._queue.wishes())
                    or self._queue.next_turn() is not None
                )
            )

    def _grant_wishes(self) -> None:
        for handle in self._queue.wishes():
            if handle.wish is Wish.CANCEL:
                self._end(handle, JobState.CANCELLED)
                continue
            resumed = JobState.WAITING if handle.iterator is None else JobState.RUNNING
            try:
                self._change_state(handle, JobState.PAUSED if handle.wish is Wish.PAUSE else resumed)
            except Exception as error:  # noqa: BLE001 a listener may raise anything; its job must fail alone
                self._end(handle, JobState.FAILED, error)

    def _advance(self, handle: JobHandle) -> None:
        assert self._engine is not None, "jobs run only once the engine is there"
        try:
            if handle.iterator is None:
                self._change_state(handle, JobState.RUNNING)
                handle.iterator = iter(handle.job.steps(self._engine))
            event = next(handle.iterator, None)
            if event is not None:
                self._queue.took_turn(handle)
                if handle.listener is not None:
                    handle.listener.job_event(handle, event)
        except Exception as error:  # noqa: BLE001 a job may raise anything, and must fail alone
            self._end(handle, JobState.FAILED, error)
        else:
            if event is None:
                self._end(handle, JobState.DONE)

    def _change_state(self, handle: JobHandle, state: JobState) -> None:
        handle.move_to(state)
        if handle.listener is not None:
            handle.listener.job_state_changed(handle, state)

    def _cancel_all(self) -> None:
        for handle in self._queue.unfinished():
            self._end(handle, JobState.CANCELLED)

    def _end(self, handle: JobHandle, state: JobState, error: Exception | None = None) -> None:
        try:
            handle.close_iterator()
        except Exception as closing_error:  # noqa: BLE001 the same: it must fail alone
            state, error = JobState.FAILED, error or closing_error
        if error is not None and not isinstance(error, FiloError):
            logger.error("job %r failed", handle.job.name, exc_info=error)
        self._queue.remove(handle)
        handle.move_to(state, error)
        try:
            if handle.listener is not None:
                handle.listener.job_state_changed(handle, state)
        except Exception:
            logger.exception("the listener of job %r failed", handle.job.name)
        handle.release_waiting()


def _sentence(error: Exception) -> str:
    if isinstance(error, FiloError):
        return error.sentence
    return Sentence(
        "The model could not be loaded ({kind}: {error}). Run 'doctor', or install it again.",
        kind=type(error).__name__,
        error=error,
    )
