"""Everything one start of the program works with, opened in order and closed in reverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.descriptions.library import AnomalyLibrary
from filo_core.line.worker import EngineState, Worker
from storage.storage import Storage, open_storage
from workflows.catalogue import Catalogue
from workflows.history import History
from workflows.inspector import Inspector
from workflows.settings import Settings

if TYPE_CHECKING:
    from filo_core.engine import Engine


@dataclass(frozen=True, slots=True, eq=False)
class Workbench:
    """The record, the products and the one worker, ready to use."""

    settings: Settings
    storage: Storage
    catalogue: Catalogue
    history: History
    inspector: Inspector
    worker: Worker[Engine]
    library: AnomalyLibrary

    def close(self) -> None:
        """Stop the worker between two events, then close the database."""
        self.worker.stop()
        self.storage.close()


def open_workbench(settings: Settings, on_engine: Callable[[EngineState, str], None] | None = None) -> Workbench:
    """Open the record and start the worker; the model loads on the worker's thread meanwhile.

    Raises:
        StorageError: if the database or the image store cannot be used.
    """

    def make_engine() -> Engine:
        # torch takes seconds to import: on the worker's thread, behind the open window.
        from filo_core.engine import load_engine

        return load_engine(settings.profile, settings.device, settings.models)

    storage = open_storage(settings.database_url, settings.images)
    catalogue = Catalogue(storage)
    worker = Worker(make_engine, on_engine)
    worker.start()
    return Workbench(
        settings=settings,
        storage=storage,
        catalogue=catalogue,
        history=History(storage),
        inspector=Inspector(catalogue, storage, worker, station=settings.station, operator=settings.operator),
        worker=worker,
        library=AnomalyLibrary.load(),
    )
