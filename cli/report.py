"""``main.py report``: what the record says about a product, in words and as a PDF."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.common import say, settings_with, speaks_plainly
from cli.product import Database, Name
from filo_core.errors import ProductError
from filo_core.types import InspectionFilter
from storage.storage import open_storage
from workflows.catalogue import Catalogue
from workflows.report import read_report, report_lines


@speaks_plainly
def report(
    name: Name,
    since: Annotated[str, typer.Option("--from", help="First day, such as 2026-03-01, or a moment.")] = "",
    until: Annotated[
        str, typer.Option("--to", help="Last day, itself included, or the moment before which to stop.")
    ] = "",
    station: Annotated[str, typer.Option(help="Of this station only.")] = "",
    pdf: Annotated[Path | None, typer.Option(help="Also write it to this file.")] = None,
    database: Database = "",
) -> None:
    """First-pass yield, Pareto, control chart, scores and agreement of a product."""
    settings = settings_with(database=database)
    wanted = InspectionFilter(
        product=name, since=_moment(since), until=_moment(until, end_of_day=True), station=station
    )
    with open_storage(settings.database_url, settings.images) as storage:
        read = read_report(storage, Catalogue(storage), wanted)
    for line in report_lines(read):
        say(line)
    if pdf is not None:
        # Only who wants a report on paper pays for loading what draws it.
        from workflows.report_pdf import write_pdf

        write_pdf(read, pdf)
        say(f"Written to {pdf}")


def _moment(text: str, *, end_of_day: bool = False) -> datetime | None:
    """A moment by the clock on the wall; a day means its beginning, or its end."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ProductError(f"{text[:40]!r} is no day. Write it like 2026-03-01.") from error
    if end_of_day and "T" not in text and ":" not in text:
        moment += timedelta(days=1)
    return moment.astimezone() if moment.tzinfo is None else moment
