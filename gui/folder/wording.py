"""What the Folder screen says about a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from filo_core.printable import printable_name
from gui import wording
from gui.folder.phases import RunPhase
from gui.state import ModelState
from workflows.inspecting.folder_jobs import FolderJob, FolderJobState

if TYPE_CHECKING:
    from gui.folder.phases import RunProgress


def start_text(resumes: bool, is_active: bool = False) -> str:
    """What the start button says: while a job is worked on, another one is put behind it."""
    if is_active:
        return _tr("Add to the list")
    return _tr("Resume") if resumes else _tr("Start")


def progress_text(phase: RunPhase, progress: RunProgress, model: ModelState) -> str:
    """One line under the progress bar."""
    match phase:
        case RunPhase.IDLE:
            text = _tr("Images that were judged before under the same recipe are skipped, so a run can always go on.")
        case RunPhase.STARTING if model is ModelState.LOADING:
            text = _tr("Waiting for the model to be loaded…")
        case RunPhase.STARTING:
            text = _tr("Getting the references ready…")
        case RunPhase.WATCHING:
            text = _tr("Watching the folder: %1. The next file is judged once it is written.").replace(
                "%1", _numbers(progress)
            )
        case RunPhase.AWAY:
            text = _tr("NOT WATCHED: the folder is away, and nothing in it is judged. It goes on by itself.")
        case RunPhase.FINISHED:
            text = _tr("Finished: %1").replace("%1", _numbers(progress))
        case RunPhase.CANCELLED:
            text = _tr("Cancelled: %1. Start again to go on from here.").replace("%1", _numbers(progress))
        case RunPhase.FAILED:
            text = _tr("The run ended early: %1").replace("%1", _numbers(progress))
        case _:
            parts = (_state_word(phase), _numbers(progress), *_time(progress))
            text = "  ·  ".join(part for part in parts if part)
    return text


def job_text(job: FolderJob) -> str:
    """One line of the list of jobs."""
    numbers = f"  {job.done} / {job.total}" if job.total is not None else ""
    numbers += f", {left_out_count(len(job.left_out))}" if job.left_out else ""
    return f"{job_state_word(job.state)}{numbers}  ·  {job.product}  ·  {printable_name(str(job.folder))}"


def job_state_word(state: FolderJobState) -> str:
    """How far a job is, in a word."""
    words = {
        FolderJobState.WAITING: _tr("waiting"),
        FolderJobState.RUNNING: _tr("running"),
        FolderJobState.PAUSED: _tr("paused"),
        FolderJobState.WATCHING: _tr("watching"),
        FolderJobState.AWAY: _tr("NOT WATCHED: away"),
        FolderJobState.INTERRUPTED: _tr("interrupted, will continue"),
        FolderJobState.DONE: _tr("done"),
        FolderJobState.CANCELLED: _tr("cancelled"),
        FolderJobState.FAILED: _tr("failed"),
    }
    return words[state]


def _state_word(phase: RunPhase) -> str:
    if phase is RunPhase.PAUSED:
        return _tr("Paused")
    return _tr("Stopping after this image") if phase is RunPhase.CANCELLING else ""


def _numbers(progress: RunProgress) -> str:
    if progress.total is None:
        return _tr("no image judged")
    text = (
        _tr("%1 of %2 images")
        .replace("%1", wording.number(progress.done))
        .replace("%2", wording.number(progress.total))
    )
    if progress.counts.skipped:
        text += ", " + _tr("%1 of them judged before").replace("%1", wording.number(progress.counts.skipped))
    if progress.left_out:
        text += ", " + left_out_count(len(progress.left_out))
    return text


def left_out_count(count: int) -> str:
    """How many files were not looked at."""
    text = _tr("1 file left out") if count == 1 else _tr("%1 files left out")
    return text.replace("%1", wording.number(count))


def left_out_text(name: str) -> str:
    """Why one file was not looked at, as a sentence."""
    return _tr("%1: left out, since its extension is not read. Save it as PNG or TIFF.").replace("%1", name)


def problems_text(not_inspected: int, left_out: int) -> str:
    """Heading of the list of what has no verdict of the model."""
    text = _tr("1 image was not inspected") if not_inspected == 1 else _tr("%1 images were not inspected")
    parts = [text.replace("%1", wording.number(not_inspected))] if not_inspected else []
    return ", ".join([*parts, left_out_count(left_out)] if left_out else parts)


def _time(progress: RunProgress) -> tuple[str, ...]:
    if progress.images_per_second is None:
        return ()
    parts = [wording.rate(progress.images_per_second)]
    if progress.seconds_left is not None:
        parts.append(_tr("about %1 left").replace("%1", wording.duration(progress.seconds_left)))
    return tuple(parts)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Folder", text)
