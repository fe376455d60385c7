"""The folder jobs of this station: what waits, runs, is paused, or has ended."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from gui.folder.wording import job_text
from gui.theme import TOUCH_PX
from gui.widgets.controls import button, set_shown
from gui.widgets.icons import icon
from gui.widgets.keys import on_key
from workflows.inspecting.folder_jobs import FolderJob, FolderJobState

_NUMBER = Qt.ItemDataRole.UserRole
_MOST_ROWS = 3
_ICONS = {
    FolderJobState.WAITING: "next",
    FolderJobState.RUNNING: "play",
    FolderJobState.PAUSED: "pause",
    FolderJobState.WATCHING: "search",
    FolderJobState.AWAY: "warning",
    FolderJobState.INTERRUPTED: "refresh",
    FolderJobState.DONE: "check",
    FolderJobState.CANCELLED: "stop",
    FolderJobState.FAILED: "warning",
}


class JobList(QWidget):
    """Hidden while there is at most one job, which the screen shows anyway. Newest first."""

    chosen = Signal(int)
    """Number of the job that shall be shown."""
    forget_requested = Signal(int)
    """Number of a job that has ended and shall go off the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, FolderJob] = {}
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Folder jobs"))
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.remove = button(self.tr("Remove"), "delete", tip=self.tr("The verdicts of this job stay."))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.list, 1)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)
        self.list.currentItemChanged.connect(self._on_current_changed)
        self.remove.clicked.connect(self._on_remove_clicked)
        on_key(QKeySequence.StandardKey.Delete, self.list, self._on_remove_clicked, alone=True)
        self.hide()

    def set_jobs(self, jobs: Sequence[FolderJob], shown: int) -> None:
        """List ``jobs``, that of number ``shown`` being marked."""
        blocker = QSignalBlocker(self.list)
        if [job.number for job in jobs] != list(self._jobs):
            self.list.clear()
            for job in reversed(jobs):
                item = QListWidgetItem()
                item.setData(_NUMBER, job.number)
                item.setSizeHint(QSize(0, TOUCH_PX - 6))
                self.list.addItem(item)
        self._jobs = {job.number: job for job in jobs}
        for row in range(self.list.count()):
            item = self.list.item(row)
            job = self._jobs[item.data(_NUMBER)]
            if item.text() != job_text(job):
                item.setText(job_text(job))
                item.setIcon(icon(_ICONS[job.state]))
            if job.number == shown:
                self.list.setCurrentItem(item)
        blocker.unblock()
        self.list.setFixedHeight(min(_MOST_ROWS, max(1, len(jobs))) * (TOUCH_PX - 6) + 6)
        self._update_button()
        set_shown(self, len(jobs) > 1)

    @property
    def current(self) -> FolderJob | None:
        """The job that is marked."""
        item = self.list.currentItem()
        return self._jobs.get(item.data(_NUMBER)) if item is not None else None

    @Slot()
    def _on_current_changed(self) -> None:
        self._update_button()
        if self.current is not None:
            self.chosen.emit(self.current.number)

    @Slot()
    def _on_remove_clicked(self) -> None:
        job = self.current
        if job is not None and not job.state.is_open:
            self.forget_requested.emit(job.number)

    def _update_button(self) -> None:
        job = self.current
        self.remove.setEnabled(job is not None and not job.state.is_open)
