"""``main.py product detail``: how many pixels of the network the smallest defect covers, and what more would cost."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Name
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue


@speaks_plainly
def detail(
    name: Name,
    field_mm: Annotated[float, typer.Option("--field-mm", help="Millimetres that the picture's longer side shows.")],
    smallest_mm: Annotated[float, typer.Option("--smallest-mm", help="Extent of the smallest defect to be found.")],
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Say how many pixels of the network the smallest defect covers with each size, and what that costs."""
    from filo_core.eyes.detail import NEEDED_PX, as_rows
    from workflows.products.detail import detail_of

    with open_record(settings_with(database=database)) as storage:
        found = detail_of(Catalogue(storage), name, field_mm, smallest_mm)
    if as_json:
        rows = [
            {"eyes": one.eyes.words, "covers_px": one.covers_px, "enough": one.is_enough, "cost": one.cost}
            for one in found.details
        ]
        print_json({"product": name, "needed_px": NEEDED_PX, "camera_px": found.camera_px, "eyes": rows})
        return
    table = Table("Eyes", "Pixels of the defect", "Enough", "Cost beside 512 px")
    for row in as_rows(found.details):
        add_row(table, *row)
    console.print(table)
    say(found.sentence)
