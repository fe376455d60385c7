"""``main.py study``: capability studies of the system and of the people who judge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import typed
from cli.common import print_json, say, settings_with, speaks_plainly, warn
from cli.options import AsJson, Database, Device, Name, User
from cli.signing_in import managing
from filo_core.capability import SYSTEM, CapabilityStudy
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue
from workflows.studies.parts import USUAL_PARTS
from workflows.studies.report import read_study, report_content, study_lines
from workflows.studies.studies import Studies, presenting_steps

app = typer.Typer(help="Capability studies: attribute agreement by AIAG's MSA.", no_args_is_help=True)
Number = Annotated[int | None, typer.Option("--study", help="Number of the study; the newest without it.")]


@app.command()
@speaks_plainly
def create(
    name: Name,
    parts: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder with good and other folders; may be given again. What people have decided without it.",
            parser=typed.path,
        ),
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option(help="Who judges beside the system, in the window; may be given again.")
    ] = None,
    most: Annotated[int, typer.Option(help="Parts at most, chosen by chance.")] = USUAL_PARTS,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Lay a study down: 20 to 80 known parts, each presented three times in random order."""
    with managing(settings_with(database=database), user) as (access, _):
        study = Studies(access.storage, access).create(name, parts or (), people=person or (), most=most)
    if as_json:
        print_json(_standing(study))
        return
    plan = study.plan
    say(f"Study {study.study_id} of {plan.product}: {len(plan.parts)} parts, {plan.bad} of them bad.")
    say(f"Next: main.py study present {plan.product}, and the people in the window, under Statistics.")


@app.command()
@speaks_plainly
def present(
    name: Name, number: Number = None, device: Device = "", database: Database = "", as_json: AsJson = False
) -> None:
    """Present the parts to the system, three times, each judged anew. Stopped, it goes on where it was."""
    from filo_core.engine import load_engine

    settings = settings_with(database=database, device=device)
    with open_record(settings) as storage:
        studies, catalogue = Studies(storage), Catalogue(storage)
        study = studies.study(name, number)
        if not study.is_finished(SYSTEM):
            recipe = catalogue.recipe(name, study.plan.recipe_version).recipe
            engine = load_engine(recipe.profile, settings.device, settings.models)
            for event in presenting_steps(studies, catalogue, study)(engine):
                if event.done == event.total or event.done % len(study.plan.parts) == 0:
                    warn(f"{event.done} of {event.total} judged")
        study = studies.study(name, study.study_id)
    if as_json:
        print_json(_standing(study))
        return
    for appraiser, left in _left(study).items():
        say(f"{appraiser}: {f'{left} to judge' if left else 'finished'}")


@app.command()
@speaks_plainly
def report(
    name: Name,
    number: Number = None,
    pdf: Annotated[Path | None, typer.Option(help="Also write it to this file.", parser=typed.path)] = None,
    user: User = "",
    database: Database = "",
    as_json: AsJson = False,
) -> None:
    """Within and between appraisers, each against the reference, with intervals and AIAG's bands."""
    settings = settings_with(database=database)
    with open_record(settings) as storage:
        found = read_study(Studies(storage).study(name, number))
    if not as_json:
        for line in study_lines(found):
            say(line)
    if pdf is not None:
        from workflows.export.handing_out import export_study

        with managing(settings, user) as (access, _):
            export_study(access, found, pdf)
        warn(f"Written to {pdf}")
    if as_json:
        print_json(report_content(found) | {"digest": found.digest})


def _left(study: CapabilityStudy) -> dict[str, int]:
    return {appraiser: len(study.remaining(appraiser)) for appraiser in study.plan.appraisers}


def _standing(study: CapabilityStudy) -> dict[str, Any]:
    plan = study.plan
    return {
        "study": study.study_id,
        "product": plan.product,
        "recipe_version": plan.recipe_version,
        "parts": len(plan.parts),
        "bad": plan.bad,
        "presentations": plan.presentations,
        "to_judge": _left(study),
    }
