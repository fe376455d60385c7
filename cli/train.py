"""``main.py train``: both stages of FiLo++ on a data set's test split, beside a frozen profile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import typed
from cli.common import errors, say, settings_with, speaks_plainly
from cli.options import Device
from filo_core.errors import FiloError

if TYPE_CHECKING:
    from filo_core.benchmark.categories import Category
    from filo_core.learning.filo_run import PreparedRun
    from filo_core.learning.filo_training import FiloTrainer


@speaks_plainly
def train(
    root: Annotated[
        Path,
        typer.Argument(help="Data set to learn from: MVTec AD, VisA, or folders in that layout.", parser=typed.path),
    ],
    checkpoint: Annotated[
        Path, typer.Option(help="Continued if it is there; replaced every minute.", parser=typed.path)
    ],
    profile: Annotated[str, typer.Option(help="Frozen model: a profile's name or folder.")] = "",
    configuration: Annotated[
        str, typer.Option(help="Trained parts, as in the tables; see benchmark --table.")
    ] = "filo++",
    export: Annotated[Path | None, typer.Option(help="Profile folder to write at the end.", parser=typed.path)] = None,
    categories: Annotated[str, typer.Option(help="Learn from these only, separated by commas.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many test images a side and category.")] = None,
    types: Annotated[int | None, typer.Option(min=0, help="At most so many anomaly types a category.")] = None,
    map_epochs: Annotated[int, typer.Option(min=0, help="Passes of stage 1.")] = 15,
    adapter_epochs: Annotated[int, typer.Option(min=0, help="Passes of stage 2.")] = 5,
    prompt_rate: Annotated[float, typer.Option(help="Learning rate of the context vectors.")] = 1e-3,
    map_rate: Annotated[float, typer.Option(help="Learning rate of linear layers and MDCI.")] = 1e-4,
    adapter_rate: Annotated[float, typer.Option(help="Learning rate of the adapter.")] = 1e-5,
    accumulation: Annotated[int, typer.Option(min=1, help="Images a step.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the order, the chosen images and the heads' start.")] = 0,
    device: Device = "",
) -> None:
    """Train context vectors, linear layers and MDCI, then the adapter. Stop and go on at will; bfloat16 on a GPU."""
    from filo_core.learning.filo_run import prepare_run
    from filo_core.learning.filo_training import TrainingPlan

    settings = settings_with(profile=profile, device=device)
    chosen = _chosen(root, categories)
    plan = TrainingPlan(
        seed=seed,
        map_epochs=map_epochs,
        adapter_epochs=adapter_epochs,
        prompt_rate=prompt_rate,
        map_rate=map_rate,
        adapter_rate=adapter_rate,
        accumulation=accumulation,
    )
    run = prepare_run(
        settings.profile,
        settings.device,
        chosen,
        plan,
        checkpoint,
        configuration,
        limit=limit,
        types=types,
        installed=settings.models,
    )
    if run.trainer.place.seconds:
        say(f"Continues after {timedelta(seconds=round(run.trainer.place.seconds))} of training.")
    _follow(run.trainer)
    if export is not None:
        _export(run, export, ", ".join(category.name for category in chosen), f"{configuration}, seed {seed}")


def _export(run: PreparedRun, folder: Path, names: str, how: str) -> None:
    from filo_core.learning.filo_export import export_heads

    export_heads(run.folder, run.profile, run.heads, folder, f"{how}, supervised on the test split of {names}")
    say(f"Written to {folder}. Supervised on the test split of {names}: judge it on other categories.")


def _chosen(root: Path, names: str) -> list[Category]:
    from filo_core.benchmark.datasets import find_categories

    found = find_categories(root)
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    missing = wanted - {category.name for category in found}
    if missing:
        known = ", ".join(category.name for category in found)
        raise FiloError(f"{root} has no category {', '.join(sorted(missing))}. It has: {known}.")
    return [category for category in found if not wanted or category.name in wanted]


def _follow(trainer: FiloTrainer) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]} left"),
    )
    with Progress(*columns, console=errors) as progress:
        task = progress.add_task("Training", total=None, left="–")
        for step in trainer.run():
            progress.update(
                task,
                description=f"{step.stage}, epoch {step.epoch + 1}, loss {step.loss:.3f}",
                completed=step.done,
                total=step.total,
                left=str(timedelta(seconds=round(step.seconds_left))),
            )
