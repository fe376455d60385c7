"""Rows that came from stations: an event of each transaction holds a digest of where they are kept here.

What is kept in ``forwarded`` decides which inspection a station's later reviews belong to.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.contents import canonical, moment
from storage.audit.happenings import Told, told
from storage.audit.problems import Problem
from storage.audit.reading import BATCH
from storage.plant_models import ForwardedRow

_TABLE = ForwardedRow.__tablename__
_COLUMNS = (
    ForwardedRow.sequence,
    ForwardedRow.table_name,
    ForwardedRow.local_id,
    ForwardedRow.row_id,
    ForwardedRow.entry_hash,
    ForwardedRow.forwarded_at,
)
_Arrived = Row[Any]


@dataclass(frozen=True, slots=True)
class _Span:
    """Rows of one station between two entries of its chain, and the entry of this one that tells of them."""

    entry: int
    first: int
    last: int
    digest: str


def arrival_detail(source: Session | Connection, station: str, after: int) -> dict[str, Any]:
    """Particulars of the event that tells of a station's rows behind entry ``after``; empty without any."""
    digest, first, last = hashlib.sha256(), 0, 0
    for row in source.execute(_select().where(ForwardedRow.station == station, ForwardedRow.sequence > after)):
        _add(digest, row)
        first, last = first or row.sequence, row.sequence
    return {"first": first, "last": last, "digest": digest.hexdigest()} if last else {}


def forwarded_up_to(source: Session | Connection) -> dict[str, int]:
    """By station: the newest of its entries that an event tells of."""
    return {event.subject: span.last for event in told(source, EventKind.ROWS_ARRIVED) for span in _span(event)}


def forwarding_problems(session: Session) -> Iterator[Problem]:
    """Rows of stations that are not as the chain says."""
    spans: defaultdict[str, list[_Span]] = defaultdict(list)
    for event in told(session, EventKind.ROWS_ARRIVED):
        spans[event.subject] += _span(event)
    rows = session.execute(_select(ForwardedRow.station).execution_options(yield_per=BATCH))
    for station, group in groupby(rows, key=lambda row: str(row.station)):
        yield from _of_station(station, group, spans.pop(station, []))
    for station, untouched in spans.items():
        yield from _of_station(station, iter(()), untouched)


def _select(*more: Any) -> Any:
    return select(*_COLUMNS, *more).order_by(*more, ForwardedRow.sequence)


def _add(digest: Any, row: _Arrived) -> None:
    values = [row.sequence, row.table_name, row.local_id, row.row_id, row.entry_hash, moment(row.forwarded_at)]
    digest.update(canonical(values).encode())


def _span(event: Told) -> Sequence[_Span]:
    first, last, digest = (event.detail.get(name) for name in ("first", "last", "digest"))
    if isinstance(first, int) and isinstance(last, int) and isinstance(digest, str):
        return (_Span(event.sequence, first, last, digest),)
    # Somebody wrote something else over it, which the chain finds itself.
    return ()


def _of_station(station: str, rows: Iterator[_Arrived], spans: Sequence[_Span]) -> Iterator[Problem]:
    row = next(rows, None)
    for span in spans:
        while row is not None and row.sequence < span.first:
            yield _untold(station, row)
            row = next(rows, None)
        digest = hashlib.sha256()
        while row is not None and row.sequence <= span.last:
            _add(digest, row)
            row = next(rows, None)
        if digest.hexdigest() != span.digest:
            what = Sentence(
                "of the rows {first} to {last} of station {station}, one was changed, added or removed",
                first=span.first,
                last=span.last,
                station=station,
            )
            yield Problem(span.entry, _TABLE, span.first, what)
    while row is not None:
        yield _untold(station, row)
        row = next(rows, None)


def _untold(station: str, row: _Arrived) -> Problem:
    return Problem(
        0,
        _TABLE,
        row.sequence,
        Sentence("a row of station {station} that did not come by this program", station=station),
    )
