"""``main.py product views``: the pictures that a part is looked at in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, warn_of_left_out
from cli.options import AsJson, Database, Name, User
from cli.signing_in import managing
from filo_core.errors import SettingsError
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue
from workflows.products.view_rules import find_view

if TYPE_CHECKING:
    from filo_core.types import ProductDraft, RecipeVersion, View
    from workflows.settings.settings import Settings


@speaks_plainly
def views(
    name: Name,
    add: Annotated[str, typer.Option(help="Add a view of this name, or change one that is there.")] = "",
    suffix: Annotated[str, typer.Option(help='What the names of its files end in: "_top" for part7_top.png.')] = "",
    source: Annotated[str, typer.Option(help="Where a line takes its pictures from, as for line run.")] = "",
    references: Annotated[
        Path | None, typer.Option(help="Folder with good images of the view.", parser=typed.path)
    ] = None,
    remove: Annotated[str, typer.Option(help="Look at parts without this view from now on.")] = "",
    sign: Annotated[bool, typer.Option("--sign", help="Set the limits that are missing, and sign all off.")] = False,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Show, add, remove and sign off the views of a product: several pictures of one part, judged together.

    A product that is not there yet is made by its first view. Each view is set up like a product, under the name
    "NAME / VIEW": good images, regions, limits and golden set are its own. All share the promise.
    """
    if sum((bool(add), bool(remove), sign)) > 1 or ((suffix or source or references) and not add):
        raise SettingsError(
            "Give one of --add, --remove and --sign; --suffix, --source and --references go with --add."
        )
    settings = settings_with(database=database)
    version: RecipeVersion | None = None
    if not (add or remove or sign):
        with open_record(settings) as storage:
            draft = Catalogue(storage).draft(name)
    else:
        with managing(settings, user) as (access, pin):
            catalogue = Catalogue(access.storage, access)
            if add:
                _add(catalogue, name, add, suffix, source, references)
            elif remove:
                catalogue.take_view(name, remove)
            else:
                version = _signed(catalogue, name, settings, pin)
            draft = catalogue.draft(name)
    if as_json:
        print_json({"product": draft.description.name, "views": [_plain(view) for view in draft.views]} | _of(version))
        return
    _show(draft)
    if version is not None:
        say(f"{name}: recipe version {version.version}, {version.recipe.content_hash[:12]}")
        say(draft.calibration_note)


def _add(catalogue: Catalogue, name: str, view: str, suffix: str, source: str, references: Path | None) -> None:
    from filo_core.imaging import list_images, read_image
    from workflows.products.creating import create_for_views

    images = [read_image(path) for path in list_images(references).images] if references else []
    if references is not None:
        warn_of_left_out(references)
    create_for_views(catalogue, name)
    draft = catalogue.add_view(name, view, suffix=suffix, source=source)
    own = find_view(draft, view).draft.description.name
    for image in images:
        catalogue.add_reference(own, image)


def _signed(catalogue: Catalogue, name: str, settings: Settings, pin: str) -> RecipeVersion:
    from filo_core.engine import load_engine
    from workflows.products.proofs import reason_of_command
    from workflows.products.views import calibrate_views

    if not catalogue.draft(name).views:
        raise SettingsError("{name} has no view yet. Add one with --add.", name=name)
    catalogue.require_sign_off(settings.operator)
    engine = load_engine(settings.profile, settings.device, settings.models)
    draft = calibrate_views(catalogue, name, engine)
    return catalogue.sign_off(name, settings.operator, draft.model_hash, pin, reason_of_command)


def _of(version: RecipeVersion | None) -> dict[str, Any]:
    if version is None:
        return {}
    return {"recipe_version": version.version, "recipe_hash": version.recipe.content_hash}


def _plain(view: View) -> dict[str, Any]:
    limits = view.draft.limits
    return {
        "view": view.name,
        "product": view.draft.description.name,
        "suffix": view.suffix,
        "source": view.source,
        "good_parts": len(view.draft.references),
        "regions": len(view.draft.zones),
        "limit_ok": limits.ok if limits else None,
        "limit_ng": limits.ng if limits else None,
    }


def _show(draft: ProductDraft) -> None:
    if not draft.views:
        say(f"{draft.description.name} is looked at in one picture. Add a view with --add NAME --suffix _NAME.")
        return
    table = Table("View", "Files end in", "Source", "Good images", "Regions", "OK up to", "NG above", "Next step")
    for view in draft.views:
        own = view.draft
        limits = (f"{own.limits.ok:.4f}", f"{own.limits.ng:.4f}") if own.limits else ("", "")
        following = own.missing(own.next_step) if own.next_step else "ready to inspect"
        counts = str(len(own.references)), str(len(own.zones))
        add_row(table, view.name, view.suffix, view.source, *counts, *limits, following)
    console.print(table)
    if draft.next_step:
        name = draft.description.name
        say(f"Next: {draft.missing(draft.next_step)} Then: main.py product views {name!r} --sign")
