"""``main.py benchmark --table``: a table of the paper, its rows run here and printed beside the published ones."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.progress import Progress
from rich.table import Table

from cli.common import add_row, console, errors, say
from filo_core.benchmark.paper_tables import TABLES, RowResult, TableRun, read_tables, run_table
from filo_core.errors import FiloError, FolderError
from filo_core.events import StepDone
from filo_core.profiles.builder import load_profile
from filo_core.profiles.folders import profile_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from filo_core.benchmark.categories import Category
    from filo_core.benchmark.paper_tables import Table as TableName
    from workflows.settings.settings import Settings


def run_and_show(
    name: str,
    categories: Sequence[Category],
    settings: Settings,
    weights: Path | None,
    lists: Path | None,
    seeds: int,
    limit: int | None,
) -> str:
    """Run and print a table; its JSON text is returned.

    Raises:
        FiloError: if there is no such table or folder, or something that is there cannot be used.
    """
    table = next((known for known in TABLES if known == name.upper()), None)
    if table is None:
        raise FiloError(f"The paper has no table {name!r}. It has {', '.join(TABLES)}.")
    for folder in (weights, lists):
        if folder is not None and not folder.is_dir():
            raise FolderError(f"{folder} is no folder. Check the path.")
    loaded = load_profile(profile_folder(settings.profile, settings.models), settings.device)
    return _show(table, categories, TableRun(loaded, settings.device, weights, lists, tuple(range(seeds)), limit))


def _show(name: TableName, categories: Sequence[Category], setting: TableRun) -> str:
    results: list[RowResult] = []
    with Progress(console=errors) as progress:
        task = progress.add_task("Measuring", total=None)
        for event in run_table(name, categories, setting):
            if isinstance(event, StepDone):
                progress.update(task, description=event.what[:60], completed=event.done, total=event.total)
            else:
                results.append(event)
    _print(name, results)
    return json.dumps({"table": name, "rows": [_content(result) for result in results]}, indent=2, ensure_ascii=False)


def _print(name: str, results: Sequence[RowResult]) -> None:
    table = Table(title=f"Table {name}: {read_tables()[name].title}. AUROC in per cent, image / pixel")
    for heading in ("Set-up", "Method", "Here", "MVTec AD (paper)", "VisA (paper)", "Weights"):
        table.add_column(heading)
    notes = []
    for result in results:
        row = result.row
        here, state = "–", ""
        if result.measured is not None:
            mean = result.measured.mean
            here = f"{_cell(mean.image_auroc)} / {_cell(mean.pixel_auroc)}"
            state = "trained" if result.measured.trained else "untrained"
        else:
            notes.append(f"{row.setup} {row.method}: {result.missing}".strip())
        add_row(
            table,
            row.setup,
            row.method,
            here,
            *(f"{p.image:.1f} / {p.pixel:.1f}" for p in (row.mvtec, row.visa)),
            state,
        )
    console.print(table)
    for note in notes:
        say(note)
    say(
        "The paper's figures are of CLIP ViT-L/14@336, trained on the other data set; Grounding DINO there is not "
        "fine-tuned as in FiLo's release. Set-ups that differ do not compare."
    )


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _content(result: RowResult) -> dict[str, object]:
    row = result.row
    measured = None
    if result.measured is not None:
        measured = {**asdict(result.measured.mean), "trained": result.measured.trained}
    return {
        "setup": row.setup,
        "method": row.method,
        "configuration": row.configuration,
        "measured": measured,
        "missing": result.missing,
        "paper": {"mvtec": row.mvtec._asdict(), "visa": row.visa._asdict()},
    }
