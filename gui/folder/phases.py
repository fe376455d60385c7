"""How far the job shown on the Folder screen is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from filo_core.events import RunCounts
from workflows.inspecting.folder_jobs import FolderJobState


class RunPhase(StrEnum):
    """How far the run is."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    WATCHING = "watching"
    AWAY = "away"
    """Its folder cannot be looked at; it goes on by itself."""
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_active(self) -> bool:
        """True while a run occupies the screen."""
        return self not in {RunPhase.IDLE, RunPhase.FINISHED, RunPhase.CANCELLED, RunPhase.FAILED}

    @property
    def can_pause(self) -> bool:
        """True while the run could be held."""
        return self in {RunPhase.STARTING, RunPhase.RUNNING, RunPhase.WATCHING, RunPhase.AWAY}


PHASES = {
    FolderJobState.WAITING: RunPhase.STARTING,
    FolderJobState.INTERRUPTED: RunPhase.STARTING,
    FolderJobState.RUNNING: RunPhase.RUNNING,
    FolderJobState.PAUSED: RunPhase.PAUSED,
    FolderJobState.WATCHING: RunPhase.WATCHING,
    FolderJobState.AWAY: RunPhase.AWAY,
    FolderJobState.DONE: RunPhase.FINISHED,
    FolderJobState.CANCELLED: RunPhase.CANCELLED,
    FolderJobState.FAILED: RunPhase.FAILED,
}


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is. ``total`` is None until the folder is listed and the model ready."""

    total: int | None = None
    counts: RunCounts = field(default_factory=RunCounts)
    images_per_second: float | None = None
    seconds_left: float | None = None
    left_out: tuple[str, ...] = ()
    """Names of the files that may be pictures and are not read."""

    @property
    def done(self) -> int:
        """Images dealt with in any way."""
        return self.counts.done
