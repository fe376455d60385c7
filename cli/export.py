"""``main.py export``: inspections for other programs, as tables, data sets or a report on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import typed
from cli.common import print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, FirstDay, LastDay, Lot, Name, Order, OwnField, Serial, User, wanted_identity
from cli.signing_in import managing
from filo_core.types import InspectionFilter, Verdict
from workflows.export.formats import ExportFormat
from workflows.export.handing_out import export_inspections
from workflows.export.selection import Selection
from workflows.products.catalogue import Catalogue
from workflows.reporting.day_ranges import typed_range
from workflows.reporting.history import History


@speaks_plainly
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="File to write; for mvtec a new or empty folder.", parser=typed.path)],
    format_: Annotated[ExportFormat, typer.Option("--format", help="What to write.")] = ExportFormat.CSV,
    first: FirstDay = "",
    last: LastDay = "",
    verdict: Annotated[list[Verdict] | None, typer.Option(help="The system's; may be given several times.")] = None,
    serial: Serial = "",
    lot: Lot = "",
    order: Order = "",
    field: OwnField = None,
    reviewed: Annotated[bool, typer.Option(help="Only what a person has decided on.")] = False,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Write the inspections of a product to a file. The record tells who did."""
    since, until = typed_range(first, last)
    settings = settings_with(database=database)
    with managing(settings, user) as (access, _):
        catalogue = Catalogue(access.storage, access)
        product = catalogue.draft(name).description.name
        wanted = InspectionFilter(
            product=product,
            verdicts=frozenset(verdict or ()),
            since=since,
            until=until,
            identity=wanted_identity(serial, lot, order, field or (), settings.identity_fields),
        )
        selection = Selection(History(access.storage), wanted, reviewed)
        count = export_inspections(access, selection, catalogue, format_, out)
    if as_json:
        print_json({"product": product, "format": format_.value, "inspections": count, "out": str(out)})
        return
    say(f"{count} inspections of {product} were written to {out}")
