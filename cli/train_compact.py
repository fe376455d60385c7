"""``main.py train-compact``: the head that reads how a patch differs from the good one nearest to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import typed
from cli.common import console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson

if TYPE_CHECKING:
    from filo_core.eyes.residual_head import ResidualHead
    from filo_core.learning.residual_run import ResidualTrial
    from filo_core.learning.residual_samples import Residuals


@speaks_plainly
def train_compact(
    images: Annotated[
        Path, typer.Argument(help="Folder of pictures: surfaces/ and textures/, things elsewhere.", parser=typed.path)
    ],
    residuals: Annotated[
        Path, typer.Option(help="Folder that keeps what was gathered, to stop and go on.", parser=typed.path)
    ] = Path("compact-residuals"),
    products: Annotated[int, typer.Option(min=5, help="Made-up products to learn from.")] = 420,
    held_out: Annotated[
        int, typer.Option(min=0, help="Made-up products of other sources to try the head on; 0 tries nothing.")
    ] = 48,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 17,
    out: Annotated[
        Path | None, typer.Option(help="Profile folder whose manifest names the head then.", parser=typed.path)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the head that reads how patches differ from good ones. Needs torch and the light trunk."""
    from filo_core.learning.residual_run import keep_residual_head, light_eyes_for_residuals, require_eyes_profile
    from filo_core.learning.residual_samples import gather_residuals, read_residuals

    models = settings_with().models
    if out is not None:
        require_eyes_profile(out)
    eyes = light_eyes_for_residuals(models)
    for done in gather_residuals(residuals, images, eyes, seed, products):
        console.print(f"Products: {done} of {products}", end="\r")
    head = _trained(read_residuals(residuals, seed, products), seed)
    trials = _tried(models, images, head, seed, held_out) if held_out else []
    if out is not None:
        keep_residual_head(out, head, f"main.py train-compact, {products} products, seed {seed}")
    if as_json:
        print_json({trial.eyes.words: _content(trial) for trial in trials})
        return
    for trial in trials:
        before, after = trial.distances, trial.trained
        say(
            f"{trial.eyes.words}, {trial.products} products of other sources, image / pixel AUROC: distances alone "
            f"{before.image:.1%} / {before.pixel:.1%}, with the head {after.image:.1%} / {after.pixel:.1%}."
        )
    if out is not None:
        say(f"{out} looks with this head now. Recipes of before need their limits set again.")


def _trained(residuals: Residuals, seed: int) -> ResidualHead:
    from filo_core.learning.residual_training import train_residual_head

    for step in train_residual_head(residuals, seed):
        if not isinstance(step, float):
            return step
        console.print(f"Loss of the epoch: {step:.3f}", end="\r")
    raise AssertionError("training ends with a head")


def _tried(models: Path, images: Path, head: ResidualHead, seed: int, products: int) -> list[ResidualTrial]:
    from filo_core.learning.residual_run import try_residual_head

    trials: list[ResidualTrial] = []
    for step in try_residual_head(models, images, head, seed, products):
        if isinstance(step, int):
            console.print(f"Tried on {step} of {products}", end="\r")
        else:
            trials.append(step)
    return trials


def _content(trial: ResidualTrial) -> dict[str, object]:
    from dataclasses import asdict

    return {"products": trial.products, "distances": asdict(trial.distances), "trained": asdict(trial.trained)}
