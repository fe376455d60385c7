"""What becomes of the folder jobs, as signals on the GUI thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gui.worker_bridge import JobSignals

if TYPE_CHECKING:
    from filo_core.events import JobEvent
    from workflows.inspecting.folder_jobs import FolderJob


class FolderJobSignals(JobSignals):
    """An observer of all jobs: ``event_arrived`` carries (number, place, event), ``state_changed`` the job."""

    def folder_event(self, number: int, place: int, event: JobEvent) -> None:
        """Called on the worker's thread."""
        self._put(False, (number, place, event))

    def folder_job_changed(self, job: FolderJob) -> None:
        """Called on any thread."""
        self._put(True, job)
