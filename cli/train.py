"""``main.py train``: both stages of FiLo++ on a data set's test split, beside a frozen profile."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli import typed
from cli.common import errors, say, settings_with, speaks_plainly
from cli.options import Device
from filo_core.errors import FiloError

if TYPE_CHECKING:
    from filo_core.benchmark.categories import Category
    from filo_core.descriptions.library import AnomalyLibrary
    from filo_core.learning.filo_run import PreparedRun
    from filo_core.learning.filo_training import FiloTrainer
    from workflows.settings.settings import Settings


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
    context_vectors: Annotated[
        int | None, typer.Option(min=1, max=64, help="Learnable vectors a side (Fig. 3). Default: the configuration's.")
    ] = None,
    kernels: Annotated[
        str, typer.Option(help='Of MDCI (Fig. 4), such as "1x1,3x3,1x5". Default: the configuration\'s.')
    ] = "",
    seed: Annotated[int, typer.Option(help="Of the order, the chosen images and the heads' start.")] = 0,
    measure: Annotated[
        int | None,
        typer.Option(min=1, help="Only say how long it takes: learn from so many images a stage and keep nothing."),
    ] = None,
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
        changes=_changes(context_vectors, kernels),
        library=_library(settings),
    )
    if measure is not None:
        _measure(run, measure)
        return
    if run.trainer.place.seconds:
        say(f"Continues after {timedelta(seconds=round(run.trainer.place.seconds))} of training.")
    _follow(run.trainer)
    if export is not None:
        _export(run, export, ", ".join(category.name for category in chosen), f"{configuration}, seed {seed}")


def _measure(run: PreparedRun, steps: int) -> None:
    """Print what each stage takes, the peak of memory, and the whole run by multiplication."""
    from cli.inspect import peak_rss_mb

    whole = 0.0
    for stage in run.trainer.measure(steps):
        whole += stage.whole_seconds
        say(
            f"Stage {stage.stage}: {stage.steps} images in {stage.seconds:.1f} s, {stage.steps / stage.seconds:.2f} "
            f"images/s; all {stage.whole} take {stage.whole_seconds / 3600:.2f} h."
        )
    say(f"The whole run takes {whole / 3600:.2f} h. {_peaks(run, peak_rss_mb())} Nothing was kept.")


def _peaks(run: PreparedRun, resident_mb: float) -> str:
    import torch

    text = f"Peak of memory: {resident_mb:.0f} MiB."
    if run.trainer.device.startswith("cuda"):
        text += f" On the card: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB."
    return text


def _changes(context_vectors: int | None, kernels: str) -> dict[str, Any]:
    """What is to be other than the configuration says."""
    from filo_core.benchmark.configurations import kernels_of

    changes: dict[str, Any] = {} if context_vectors is None else {"context_vectors": context_vectors}
    return changes | ({"kernels": kernels_of(kernels)} if kernels.strip() else {})


def _library(settings: Settings) -> AnomalyLibrary | None:
    """The language model's lists where one is set up, kept as they come; None for the built-in library."""
    from cli.language_model import asked_library

    return asked_library(settings)


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
        raise FiloError(
            "{root} has no category {missing}. It has: {known}.",
            root=root,
            missing=", ".join(sorted(missing)),
            known=known,
        )
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
