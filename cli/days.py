"""``--from`` and ``--to``, meaning the same to every command: the clock on the wall, and whole days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from filo_core.errors import FiloError

FromDay = Annotated[str, typer.Option("--from", help="First day, such as 2026-03-01, or a moment.")]
ToDay = Annotated[
    str, typer.Option("--to", help="Last day, itself included, or the moment before which to stop (2026-03-01T14:00).")
]


def period(first: str, last: str) -> tuple[datetime | None, datetime | None]:
    """The moments from which and before which; None where an end is open.

    Raises:
        FiloError: if either is no day and no moment, or the first comes after the last.
    """
    since, until = _moment(first), _moment(last, end_of_day=True)
    if since and until and since >= until:
        raise FiloError(f"Nothing lies between {first} and {last}. Give the earlier day to --from.")
    return since, until


def _moment(text: str, *, end_of_day: bool = False) -> datetime | None:
    if not text:
        return None
    try:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            moment = datetime.fromisoformat(text)
        else:
            moment = datetime.combine(day + timedelta(days=end_of_day), time())
        # Where the zone of the place would lead out of the calendar, Python refuses.
        return moment.astimezone() if moment.tzinfo is None else moment
    except (ValueError, OverflowError, OSError) as error:
        raise FiloError(f"{text[:40]!r} is no day. Write it like 2026-03-01, or 2026-03-01T14:00.") from error
