"""The record as a whole: one database, one image store, one place that commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from filo_core.errors import FiloError, StorageError
from storage.artefacts import ArtefactStore, Leftovers
from storage.audit.chain import Head, read_head
from storage.audit.export import export
from storage.audit.pictures import picture_problems
from storage.audit.problems import Problem
from storage.backup import copy_before_upgrade
from storage.checking.tail import verify_tail
from storage.checking.verifying import AuditReport, verify
from storage.engine import (
    for_reading,
    for_writing,
    make_engine,
    parse_url,
    shown,
    sqlite_file,
    translated,
    wait_for_other_migrations,
)
from storage.migrations import upgrade
from storage.recovery import Recovery, recover
from storage.repositories.aggregates import AggregateRepository
from storage.repositories.arrivals import ArrivalRepository
from storage.repositories.calibrations import CalibrationRepository
from storage.repositories.costs import CostRepository
from storage.repositories.events import EventRepository
from storage.repositories.examples import ExampleRepository
from storage.repositories.figures import FigureRepository
from storage.repositories.golden import GoldenRepository
from storage.repositories.inspections import InspectionRepository
from storage.repositories.jobs import JobRepository
from storage.repositories.known_pictures import KnownPictureRepository
from storage.repositories.outbox import OutboxRepository
from storage.repositories.overview import OverviewRepository
from storage.repositories.products import ProductRepository
from storage.repositories.retention import RetentionRepository
from storage.repositories.reviews import ReviewRepository
from storage.repositories.sessions import SessionRepository
from storage.repositories.studies import StudyRepository
from storage.repositories.users import UserRepository
from storage.repositories.views import ViewRepository
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
    events: EventRepository
    jobs: JobRepository
    users: UserRepository
    retention: RetentionRepository
    outbox: OutboxRepository
    arrivals: ArrivalRepository
    aggregates: AggregateRepository
    examples: ExampleRepository
    costs: CostRepository
    studies: StudyRepository
    sessions: SessionRepository
    known: KnownPictureRepository
    overview: OverviewRepository
    views: ViewRepository


class Storage:
    """An open record. Safe to use from several threads, each with transactions of its own."""

    def __init__(self, engine: Engine, url: URL, artefacts: Path) -> None:
        self._engine = engine
        self._url = url
        self.signed: Callable[[Head], str] = str
        """How a head is written where it leaves the machine: with the signature of whoever opened the record."""
        self.before_close: Callable[[Head], None] | None = None
        """Told the newest entry of the audit chain before the record is closed."""
        self.recovered = Recovery()
        """What opening found to clean up after a crash."""
        self.artefacts = ArtefactStore(artefacts, self._after_crash)

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

    def verify(self, noted: Head | None = None) -> AuditReport:
        """Check the whole audit chain, and every row that is in it, within one consistent state.

        Args:
            noted: a head that was noted earlier; only with it are rows found that were taken off the end.
        """
        with self._session(for_reading(self._engine)) as session:
            return verify(session, noted)

    def verify_tail(self, noted: Head | None = None) -> AuditReport:
        """Check the end of the audit chain and what was planted in the schema, in a moment; see :meth:`verify`."""
        with self._session(for_reading(self._engine)) as session:
            return verify_tail(session, noted)

    def picture_problems(self, sample: int | None = None, seed: int = 0) -> tuple[Problem, ...]:
        """Pictures that were altered, or are gone though no rule removed them; see :mod:`storage.audit.pictures`.

        Args:
            sample: how many to look at; None for all.
            seed: of the choice.
        """
        with self._session(for_reading(self._engine)) as session:
            is_own = sqlite_file(self._url) is not None
            return tuple(picture_problems(session, self.artefacts.root, sample, seed, all_here=is_own))

    def head(self) -> Head:
        """The newest entry of the audit chain."""
        with self._session(for_reading(self._engine)) as session:
            return read_head(session)

    def export_chain(self, path: Path) -> Head:
        """Write the audit chain to an archive; back comes the head, worth noting elsewhere.

        Raises:
            StorageError: if the file cannot be written.
        """
        with self._session(for_reading(self._engine)) as session:
            return export(session, path)

    def close(self) -> None:
        """Close every connection and leave the image store; closing again does nothing."""
        told, self.before_close = self.before_close, None
        if told is not None:
            # Whatever keeps the head from being read or noted, the record is closed.
            with suppress(FiloError):
                told(self.head())
        self._engine.dispose()
        self.artefacts.close()

    def __enter__(self) -> Storage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _after_crash(self, left: Leftovers) -> None:
        with self._session(for_writing(self._engine)) as session:
            session.connection()
            self.recovered = recover(session, left)
            session.commit()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            # Closing rolls back what was not committed.
            with RecordSession(engine, expire_on_commit=False) as session:
                yield session
        except DBAPIError as error:
            raise translated(error, self._url) from error
        except PoolTimeoutError as error:
            raise StorageError(
                "{where} is busy with too much at once. Wait a moment, then try again.", where=self.where
            ) from error


def open_storage(url: str, artefacts: Path, installation: str = "") -> Storage:
    """Open the record, made or brought up to date where needed, and clean up what a crash left.

    Args:
        url: SQLAlchemy URL of a SQLite file or a PostgreSQL database.
        artefacts: folder of the image store.
        installation: who begins the record where there is none yet; a name made up for it when not given.

    Raises:
        StorageError: if either cannot be used; the message names it and says what to do.
    """
    parsed = parse_url(url)
    engine = make_engine(parsed)
    try:
        with for_writing(engine).begin() as connection:
            wait_for_other_migrations(connection)
            upgrade(connection, shown(parsed), lambda revision: copy_before_upgrade(parsed, revision), installation)
        return Storage(engine, parsed, artefacts)
    except DBAPIError as error:
        engine.dispose()
        raise translated(error, parsed) from error
    except BaseException:
        engine.dispose()
        raise


def _transaction(session: Session, *, writes: bool) -> Transaction:
    products = ProductRepository(session, writes=writes)
    return Transaction(
        products,
        InspectionRepository(session),
        ReviewRepository(session),
        FigureRepository(session),
        GoldenRepository(session),
        CalibrationRepository(session),
        EventRepository(session),
        JobRepository(session),
        UserRepository(session),
        RetentionRepository(session),
        OutboxRepository(session),
        ArrivalRepository(session, products),
        AggregateRepository(session),
        ExampleRepository(session),
        CostRepository(session),
        StudyRepository(session),
        SessionRepository(session),
        KnownPictureRepository(session),
        OverviewRepository(session),
        ViewRepository(session),
    )
