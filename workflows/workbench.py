"""Everything one start of the program works with, opened in order and closed in reverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FiloError
from filo_core.line.worker import EngineState, Worker
from storage.instance_lock import InstanceLock
from storage.storage import Storage
from workflows.inspecting.folder_jobs import FILE_NAME, FolderJobFile
from workflows.inspecting.folder_queue import FolderJobs
from workflows.inspecting.inspector import Inspector
from workflows.inspecting.live_model import LiveModel
from workflows.keeping.forwarding import Forwarder, forwarder_of
from workflows.keeping.nightly import NightlyWork
from workflows.keeping.opening import open_record
from workflows.notices.post import NoticePost
from workflows.notices.watch import AlarmWatcher
from workflows.people.access import Access, access_of
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History
from workflows.sealing.alarms import Alarms
from workflows.settings.settings import Settings

if TYPE_CHECKING:
    from filo_core.engine import Engine

Part = TypeVar("Part", NightlyWork, AlarmWatcher, NoticePost)
OnEngine = Callable[[EngineState, str], None]
LoadEngine = Callable[[str, str, Path], "Engine"]
"""From a profile's name, a device, and where other profiles lie than those that ship with the program."""


@dataclass(frozen=True, slots=True, eq=False)
class Workbench:
    """The record, the products and the one worker, ready to use."""

    settings: Settings
    storage: Storage
    access: Access
    users: Users
    catalogue: Catalogue
    history: History
    inspector: Inspector
    folder_jobs: FolderJobs
    worker: Worker[Engine]
    library: AnomalyLibrary
    nightly: NightlyWork
    alarms: Alarms
    """What was found altered in the record, until an admin settles it; the window shows it."""
    alarm_watch: AlarmWatcher
    """Raises and clears alarms of the process; its book has those that stand."""
    notice_post: NoticePost
    """Tells people of alarms and reports, by the outputs of the settings."""
    forwarder: Forwarder | None = None
    """Sends the record on to the plant; None for a station on its own."""
    live_model: LiveModel | None = None
    """The process that judges live frames; None where the worker does."""
    on_engine: OnEngine | None = None
    """As in :func:`open_workbench`."""
    load_engine: LoadEngine | None = None
    """As in :func:`open_workbench`."""

    def change_model(self, settings: Settings) -> None:
        """Load the profile that ``settings`` name, on their device, in place of the one in use.

        Raises:
            EngineBusyError: while a job has not ended.
        """
        self.worker.change_engine(partial(_loaded, settings, self.on_engine, self.load_engine))
        if self.live_model is not None:
            self.live_model.close()

    def close(self) -> None:
        """Keep the folder jobs, stop the worker between two events, sign out, and close the database last."""
        self.folder_jobs.close()
        self.worker.stop()
        if self.live_model is not None:
            self.live_model.close()
        self.nightly.close()
        self.alarm_watch.close()
        self.notice_post.close()
        if self.forwarder is not None:
            self.forwarder.stop()
        self.access.sign_out()
        self.storage.close()


def open_workbench(
    settings: Settings,
    on_engine: OnEngine | None = None,
    on_nightly_problem: Callable[[str], None] | None = None,
    on_alarms: Callable[[tuple[str, ...]], None] | None = None,
    *,
    load_engine: LoadEngine | None = None,
) -> Workbench:
    """Open the record and start the worker; the model loads on the worker's thread meanwhile.

    Args:
        settings: of this start.
        on_engine: told on the worker's thread how the model is, and when it has moved to another device.
        on_nightly_problem: see :class:`~workflows.keeping.nightly.NightlyWork`.
        on_alarms: as well.
        load_engine: in place of :func:`filo_core.engine.load_engine`.

    Raises:
        StorageError: if the database or the image store cannot be used.
    """
    storage = open_record(settings)
    forwarder = _started_forwarder(settings, storage)
    access = access_of(storage, settings)
    catalogue = Catalogue(storage, access)
    worker = _started_worker(settings, on_engine, load_engine)
    nightly = NightlyWork(settings, storage, on_nightly_problem, on_alarms, beside=_is_served(settings))
    live_model = LiveModel(settings.models) if settings.supervised else None
    by = partial(access.operator, settings.operator)
    inspector = Inspector(catalogue, storage, worker, station=settings.station, operator=by, live_model=live_model)
    return Workbench(
        settings=settings,
        storage=storage,
        access=access,
        users=Users(storage, access),
        catalogue=catalogue,
        history=History(storage, access),
        inspector=inspector,
        folder_jobs=_opened_jobs(inspector, settings),
        worker=worker,
        library=AnomalyLibrary.load(),
        live_model=live_model,
        nightly=_started(nightly),
        alarms=Alarms(storage, settings.station),
        alarm_watch=_started(AlarmWatcher(settings, storage)),
        notice_post=_started(NoticePost(settings, storage)),
        forwarder=forwarder,
        on_engine=on_engine,
        load_engine=load_engine,
    )


def _is_served(settings: Settings) -> Callable[[], bool]:
    """Whether a service runs beside: backups and the removal of images are its own then."""
    service = InstanceLock(settings.database_url, settings.images, of_service=True)
    return lambda: service.is_held_elsewhere


def _started_worker(settings: Settings, on_engine: OnEngine | None, load_engine: LoadEngine | None) -> Worker[Engine]:
    worker = Worker(partial(_loaded, settings, on_engine, load_engine), on_engine)
    worker.start()
    return worker


def _started(part: Part) -> Part:
    part.start()
    return part


def _opened_jobs(inspector: Inspector, settings: Settings) -> FolderJobs:
    file = FolderJobFile(settings.home / FILE_NAME)
    jobs = FolderJobs(inspector, file, inspector.suffixes, settings.part_wait_s)
    jobs.open()
    return jobs


def _started_forwarder(settings: Settings, storage: Storage) -> Forwarder | None:
    """What sends the record on; where it cannot be, the record is closed again."""
    try:
        forwarder = forwarder_of(settings, storage)
    except FiloError:
        storage.close()
        raise
    if forwarder is not None:
        forwarder.start()
    return forwarder


def _loaded(settings: Settings, on_engine: OnEngine | None, load: LoadEngine | None) -> Engine:
    if load is None:
        # torch takes seconds to import: on the worker's thread, behind the open window.
        from filo_core.engine import load_engine

        load = load_engine
    engine = load(settings.profile, settings.device, settings.models)
    if on_engine is not None:
        engine.on_note = partial(on_engine, EngineState.READY)
    return engine
