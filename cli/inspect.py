"""``main.py inspect``: judge a folder of images, going on where an earlier run stopped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli import typed
from cli.common import UNTRAINED_NOTE, errors, print_json, say, settings_with, speaks_plainly, warn
from cli.options import AsJson, Database, Device, InspectingUser, Name
from cli.signing_in import inspecting_as
from filo_core.errors import FolderError, SettingsError
from filo_core.events import ImageInspected, ImageSkipped, JobEvent, RunFinished, RunStarted
from filo_core.fixture import Placement
from filo_core.types import Inspection, KnownAs, Prediction, RecipeVersion, Verdict
from storage.recorder import Recorder
from workflows.inspecting.inspector import folder_steps
from workflows.keeping.forwarding import forwarding
from workflows.keeping.opening import open_record
from workflows.products.catalogue import Catalogue
from workflows.settings.settings import Settings

LEFT_OUT_STATUS = 3
"""Exit status of a run that came to its end beside files that may be pictures and were not looked at."""

Begun = tuple[Iterator[JobEvent], bool]
"""The events of a run, and whether its profile has learnt anything."""


@speaks_plainly
def inspect(
    name: Name,
    folder: Annotated[
        str,
        typer.Option(
            help="Folder with images; its subfolders are read too. With --ray also an address such as s3://bucket/lot, "
            "or a .txt file that names a picture a line.",
            parser=typed.place,
        ),
    ],
    ray: Annotated[
        str, typer.Option("--ray", help="Spread the pictures over the workers of this Ray cluster; local: of here.")
    ] = "",
    workers: Annotated[
        int | None, typer.Option(min=1, help="With --ray: so many; one for each machine unless given.")
    ] = None,
    database: Database = "",
    device: Device = "",
    user: InspectingUser = "",
    as_json: AsJson = False,
) -> None:
    """Inspect a folder under the product's newest recipe. Images judged before under that recipe are skipped.

    Of a product with views, files whose names differ in the views' suffixes alone are one part, with one verdict.

    The exit status is 3 when files were left out that may be pictures.
    """
    settings = settings_with(database=database, device=device)
    if workers is not None and not ray:
        raise SettingsError("--workers goes with --ray. Give both, or neither.")
    with (
        open_record(settings) as storage,
        forwarding(settings, storage),
        inspecting_as(storage, user, settings) as (operator, _),
    ):
        if storage.recovered.sentence:
            warn(storage.recovered.sentence)
        catalogue = Catalogue(storage)
        version = catalogue.recipe(name)
        recorder = Recorder(storage, name, station=settings.station, operator=operator)
        why: list[dict[str, Any]] = []
        places: dict[str, Placement] = {}
        parts: list[dict[str, Any]] = []
        codes: list[dict[str, Any]] = []
        begun = (
            _spread(recorder, catalogue, version, folder, settings, ray, workers)
            if ray
            else _here(recorder, catalogue, version, folder, settings)
        )
        with begun as (events, trained):
            finished = _followed(events, why, places, parts, codes)
    if as_json:
        report = _report(finished) | {"trained": trained, "recipe_hash": version.recipe.content_hash}
        found = {"placements": [{"name": name} | asdict(place) for name, place in places.items()]} if places else {}
        found |= {"parts": parts} if version.recipe.views else {}
        found |= {"codes": codes} if codes else {}
        print_json(report | ({"why": why} if why else {}) | found)
    else:
        _sum_up(finished)
        _say_places(places)
        for one in codes:
            say(f"{one['name']}: {one['verdict']}, {one['said'] or 'no code'}{one['reason'] and '. '}{one['reason']}")
        if not trained:
            say(UNTRAINED_NOTE)
    if finished.counts.left_out:
        raise SystemExit(LEFT_OUT_STATUS)


@contextmanager
def _here(
    recorder: Recorder, catalogue: Catalogue, version: RecipeVersion, folder: str, settings: Settings
) -> Iterator[Begun]:
    """A run in this process."""
    from filo_core.engine import load_engine
    from filo_core.spread.pictures import is_address

    if is_address(folder):
        raise FolderError(
            "{where} is no folder of this machine. Add --ray local to read it, or copy it here.", where=folder
        )
    steps = folder_steps(recorder, catalogue, version, Path(folder))
    engine = load_engine(version.recipe.profile, settings.device, settings.models)
    yield steps(engine), engine.trained


@contextmanager
def _spread(
    recorder: Recorder,
    catalogue: Catalogue,
    version: RecipeVersion,
    folder: str,
    settings: Settings,
    ray: str,
    count: int | None,
) -> Iterator[Begun]:
    """A run by workers of Ray; the pictures are listed first, since that says most of what can be wrong."""
    from filo_core.spread.on_ray import RayWorkers
    from filo_core.spread.pictures import list_pictures
    from workflows.inspecting.spread_jobs import spread_job, spread_run

    job = spread_job(recorder, catalogue, version, settings)
    listing = list_pictures(folder)
    with RayWorkers(ray, job, count, warn) as workers:
        yield spread_run(recorder, catalogue, version, folder, listing, workers), workers.trained


_KNOWN = {
    KnownAs.REFERENCE: "one of its good images",
    KnownAs.GOOD: "one of its known good parts",
    KnownAs.BAD: "one of its known bad parts",
}


def _followed(
    events: Iterator[JobEvent],
    why: list[dict[str, Any]],
    places: dict[str, Placement],
    parts: list[dict[str, Any]],
    codes: list[dict[str, Any]],
) -> RunFinished:
    """The end of a run, whose progress is shown until then.

    What a text side went by is put into ``why``, where a fixture was found into ``places``, what the views of parts
    came to into ``parts``, what codes say of the part into ``codes``.
    """
    finished: RunFinished | None = None
    with _progress() as progress:
        task = progress.add_task("Inspecting", total=None)
        for event in events:
            match event:
                case RunStarted(total=total, left_out=left_out):
                    progress.update(task, total=total)
                    for name in left_out:
                        warn(f"Left out: {name} has an extension that is not read. Save it as PNG or TIFF.")
                case ImageInspected(inspection=inspection):
                    progress.advance(task)
                    _warn_of(inspection)
                    if inspection.prediction is not None and inspection.prediction.reasons is not None:
                        why.append(_why(inspection.name, inspection.verdict, inspection.prediction))
                    places |= dict(_places_of(inspection))
                    parts += [_views(inspection)] if inspection.views else []
                    codes += [_codes(inspection)] if inspection.identity else []
                case ImageSkipped():
                    progress.advance(task)
                case RunFinished():
                    finished = event
    assert finished is not None, "a run ends with its counts"
    return finished


def _warn_of(inspection: Inspection) -> None:
    if inspection.verdict is Verdict.NOT_INSPECTED:
        warn(f"Not inspected: {why_not(inspection.name, inspection.reason)}")
    elif inspection.known_as is not None:
        warn(f"{inspection.name} is {_KNOWN[inspection.known_as]}: it counts in no figure.")


def _places_of(inspection: Inspection) -> Iterator[tuple[str, Placement]]:
    """Where a fixture was found in a picture, or in each of the views of a part."""
    for one in [view.inspection for view in inspection.views] or [inspection]:
        if one.prediction is not None and one.prediction.placement is not None:
            yield one.name, one.prediction.placement


def _say_places(places: dict[str, Placement]) -> None:
    if not places:
        return
    residuals = [place.residual_px for place in places.values()]
    say(f"The fixture was found in {len(places)} pictures, residual {min(residuals):.2f} to {max(residuals):.2f} px.")
    worst = min(places, key=lambda name: places[name].fit)
    say(f"It fits worst in {worst}: {places[worst].words}.")


def why_not(name: str, reason: str) -> str:
    """Why a picture has no verdict, and which picture: what is wrong with a file names it already."""
    return reason if name in reason else f"{name}: {reason}"


def _why(name: str, verdict: Verdict, prediction: Prediction) -> dict[str, Any]:
    """What the text side of a profile went by in one image: boxes, positions, phrases, filtering."""
    reasons = prediction.reasons
    assert reasons is not None, "asked for images that have some"
    regions = [
        {"box": asdict(region.box), "type": region.anomaly_type, "phrase": reasons.phrase_at(region.box)}
        for region in prediction.regions
    ]
    return {
        "name": name,
        "verdict": verdict.value,
        "boxes": [asdict(box) for box in reasons.boxes],
        "positions": [position.value for position in reasons.positions],
        "filtering": {"dropped": reasons.dropped, "not_applied_to": list(prediction.unfiltered_sides)},
        "regions": regions,
    }


def _views(part: Inspection) -> dict[str, Any]:
    """What each view of a part came to, by its own limits."""
    views = [
        {
            "view": view.name,
            "file": view.inspection.name if view.inspection.image_hash else None,
            "verdict": view.inspection.verdict.value,
            "score": view.inspection.prediction.image_score if view.inspection.prediction else None,
            "reason": view.inspection.reason,
        }
        for view in part.views
    ]
    score = part.prediction.image_score if part.prediction else None
    return {"part": part.name, "verdict": part.verdict.value, "score": score, "views": views}


def _codes(inspection: Inspection) -> dict[str, Any]:
    """Which part the codes in a picture say that it is."""
    said = inspection.identity
    plain = {"name": inspection.name, "verdict": inspection.verdict.value, "reason": inspection.reason}
    return plain | {"said": said.words} | said.said


def _sum_up(finished: RunFinished) -> None:
    counts = finished.counts
    say(
        f"{counts.inspected} inspected: {counts.ok} OK, {counts.review} REVIEW, {counts.ng} NG; "
        f"{counts.not_inspected} not inspected, {len(counts.left_out)} left out, "
        f"{counts.skipped} skipped as judged before; {_rate(finished):.1f} images/s"
    )


def _report(finished: RunFinished) -> dict[str, Any]:
    counts = finished.counts
    return {
        "inspected": counts.inspected,
        "skipped": counts.skipped,
        "ok": counts.ok,
        "review": counts.review,
        "ng": counts.ng,
        "not_inspected": counts.not_inspected,
        "left_out": len(counts.left_out),
        "left_out_files": list(counts.left_out),
        "unreadable": len(counts.unreadable),
        "unreadable_files": list(counts.unreadable),
        "images_per_second": round(_rate(finished), 3),
        "peak_rss_mb": round(peak_rss_mb(), 1),
    }


def _rate(finished: RunFinished) -> float:
    """Images a second."""
    return finished.counts.inspected / finished.seconds if finished.seconds > 0 else 0.0


def peak_rss_mb() -> float:
    """Largest resident memory of this process so far, in MiB."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    # Linux counts KiB, macOS bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=errors
    )
