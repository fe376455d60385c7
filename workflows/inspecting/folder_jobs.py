"""The folder jobs of this station, as they are kept: what is to be inspected, and how far that is.

Kept in a file beside the database and not in it: a plant's database serves many stations, and a folder's path means
nothing on any other.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import TypeAdapter, ValidationError

from filo_core.errors import StorageError
from filo_core.whole_files import write_private

if TYPE_CHECKING:
    from filo_core.events import JobEvent

logger = logging.getLogger(__name__)

FILE_NAME = "folder_jobs.json"


class FolderJobState(StrEnum):
    """How far a folder job is. ``INTERRUPTED``: the program ended before it, and it goes on by itself."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    WATCHING = "watching"
    """Everything there is was judged; the next file is waited for."""
    AWAY = "away"
    """The watched folder cannot be looked at, as ``problem`` says; it goes on by itself when it can."""
    INTERRUPTED = "interrupted"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """True while there is something left to do."""
        return self not in {FolderJobState.DONE, FolderJobState.CANCELLED, FolderJobState.FAILED}


@dataclass(frozen=True, slots=True)
class FolderJob:
    """One folder under one product's recipe in force."""

    number: int
    product: str
    folder: Path
    state: FolderJobState
    added_at: datetime
    """UTC."""
    watch: bool = False
    """Whether it goes on with every file that comes."""
    done: int = 0
    """Images dealt with in any way."""
    total: int | None = None
    """None until the folder is listed."""
    left_out: tuple[str, ...] = ()
    """Names of the files of the folder that may be pictures and are not read."""
    problem: str = ""
    """Why it failed, or cannot go on now, as a sentence."""
    details: str = ""
    """Technical details of that; empty where the sentence says it all."""


def job_name(product: str, folder: Path | str) -> str:
    """What the record calls the inspection of a folder."""
    return f"{product}: {folder}"


class FolderJobObserver(Protocol):
    """Told about every job, from any thread, in the order in which it happens."""

    def folder_event(self, number: int, place: int, event: JobEvent) -> None:
        """Job ``number`` yielded ``event``, its ``place``-th since the program's start."""
        ...

    def folder_job_changed(self, job: FolderJob) -> None:
        """A job has another state."""
        ...


_JOBS = TypeAdapter(tuple[FolderJob, ...])


class FolderJobFile:
    """Whole or not at all: written beside, flushed to the disk, and put in place."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> tuple[FolderJob, ...]:
        """The jobs as the last program left them.

        Raises:
            StorageError: if the file cannot be read, or is damaged.
        """
        try:
            return _JOBS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except ValidationError as error:
            raise StorageError(
                "{path} is damaged, so the folder jobs in it are not known. Delete it; no verdict is lost.",
                path=self._path,
            ) from error
        except OSError as error:
            raise StorageError(
                "{path} cannot be read: {strerror}. Ask for permission to read it.",
                path=self._path,
                strerror=error.strerror or error,
            ) from error

    def write(self, jobs: tuple[FolderJob, ...]) -> None:
        """Keep ``jobs``.

        Raises:
            StorageError: if they cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(self._path, _JOBS.dump_json(jobs, indent=1))
        except OSError as error:
            raise StorageError(
                "{path} cannot be written: {strerror}. Free some space, then try again.",
                path=self._path,
                strerror=error.strerror or error,
            ) from error


class FolderJobKeeper:
    """Writes the newest list on a thread of its own: nobody waits for the disk, and nothing is written twice."""

    def __init__(self, file: FolderJobFile) -> None:
        self.file = file
        self.problem = ""
        """Why the jobs cannot be kept, as a sentence; empty when they are."""
        self._lock = threading.Lock()
        self._newest: tuple[FolderJob, ...] | None = None
        self._closed = False
        self._writing = ThreadPoolExecutor(1, "filo-folder-jobs")

    def keep(self, jobs: tuple[FolderJob, ...]) -> None:
        """Have ``jobs`` written soon."""
        with self._lock:
            asked, self._newest = self._newest is not None, jobs
            if not asked and not self._closed:
                self._writing.submit(self._write)

    def close(self) -> None:
        """Wait until everything is written; nothing is kept any more."""
        with self._lock:
            self._closed = True
        self._writing.shutdown()

    def _write(self) -> None:
        with self._lock:
            jobs, self._newest = self._newest, None
        if jobs is None:
            return
        try:
            self.file.write(jobs)
        except StorageError as error:
            # The verdicts are in the record; only going on by itself is at stake.
            self.problem = str(error)
            logger.warning("%s", error)
        else:
            self.problem = ""
