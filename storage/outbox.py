"""The station's outbox: every trigger that was accepted, its one answer, and what has yet to be delivered of it.

A SQLite file beside the record (ADR 0011). An answer and its messages are committed together, with
``synchronous=FULL``: what the line said is what will be delivered, whatever ends the program in between.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from filo_core.identity import FIELDS, NOBODY, Identity
from filo_core.line.results import LineResult, not_inspected
from filo_core.line.sinks.base import Message
from filo_core.sentence import Sentence
from storage.engine import for_reading, for_writing, make_engine, parse_url, sqlite_url, translated
from storage.outbox_tables import ARRIVALS, MESSAGES, METADATA, REFUSED, STATION, TRIGGERS

_UNREADABLE = Sentence("The answer to this part cannot be read any more in the outbox. Judge the part by eye.")
KEPT_FOR = timedelta(days=7)
"""How long answers stay that were delivered everywhere."""


_WAITS = and_(MESSAGES.c.delivered_at.is_(None), MESSAGES.c.id.not_in(select(REFUSED.c.message)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message to be delivered next, and how often that was tried."""

    message_id: int
    message: Message
    attempts: int
    number: int = 0
    """Of its trigger."""
    trigger_id: str = ""
    """As the trigger was accepted."""
    is_readable: bool = True
    """Whether the answer could be read; where not, that of the message is none."""


class Outbox:
    """Safe to use from several threads, each with transactions of its own.

    Args:
        path: the SQLite file; made when it is not there.

    Raises:
        StorageError: here and in every method, if the file cannot be used or the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._url = parse_url(sqlite_url(path))
        self._engine: Engine = make_engine(self._url)
        with self._writing() as connection:
            METADATA.create_all(connection)
            if TRIGGERS.c.identity.name not in {one["name"] for one in inspect(connection).get_columns(TRIGGERS.name)}:
                # A file of an earlier version.
                connection.execute(text("ALTER TABLE triggers ADD COLUMN identity TEXT"))
            for index in (index for table in METADATA.tables.values() for index in table.indexes):
                # A file of an earlier version has the tables without it.
                index.create(connection, checkfirst=True)
            known = connection.execute(select(STATION.c.outbox_id)).scalar()
            self._outbox_id = known or uuid.uuid4().hex[:12]
            if known is None:
                connection.execute(insert(STATION).values(outbox_id=self._outbox_id))

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def open_trigger(
        self, trigger_id: str, window: timedelta, identity: Identity = NOBODY
    ) -> tuple[int, LineResult | None]:
        """Accept a trigger: its number, and the answer it has already if it came within ``window`` before.

        The same id later than that is another part: controllers count from 1 again.
        """
        now = _now()
        with self._writing() as connection:
            # Both ways: after the clock was put back, an answer of the future is not one of today.
            near = TRIGGERS.c.asked_at.between(now - window.total_seconds(), now + window.total_seconds())
            found = select(TRIGGERS.c.id, TRIGGERS.c.result).where(TRIGGERS.c.trigger_id == trigger_id, near)
            row = connection.execute(found.order_by(TRIGGERS.c.id.desc()).limit(1)).first()
            if row is not None:
                if row.result is None:
                    return row.id, None
                return row.id, read_answer(row.result) or not_inspected(trigger_id, "", "", _UNREADABLE, 0.0)
            said = json.dumps(identity.said) if identity else None
            values = {"trigger_id": trigger_id, "asked_at": now, "identity": said}
            added = connection.execute(insert(TRIGGERS).values(values))
            return int(added.lastrowid), None

    def close_trigger(self, number: int, result: LineResult, sinks: Sequence[str]) -> bool:
        """Keep a trigger's answer and a message a sink, in one commit; False when it has an answer already."""
        with self._writing() as connection:
            is_open = and_(TRIGGERS.c.id == number, TRIGGERS.c.result.is_(None))
            changed = connection.execute(update(TRIGGERS).where(is_open).values(result=result.to_json()))
            if changed.rowcount == 0:
                return False
            for sink in sinks:
                connection.execute(insert(MESSAGES).values(sink=sink, trigger=number))
            return True

    def open_triggers(self) -> tuple[tuple[int, str, Identity], ...]:
        """Number, id and part of the triggers without an answer: after a start, those that a crash left."""
        columns = TRIGGERS.c.id, TRIGGERS.c.trigger_id, TRIGGERS.c.identity
        with self._reading() as connection:
            open_ones = select(*columns).where(TRIGGERS.c.result.is_(None)).order_by(TRIGGERS.c.id)
            rows = connection.execute(open_ones).all()
        return tuple((row.id, row.trigger_id, _read_identity(row.identity)) for row in rows)

    def next_message(self, sink: str) -> Waiting | None:
        """The oldest message that ``sink`` has not delivered; the order of a sink is never changed."""
        with self._reading() as connection:
            of_trigger = TRIGGERS.c.id.label("number"), TRIGGERS.c.trigger_id, TRIGGERS.c.result
            waiting = select(MESSAGES.c.id, MESSAGES.c.attempts, *of_trigger).join(TRIGGERS)
            mine = waiting.where(MESSAGES.c.sink == sink, _WAITS)
            row = connection.execute(mine.order_by(MESSAGES.c.id).limit(1)).first()
        if row is None:
            return None
        result = read_answer(row.result)
        message = Message(f"{self._outbox_id}-{row.number}", result or not_inspected(row.trigger_id, "", "", "", 0.0))
        return Waiting(row.id, message, row.attempts, row.number, row.trigger_id, is_readable=result is not None)

    def refuse(self, message_id: int, why: str) -> None:
        """A message is not what the record says: it is never delivered, and stays."""
        with self._writing() as connection:
            connection.execute(insert(REFUSED).values(message=message_id, at=_now(), why=why))

    def refused(self) -> tuple[str, ...]:
        """Why messages were refused, one each, the oldest first."""
        with self._reading() as connection:
            return tuple(connection.scalars(select(REFUSED.c.why).order_by(REFUSED.c.message)))

    def mark_delivered(self, message_id: int) -> None:
        """The receiver has it: it is never sent again."""
        with self._writing() as connection:
            values = {"delivered_at": _now(), "attempts": MESSAGES.c.attempts + 1, "problem": ""}
            connection.execute(update(MESSAGES).where(MESSAGES.c.id == message_id).values(values))

    def mark_tried(self, message_id: int, problem: str) -> None:
        """It could not be delivered this time."""
        with self._writing() as connection:
            values = {"attempts": MESSAGES.c.attempts + 1, "problem": problem}
            connection.execute(update(MESSAGES).where(MESSAGES.c.id == message_id).values(values))

    def memory_of(self, folder: Path) -> FolderMemory:
        """What is known of the files of a watched folder."""
        return FolderMemory(self._writing, self._reading, str(folder.absolute()))

    def backlog(self) -> dict[str, int]:
        """How many messages wait, by sink."""
        with self._reading() as connection:
            return _backlog(connection)

    def oldest_waiting_s(self) -> float:
        """Age in seconds of the oldest trigger whose answer has yet to be delivered somewhere; 0 where none waits."""
        with self._reading() as connection:
            waiting = select(func.min(TRIGGERS.c.asked_at)).join(MESSAGES).where(_WAITS)
            oldest = connection.execute(waiting).scalar()
        return 0.0 if oldest is None else max(0.0, _now() - oldest)

    def discard(self, sink: str) -> int:
        """Give up what ``sink`` has not delivered; how many messages. The answers stay."""
        with self._writing() as connection:
            waiting = and_(MESSAGES.c.sink == sink, MESSAGES.c.delivered_at.is_(None))
            return connection.execute(delete(MESSAGES).where(waiting)).rowcount

    def forget_old(self, older_than: timedelta = KEPT_FOR) -> int:
        """Remove answers of that age that were delivered everywhere; how many."""
        with self._writing() as connection:
            waits = exists().where(MESSAGES.c.trigger == TRIGGERS.c.id, MESSAGES.c.delivered_at.is_(None))
            old = TRIGGERS.c.asked_at < _now() - older_than.total_seconds()
            return connection.execute(delete(TRIGGERS).where(old, TRIGGERS.c.result.is_not(None), ~waits)).rowcount

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


class FolderMemory:
    """Which files of one watched folder were answered, over restarts.

    Args:
        writing: opens a transaction that writes, of the outbox.
        reading: opens one that reads.
        folder: its absolute path.

    Raises:
        StorageError: in every method, as those of the outbox.
    """

    def __init__(
        self,
        writing: Callable[[], AbstractContextManager[Connection]],
        reading: Callable[[], AbstractContextManager[Connection]],
        folder: str,
    ) -> None:
        self._writing = writing
        self._reading = reading
        self._folder = os.fsencode(folder).decode("utf-8", "backslashreplace")

    def known(self) -> dict[str, str]:
        """Marks of the files, by their names below the folder."""
        mine = select(ARRIVALS.c.name, ARRIVALS.c.mark).where(ARRIVALS.c.folder == self._folder)
        with self._reading() as connection:
            return {os.fsdecode(row.name): row.mark for row in connection.execute(mine)}

    def remember(self, name: str, mark: str) -> None:
        """A file was answered."""
        with self._writing() as connection:
            connection.execute(delete(ARRIVALS).where(self._is_of(name)))
            connection.execute(insert(ARRIVALS).values(folder=self._folder, name=os.fsencode(name), mark=mark))

    def forget(self, names: Collection[str]) -> None:
        """Files are not there any more."""
        with self._writing() as connection:
            for name in names:
                connection.execute(delete(ARRIVALS).where(self._is_of(name)))

    def _is_of(self, name: str) -> ColumnElement[bool]:
        return and_(ARRIVALS.c.folder == self._folder, ARRIVALS.c.name == os.fsencode(name))


def backlog_at(path: Path) -> dict[str, int]:
    """How many messages wait in the outbox at ``path``, by sink; it is only read, and none is made.

    Raises:
        StorageError: if the file cannot be read.
    """
    if not path.exists():
        return {}
    url = parse_url(sqlite_url(path))
    engine = make_engine(url)
    try:
        with for_reading(engine).begin() as connection:
            return _backlog(connection)
    except DBAPIError as error:
        raise translated(error, url) from error
    finally:
        engine.dispose()


def _backlog(connection: Connection) -> dict[str, int]:
    counted = select(MESSAGES.c.sink, func.count()).where(
        _WAITS if inspect(connection).has_table(REFUSED.name) else MESSAGES.c.delivered_at.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(counted.group_by(MESSAGES.c.sink))}


def read_answer(content: str) -> LineResult | None:
    """The answer; None for what is none, since whoever can write the file can write anything."""
    try:
        return LineResult.from_json(content)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def _read_identity(kept: str | None) -> Identity:
    """What was kept of a part; nobody where it is none, as for :func:`read_answer`."""
    try:
        said = json.loads(kept or "{}")
        return Identity(**{name: str(value) for name, value in said.items() if name in FIELDS})
    except (ValueError, TypeError, AttributeError):
        return NOBODY


def _now() -> float:
    return datetime.now(UTC).timestamp()
