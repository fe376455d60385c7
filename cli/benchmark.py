"""``main.py benchmark``: measure a profile on categories with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from cli.common import add_row, console, errors, say, settings_with, speaks_plainly, trained_word
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.errors import FolderError
from filo_core.events import StepDone
from filo_core.imaging import read_image
from filo_core.learning.benchmark import BenchmarkResult, CategoryResult
from filo_core.learning.benchmark import benchmark as measure
from filo_core.learning.datasets import Category, find_categories
from filo_core.learning.pictures import PictureFolder
from filo_core.types import Limits, ProductDescription, ProductDraft, ProductKind, Reference

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.learning.benchmark import Figures, MakeDetector
    from filo_core.method.interfaces import Detector

# Figures are ranks: no limit enters them, and without regions nothing is named.
_NO_LIMITS = Limits(ok=1.0, ng=1.0, region=1.0)


@speaks_plainly
def benchmark(
    path: Annotated[
        Path, typer.Argument(metavar="CATEGORY_OR_ROOT", help="MVTec-AD category, or a folder that holds several.")
    ],
    shots: Annotated[int, typer.Option(help="Good images a category, from train/good.")] = 4,
    seeds: Annotated[int, typer.Option(min=1, help="Runs with different choices of good images.")] = 3,
    profile: Annotated[str, typer.Option(help="Model profile.")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "",
    limit: Annotated[
        int | None, typer.Option(help="At most so many good and so many anomalous test images a category.")
    ] = None,
    table: Annotated[
        str,
        typer.Option(help="Run a table of the paper (I to VII) beside its published rows; --shots are the table's."),
    ] = "",
    weights: Annotated[
        Path | None, typer.Option(help="For --table: folder with a trained profile for each configuration.")
    ] = None,
    lists: Annotated[
        Path | None, typer.Option(help="For --table VII: folder with the language models' anomaly lists.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Also write image, mask and heat map side by side into this folder.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")] = None,
) -> None:
    """Measure image AUROC, pixel AUROC, AUPRO and F1-max, with their spread over the seeds."""
    from filo_core.engine import load_engine

    categories = find_categories(path)
    settings = settings_with(profile=profile, device=device)
    if table:
        from cli.tables import run_and_show

        _write(json_file, run_and_show(table, categories, settings, weights, lists, seeds, limit))
        return
    engine = load_engine(settings.profile, settings.device, settings.models)
    result: BenchmarkResult | None = None
    with Progress(console=errors) as progress:
        task = progress.add_task("Measuring", total=None)
        events = measure(
            categories,
            detector_maker(engine),
            shots=shots,
            seeds=range(seeds),
            limit=limit,
            profile=settings.profile,
            on_prediction=None if pictures is None else PictureFolder(pictures),
        )
        for event in events:
            match event:
                case StepDone():
                    progress.update(task, completed=event.done, total=event.total)
                case CategoryResult():
                    progress.console.print(f"{event.name}: image AUROC {_cell(event.figures.image_auroc)}")
                case BenchmarkResult():
                    result = event
    assert result is not None, "a benchmark ends with its result"
    _print(result)
    _write(json_file, result.to_json())


def _write(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FolderError(f"{path} cannot be written: {error.strerror or error}. Choose another.") from error
    say(f"Written to {path}")


def detector_maker(engine: Engine) -> MakeDetector:
    """Sets up the engine's own detector for a category, with the built-in library's anomaly list."""
    library = AnomalyLibrary.load()

    def make(references: Sequence[Path], category: Category) -> Detector:
        images = [read_image(path) for path in references]
        description = ProductDescription(
            name=category.name, class_name=category.root.name.replace("_", " ").lower(), kind=ProductKind.OBJECT
        )
        draft = ProductDraft(
            description,
            library.suggest(description),
            tuple(Reference(image.image_hash, image.name) for image in images),
        )
        return engine.detector(draft.recipe(_NO_LIMITS, engine.model_hash), images)

    return make


def _print(result: BenchmarkResult) -> None:
    word = trained_word(result.trained)
    title = (
        f"profile {result.profile} ({word}), {result.shots}-shot, seeds {', '.join(map(str, result.seeds))}, per cent"
    )
    table = Table("Category", title=title)
    for heading in ("Image AUROC", "95 % interval", "Pixel AUROC", "AUPRO", "F1-max", "Good + NG"):
        table.add_column(heading, justify="right")
    for category in result.categories:
        interval = category.image_auroc_interval
        shown = f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f}" if interval else "–"
        cells = _cells(category.figures, category.spread, shown)
        add_row(table, category.name, *cells, f"{category.good} + {category.anomalous}")
    if len(result.categories) > 1:
        table.add_section()
        add_row(table, "mean", *_cells(result.mean, None, "–"), "")
    console.print(table)
    say(f"{1000 * result.seconds_per_image:.0f} ms an image. ± is the standard deviation over the seeds.")
    if not result.trained:
        say("untrained: nothing was learned; these figures are a baseline, not a result.")


def _cells(figures: Figures, spread: Figures | None, interval: str) -> tuple[str, ...]:
    def cell(name: str) -> str:
        return _cell(getattr(figures, name), getattr(spread, name) if spread else None)

    return cell("image_auroc"), interval, cell("pixel_auroc"), cell("aupro"), cell("f1_max")


def _cell(value: float | None, spread: float | None = None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" + (f" ± {100 * spread:.1f}" if spread is not None else "")
