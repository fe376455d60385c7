"""Runs the folder jobs of this station; they outlive the program, a power cut included."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from filo_core.errors import FiloError, StorageError
from filo_core.events import ImageInspected, ImageSkipped, JobEvent, RunStarted
from filo_core.line.part_collecting import PART_WAIT_S, PartCollector
from filo_core.line.part_files import PartFiles
from filo_core.line.queue import JobState, Wish
from filo_core.line.watched_folder import WatchedFolder
from filo_core.line.watching.marks import Arrival
from filo_core.loops import Loop
from workflows.inspecting.folder_jobs import (
    FolderJob,
    FolderJobFile,
    FolderJobKeeper,
    FolderJobObserver,
    FolderJobState,
)

if TYPE_CHECKING:
    from filo_core.line.part_files import PictureFile
    from filo_core.line.queue import JobHandle, JobListener

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.3
_KEEP_PROGRESS_EVERY_S = 2.0
_REMEMBERED = 20
"""Jobs that have ended and are still listed."""
_NO_MAP = np.zeros((0, 0), np.float32)
_LONGEST_STOP_S = 5.0
"""For a watch to end; a share that hangs holds its thread longer, and nobody else."""
_RAN = frozenset({FolderJobState.RUNNING, FolderJobState.WATCHING, FolderJobState.AWAY})
_STATES = {
    JobState.WAITING: FolderJobState.WAITING,
    JobState.RUNNING: FolderJobState.RUNNING,
    JobState.PAUSED: FolderJobState.PAUSED,
    JobState.DONE: FolderJobState.DONE,
    JobState.CANCELLED: FolderJobState.CANCELLED,
    JobState.FAILED: FolderJobState.FAILED,
}


class InspectsFolders(Protocol):
    """What the jobs are handed to."""

    def inspect_folder(
        self,
        name: str,
        folder: Path,
        listener: JobListener | None = None,
        only: Sequence[PictureFile | PartFiles] | None = None,
    ) -> JobHandle:
        """Inspect a folder, or only some files or parts of it."""
        ...


class FolderJobs:
    """The list and what runs of it. Every method may be called from any thread.

    The worker takes them in their order. What was judged before is skipped by its content, so a job that is taken
    up again goes on where it ended.

    Args:
        inspector: runs them.
        file: keeps them.
        suffixes: what the files of each view of a product end in, by the view's name; none for one of one picture.
        part_wait_s: how long a watched folder waits for the picture of a view of a part.
    """

    def __init__(
        self,
        inspector: InspectsFolders,
        file: FolderJobFile,
        suffixes: Callable[[str], Mapping[str, str]] = lambda _: {},
        part_wait_s: float = PART_WAIT_S,
    ) -> None:
        self._inspector = inspector
        self._suffixes = suffixes
        self._part_wait_s = part_wait_s
        self._collectors: dict[int, PartCollector] = {}
        self._late: dict[int, tuple[str, ...]] = {}
        self._keeper = FolderJobKeeper(file)
        self._lock = threading.RLock()
        self._jobs: dict[int, FolderJob] = {}
        self._handles: dict[int, JobHandle] = {}
        self._events: dict[int, list[JobEvent]] = {}
        self._watched: dict[int, WatchedFolder] = {}
        self._in_work: dict[int, tuple[Arrival, ...]] = {}
        self._observers: list[FolderJobObserver] = []
        self._submitting = ThreadPoolExecutor(1, "filo-folder-submit")
        self._ending = ThreadPoolExecutor(1, "filo-folder-end")
        self._stopping = threading.Event()
        self._kept_at = 0.0
        self._watching = Loop("filo-folder-watch", self._watch, "watches folders")
        self._damaged = ""

    # The list --------------------------------------------------------------------------------------------------

    @property
    def jobs(self) -> tuple[FolderJob, ...]:
        """All jobs, in the order they were added."""
        with self._lock:
            return tuple(self._jobs.values())

    @property
    def problem(self) -> str:
        """Why the jobs cannot be kept, as a sentence; empty when they are."""
        return self._watching.problem or self._keeper.problem or self._damaged

    def job(self, number: int) -> FolderJob | None:
        """One job; None where it is not listed any more."""
        with self._lock:
            return self._jobs.get(number)

    def events(self, number: int) -> tuple[JobEvent, ...]:
        """What a job has yielded since the program's start, without pictures and maps."""
        with self._lock:
            return tuple(self._events.get(number, ()))

    def observe(self, observer: FolderJobObserver) -> None:
        """Tell ``observer`` what happens from now on."""
        with self._lock:
            self._observers.append(observer)

    def forget_observer(self, observer: FolderJobObserver) -> None:
        """Tell ``observer`` nothing any more."""
        with self._lock:
            self._observers = [one for one in self._observers if one is not observer]

    # Wishes ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Take up what the last program left: what ran is interrupted and goes on, what was paused stays so."""
        try:
            kept = self._keeper.file.read()
        except StorageError as error:
            self._damaged = str(error)
            logger.warning("%s", error)
            kept = ()
        with self._lock:
            for job in kept:
                interrupted = replace(job, state=FolderJobState.INTERRUPTED)
                self._jobs[job.number] = interrupted if job.state in _RAN else job
        self._watching.start()
        for job in self.jobs:
            if job.state in {FolderJobState.INTERRUPTED, FolderJobState.WAITING}:
                self._begin(job.number)

    def add(self, product: str, folder: Path, *, watch: bool = False) -> FolderJob:
        """Inspect a folder; the same one under the same product goes on where it is still open."""
        with self._lock:
            same = [job for job in self._jobs.values() if (job.product, job.folder) == (product, folder)]
            still = next((job for job in same if job.state.is_open), None)
            if still is None:
                for job in same:
                    self._drop(job.number)
                number = max(self._jobs, default=0) + 1
                job = FolderJob(number, product, folder, FolderJobState.WAITING, datetime.now(UTC), watch)
                self._jobs[number] = job
                self._events[number] = []
                self._forget_oldest()
                self._keep()
                self._tell(job)
        if still is not None:
            self.resume(still.number)
            return still
        self._begin(job.number)
        return job

    def pause(self, number: int) -> None:
        """Hold a job after the image in work; over the program's end as well."""
        with self._lock:
            handle, job = self._handles.get(number), self._jobs.get(number)
            if handle is not None:
                handle.pause()
            elif job is not None and job.state.is_open:
                self._end_watch(number)
                self._change(number, FolderJobState.PAUSED)

    def resume(self, number: int) -> None:
        """Go on with a paused job."""
        with self._lock:
            handle, job = self._handles.get(number), self._jobs.get(number)
        if handle is not None:
            handle.resume()
        elif job is not None and job.state is FolderJobState.PAUSED:
            self._change(number, FolderJobState.WAITING)
            self._begin(number)

    def cancel(self, number: int) -> None:
        """End a job after the image in work. Every verdict so far is kept."""
        with self._lock:
            handle, job = self._handles.get(number), self._jobs.get(number)
            self._end_watch(number)
            if handle is not None:
                handle.cancel()
            elif job is not None and job.state.is_open:
                self._change(number, FolderJobState.CANCELLED)

    def forget(self, number: int) -> None:
        """Take a job that has ended off the list."""
        with self._lock:
            job = self._jobs.get(number)
            if job is not None and not job.state.is_open:
                self._drop(number)
                self._keep()
                self._tell(job)

    def close(self) -> None:
        """Keep what is open for the next start. Called before the worker is stopped."""
        self._stopping.set()
        self._submitting.shutdown(cancel_futures=True)
        self._watching.stop()
        with self._lock:
            watched = tuple(self._watched.values())
            self._watched.clear()
        for one in watched:
            one.ask_to_stop()
        for one in watched:
            one.stop(_LONGEST_STOP_S)
        self._ending.shutdown()
        with self._lock:
            for number, job in self._jobs.items():
                if job.state in _RAN:
                    self._jobs[number] = replace(job, state=FolderJobState.INTERRUPTED)
            self._keep()
        self._keeper.close()

    # Running ---------------------------------------------------------------------------------------------------

    def _begin(self, number: int) -> None:
        job = self.job(number)
        if job is None or self._stopping.is_set():
            return
        if job.watch:
            with self._lock:
                self._end_watch(number)
                watched = self._watched[number] = WatchedFolder(job.folder)
                watched.start()
            return
        with self._lock:
            # It is run anew, and what was judged before comes as skipped.
            self._events[number] = []
            self._jobs[number] = replace(job, done=0, total=None, left_out=(), problem="", details="")
        # Listing a folder on a network drive can take seconds.
        self._submitting.submit(self._submit, number, None)

    def _end_watch(self, number: int) -> None:
        """Watch no more; called under the lock, so it does not wait for a share that hangs."""
        self._in_work.pop(number, None)
        self._collectors.pop(number, None)
        self._late.pop(number, None)
        watched = self._watched.pop(number, None)
        if watched is not None:
            watched.ask_to_stop()
            with suppress(RuntimeError):
                self._ending.submit(watched.stop, _LONGEST_STOP_S)

    def _submit(self, number: int, only: Sequence[PictureFile | PartFiles] | None) -> None:
        job = self.job(number)
        if job is None or not job.state.is_open or job.state is FolderJobState.PAUSED or self._stopping.is_set():
            return
        try:
            handle = self._inspector.inspect_folder(job.product, job.folder, _Relay(self, number), only)
        except Exception as error:  # noqa: BLE001 - whatever a file system raises belongs to this job alone
            self._fail(number, error)
            return
        with self._lock:
            if not handle.state.is_final:
                self._handles[number] = handle
            # What was wished while the folder was being listed.
            now = self._jobs.get(number)
            if now is None or not now.state.is_open or self._stopping.is_set():
                handle.cancel()
            elif now.state is FolderJobState.PAUSED:
                handle.pause()

    def _watch(self) -> None:
        while not self._watching.pause(_LOOK_EVERY_S):
            with self._lock:
                idle = [(number, watch) for number, watch in self._watched.items() if number not in self._handles]
            for number, watched in idle:
                self._say_left_out(number, (*watched.left_out, *self._late.get(number, ())))
                fresh = watched.waiting()
                only = self._come_together(number, watched, fresh) if fresh else ()
                if only is None:
                    continue
                with self._lock:
                    if self._watched.get(number) is not watched:
                        # Paused or cancelled meanwhile.
                        continue
                    self._in_work[number] = _arrivals(only)
                if only:
                    self._submit(number, only)
                else:
                    self._say_watching(number, watched.problem)

    def _come_together(
        self, number: int, watched: WatchedFolder, fresh: tuple[Arrival, ...]
    ) -> Sequence[PictureFile | PartFiles] | None:
        """Files as they are, or the parts that they are all there of; None where the job has failed."""
        job = self.job(number)
        if job is None:
            return None
        try:
            suffixes = self._suffixes(job.product)
            collector = self._collectors.get(number)
            if not suffixes:
                return fresh
            if collector is None or collector.suffixes != suffixes:
                collector = PartCollector(suffixes, job.folder, self._part_wait_s)
                self._collectors[number] = collector
        except Exception as error:  # noqa: BLE001 - whatever a database raises belongs to this job alone
            self._fail(number, error)
            return None
        collected = collector.collect(fresh)
        for arrival in (*collected.late, *collected.replaced):
            watched.done(arrival)
        if collected.late:
            self._late[number] = (*self._late.get(number, ()), *(arrival.name for arrival in collected.late))
        return collected.parts

    def _say_left_out(self, number: int, left_out: tuple[str, ...]) -> None:
        with self._lock:
            job = self._jobs.get(number)
            if job is not None and job.left_out != left_out:
                self._jobs[number] = replace(job, left_out=left_out)
                self._change(number, job.state)

    def _say_watching(self, number: int, problem: str) -> None:
        state = FolderJobState.AWAY if problem else FolderJobState.WATCHING
        with self._lock:
            # Asked under the lock: it may have been paused or cancelled while its folder was looked at.
            job = self._jobs[number] if number in self._watched else None
            if job is not None and (job.state, job.problem) != (state, problem):
                self._jobs[number] = replace(job, problem=problem)
                self._change(number, state)

    def take_event(self, number: int, event: JobEvent) -> None:
        """A job has yielded an event; on the worker's thread."""
        light = _light(event)
        with self._lock:
            job = self._jobs.get(number)
            if job is None:
                return
            place = len(self._events.setdefault(number, []))
            self._events[number].append(light)
            if isinstance(event, RunStarted):
                left_out = job.left_out if job.watch else event.left_out
                self._jobs[number] = replace(job, total=job.done + event.total, left_out=left_out)
            elif isinstance(event, ImageInspected | ImageSkipped):
                self._jobs[number] = replace(job, done=job.done + 1)
            if time.monotonic() - self._kept_at > _KEEP_PROGRESS_EVERY_S:
                self._keep()
            for observer in self._observers:
                observer.folder_event(number, place, event)

    def take_state(self, number: int, handle: JobHandle, state: JobState) -> None:
        """A job's handle is in another state; on the worker's thread."""
        with self._lock:
            if self._stopping.is_set():
                # The worker cancels everything at its end; the job itself goes on at the next start.
                return
            if state.is_final:
                self._handles.pop(number, None)
            job = self._jobs.get(number)
            if job is None or not job.state.is_open:
                return
            if state is JobState.FAILED and handle.error is not None:
                self._fail(number, handle.error)
            elif number in self._watched and (state is JobState.DONE or _was_not_wished(handle, state)):
                if state is JobState.DONE:
                    for arrival in self._in_work.pop(number, ()):
                        self._watched[number].done(arrival)
                self._change(number, FolderJobState.WATCHING)
            else:
                self._change(number, _STATES[state])

    def _fail(self, number: int, error: Exception) -> None:
        known = isinstance(error, FiloError)
        details = "" if known else "".join(traceback.format_exception(error)).strip()
        with self._lock:
            self._end_watch(number)
            job = self._jobs.get(number)
            if job is not None:
                self._jobs[number] = replace(job, problem=str(error) if known else "", details=details)
                self._change(number, FolderJobState.FAILED)

    def _change(self, number: int, state: FolderJobState) -> None:
        with self._lock:
            job = self._jobs.get(number)
            if job is not None:
                self._jobs[number] = job = replace(job, state=state)
                self._keep()
                self._tell(job)

    def _tell(self, job: FolderJob) -> None:
        for observer in self._observers:
            observer.folder_job_changed(job)

    def _drop(self, number: int) -> None:
        del self._jobs[number]
        self._events.pop(number, None)

    def _forget_oldest(self) -> None:
        ended = [number for number, job in self._jobs.items() if not job.state.is_open]
        for number in ended[:-_REMEMBERED]:
            self._drop(number)

    def _keep(self) -> None:
        self._kept_at = time.monotonic()
        self._keeper.keep(tuple(self._jobs.values()))


class _Relay:
    def __init__(self, jobs: FolderJobs, number: int) -> None:
        self._jobs = jobs
        self._number = number

    def job_event(self, handle: JobHandle, event: JobEvent) -> None:  # noqa: ARG002 - the listener's signature
        self._jobs.take_event(self._number, event)

    def job_state_changed(self, handle: JobHandle, state: JobState) -> None:
        self._jobs.take_state(self._number, handle, state)


def _arrivals(only: Sequence[PictureFile | PartFiles]) -> tuple[Arrival, ...]:
    found: list[Arrival] = []
    for one in only:
        found += one.arrivals if isinstance(one, PartFiles) else [one] if isinstance(one, Arrival) else []
    return tuple(found)


def _was_not_wished(handle: JobHandle, state: JobState) -> bool:
    """Whether a job was ended by the death of the worker's thread: what it had is to be judged again."""
    return state is JobState.CANCELLED and handle.wish is not Wish.CANCEL


def _light(event: JobEvent) -> JobEvent:
    """The event without picture and map: a folder of many thousands is remembered."""
    if not isinstance(event, ImageInspected):
        return event
    inspection = event.inspection
    prediction = inspection.prediction
    bare = None if prediction is None else replace(prediction, anomaly_map=_NO_MAP)
    return replace(event, inspection=replace(inspection, image=None, prediction=bare))
