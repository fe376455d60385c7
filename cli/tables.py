"""``main.py benchmark --table`` and ``--figure``: rows and points of the paper run here, beside what it prints."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress
from rich.table import Table

from cli.common import add_row, console, errors, say
from cli.language_model import asked_library
from filo_core.benchmark.datasets import other_data_set
from filo_core.benchmark.paper_figures import FIGURES, PointResult, run_figure
from filo_core.benchmark.paper_tables import TABLES, RowResult, read_tables, run_table
from filo_core.benchmark.pictures import PictureFolder
from filo_core.benchmark.rows import ELSEWHERE, TableRun
from filo_core.errors import FiloError, FolderError
from filo_core.events import StepDone
from filo_core.profiles.builder import load_profile
from filo_core.profiles.folders import profile_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filo_core.benchmark.categories import Category, LabelledImage
    from filo_core.benchmark.measuring import BenchmarkResult
    from filo_core.types import Prediction
    from workflows.settings.settings import Settings

_STARTED = "main.py"
_PUBLISHED_WIDTH = len("86.1 / 87.6")
_FOOT = (
    "The paper's figures are of CLIP ViT-L/14@336, trained on the other data set; Grounding DINO there is not "
    "fine-tuned as in FiLo's release. WinCLIP was published on ViT-B/16+ at 240 px. Set-ups that differ do not compare."
)


def setting_for(
    root: Path,
    settings: Settings,
    weights: Path | None,
    lists: Path | None,
    seeds: int,
    limit: int | None,
    pictures: Path | None,
) -> TableRun:
    """What tables and figures are run on.

    Raises:
        FiloError: if a folder or the profile is not there.
    """
    for folder in (weights, lists):
        if folder is not None and not folder.is_dir():
            raise FolderError("{folder} is no folder. Check the path.", folder=folder)
    loaded = load_profile(profile_folder(settings.profile, settings.models), settings.device)
    other = other_data_set(root)
    return TableRun(
        loaded,
        settings.device,
        weights,
        lists,
        tuple(range(seeds)),
        limit,
        settings.profile,
        ELSEWHERE if other is None else str(other),
        _program(),
        asked_library(settings),
        None if pictures is None else _RowPictures(pictures),
    )


def _program() -> tuple[str, str]:
    """This program as it is typed where it runs now."""
    started = sys.argv[0] if Path(sys.argv[0]).name == _STARTED else _STARTED
    return _shortest(sys.executable), _shortest(started)


def _shortest(path: str) -> str:
    try:
        return min(os.path.relpath(path), path, key=len)
    except ValueError:
        # On another drive there is no relative path.
        return path


class _RowPictures:
    """Pictures as in Fig. 5, in a folder a row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, row: str, category: str, test: LabelledImage, prediction: Prediction) -> None:
        name = "-".join("".join(sign if sign.isalnum() else " " for sign in row.lower()).split())
        PictureFolder(self._folder / name)(category, test, prediction)


def table_and_json(name: str, categories: Sequence[Category], setting: TableRun) -> str:
    """Run and print a table; its JSON text is returned.

    Raises:
        FiloError: if there is no such table, or something that is there cannot be used.
    """
    table = next((known for known in TABLES if known == name.upper()), None)
    if table is None:
        raise FiloError("The paper has no table {name!r}. It has {tables}.", name=name, tables=", ".join(TABLES))
    results = [one for one in _followed(run_table(table, categories, setting)) if isinstance(one, RowResult)]
    _print_table(table, results, setting)
    rows = [_row_content(result) for result in results]
    return json.dumps({"table": table, "rows": rows}, indent=2, ensure_ascii=False)


def figure_and_json(name: str, categories: Sequence[Category], setting: TableRun) -> str:
    """Run and print a figure; its JSON text is returned.

    Raises:
        FiloError: if there is no such figure, or something that is there cannot be used.
    """
    figure = next((known for known in FIGURES if known == name), None)
    if figure is None:
        raise FiloError(
            "Figure {name!r} is none that can be run. There are {figures}; 5 is --pictures.",
            name=name,
            figures=" and ".join(FIGURES),
        )
    shown = FIGURES[figure]
    results = [one for one in _followed(run_figure(figure, categories, setting)) if isinstance(one, PointResult)]
    table = Table(shown.axis, "Here", "Weights", title=f"Figure {figure}: {shown.title}. AUROC in per cent")
    for result in results:
        add_row(table, result.point, *_measured(result.measured))
    console.print(table)
    _say_notes([f"{result.point}: {result.missing}" for result in results if result.missing], setting)
    say("The paper prints this figure as a picture without numbers, so none stand beside it.")
    points = [
        {
            "point": result.point,
            "configuration": result.configuration,
            "measured": _figures(result.measured),
            "missing": result.missing,
        }
        for result in results
    ]
    return json.dumps({"figure": figure, "points": points}, indent=2, ensure_ascii=False)


def _followed(events: Iterator[Any]) -> Iterator[Any]:
    with Progress(console=errors) as progress:
        task = progress.add_task("Measuring", total=None)
        for event in events:
            if isinstance(event, StepDone):
                progress.update(task, description=event.what[:60], completed=event.done, total=event.total)
            else:
                yield event


def _print_table(name: str, results: Sequence[RowResult], setting: TableRun) -> None:
    table = Table(title=f"Table {name}: {read_tables()[name].title}. AUROC in per cent, image / pixel at 518 px")
    # A table of one set-up has no room to give away to an empty column.
    set_up = any(result.row.setup for result in results)
    longest = max(len(word) for result in results for word in result.method.split())
    if set_up:
        table.add_column("Set-up")
    table.add_column("Method", min_width=longest)
    table.add_column("Here")
    for heading in ("MVTec AD (paper)", "VisA (paper)"):
        table.add_column(heading, no_wrap=True, min_width=_PUBLISHED_WIDTH)
    table.add_column("Weights")
    for result in results:
        row = result.row
        here, state = _measured(result.measured)
        published = (f"{p.image:.1f} / {p.pixel:.1f}" for p in (row.mvtec, row.visa))
        add_row(table, *[row.setup] * set_up, result.method, here, *published, state)
    console.print(table)
    # What a row lacks, it lacks with any number of shots.
    notes = (f"{'' if r.row.shots else r.row.setup} {r.method}: {r.missing}".strip() for r in results if r.missing)
    _say_notes(list(dict.fromkeys(notes)), setting)
    for method, why in dict.fromkeys((result.method, result.differs) for result in results if result.differs):
        say(f"{method}: {why}")
    say(_FOOT)


def _say_notes(notes: Sequence[str], setting: TableRun) -> None:
    for note in notes:
        say(note)
    if setting.learn_from == ELSEWHERE and any(ELSEWHERE in note for note in notes):
        say(f"{ELSEWHERE} is the data set to learn from: put its folder there. It is another one than is judged here.")


def _measured(result: BenchmarkResult | None) -> tuple[str, str]:
    """Image and pixel AUROC in one cell, and whether the weights were trained."""
    if result is None:
        return "–", ""
    state = "trained" if result.trained else "untrained"
    return f"{_cell(result.mean.image_auroc)} / {_cell(result.mean.pixel_auroc)}", state


def _figures(result: BenchmarkResult | None) -> dict[str, object] | None:
    return None if result is None else {**asdict(result.mean), "trained": result.trained}


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _row_content(result: RowResult) -> dict[str, object]:
    row = result.row
    return {
        "setup": row.setup,
        "method": row.method,
        "called": result.method,
        "configuration": row.configuration,
        "measured": _figures(result.measured),
        "missing": result.missing,
        "differs": result.differs,
        "paper": {"mvtec": row.mvtec._asdict(), "visa": row.visa._asdict()},
    }
