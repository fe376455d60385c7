"""``main.py train-names``: the head that names regions from words, trained on synthetic anomalies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli import typed
from cli.common import console, print_json, say, settings_with, speaks_plainly
from cli.options import AsJson


@speaks_plainly
def train_names(
    images: Annotated[
        Path, typer.Argument(help="Folder of pictures: surfaces/ and textures/, things elsewhere.", parser=typed.path)
    ],
    looks: Annotated[
        Path, typer.Option(help="Folder that keeps what was gathered, to stop and go on.", parser=typed.path)
    ] = Path("names-looks"),
    parts: Annotated[int, typer.Option(min=8, help="Made-up parts to learn from.")] = 900,
    held_out: Annotated[int, typer.Option(min=1, help="Made-up parts of other pictures to measure on.")] = 70,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 11,
    out: Annotated[
        Path | None, typer.Option(help="Profile folder whose manifest names the head then.", parser=typed.path)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train the head that names regions from words. Needs torch, the light trunk and the sentence encoder."""
    from filo_core.learning.naming_looks import gather, read_looks
    from filo_core.learning.naming_run import SIDES, light_eyes, trained
    from filo_core.learning.naming_training import figures_of

    models = settings_with().models
    eyes = light_eyes(models)
    for held, wanted in ((False, parts), (True, held_out)):
        kind = "Held-out parts" if held else "Parts"
        for done in gather(looks, images, eyes, SIDES, seed, wanted, held_out=held):
            console.print(f"{kind}: {done} of {wanted}", end="\r")
    head, kept_out = trained(models, looks, out, seed, f"main.py train-names, {parts} parts, seed {seed}")
    figures = figures_of(head, read_looks(looks, held_out=True))
    if as_json:
        print_json({"kept_out": vars_of(kept_out), "held_out": vars_of(figures), "sharpness": head.sharpness})
        return
    for words, one in (("Kept out of training", kept_out), ("Other pictures, other seeds", figures)):
        say(
            f"{words}: {one.regions} regions, first {one.first:.1%}, first three {one.first_three:.1%}, calibration "
            f"error {one.calibration_error:.3f}, good parts named {one.good_named:.1%}."
        )
    if out is not None:
        say(f"{out} names regions with this head now.")


def vars_of(figures: object) -> dict[str, float]:
    """Fields of a frozen record by name."""
    from dataclasses import asdict

    content: dict[str, float] = json.loads(json.dumps(asdict(figures)))  # type: ignore[call-overload]
    return content
