"""``main.py history``: inspections of the record, by what was said of their parts."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, FirstDay, LastDay, Lot, Order, OwnField, Serial, wanted_identity
from filo_core.identity import FIELDS
from filo_core.types import InspectionFilter, InspectionRecord, Verdict
from workflows.export.tables import row_of
from workflows.keeping.opening import open_record
from workflows.reporting.day_ranges import typed_range
from workflows.reporting.history import History

_COLUMNS = ("inspected_at", "product", "name", "final_verdict", "anomaly_type", "reason")


@speaks_plainly
def history(
    name: Annotated[str, typer.Argument(help="Name of the product; all of them when not given.")] = "",
    serial: Serial = "",
    lot: Lot = "",
    order: Order = "",
    field: OwnField = None,
    part: Annotated[str, typer.Option("--part", help="A part of the picture's name or of the serial.")] = "",
    first: FirstDay = "",
    last: LastDay = "",
    verdict: Annotated[list[Verdict] | None, typer.Option(help="The system's; may be given several times.")] = None,
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1, max=10_000)] = 100,
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """The newest inspections, of a serial, a lot or an order."""
    since, until = typed_range(first, last)
    settings = settings_with(database=database)
    wanted = InspectionFilter(
        product=name,
        verdicts=frozenset(verdict or ()),
        since=since,
        until=until,
        name=part,
        identity=wanted_identity(serial, lot, order, field or (), settings.identity_fields),
    )
    with open_record(settings) as storage:
        found = History(storage).page(wanted, limit=limit)
    if as_json:
        print_json({"inspections": [dict(row_of(record)) for record in found]})
    elif found:
        _show(found)
    else:
        say("No inspection of the record is wanted by that. Leave something out.")


def _show(found: tuple[InspectionRecord, ...]) -> None:
    rows = [row_of(record) for record in found]
    said = [column for column in FIELDS if any(row[column] for row in rows)]
    shown = (*said, *_COLUMNS)
    table = Table(*shown)
    for row in rows:
        add_row(table, *(_cell(row[column]) for column in shown))
    console.print(table)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
