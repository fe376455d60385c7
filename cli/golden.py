"""``main.py golden``: known parts of a product, their checks, and letting inspection go on in spite of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, warn_of_left_out
from cli.options import AsJson, Database, Device, InspectingUser, Name, User
from cli.signing_in import inspecting_as, managing
from filo_core.errors import ProductError
from filo_core.golden_set import GoldenCheck, GoldenChecked
from filo_core.imaging import read_image
from filo_core.sentence import Sentence, one_or_many
from filo_core.statistics.shifts import USUAL_SHIFTS, Shifts
from filo_core.types import Verdict
from storage.storage import Storage
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue
from workflows.products.golden import GoldenSets, golden_steps

app = typer.Typer(help="Known good and bad parts that every recipe has to get right.", no_args_is_help=True)
Who = Annotated[str, typer.Option("--by", help="Who does it, while there are no users; FILO_OPERATOR without it.")]


def _open(database: str) -> Storage:
    settings = settings_with(database=database)
    return open_record(settings)


@contextmanager
def _signed_in(database: str, user: str, by: str = "") -> Iterator[tuple[GoldenSets, str, str]]:
    """The golden sets with the user signed in, who does it, and the PIN for what needs it again."""
    settings = settings_with(database=database)
    with managing(settings, user) as (access, pin):
        yield GoldenSets(access.storage, access), by or settings.operator, pin


@app.command()
@speaks_plainly
def add(
    name: Name,
    images: Annotated[list[Path], typer.Argument(help="Images of known parts.", parser=typed.path)],
    bad: Annotated[bool, typer.Option("--bad/--good", help="What these parts are known to be.")],
    user: User = "",
    database: Database = "",
) -> None:
    """Add known good or known bad parts to the golden set."""
    read = [read_image(path) for path in images]
    with _signed_in(database, user) as (golden, by, _):
        for image in read:
            golden.add(name, image, Verdict.NG if bad else Verdict.OK, by)
        total = len(golden.parts(name))
    say(f"{len(read)} added; the golden set of {name} has {total} parts.")


@app.command("import")
@speaks_plainly
def import_folder(
    name: Name,
    folder: Annotated[
        Path, typer.Argument(help="Folder with good and other folders, or a category of MVTec AD.", parser=typed.path)
    ],
    user: User = "",
    database: Database = "",
) -> None:
    """Add the parts of a folder: those in good (or ok) are good, those in other folders bad."""
    with _signed_in(database, user) as (golden, by, _):
        added = golden.add_folder(name, folder, by)
    warn_of_left_out(folder)
    good = sum(part.expected is Verdict.OK for part in added)
    say(f"{good} good and {len(added) - good} bad parts are in the golden set of {name}.")


@app.command()
@speaks_plainly
def remove(
    name: Name,
    part: Annotated[str, typer.Argument(help="Name of the part as list shows it, or the start of its hash.")],
    user: User = "",
    database: Database = "",
) -> None:
    """Take one part out of the golden set; earlier checks stay in the log."""
    with _signed_in(database, user) as (golden, by, _):
        found = [p for p in golden.parts(name) if p.name == part or (len(part) >= 8 and p.image_hash.startswith(part))]
        if len(found) != 1:
            many = one_or_many(len(found), "1 part", "{count} parts") if found else Sentence("no part")
            raise ProductError(
                "The golden set of {name} has {many} called {part!r}. Give the start of its hash.",
                name=name,
                many=many,
                part=part,
            )
        golden.remove(name, found[0].image_hash, by)
    say(f"{found[0].name} is no longer in the golden set of {name}.")


@app.command("list")
@speaks_plainly
def list_parts(name: Name, database: Database = "", as_json: AsJson = False) -> None:
    """Show the golden set, its newest checks, and whether it keeps the product from being inspected."""
    with _open(database) as storage:
        golden = GoldenSets(storage)
        parts, checks, problem = golden.parts(name), golden.checks(name, 5), golden.problem(name)
        demanded, releases = golden.demanded(name), golden.releases(name, 5)
    if as_json:
        print_json(
            {
                "product": name,
                "parts": [{"name": p.name, "hash": p.image_hash, "expected": p.expected.value} for p in parts],
                "demanded": str(demanded) if demanded else None,
                "checks": [_check_json(check) for check in checks],
                "blocked": bool(problem),
                "problem": problem,
            }
        )
        return
    if not parts:
        say(f"{name} has no golden set yet. Add parts with: main.py golden import {name} FOLDER")
    else:
        table = Table("Part", "Known to be", "Hash")
        for part in parts:
            add_row(table, part.name, part.expected.value, part.image_hash[:12])
        console.print(table)
    if demanded:
        say(f"A check is demanded in each shift; shifts begin at {demanded}.")
    for check in checks:
        moment = check.checked_at.astimezone().strftime("%Y-%m-%d %H:%M")
        say(f"{moment}, {check.checked_by}, recipe version {check.recipe_version}: {check.checked.sentence}")
    for release in releases:
        moment = release.signed_at.astimezone().strftime("%Y-%m-%d %H:%M")
        say(f"{moment}, {release.signed_by} let the inspection go on: {release.reason}")
    if problem:
        say(f"{name} must not be inspected. {problem}")


@app.command()
@speaks_plainly
def check(
    name: Name,
    by: Who = "",
    user: InspectingUser = "",
    database: Database = "",
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Judge the golden set under the recipe in force. The exit status is 2 when it fails."""
    from filo_core.engine import load_engine

    settings = settings_with(database=database, device=device, operator=by)
    checked: GoldenChecked | None = None
    with (
        open_record(settings) as storage,
        inspecting_as(storage, user, settings) as (checked_by, _),
    ):
        catalogue = Catalogue(storage)
        engine = load_engine(catalogue.recipe(name).recipe.profile, settings.device, settings.models)
        for event in golden_steps(catalogue, name, checked_by)(engine):
            if isinstance(event, GoldenChecked):
                checked = event
    assert checked is not None, "a check ends with its result"
    if as_json:
        print_json({"product": name} | _checked_json(checked))
    else:
        say(checked.sentence)
        if not checked.passed:
            say(f"{name} must not be inspected until a check passes or somebody signs off: main.py golden sign-off")
    if not checked.passed:
        raise SystemExit(2)


@app.command("sign-off")
@speaks_plainly
def sign_off(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why the inspection may go on.")],
    by: Who = "",
    user: User = "",
    database: Database = "",
) -> None:
    """Let inspection go on in spite of a failed or overdue check. It stays in the log with name and reason."""
    with _signed_in(database, user, by) as (golden, who, pin):
        release = golden.release(name, who, reason, pin)
    say(f"{release.signed_by} let {name} be inspected. The problem was: {release.problem}")


@app.command()
@speaks_plainly
def demand(
    name: Name,
    each_shift: Annotated[bool, typer.Option("--each-shift/--never", help="Whether a check is demanded.")] = True,
    shifts: Annotated[str, typer.Option(help="When shifts begin, by the clock on the wall.")] = USUAL_SHIFTS,
    user: User = "",
    database: Database = "",
) -> None:
    """Demand a check in each shift: without one the product is not inspected."""
    with _signed_in(database, user) as (golden, by, _):
        golden.demand(name, Shifts.parse(shifts) if each_shift else None, by)
    say(f"{name} is inspected only after a check in the running shift." if each_shift else "No check is demanded.")


def _checked_json(checked: GoldenChecked) -> dict[str, Any]:
    return {
        "passed": checked.passed,
        "parts": len(checked.answers),
        "wrong": [
            {"name": a.part.name, "expected": a.part.expected.value, "verdict": a.verdict.value} for a in checked.wrong
        ],
        "review": sum(answer.verdict is Verdict.REVIEW for answer in checked.answers),
        "sentence": checked.sentence,
    }


def _check_json(kept: GoldenCheck) -> dict[str, Any]:
    return _checked_json(kept.checked) | {
        "checked_at": kept.checked_at.isoformat(),
        "checked_by": kept.checked_by,
        "recipe_version": kept.recipe_version,
    }
