"""``main.py product learn-defects``: a product's map learns from bad parts that people confirmed, or forgets them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Device, Name, User
from cli.signing_in import managing
from filo_core.errors import SettingsError
from filo_core.events import MapPutInForce, MapsTried, StepDone
from filo_core.golden_set import GoldenChecked
from workflows.products.catalogue import Catalogue
from workflows.products.learning_defects import forget_steps, learn_steps

if TYPE_CHECKING:
    from collections.abc import Iterable


@speaks_plainly
def learn_defects(
    name: Name,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be gained, and change nothing.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Put the recipe from before it learnt back in force.")] = False,
    user: User = "",
    database: Database = "",
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Let a product's map learn from 8 or more parts that people called NG, where it tells them apart clearly better.

    The limits are found again from the good parts, and a new recipe version is in force.
    """
    if dry_run and undo:
        raise SettingsError("Say --dry-run to look, or --undo to take back: not both.")
    from filo_core.engine import load_engine

    settings = settings_with(database=database, device=device)
    with managing(settings, user) as (access, pin):
        catalogue = Catalogue(access.storage, access)
        engine = load_engine(catalogue.draft(name).profile, settings.device, settings.models)
        if undo:
            steps = forget_steps(catalogue, name, signed_by=settings.operator, pin=pin)
        else:
            steps = learn_steps(catalogue, name, signed_by=settings.operator, pin=pin, keeps=not dry_run)
        tried, in_force, checked = _followed(steps(engine))
    if as_json:
        print_json(_json(tried, in_force, checked))
        return
    if tried is not None:
        _show(tried)
    if in_force is not None:
        say(in_force.sentence)
    elif tried is not None:
        say("Nothing is changed.")
    if checked is not None:
        say(checked.sentence)


def _followed(
    events: Iterable[object],
) -> tuple[MapsTried | None, MapPutInForce | None, GoldenChecked | None]:
    tried, in_force, checked = None, None, None
    for event in events:
        if isinstance(event, StepDone):
            console.print(f"{event.done} of {event.total}: {event.what}", end="\r")
        elif isinstance(event, MapsTried):
            tried = event
        elif isinstance(event, MapPutInForce):
            in_force = event
        elif isinstance(event, GoldenChecked):
            checked = event
    return tried, in_force, checked


def _show(tried: MapsTried) -> None:
    table = Table("Map")
    for title in ("Pairs told apart", "Missed", "Weakest quarter stands", "Stand higher"):
        table.add_column(title, justify="right")
    for one in tried.tried:
        higher = "–" if one is tried.tried[0] else f"{one.higher} of {tried.bad}"
        weakest = f"{one.weakest:+.2f}"
        add_row(table, one.kind.value, f"{100 * one.told_apart:.1f} %", str(one.missed), weakest, higher)
    console.print(table)
    say(tried.sentence)


def _json(tried: MapsTried | None, in_force: MapPutInForce | None, checked: GoldenChecked | None) -> dict[str, Any]:
    return {
        "bad_parts": tried.bad if tried else None,
        "good_parts": tried.good if tried else None,
        "maps": [asdict(one) for one in tried.tried] if tried else [],
        "chosen": tried.learned.kind.value if tried and tried.learned else None,
        "sentence": tried.sentence if tried else "",
        "recipe_version": in_force.version.version if in_force else None,
        "calibration": in_force.calibration if in_force else "",
        "golden_set": checked.sentence if checked else "",
    }
