"""``main.py product regions``: where a product is looked at, and what is ignored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Name, User
from cli.signing_in import managing
from filo_core.errors import SettingsError
from filo_core.types import ProductDraft
from filo_core.zones import Zone, ZoneKind, with_whole_part, without_ease, without_whole_part
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue

_WHOLE_PART, _WHOLE_PICTURE = "whole part", "whole picture"
_NEXT = "Its limits are to be set again: main.py calibrate."


@speaks_plainly
def regions(
    name: Name,
    file: Annotated[
        Path | None,
        typer.Argument(help="File of regions: ours, labelme's JSON or COCO's polygons.", parser=typed.path),
    ] = None,
    of: Annotated[str, typer.Option("--of", help="Take the regions of another product.")] = "",
    none: Annotated[bool, typer.Option("--none", help="Remove all regions: the whole picture is looked at.")] = False,
    write: Annotated[Path | None, typer.Option(help="Write the regions to a file.", parser=typed.path)] = None,
    whole_part: Annotated[
        bool | None,
        typer.Option(
            "--whole-part/--no-whole-part",
            help="Ask besides whether anything is missing, too many or swapped, wherever it lies; needs 8 good images.",
        ),
    ] = None,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Show, set, copy or write the regions of a product, and what is ignored."""
    if sum((file is not None, bool(of), none, write is not None)) > 1:
        raise SettingsError("Give one of: a file, --of, --none, --write.")
    if whole_part is not None and (none or write is not None):
        raise SettingsError("--none and --write know no --whole-part: give it alone, with a file or with --of.")
    settings = settings_with(database=database)
    if file is None and not of and not none and whole_part is None:
        with open_record(settings) as storage:
            draft = Catalogue(storage).draft(name)
        if write is not None:
            _write(draft, write)
            return
        _show(draft, as_json=as_json)
        return
    from workflows.products.region_files import read_regions

    read = read_regions(file) if file is not None else ()
    with managing(settings, user) as (access, _):
        catalogue = Catalogue(access.storage, access)
        kept = without_ease(catalogue.draft(name).zones) if file is None and not none else read
        zones = _zones_of(catalogue.draft(of), "take") if of else kept
        if whole_part is not None:
            zones = (
                with_whole_part(zones, _WHOLE_PART, _WHOLE_PICTURE)
                if whole_part
                else without_whole_part(zones, _WHOLE_PICTURE)
            )
        draft = catalogue.set_zones(name, zones)
    _show(draft, as_json=as_json)
    if not as_json and draft.limits is None:
        say(_NEXT)


def _write(draft: ProductDraft, path: Path) -> None:
    from workflows.products.region_files import write_regions

    zones = _zones_of(draft, "write")
    write_regions(path, zones)
    say(f"{len(zones)} regions were written to {path}")


def _zones_of(draft: ProductDraft, what: str) -> tuple[Zone, ...]:
    """The regions as they were drawn.

    Raises:
        SettingsError: if there is none.
    """
    if not draft.zones:
        raise SettingsError("{name} has no regions to {what}.", name=draft.description.name, what=what)
    return without_ease(draft.zones)


def _show(draft: ProductDraft, *, as_json: bool) -> None:
    from workflows.products.region_files import code_as_json, count_as_json

    if as_json:
        found = [
            {
                "name": zone.name,
                "kind": zone.kind.value,
                "shape": zone.shape.value,
                "points": zone.points,
                "limit": zone.limit,
            }
            | ({"turn": zone.search.turn, "scale": zone.search.scale} if zone.search else {})
            | ({"count": count_as_json(zone.count)} if zone.count else {})
            | ({"anomalies": zone.anomalies} if zone.anomalies else {})
            | ({"code": code_as_json(zone.code)} if zone.code else {})
            for zone in draft.zones
        ]
        print_json({"product": draft.description.name, "regions": found} | _fixture_json(draft))
        return
    if not draft.zones:
        say(f"{draft.description.name} has no regions: the whole picture is looked at.")
        return
    table = Table("Region", "Kind", "Shape", "Corners", "Limit")
    for zone in draft.zones:
        add_row(
            table,
            zone.name,
            zone.kind.value,
            zone.shape.value,
            str(len(zone.points)),
            _limit_of(zone),
        )
    console.print(table)
    if draft.fixture is not None:
        say(draft.fixture.words)


def _limit_of(zone: Zone) -> str:
    if zone.count is not None:
        return f"{zone.count.expected} {zone.count.what}"
    if zone.code is not None:
        return f"{zone.code.field}, else {zone.code.unreadable.value}"
    if zone.kind not in {ZoneKind.INSPECT, ZoneKind.WHOLE}:
        return "–"
    return "from good parts" if zone.limit is None else f"{zone.limit:.3f}, by hand"


def _fixture_json(draft: ProductDraft) -> dict[str, Any]:
    fixture = draft.fixture
    if fixture is None:
        return {}
    numbers = {"least": fixture.least, "worst": fixture.worst, "chance": fixture.chance}
    return {"fixture": numbers | {"taught_on": fixture.taught_on, "sentence": fixture.words}}
