"""``main.py train-compact``: train the compact profile's own weights, in pieces that continue each other."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import typed
from cli.common import console, say, speaks_plainly
from filo_core.errors import FolderError, ProfileError

if TYPE_CHECKING:
    from torch import Tensor

    from filo_core.learning.compact_training import CompactTrainer, TrainingPoint
    from filo_core.profiles.manifest import ModelProfile

_TRAINED_ON = (
    "CC0 photographs (clothing: alexeygrigorev/clothing-dataset-small; surfaces: ambientCG; textures: scikit-image) "
    "and drawings of the project, with synthetic anomalies; see MODEL_CARD.md"
)


@speaks_plainly
def train_compact(
    images: Annotated[Path, typer.Argument(help="Folder with clothing/ and texture folders.", parser=typed.path)],
    checkpoint: Annotated[
        Path, typer.Option(help="Continued if it is there, and written every two minutes.", parser=typed.path)
    ],
    minutes: Annotated[float, typer.Option(min=0.01, help="How long this piece trains.")] = 60.0,
    profile: Annotated[
        Path | None, typer.Option(help="Profile folder to train; the shipped one if not given.", parser=typed.path)
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Profile folder to write at the end.", parser=typed.path)] = None,
    log: Annotated[
        Path | None, typer.Option(help="Learning curve, JSON lines, appended to.", parser=typed.path)
    ] = None,
    from_weights: Annotated[bool, typer.Option(help="Begin with the profile's image tower.")] = False,
    seed: Annotated[int, typer.Option(help="Of the first weights and of the data.")] = 2026,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    groups: Annotated[int, typer.Option(min=1, help="Groups of four views a thread and step.")] = 4,
    threads: Annotated[int, typer.Option(min=1, help="Training threads; one is best on a GPU.")] = 2,
    workers: Annotated[int, typer.Option(min=0, help="Processes that make data.")] = 1,
    bfloat16: Annotated[bool, typer.Option(help="Quicker where the processor has AVX512-BF16.")] = False,
) -> None:
    """Train the compact profile: matching against good views, on synthetic anomalies. Stop and go on at will."""
    from filo_core.learning.compact_training import CompactTrainer, TrainingSettings
    from filo_core.profiles.builder import choose_device
    from filo_core.profiles.folders import profile_folder
    from filo_core.profiles.manifest import read_architecture, read_manifest

    if log is not None:
        # Before hours of training, not after its first point.
        _append(log, "")
    chosen = choose_device(device)
    folder = profile or profile_folder("compact")
    manifest = read_manifest(folder)
    architecture = read_architecture(folder, manifest)
    start = _image_tower(folder, manifest) if from_weights else None
    settings = TrainingSettings(
        images=images,
        checkpoint=checkpoint,
        minutes=minutes,
        seed=seed,
        device=chosen,
        shards=threads,
        groups=groups,
        workers=workers,
        bfloat16=bfloat16,
    )
    trainer = CompactTrainer(architecture, manifest, settings, start)
    _follow(trainer, log)
    if export is not None:
        from filo_core.learning.compact_export import export_profile

        done = trainer.progress
        by = f"main.py train-compact, seed {seed}, {done.step} steps, {done.pairs} pairs, {done.minutes:.0f} minutes"
        export_profile(export, manifest, architecture, trainer.mean_model, _TRAINED_ON, by)
        say(f"Written to {export}")


def _image_tower(folder: Path, manifest: ModelProfile) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    from filo_core.profiles.manifest import verify_weights

    if manifest.weights is None:
        raise ProfileError(f"{folder} has no weights to begin with. Leave out --from-weights.")
    return load_file(verify_weights(folder, manifest.weights))


def _follow(trainer: CompactTrainer, log: Path | None) -> None:
    if trainer.progress.step:
        say(f"Continues after {trainer.progress.step} steps, {trainer.progress.pairs} pairs.")
    for point in trainer.run():
        console.print(_line(point), soft_wrap=True, markup=False)
        if log is not None:
            _append(log, json.dumps(asdict(point), allow_nan=False) + "\n")


def _append(log: Path, text: str) -> None:
    try:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise FolderError(f"{log} cannot be written: {error.strerror or error}. Choose another file.") from error


def _line(point: TrainingPoint) -> str:
    progress = point.progress
    losses = " ".join(f"{name} {value:.3f}" for name, value in point.losses.items())
    text = f"{progress.minutes:6.1f} min, step {progress.step}, {progress.pairs} pairs: {losses}"
    if point.held_out is None:
        return text
    held = point.held_out
    figures = (held.image_auroc, held.pixel_auroc, held.top_3, held.top_3_of_all, held.zero_shot_image_auroc)
    shown = [f"{100 * value:.1f}" if value is not None else "–" for value in figures]
    return (
        f"{text}; held out: image AUROC {shown[0]}, pixel AUROC {shown[1]}, type in the top 3 {shown[2]} % "
        f"({shown[3]} % with kinds that need a reference), zero-shot image AUROC {shown[4]}"
    )
