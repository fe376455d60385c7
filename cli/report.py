"""``main.py report``: what the record says about a product, in words and as a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import typed
from cli.common import say, settings_with, speaks_plainly
from cli.options import Database, FirstDay, LastDay, Name, User
from cli.signing_in import managing
from filo_core.spoken import speaker
from filo_core.types import InspectionFilter
from workflows.export.handing_out import export_report
from workflows.keeping.opening import open_record
from workflows.notices.reports import timetable_of, title_of, wanted_time
from workflows.products.catalogue import Catalogue
from workflows.reporting.day_ranges import typed_range
from workflows.reporting.report import read_report, report_lines


@speaks_plainly
def report(
    name: Name,
    first: FirstDay = "",
    last: LastDay = "",
    day: Annotated[str, typer.Option(help="Of this day of the plant, such as 2026-03-04.")] = "",
    week: Annotated[str, typer.Option(help="Of the week that this day lies in.")] = "",
    shift: Annotated[str, typer.Option(help="Of the shift of this name that begins on --day.")] = "",
    station: Annotated[str, typer.Option(help="Of this station only.")] = "",
    pdf: Annotated[Path | None, typer.Option(help="Also write it to this file.", parser=typed.path)] = None,
    user: User = "",
    database: Database = "",
) -> None:
    """First-pass yield, Pareto, control chart, scores and agreement of a product."""
    settings = settings_with(database=database)
    since, until = typed_range(first, last)
    title = ""
    if day or week or shift:
        table = timetable_of(settings)
        one = wanted_time(table, day, week, shift, both=bool(first or last))
        since, until = table.local(one.since), table.local(one.until)
        title = title_of(one, speaker(settings.language))
    wanted = InspectionFilter(product=name, since=since, until=until, station=station)
    # Figures are everybody's to look at; a file goes out, and asks for a person.
    with open_record(settings) as storage:
        read = read_report(storage, Catalogue(storage), wanted)
    for line in report_lines(read):
        say(line)
    if pdf is not None:
        with managing(settings, user) as (access, _):
            export_report(access, read, pdf, speaker(settings.language), title)
        say(f"Written to {pdf}")
