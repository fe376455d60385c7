"""``main.py product``: create, list, show, export and import products."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import typed
from cli.common import (
    add_row,
    console,
    print_json,
    say,
    settings_with,
    speaks_plainly,
    trained_word,
    warn,
    warn_of_left_out,
)
from cli.compare import compare
from cli.detail import detail
from cli.language_model import suggest
from cli.learn_defects import learn_defects
from cli.options import AsJson, Database, Name, User
from cli.picture_limits import picture
from cli.product_types import cost, types
from cli.prove import prove
from cli.regions import regions as product_regions
from cli.session_answers import guard_json
from cli.signing_in import managing
from cli.unsorted import proposal_json, show_proposal, sorted_out
from cli.views import views
from filo_core.errors import SettingsError
from filo_core.types import (
    USUAL_NOUN,
    AnomalyType,
    Pose,
    ProductDescription,
    ProductDraft,
    ProductKind,
    RecipeVersion,
    Sight,
)
from filo_core.zones import Zone, inspected
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue
from workflows.products.creating import create_product, read_anomalies

app = typer.Typer(help="Products and their recipes.", no_args_is_help=True)
app.command("prove")(prove)
app.command("compare")(compare)
app.command("types")(types)
app.command("suggest")(suggest)
app.command("cost")(cost)
app.command("learn-defects")(learn_defects)
app.command("regions")(product_regions)
app.command("picture")(picture)
app.command("detail")(detail)
app.command("views")(views)


@app.command()
@speaks_plainly
def create(
    name: Name,
    class_name: Annotated[
        str, typer.Option(help='What the part is, as a noun: "metal nut". Profiles that judge by words read it.')
    ] = USUAL_NOUN,
    references: Annotated[
        Path | None,
        typer.Option(
            help="Folder with one to eight good images; up to 100 are taken. Without it the product is judged by "
            "words alone, where the profile can.",
            parser=typed.path,
        ),
    ] = None,
    unsorted: Annotated[
        Path | None,
        typer.Option(
            help="In place of --references: folder of 12 to 200 pictures nobody has sorted. Proposes good ones.",
            parser=typed.path,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Take what --unsorted proposes without a look at it.")] = False,
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
    eyes: Annotated[
        typed.EyesWish | None,
        typer.Option(
            help='How it is looked at: sharp, fast, with sizes as in "sharp 512+308", or auto to have it tried.',
            parser=typed.eyes,
            metavar="EYES",
        ),
    ] = None,
    pose: Annotated[
        Pose | None,
        typer.Option(
            help="How parts lie: fixed as in the good images, free at any angle, or flipped, which is free and on "
            "either side. Default: found from the good images."
        ),
    ] = None,
    regions: Annotated[
        Path | None,
        typer.Option(
            help="Where it is looked at and what is ignored: a file of regions, labelme's JSON or COCO's polygons.",
            parser=typed.path,
        ),
    ] = None,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Create a product from good images, set its limits and sign off its first recipe."""
    settings = settings_with(database=database)
    description = ProductDescription(name, class_name, kind, domain)
    folder = _one_of(references, unsorted)
    listed = _listed(anomalies)
    zones = _zones_of(regions)
    engine, proposal = sorted_out(unsorted, settings) if unsorted else (None, None)
    if proposal is not None and not yes:
        show_proposal(proposal, as_json=as_json)
        return
    with managing(settings, user) as (access, pin):
        catalogue = Catalogue(access.storage, access)
        version, calibrated = create_product(
            catalogue,
            settings,
            description,
            folder if proposal is None else [picture.path for picture in proposal.references],
            listed,
            engine,
            pin=pin,
            eyes=eyes.eyes if eyes else None,
            tries=eyes is not None and eyes.tries,
            pose=pose,
            zones=zones,
        )
    if folder is not None:
        warn_of_left_out(folder)
    if as_json:
        more = proposal_json(proposal) if proposal is not None else {}
        print_json(_version_json(version) | {"trained": calibrated.trained, "calibration": calibrated.sentence} | more)
        return
    if proposal is not None:
        say(proposal.sentence)
    recipe = version.recipe
    word = trained_word(calibrated.trained)
    say(f"{recipe.product}: recipe version {version.version}, {recipe.content_hash[:12]} ({recipe.profile}, {word})")
    if recipe.eyes is not None:
        say(f"Looked at with {recipe.eyes.words}")
        if pose is None and recipe.eyes.pose is Pose.FREE:
            say("The parts lie at any angle, as the good images show: say --pose fixed if an angle is an anomaly.")
        if eyes is None and recipe.eyes.sight is Sight.FAST:
            say("The deep trunk is not on this machine, which finds more: 'main.py models prepare' fetches it.")
    if recipe.zones:
        say(f"Looked at in {', '.join(zone.name for zone in inspected(recipe.zones)) or 'all'}")
    say(f"{len(recipe.anomaly_types)} anomaly types, {len(recipe.references)} good images")
    say(f"OK up to {recipe.limits.ok:.4f}, NG above {recipe.limits.ng:.4f}. {calibrated.sentence}")


def _listed(anomalies: Path | None) -> tuple[AnomalyType, ...] | None:
    """The list of a file; what of it makes no name is said line by line."""
    if anomalies is None:
        return None
    types, dropped = read_anomalies(anomalies)
    for sentence in dropped:
        warn(sentence)
    return types


def _zones_of(regions: Path | None) -> tuple[Zone, ...]:
    if regions is None:
        return ()
    from workflows.products.region_files import read_regions

    return read_regions(regions)


def _one_of(references: Path | None, unsorted: Path | None) -> Path | None:
    """The folder that was named; None to judge by words alone.

    Raises:
        SettingsError: if there are two.
    """
    if references and unsorted:
        raise SettingsError(
            "Name a folder of good images with --references, or one of pictures nobody has sorted with --unsorted."
        )
    return references or unsorted


@app.command("list")
@speaks_plainly
def list_products(database: Database = "", as_json: AsJson = False) -> None:
    """List the products and what each still needs."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        catalogue = Catalogue(storage)
        drafts = catalogue.drafts()
        proven = {
            draft.description.name: catalogue.signed_proof(draft.description.name)
            for draft in drafts
            if draft.next_step is None
        }
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
        following = (
            draft.missing(draft.next_step)
            if draft.next_step
            else proven[described.name].counts.warning or "ready to inspect"
        )
        add_row(
            table,
            described.name,
            described.class_name,
            described.kind.value,
            str(len(draft.references) + sum(len(view.draft.references) for view in draft.views)),
            signed,
            following,
        )
    console.print(table)


@app.command()
@speaks_plainly
def show(name: Name, database: Database = "", as_json: AsJson = False) -> None:
    """Show a product: its anomaly list, good images, limits and newest recipe."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        catalogue = Catalogue(storage)
        draft = catalogue.draft(name)
        version = catalogue.recipe(name) if draft.signed_version else None
        guard = catalogue.guard(name)
    if as_json:
        more = {"recipe": _version_json(version)} if version else {}
        print_json(_draft_json(draft) | {"sessions": guard_json(guard)} | more)
        return
    described = draft.description
    say(f"{described.name}: {described.class_name} ({described.kind.value})")
    if draft.views:
        say(f"Views: {', '.join(view.name for view in draft.views)}")
    else:
        say(f"Good images: {', '.join(reference.name for reference in draft.references) or 'none'}")
    table = Table("Anomaly type", "Severity", "Enabled", "From")
    for anomaly in draft.anomaly_types:
        add_row(
            table, anomaly.name, anomaly.severity.value, "yes" if anomaly.enabled else "no", anomaly.provenance.value
        )
    console.print(table)
    if draft.limits:
        say(f"OK up to {draft.limits.ok:.4f}, NG above {draft.limits.ng:.4f}. {draft.calibration_note}")
    if guard is not None and guard.sentence:
        say(guard.sentence)
    if version:
        say(f"Recipe version {version.version}, {version.recipe.content_hash}, signed by {version.signed_by}")
    if draft.next_step:
        say(f"Next: {draft.missing(draft.next_step)}")


@app.command()
@speaks_plainly
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(help="File to write.", parser=typed.path)],
    user: User = "",
    database: Database = "",
) -> None:
    """Write a product with its good images to one file."""
    with managing(settings_with(database=database), user) as (access, _):
        Catalogue(access.storage, access).export(name, file)
    say(f"{name} was written to {file}")


@app.command("import")
@speaks_plainly
def import_product(
    file: Annotated[Path, typer.Argument(help="File written by export.", parser=typed.path)],
    new_name: Annotated[str, typer.Option("--name", help="Another name for it, where its own is taken.")] = "",
    user: User = "",
    database: Database = "",
) -> None:
    """Read a product from a file; refused when any hash in it is wrong."""
    with managing(settings_with(database=database), user) as (access, _):
        draft = Catalogue(access.storage, access).import_product(file, new_name)
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
        "views": [view.name for view in draft.views],
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
        "eyes": recipe.eyes.words if recipe.eyes else None,
        "limit_ok": recipe.limits.ok,
        "limit_ng": recipe.limits.ng,
        "good_parts": len(recipe.references),
        "signed_by": version.signed_by,
        "signed_at": version.signed_at.isoformat(),
    }
