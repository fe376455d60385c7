"""``main.py product``: create, list, show, export and import products."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from cli import typed
from cli.common import add_row, console, print_json, say, settings_with, speaks_plainly, trained_word
from cli.signing_in import User, signed_in
from filo_core.descriptions.cleaning import clean_phrases
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FolderError, ProductError
from filo_core.events import Calibrated
from filo_core.imaging import list_images, read_image
from filo_core.types import AnomalyType, ProductDescription, ProductDraft, ProductKind, Provenance, RecipeVersion
from storage.storage import open_storage
from workflows.catalogue import Catalogue
from workflows.inspector import calibration_steps

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from workflows.settings import Settings

MOST_REFERENCES = 100

app = typer.Typer(help="Products and their recipes.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the product.")]
Database = Annotated[str, typer.Option(help="SQLAlchemy URL of the record instead of the file in FILO_HOME.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on the last line.")]


@app.command()
@speaks_plainly
def create(
    name: Name,
    class_name: Annotated[str, typer.Option(help='What the part is, as a noun: "metal nut".')],
    references: Annotated[
        Path, typer.Option(help="Folder with one to eight good images; up to 100 are taken.", parser=typed.path)
    ],
    kind: Annotated[ProductKind, typer.Option(help="A thing in the picture, or a surface that fills it.")] = (
        ProductKind.OBJECT
    ),
    domain: Annotated[str, typer.Option(help='One adjective for the prompts, such as "medical".')] = "",
    anomalies: Annotated[
        Path | None,
        typer.Option(
            help="Text file, one anomaly a line, or a JSON list. Default: the built-in library.", parser=typed.path
        ),
    ] = None,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Create a product from good images, set its limits and sign off its first recipe."""
    settings = settings_with(database=database)
    description = ProductDescription(name, class_name, kind, domain)
    with open_storage(settings.database_url, settings.images) as storage:
        access, pin = signed_in(storage, user, settings.station)
        try:
            catalogue = Catalogue(storage, access)
            version, calibrated = create_product(catalogue, settings, description, references, anomalies, pin=pin)
        finally:
            access.sign_out()
    if as_json:
        print_json(_version_json(version) | {"trained": calibrated.trained, "calibration": calibrated.sentence})
        return
    recipe = version.recipe
    word = trained_word(calibrated.trained)
    say(f"{recipe.product}: recipe version {version.version}, {recipe.content_hash[:12]} ({recipe.profile}, {word})")
    say(f"{len(recipe.anomaly_types)} anomaly types, {len(recipe.references)} good images")
    say(f"OK up to {recipe.limits.ok:.4f}, NG above {recipe.limits.ng:.4f}. {calibrated.sentence}")


def create_product(
    catalogue: Catalogue,
    settings: Settings,
    description: ProductDescription,
    references: Path,
    anomalies: Path | None = None,
    engine: Engine | None = None,
    pin: str = "",
) -> tuple[RecipeVersion, Calibrated]:
    """All five steps of the wizard in one go; leaves nothing behind when a step fails.

    Raises:
        ProductError: if the name is taken, or the anomaly file is of no use.
        FolderError: if the folder of good images is.
        UnreadableImageError: if one of its images is; the message names it.
    """
    from filo_core.engine import load_engine

    types = read_anomalies(anomalies) if anomalies else AnomalyLibrary.load().suggest(description)
    paths = list_images(references).images
    if len(paths) > MOST_REFERENCES:
        raise FolderError(
            f"{references} holds {len(paths)} images, more than the {MOST_REFERENCES} a product takes as references. "
            "Copy the best one to eight good ones into a folder of their own."
        )
    images = [read_image(path) for path in paths]
    catalogue.create(description)
    try:
        catalogue.set_anomaly_types(description.name, types)
        for image in images:
            catalogue.add_reference(description.name, image)
        engine = engine or load_engine(settings.profile, settings.device, settings.models)
        calibrated: Calibrated | None = None
        for event in calibration_steps(catalogue, description.name)(engine):
            if isinstance(event, Calibrated):
                calibrated = event
        assert calibrated is not None, "calibration ends with its result"
        version = catalogue.sign_off(description.name, settings.operator, calibrated.model_hash, pin)
    except BaseException:
        catalogue.delete(description.name)
        raise
    return version, calibrated


def read_anomalies(path: Path) -> tuple[AnomalyType, ...]:
    """Anomaly list from a text file (one a line) or a JSON list of phrases.

    Raises:
        ProductError: if the file cannot be read or holds no usable phrase.
    """
    try:
        text = path.read_text(encoding="utf-8")
        phrases = json.loads(text) if text.lstrip().startswith("[") else text.splitlines()
    except OSError as error:
        raise ProductError(f"{path} cannot be read: {error.strerror or error}. Check the path.") from error
    except ValueError as error:
        raise ProductError(f"{path} is neither text in UTF-8 nor a JSON list. Write one phrase a line.") from error
    names = clean_phrases(phrase for phrase in phrases if isinstance(phrase, str))
    if not names:
        raise ProductError(f"{path} holds no visible anomaly. Write one short noun phrase a line: scratch, dent.")
    return tuple(AnomalyType(name, provenance=Provenance.PERSON) for name in names)


@app.command("list")
@speaks_plainly
def list_products(database: Database = "", as_json: AsJson = False) -> None:
    """List the products and what each still needs."""
    settings = settings_with(database=database)
    with open_storage(settings.database_url, settings.images) as storage:
        drafts = Catalogue(storage).drafts()
    if as_json:
        print_json({"products": [_draft_json(draft) for draft in drafts]})
        return
    if not drafts:
        say("No product yet. Create one with: main.py product create NAME --class-name … --references …")
        return
    table = Table("Product", "What", "Kind", "Good images", "Recipe", "Next step")
    for draft in drafts:
        described = draft.description
        signed = f"version {draft.signed_version}" if draft.signed_version else "none"
        following = draft.missing(draft.next_step) if draft.next_step else "ready to inspect"
        add_row(
            table,
            described.name,
            described.class_name,
            described.kind.value,
            str(len(draft.references)),
            signed,
            following,
        )
    console.print(table)


@app.command()
@speaks_plainly
def show(name: Name, database: Database = "", as_json: AsJson = False) -> None:
    """Show a product: its anomaly list, good images, limits and newest recipe."""
    settings = settings_with(database=database)
    with open_storage(settings.database_url, settings.images) as storage:
        catalogue = Catalogue(storage)
        draft = catalogue.draft(name)
        version = catalogue.recipe(name) if draft.signed_version else None
    if as_json:
        print_json(_draft_json(draft) | ({"recipe": _version_json(version)} if version else {}))
        return
    described = draft.description
    say(f"{described.name}: {described.class_name} ({described.kind.value})")
    say(f"Good images: {', '.join(reference.name for reference in draft.references) or 'none'}")
    table = Table("Anomaly type", "Severity", "Enabled", "From")
    for anomaly in draft.anomaly_types:
        add_row(
            table, anomaly.name, anomaly.severity.value, "yes" if anomaly.enabled else "no", anomaly.provenance.value
        )
    console.print(table)
    if draft.limits:
        say(f"OK up to {draft.limits.ok:.4f}, NG above {draft.limits.ng:.4f}. {draft.calibration_note}")
    if version:
        say(f"Recipe version {version.version}, {version.recipe.content_hash}, signed by {version.signed_by}")
    if draft.next_step:
        say(f"Next: {draft.missing(draft.next_step)}")


@app.command()
@speaks_plainly
def export(
    name: Name, file: Annotated[Path, typer.Argument(help="File to write.", parser=typed.path)], database: Database = ""
) -> None:
    """Write a product with its good images to one file."""
    settings = settings_with(database=database)
    with open_storage(settings.database_url, settings.images) as storage:
        Catalogue(storage).export(name, file)
    say(f"{name} was written to {file}")


@app.command("import")
@speaks_plainly
def import_product(
    file: Annotated[Path, typer.Argument(help="File written by export.", parser=typed.path)],
    new_name: Annotated[str, typer.Option("--name", help="Another name for it, where its own is taken.")] = "",
    database: Database = "",
) -> None:
    """Read a product from a file; refused when any hash in it is wrong."""
    settings = settings_with(database=database)
    with open_storage(settings.database_url, settings.images) as storage:
        draft = Catalogue(storage).import_product(file, new_name)
    following = f"Next: {draft.missing(draft.next_step)}" if draft.next_step else "It is ready to inspect."
    say(f"{draft.description.name} was imported. {following}")


def _draft_json(draft: ProductDraft) -> dict[str, Any]:
    described = draft.description
    return {
        "product": described.name,
        "class_name": described.class_name,
        "kind": described.kind.value,
        "domain": described.domain,
        "anomaly_types": [anomaly.name for anomaly in draft.anomaly_types if anomaly.enabled],
        "references": [reference.name for reference in draft.references],
        "recipe_version": draft.signed_version,
        "next_step": draft.next_step.value if draft.next_step else None,
    }


def _version_json(version: RecipeVersion) -> dict[str, Any]:
    recipe = version.recipe
    return {
        "product": recipe.product,
        "recipe_version": version.version,
        "recipe_hash": recipe.content_hash,
        "profile": recipe.profile,
        "model_hash": recipe.model_hash,
        "limit_ok": recipe.limits.ok,
        "limit_ng": recipe.limits.ng,
        "good_parts": len(recipe.references),
        "signed_by": version.signed_by,
        "signed_at": version.signed_at.isoformat(),
    }
