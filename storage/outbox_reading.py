"""What a check reads of the station's outbox: every answer, and whether rows are gone that nobody let go of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from filo_core.line.results import LineResult
from storage.engine import for_reading, make_engine, parse_url, sqlite_url, translated
from storage.outbox import KEPT_FOR, read_answer
from storage.outbox_tables import MESSAGES, REFUSED, TRIGGERS

_SURELY_KEPT = KEPT_FOR - timedelta(days=1)
"""Rows of that age are never forgotten by the program."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A trigger that has an answer, or messages of one."""

    number: int
    trigger_id: str
    result: LineResult | None
    """None where it is gone, or nobody can read it."""
    is_refused: bool
    """One of its messages is held back for ever, as one that was found to be altered."""
    is_waiting: bool
    """A message of it has yet to be delivered."""


@dataclass(frozen=True, slots=True)
class OutboxContent:
    """The outbox of one moment."""

    answers: tuple[KeptAnswer, ...] = ()
    triggers_gone: int = 0
    """Triggers of the last days that lie between others and are not there."""
    messages_gone: int = 0
    """The same of messages; those that somebody gave up are among them."""


def content_at(path: Path) -> OutboxContent:
    """What lies in the outbox at ``path``; it is only read, and none is made.

    Raises:
        StorageError: if the file cannot be read, or a column holds what this program never writes.
    """
    if not path.exists():
        return OutboxContent()
    url = parse_url(sqlite_url(path))
    engine = make_engine(url)
    try:
        with for_reading(engine).begin() as connection:
            return _content(connection)
    except DBAPIError as error:
        raise translated(error, url) from error
    finally:
        engine.dispose()


def _content(connection: Connection) -> OutboxContent:
    refused = _refused(connection)
    of_trigger: dict[int, list[tuple[int, bool]]] = {}
    for row in connection.execute(select(MESSAGES.c.id, MESSAGES.c.trigger, MESSAGES.c.delivered_at)):
        of_trigger.setdefault(row.trigger, []).append((row.id, row.delivered_at is None and row.id not in refused))
    # Not all of its columns: a file of an earlier version has fewer.
    columns = TRIGGERS.c.id, TRIGGERS.c.trigger_id, TRIGGERS.c.asked_at, TRIGGERS.c.result
    rows = connection.execute(select(*columns).order_by(TRIGGERS.c.id)).all()
    answers = tuple(
        KeptAnswer(
            row.id,
            str(row.trigger_id),
            read_answer(row.result),
            any(number in refused for number, _ in of_trigger.get(row.id, ())),
            any(waits for _, waits in of_trigger.get(row.id, ())),
        )
        for row in rows
        if row.result is not None or row.id in of_trigger
    )
    since = (datetime.now(UTC) - _SURELY_KEPT).timestamp()
    recent = [row.id for row in rows if isinstance(row.asked_at, float) and row.asked_at >= since]
    there = {row.id for row in rows}
    sent = {number for ones in of_trigger.values() for number, _ in ones}
    recently_sent = [number for trigger in recent for number, _ in of_trigger.get(trigger, ())]
    # What an admin gives up may have been refused before.
    return OutboxContent(answers, _gaps(recent, there), _gaps(recently_sent, sent | refused))


def _refused(connection: Connection) -> set[int]:
    if not inspect(connection).has_table(REFUSED.name):
        return set()
    return set(connection.scalars(select(REFUSED.c.message)))


def _gaps(recent: Collection[int], there: Collection[int]) -> int:
    """How many numbers from the first recent one to the last are not there."""
    if not recent:
        return 0
    return sum(number not in there for number in range(min(recent), max(recent) + 1))
