"""``main.py demo``: the main job from four good parts to a contact sheet, on rendered or given images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track
from rich.table import Table

from cli import typed
from cli.common import (
    UNTRAINED_NOTE,
    add_row,
    console,
    errors,
    print_json,
    say,
    settings_with,
    shown_url,
    speaks_plainly,
    trained_word,
)
from cli.options import AsJson, Device
from filo_core.benchmark.datasets import Category, load_category
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FolderError
from filo_core.resources import resource_path
from filo_core.types import ProductDescription
from storage.engine import sqlite_url
from workflows.demonstration.demo_product import with_words
from workflows.demonstration.demonstration import DefectTally, Demonstration, prepare_output, set_up
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue


@speaks_plainly
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder for database, heat maps and contact sheet.", parser=typed.path)
    ] = Path("demo-output"),
    data: Annotated[
        Path | None, typer.Option(help="MVTec-AD category to use instead of the rendered product.", parser=typed.path)
    ] = None,
    device: Device = "",
    as_json: AsJson = False,
) -> None:
    """Set up a product from four good parts, inspect its test folder, and show what was found."""
    from filo_core.engine import load_engine

    category = load_category(data or resource_path("demo", "bracket"))
    if not category.tests:
        raise FolderError(
            "{root} has no test images. An MVTec-AD category has test/good and test/<defect>.", root=category.root
        )
    prepare_output(out)
    settings = settings_with(home=out, database=sqlite_url(out / "filo.sqlite"), device=device)
    name = category.root.name
    description = ProductDescription(name=name, class_name=name.replace("_", " ").lower())
    types = with_words(AnomalyLibrary.load().suggest(description), (test.defect for test in category.tests))
    engine = load_engine(settings.profile, settings.device, settings.models)
    with open_record(settings) as storage:
        catalogue = Catalogue(storage)
        version, calibrated = set_up(catalogue, engine, category, description, types, settings.operator)
        if not as_json:
            say(f"{name}: {len(version.recipe.references)} good parts, {len(types)} anomaly types")
            say(calibrated.sentence)
        shown = Demonstration(storage, catalogue, engine, category, version, out)
        for _ in track(shown.run(), "Inspecting", total=len(category.tests) + 2, console=errors):
            pass
    report = _report(shown, settings.database_url)
    if as_json:
        print_json(report)
    else:
        _print(shown, category, report)


def _called(row: DefectTally) -> str:
    """What stood out most was called, the most frequent name first."""
    broad = ", ".join(f"{name} {count}" for name, count in row.broad.most_common(2))
    named = ", ".join(f"{name} {count}" for name, count in row.names.most_common(3))
    return f"{named} ({broad})" if broad else named


def _report(shown: Demonstration, database_url: str) -> dict[str, Any]:
    assert shown.finished is not None, "a run ends with its counts"
    counts = shown.finished.counts
    recipe = shown.version.recipe
    return {
        "product": recipe.product,
        "recipe_hash": recipe.content_hash,
        "profile": recipe.profile,
        "trained": shown.engine.trained,
        "inspected": counts.inspected,
        "ok": counts.ok,
        "review": counts.review,
        "ng": counts.ng,
        "not_inspected": counts.not_inspected,
        "left_out": len(counts.left_out),
        "skipped": counts.skipped,
        "image_auroc": shown.image_auroc,
        "pixel_auroc": shown.pixel_auroc,
        "seconds_per_image": shown.seconds_judging / counts.inspected if counts.inspected else None,
        "called_rightly": list(shown.rightly_called),
        "called": {row.defect: dict(row.names) for row in shown.rows.values()},
        "database": shown_url(database_url),
        "out": str(shown.out),
    }


def _print(shown: Demonstration, category: Category, report: dict[str, Any]) -> None:
    word = trained_word(shown.engine.trained)
    table = Table("Test folder", title=f"{category.name}, profile {report['profile']} ({word})")
    for heading in ("Images", "OK", "REVIEW", "NG", "Not inspected", "Mean score"):
        table.add_column(heading, justify="right")
    table.add_column("Called")
    for row in sorted(shown.rows.values(), key=lambda row: (row.defect != "good", row.defect)):
        cells = [str(row.verdicts.get(verdict, 0)) for verdict in ("OK", "REVIEW", "NG", "NOT_INSPECTED")]
        add_row(table, row.defect, str(row.images), *cells, f"{row.score_sum / row.images:.4f}", _called(row))
    console.print(table)
    say(
        f"Image AUROC {_percent(report['image_auroc'])}, pixel AUROC {_percent(report['pixel_auroc'])}, "
        f"{1000 * report['seconds_per_image']:.0f} ms an image ({word})"
        if report["seconds_per_image"] is not None
        else "No image could be inspected."
    )
    right, found = shown.rightly_called
    say(f"Named from words alone as their folder is: {right} of {found} bad parts on which a region was found.")
    if not shown.engine.trained:
        say(UNTRAINED_NOTE)
    say(f"Record: {report['database']}")
    say(f"Pictures: {shown.out / 'contact_sheet.png'}, {shown.out / 'heat_maps'}")


def _percent(value: float | None) -> str:
    return "not defined" if value is None else f"{100 * value:.1f} %"
