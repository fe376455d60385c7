"""``main.py benchmark``: measure a profile on categories with known answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from cli import typed
from cli.common import add_row, console, errors, say, settings_with, speaks_plainly, trained_word
from cli.options import Device
from filo_core.benchmark.datasets import find_categories
from filo_core.benchmark.measuring import BenchmarkResult, CategoryResult
from filo_core.benchmark.measuring import benchmark as measure
from filo_core.benchmark.pictures import PictureFolder
from filo_core.errors import FiloError, FolderError
from filo_core.events import StepDone

if TYPE_CHECKING:
    from filo_core.benchmark.baselines import Contender
    from filo_core.benchmark.datasets import Category
    from filo_core.benchmark.measuring import Merits


@speaks_plainly
def benchmark(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="CATEGORY_OR_ROOT", help="MVTec-AD category, or a folder that holds several.", parser=typed.path
        ),
    ],
    shots: Annotated[int, typer.Option(help="Good images a category, from train/good.")] = 4,
    seeds: Annotated[int, typer.Option(min=1, help="Runs with different choices of good images.")] = 3,
    profile: Annotated[str, typer.Option(help="Model profile.")] = "",
    device: Device = "",
    limit: Annotated[
        int | None, typer.Option(help="At most so many good and so many anomalous test images a category.")
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines", help="Also what it must beat, measured the same way, in one table.")
    ] = False,
    also: Annotated[
        str,
        typer.Option(help="Also these methods, the same way, with commas: anomalydino-448, anomalydino-672."),
    ] = "",
    table: Annotated[
        str,
        typer.Option(help="Run a table of the paper (I to VII) beside its published rows; --shots are the table's."),
    ] = "",
    figure: Annotated[str, typer.Option(help="Run a figure of the paper: 3 (learnable vectors) or 4 (kernels).")] = "",
    weights: Annotated[
        Path | None,
        typer.Option(
            help="For --table and --figure: folder with a trained profile for each configuration.", parser=typed.path
        ),
    ] = None,
    lists: Annotated[
        Path | None,
        typer.Option(help="For --table VII: folder with the language models' anomaly lists.", parser=typed.path),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Also write image, mask and heat map side by side (Fig. 5) into this folder, with --table a folder a "
            "row.",
            parser=typed.path,
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write the result to this file.", parser=typed.path)
    ] = None,
) -> None:
    """Measure image AUROC, pixel AUROC, AUPRO and F1-max, with their spread over the seeds."""
    from cli.language_model import asked_library
    from filo_core.benchmark.baselines import contenders
    from filo_core.benchmark.named_methods import named_contenders
    from filo_core.profiles.builder import choose_device
    from filo_core.profiles.folders import profile_folder

    categories = find_categories(path)
    for note in dict.fromkeys(category.note for category in categories if category.note):
        say(note)
    settings = settings_with(profile=profile, device=device)
    if table or figure:
        from cli.tables import figure_and_json, setting_for, table_and_json

        if table and figure:
            raise FiloError("A table and a figure are run one after the other. Name one of them.")
        setting = setting_for(path, settings, weights, lists, seeds, limit, pictures)
        run = table_and_json if table else figure_and_json
        _write(json_file, run(table or figure, categories, setting))
        return
    folder, place = profile_folder(settings.profile, settings.models), choose_device(settings.device)
    rows = contenders(folder, place, settings.models, baselines=baselines, library=asked_library(settings))
    rows += named_contenders(also, place, settings.models)
    shown = None if pictures is None else PictureFolder(pictures)
    results = [
        _measure(
            categories, row, shots=shots, seeds=range(seeds), limit=limit, pictures=shown if row is rows[0] else None
        )
        for row in rows
    ]
    _print(results[0])
    if len(rows) > 1:
        _print_comparison(results)
        for row in rows:
            if row.note:
                say(row.note)
    _write(json_file, results[0].to_json() if len(results) == 1 else _all_as_json(results))


def _write(path: Path | None, text: str) -> None:
    if path is None:
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FolderError(
            "{path} cannot be written: {reason}. Choose another.", path=path, reason=error.strerror or error
        ) from error
    say(f"Written to {path}")


def _measure(
    categories: Sequence[Category],
    row: Contender,
    *,
    shots: int,
    seeds: Sequence[int],
    limit: int | None,
    pictures: PictureFolder | None,
) -> BenchmarkResult:
    result: BenchmarkResult | None = None
    with Progress(console=errors) as progress:
        task = progress.add_task(f"Measuring {row.name}", total=None)
        events = measure(
            categories,
            row.make_detector,
            shots=shots,
            seeds=seeds,
            limit=limit,
            profile=row.name,
            on_prediction=pictures,
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
    return result


def _all_as_json(results: Sequence[BenchmarkResult]) -> str:
    content = {result.profile: json.loads(result.to_json()) for result in results}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _print_comparison(results: Sequence[BenchmarkResult]) -> None:
    table = Table("Category", title="Image/pixel AUROC beside others, per cent")
    for result in results:
        table.add_column(result.profile, justify="right")
    for index, category in enumerate(results[0].categories):
        add_row(table, category.name, *(_pair(result.categories[index].figures) for result in results))
    table.add_section()
    add_row(table, "mean", *(_pair(result.mean) for result in results))
    console.print(table)


def _pair(figures: Merits) -> str:
    return f"{_cell(figures.image_auroc)}/{_cell(figures.pixel_auroc)}"


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


def _cells(figures: Merits, spread: Merits | None, interval: str) -> tuple[str, ...]:
    def cell(name: str) -> str:
        return _cell(getattr(figures, name), getattr(spread, name) if spread else None)

    return cell("image_auroc"), interval, cell("pixel_auroc"), cell("aupro"), cell("f1_max")


def _cell(value: float | None, spread: float | None = None) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" + (f" ± {100 * spread:.1f}" if spread is not None else "")
