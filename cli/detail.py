"""``main.py product detail``: how many pixels of the network the smallest defect covers, and what more would cost."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Name
from filo_core.errors import RecipeError
from filo_core.types import Sight
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
    from filo_core.eyes.detail import NEEDED_PX, as_rows, defect_detail

    with open_record(settings_with(database=database)) as storage:
        catalogue = Catalogue(storage)
        draft = catalogue.draft(name)
        if not draft.references:
            raise RecipeError("{product} has no good image yet. Add one, then ask again.", product=name)
        size = catalogue.references(name)[0].size
    sight = draft.eyes.sight if draft.eyes is not None else Sight.FAST
    found = defect_detail(draft, size, field_mm, smallest_mm, sight)
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
