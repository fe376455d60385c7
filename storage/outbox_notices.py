"""Notices in the station's outbox: put in once, tried until they are delivered, in the order of each receiver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from filo_core.notices import Notification
from storage.engine import for_reading, for_writing, make_engine, parse_url, sqlite_url, translated
from storage.outbox_tables import MARKS, METADATA, NOTICES

KEPT_FOR = timedelta(days=30)
"""How long notices stay that were delivered."""
GIVEN_UP_AFTER = timedelta(days=30)
"""An alarm of a month ago tells nobody anything."""


@dataclass(frozen=True, slots=True)
class WaitingNotice:
    """One to be delivered next."""

    row_id: int
    notice: Notification
    attempts: int
    problem: str


class NoticeBox:
    """The notices of an outbox. Safe to use from several threads and programs, each with transactions of its own.

    Args:
        path: the outbox, see :class:`~storage.outbox.Outbox`; made when it is not there.

    Raises:
        StorageError: here and in every method, if the file cannot be used or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._url = parse_url(sqlite_url(path))
        self._engine = make_engine(self._url)
        with self._writing() as connection:
            # All of them: a check of the outbox finds a file without the others altered.
            METADATA.create_all(connection)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def put(self, notices: Sequence[Notification], sinks: Sequence[str], mark: tuple[str, str] | None = None) -> int:
        """Keep notices for every sink, in one commit with how far whoever made them has come.

        Args:
            notices: those that are there already, by key and sink, are left as they are.
            sinks: by their names.
            mark: name and value, see :meth:`mark`.

        Returns:
            How many are new.
        """
        added = 0
        with self._writing() as connection:
            for notice in notices:
                for sink in sinks:
                    there = select(NOTICES.c.id).where(NOTICES.c.notice == notice.key, NOTICES.c.sink == sink)
                    if connection.execute(there).first() is None:
                        values = {"sink": sink, "notice": notice.key, "content": notice.kept(), "at": _now()}
                        connection.execute(insert(NOTICES).values(values))
                        added += 1
            if mark is not None:
                _set_mark(connection, *mark)
        return added

    def next_notice(self, sink: str) -> WaitingNotice | None:
        """The oldest that ``sink`` has not delivered; one that nobody can read any more is taken out."""
        mine = select(NOTICES).where(NOTICES.c.sink == sink, NOTICES.c.delivered_at.is_(None)).order_by(NOTICES.c.id)
        while True:
            with self._reading() as connection:
                row = connection.execute(mine.limit(1)).first()
            if row is None:
                return None
            try:
                return WaitingNotice(row.id, Notification.read(row.content), row.attempts, row.problem)
            except ValueError:
                with self._writing() as connection:
                    connection.execute(delete(NOTICES).where(NOTICES.c.id == row.id))

    def mark_delivered(self, row_id: int) -> None:
        """The receiver has it: it is never sent again."""
        with self._writing() as connection:
            values = {"delivered_at": _now(), "attempts": NOTICES.c.attempts + 1, "problem": ""}
            connection.execute(update(NOTICES).where(NOTICES.c.id == row_id).values(values))

    def mark_tried(self, row_id: int, problem: str) -> None:
        """It could not be delivered this time."""
        with self._writing() as connection:
            values = {"attempts": NOTICES.c.attempts + 1, "problem": problem}
            connection.execute(update(NOTICES).where(NOTICES.c.id == row_id).values(values))

    def waiting(self) -> dict[str, tuple[int, str]]:
        """By sink: how many wait, and why the oldest does, empty where it was not tried."""
        with self._reading() as connection:
            counted = select(NOTICES.c.sink, func.count(), func.min(NOTICES.c.id)).where(
                NOTICES.c.delivered_at.is_(None)
            )
            rows = connection.execute(counted.group_by(NOTICES.c.sink)).all()
            why = {
                row[0]: connection.scalar(select(NOTICES.c.problem).where(NOTICES.c.id == row[2])) or "" for row in rows
            }
            return {row[0]: (row[1], why[row[0]]) for row in rows}

    def forget_old(self) -> int:
        """Remove what was delivered long ago, and what nobody took for as long; how many."""
        delivered = NOTICES.c.delivered_at < _now() - KEPT_FOR.total_seconds()
        never = and_(NOTICES.c.delivered_at.is_(None), NOTICES.c.at < _now() - GIVEN_UP_AFTER.total_seconds())
        with self._writing() as connection:
            return connection.execute(delete(NOTICES).where(delivered | never)).rowcount

    def mark(self, name: str) -> str | None:
        """How far something has come; None where nothing was kept."""
        with self._reading() as connection:
            found: str | None = connection.scalar(select(MARKS.c.value).where(MARKS.c.name == name))
            return found

    def set_mark(self, name: str, value: str) -> None:
        """Keep how far something has come."""
        with self._writing() as connection:
            _set_mark(connection, name, value)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._translated(), for_writing(self._engine).begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._translated(), for_reading(self._engine).begin() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translated(error, self._url) from error


def _set_mark(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(MARKS).where(MARKS.c.name == name))
    connection.execute(insert(MARKS).values(name=name, value=value))


def _now() -> float:
    return datetime.now(UTC).timestamp()
