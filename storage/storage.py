"""The record as a whole: one database, one image store, one place that commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from filo_core.errors import StorageError
from storage.artefacts import ArtefactStore
from storage.engine import (
    for_reading,
    for_writing,
    make_engine,
    parse_url,
    shown,
    translated,
    wait_for_other_migrations,
)
from storage.migrations import upgrade
from storage.repositories.calibrations import CalibrationRepository
from storage.repositories.figures import FigureRepository
from storage.repositories.golden import GoldenRepository
from storage.repositories.inspections import InspectionRepository
from storage.repositories.products import ProductRepository
from storage.repositories.reviews import ReviewRepository
from storage.sessions import RecordSession


@dataclass(frozen=True, slots=True)
class Transaction:
    """The repositories, all within one transaction."""

    products: ProductRepository
    inspections: InspectionRepository
    reviews: ReviewRepository
    figures: FigureRepository
    golden: GoldenRepository
    calibrations: CalibrationRepository


class Storage:
    """An open record. Safe to use from several threads, each with transactions of its own."""

    def __init__(self, engine: Engine, url: URL, artefacts: ArtefactStore) -> None:
        self._engine = engine
        self._url = url
        self.artefacts = artefacts

    @property
    def where(self) -> str:
        """The database file, or the server's address without its password."""
        return shown(self._url)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write: committed as a whole when the block ends, rolled back as a whole when it raises.

        Raises:
            BrokenRuleError: if a row breaks a rule of the schema.
            StorageError: if the database fails otherwise.
        """
        with self._session(for_writing(self._engine)) as session:
            # Waits for other writers here, before anything is read that they could change.
            session.connection()
            yield _transaction(session, writes=True)
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read one consistent state; nothing is kept of what the block writes.

        Raises:
            StorageError: if the database fails.
        """
        with self._session(for_reading(self._engine)) as session:
            yield _transaction(session, writes=False)

    def close(self) -> None:
        """Close every connection and leave the image store; closing again does nothing."""
        self._engine.dispose()
        self.artefacts.close()

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            # Closing rolls back what was not committed.
            with RecordSession(engine, expire_on_commit=False) as session:
                yield session
        except DBAPIError as error:
            raise translated(error, self._url) from error
        except PoolTimeoutError as error:
            raise StorageError(f"{self.where} is busy with too much at once. Wait a moment, then try again.") from error


def open_storage(url: str, artefacts: Path) -> Storage:
    """Open the record, made or brought up to date where needed, and clean up what a crash left.

    Args:
        url: SQLAlchemy URL of a SQLite file or a PostgreSQL database.
        artefacts: folder of the image store.

    Raises:
        StorageError: if either cannot be used; the message names it and says what to do.
    """
    parsed = parse_url(url)
    engine = make_engine(parsed)
    try:
        with for_writing(engine).begin() as connection:
            wait_for_other_migrations(connection)
            upgrade(connection, shown(parsed))
        return Storage(engine, parsed, ArtefactStore(artefacts))
    except DBAPIError as error:
        engine.dispose()
        raise translated(error, parsed) from error
    except BaseException:
        engine.dispose()
        raise


def _transaction(session: Session, *, writes: bool) -> Transaction:
    return Transaction(
        ProductRepository(session, writes=writes),
        InspectionRepository(session),
        ReviewRepository(session),
        FigureRepository(session),
        GoldenRepository(session),
        CalibrationRepository(session),
    )
