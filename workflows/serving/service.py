"""Everything one service works with, without a window: record, lines, the night's work and the way to the plant."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from filo_core.errors import ProductError
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.instance_lock import InstanceLock
from workflows.keeping.forwarding import forwarding
from workflows.keeping.nightly import NightlyWork
from workflows.keeping.opening import open_record
from workflows.line.making import line_model
from workflows.notices.watch import AlarmWatcher, watched
from workflows.people.access import Access
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History
from workflows.sealing.alarms import Alarms
from workflows.sealing.seal import RecordSeal
from workflows.serving.outputs_allowed import untold_outputs
from workflows.serving.served_line import MakeModel, ServedLine, Workshop
from workflows.serving.tokens import TokenBook

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from storage.storage import Storage
    from workflows.serving.service_file import ServiceFile
    from workflows.serving.tokens import ServiceToken
    from workflows.settings.settings import Settings

LEAST_FREE_BYTES = 512 << 20
"""Less free disk than that is a problem of the service: at half of it inspecting stops."""

_LOOK_EVERY_S = 1.0

logger = logging.getLogger(__name__)


class NoSuchLineError(ProductError):
    """A line that the service does not have."""

    def __init__(self, name: str) -> None:
        super().__init__("There is no line {name!r} here.", name=name[:60])


@dataclass(slots=True)
class Service:
    """An open service. Its lines run between :func:`open_service` and the end of that block.

    Attributes:
        settings: of this start.
        storage: the record.
        catalogue: of the products.
        history: of the inspections.
        tokens: who may call.
        lines: by name.
        listeners: told of every answer of a line, on a thread of that line.
    """

    settings: Settings
    storage: Storage
    catalogue: Catalogue
    history: History
    tokens: TokenBook
    alarms: Alarms
    seal: RecordSeal
    watcher: AlarmWatcher
    lines: Mapping[str, ServedLine] = field(default_factory=dict)
    listeners: list[Callable[[str, LineResult], None]] = field(default_factory=list)
    nightly_problem: str = ""
    ending: threading.Event = field(default_factory=threading.Event)
    """Set once it is to end: streams end then, and nothing is asked any more."""
    _looked_at: float = float("-inf")
    _record: str = ""

    def line(self, name: str) -> ServedLine:
        """One line.

        Raises:
            NoSuchLineError: if there is none of this name.
        """
        if name not in self.lines:
            raise NoSuchLineError(name)
        return self.lines[name]

    def note_call(self, token: ServiceToken, call: str, subject: str, **detail: object) -> None:
        """Tell the chain of a call that changes something, before it is done.

        Raises:
            StorageError: if it cannot be told; then it must not be done.
        """
        with self.storage.transaction() as transaction:
            who = f"service token {token.name}"
            transaction.events.add(
                EventKind.SERVICE_CALLED, who, self.settings.station, subject, {"call": call, **detail}
            )

    @property
    def free_bytes(self) -> int:
        """Free space where the record lies."""
        return shutil.disk_usage(self.settings.home).free

    def problems(self) -> dict[str, str]:
        """What is wrong now, as sentences: by ``line NAME``, ``record``, ``disk`` or ``night``."""
        found = {f"line {name}": line.problem for name, line in self.lines.items()}
        found["night"] = self.nightly_problem
        if (free := self.free_bytes) < LEAST_FREE_BYTES:
            found["disk"] = Sentence("Only {free} MB are free where the record lies. Free some space.", free=free >> 20)
        found["record"] = self._record_problem()
        return {what: problem for what, problem in found.items() if problem}

    def _record_problem(self) -> str:
        # Whoever asks for the health shows no token, and a seal is signed anew each time.
        if time.monotonic() - self._looked_at > _LOOK_EVERY_S:
            seal, self._looked_at = self.seal(), time.monotonic()
            # One without a head could not be read; an alarm alone stops no line.
            self._record = "" if seal.head else seal.alarm
        return self._record

    def take(self, line: str, result: LineResult) -> None:
        """Pass an answer on; what a listener raises is logged, since no line may stop for it."""
        for listener in self.listeners:
            try:
                listener(line, result)
            except Exception:
                logger.exception("a listener of the service failed")

    def last_entry_at(self) -> datetime | None:
        """When the newest event of the chain was told; None where there is none."""
        with self.storage.reading() as transaction:
            newest = transaction.events.newest(1)
        return newest[0].at if newest else None


@contextmanager
def open_service(settings: Settings, file: ServiceFile, *, make_model: MakeModel = line_model) -> Iterator[Service]:
    """A service that runs its lines while the block lasts; at its end parts in hand are finished, and the rest told.

    Args:
        settings: of this start.
        file: which lines there are.
        make_model: in place of the product's own model, for tests.

    Raises:
        DatabaseInUseError: if another service runs on this data folder.
        StorageError: if the record cannot be used.
    """
    with ExitStack() as ending:
        settings.home.mkdir(parents=True, exist_ok=True)
        ending.enter_context(InstanceLock(settings.database_url, settings.images, of_service=True))
        storage = ending.enter_context(open_record(settings))
        ending.enter_context(forwarding(settings, storage))
        access = Access(storage, settings.station, operator=settings.operator)
        catalogue, seal = Catalogue(storage, access), RecordSeal(storage, settings.home)
        operator = access.operator()
        watcher = ending.enter_context(watched(settings, storage))
        allowed = partial(untold_outputs, storage)
        workshop = Workshop(settings, storage, catalogue, seal, operator, make_model, allowed)
        service = Service(
            settings,
            storage,
            catalogue,
            History(storage, access),
            TokenBook(storage),
            Alarms(storage, settings.station),
            seal,
            watcher,
        )
        service.lines = {
            name: ServedLine(name, spec, workshop, service.take) for name, spec in sorted(file.lines.items())
        }
        nightly = NightlyWork(settings, storage, partial(_note_nightly, service))
        nightly.start()
        ending.callback(nightly.close)
        ending.callback(_close_all, service)
        for name, line in service.lines.items():
            line.open()
            watcher.follow(name, line.health)
        yield service


def _note_nightly(service: Service, problem: str) -> None:
    service.nightly_problem = problem


def _close_all(service: Service) -> None:
    """All at once: the slowest line alone decides how long an end takes."""
    service.ending.set()
    if service.lines:
        with ThreadPoolExecutor(len(service.lines), "filo-ending") as pool:
            for closing in [pool.submit(line.close) for line in service.lines.values()]:
                closing.result()
