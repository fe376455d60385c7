"""``main.py calibrate``, ``drift`` and ``sensitivity``: limits with their promise, and what they are worth."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from cli.common import UNTRAINED_NOTE, add_row, console, errors, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson, Database, Device, Name, User
from cli.signing_in import signed_in
from filo_core.calibration.conformal import check_rate
from filo_core.calibration.evidence import GOAL
from filo_core.calibration.synthetic import kinds_of
from filo_core.events import Calibrated, PartJudged, StepDone
from workflows.keeping.opening import open_record
from workflows.people.access import Access
from workflows.products.catalogue import Catalogue
from workflows.products.evidence import confirmed_evidence, drift
from workflows.products.proofs import reason_of_command
from workflows.products.steps import calibration_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from filo_core.calibration.sensitivity import Sensitivity


@speaks_plainly
def calibrate(
    name: Name,
    alpha: Annotated[
        float, typer.Option(help="False-reject rate to promise, between 0 and 1, where the good parts carry it.")
    ] = GOAL,
    sign_off: Annotated[bool, typer.Option("--sign-off", help="Put the limits in force as a new recipe.")] = False,
    user: User = "",
    database: Database = "",
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Set a product's limits from its good images and from the parts that were confirmed as good since."""
    from filo_core.engine import load_engine

    check_rate(alpha)
    settings = settings_with(database=database, device=device)
    with open_record(settings) as storage, ExitStack() as at_end:
        access, pin = Access(storage, settings.station, operator=settings.operator), ""
        if sign_off or user:
            access, pin = signed_in(storage, user, settings)
        at_end.callback(access.sign_out)
        catalogue = Catalogue(storage, access)
        if sign_off:
            catalogue.require_whole(name)
        draft = catalogue.draft(name)
        engine = load_engine(draft.profile, settings.device, settings.models)
        found = last_of(calibration_steps(catalogue, name, alpha)(engine), "Calibrating")
        assert isinstance(found, Calibrated), "calibration ends with its result"
        recipe = replace(draft, eyes=found.eyes).recipe(found.limits, found.model_hash)
        left_out = confirmed_evidence(storage, name, recipe).sentence
        changes = catalogue.unsigned_changes(name)
        version = (
            catalogue.sign_off(name, settings.operator, found.model_hash, pin, reason_of_command) if sign_off else None
        )
    if as_json:
        print_json(_calibrated_json(found) | {"left_out": left_out, "recipe_version": version and version.version})
        return
    say(found.sentence)
    if left_out:
        say(left_out)
    say(f"OK up to {found.limits.ok:.4f}, NG above {found.limits.ng:.4f}.")
    for change in changes if sign_off else ():
        say(f"Signed: {change}")
    say(
        f"Recipe version {version.version} is in force."
        if version
        else "These limits are in the draft. Sign it off to put them in force, or calibrate with --sign-off."
    )
    if not found.trained:
        say(UNTRAINED_NOTE)


@speaks_plainly
def drift_watch(name: Name, database: Database = "", as_json: AsJson = False) -> None:
    """Say whether confirmed good parts still score like those the limits were set with."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        found = drift(storage, name)
    if as_json:
        print_json({"product": name, "recalibrate": found.alarm, "sentence": found.sentence})
    else:
        say(found.sentence)


@speaks_plainly
def sensitivity(
    name: Name,
    draws: Annotated[int, typer.Option(min=1, max=1000, help="Drawings a kind, size and contrast.")] = 20,
    database: Database = "",
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Draw synthetic anomalies on the good images and count which are found. Indicative only."""
    from filo_core.engine import load_engine
    from workflows.products.sensitivity import sensitivity_steps

    settings = settings_with(database=database, device=device)
    with open_record(settings) as storage:
        catalogue = Catalogue(storage)
        draft = catalogue.draft(name)
        engine = load_engine(draft.profile, settings.device, settings.models)
        found: Sensitivity = last_of(sensitivity_steps(catalogue, name, engine, draws), "Drawing")
    not_drawn = kinds_of(draft.anomaly_types).not_drawn
    if as_json:
        print_json(_sensitivity_json(found) | {"not_drawn": list(not_drawn), "trained": engine.trained})
        return
    table = Table("Synthetic kind", title="Synthetic anomalies, drawn; real ones may be harder to find")
    for heading in ("Contrast", "Size px", "Found", "95 % interval"):
        table.add_column(heading, justify="right")
    for point in found.points:
        contrast = "–" if point.contrast is None else f"{point.contrast:g}"
        interval = f"{100 * point.found.lower:.0f} to {100 * point.found.upper:.0f} %"
        add_row(table, point.kind, contrast, str(point.size_px), f"{point.found.count} of {point.found.of}", interval)
    console.print(table)
    for sentence in found.sentences:
        say(sentence)
    if not_drawn:
        say(f"Nothing is said about types that cannot be drawn: {', '.join(not_drawn)}.")
    if found.left_out:
        say(f"Left out, since these limits refuse them as they are: {', '.join(found.left_out)}.")
    if not engine.trained:
        say(UNTRAINED_NOTE)


def last_of(steps: Iterator[Any], doing: str) -> Any:
    """The result that ends the steps; their progress is shown meanwhile."""
    result: Any = None
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task(doing, total=None)
        for event in steps:
            if isinstance(event, PartJudged):
                continue
            if isinstance(event, StepDone):
                progress.update(task, completed=event.done, total=event.total)
            else:
                result = event
    return result


def _calibrated_json(found: Calibrated) -> dict[str, Any]:
    promised = found.promise is not None
    return {
        "good_parts": max(len(found.scores), len(found.confirmed_scores)),
        "lowest_promise": found.lowest_promise if promised else None,
        "alpha": found.alpha,
        "needed_for_alpha": found.needed_for_alpha,
        "limit_ok": found.limits.ok,
        "limit_ng": found.limits.ng,
        "promise": found.promise,
        "guarantee": found.guarantee or None,
        "references": len(found.scores),
        "confirmed": len(found.confirmed_scores),
        "sentence": found.sentence,
        "trained": found.trained,
    }


def _sensitivity_json(found: Sensitivity) -> dict[str, Any]:
    return {
        "synthetic": True,
        "parts": found.parts,
        "left_out": list(found.left_out),
        "sentences": list(found.sentences),
        "points": [
            {
                "kind": point.kind.value,
                "size_px": point.size_px,
                "contrast": point.contrast,
                "found": point.found.count,
                "of": point.found.of,
                "lower": point.found.lower,
                "upper": point.found.upper,
            }
            for point in found.points
        ],
    }
