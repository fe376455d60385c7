"""A product's good parts are looked at once: the next start takes what was kept of the very same parts."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filo_core.eyes.bank_store import BankStore
from filo_core.eyes.detector import EyesDetector
from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import frame_of
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.resources import resource_path
from filo_core.types import (
    AnomalyType,
    Box,
    Eyes,
    Limits,
    ProductDescription,
    ProductDraft,
    Recipe,
    Reference,
    Sight,
)

_SIDE = 64


class _Counting:
    """An eye that sees the colours of 8 x 8 cells, and counts how often it looked."""

    def __init__(self) -> None:
        self.looks = 0

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        self.looks += 1
        cells = pixels[: _SIDE // 8 * 8, : _SIDE // 8 * 8].reshape(_SIDE // 8, 8, _SIDE // 8, 8, 3).mean((1, 3))
        return Features(unit(cells.astype(np.float32) + 1), frame_of(_SIDE, _SIDE, _SIDE, 8), 8)


def _parts(count: int) -> dict[str, NDArray[np.uint8]]:
    rng = np.random.default_rng(1)
    return {f"{n:064}": rng.integers(80, 160, (_SIDE, _SIDE, 3), dtype=np.uint8) for n in range(count)}


def _recipe(count: int) -> Recipe:
    draft = ProductDraft(
        ProductDescription("plate", "plate"),
        (AnomalyType("scratch"),),
        tuple(Reference(f"{n:064}", f"{n}.png") for n in range(count)),
        eyes=Eyes(Sight.FAST, 256),
    )
    return draft.recipe(Limits(0.2, 0.4, 0.2), "a" * 64)


def _detector(recipe: Recipe, eye: _Counting, folder: Path) -> EyesDetector:
    profile = read_any_manifest(resource_path("models", "compact"))
    assert isinstance(profile, EyesProfile)
    return EyesDetector(recipe, profile, [eye], banks=BankStore(folder))  # type: ignore[list-item]


def test_the_next_start_does_not_look_at_the_good_parts_again(tmp_path: Path) -> None:
    first, second = _Counting(), _Counting()
    before = _detector(_recipe(3), first, tmp_path)
    before.set_references(_parts(3))
    assert first.looks == 3
    after = _detector(_recipe(3), second, tmp_path)
    after.set_references(_parts(3))
    assert second.looks == 0
    picture = _parts(4)[f"{3:064}"]
    assert after.predict(picture).image_score == before.predict(picture).image_score


def test_other_parts_or_another_place_are_looked_at(tmp_path: Path) -> None:
    _detector(_recipe(3), _Counting(), tmp_path).set_references(_parts(3))
    eye = _Counting()
    _detector(_recipe(2), eye, tmp_path).set_references(_parts(2))
    assert eye.looks == 2
    place = replace(_recipe(3), region_of_interest=Box(0, 0, _SIDE, _SIDE))
    _detector(place, eye, tmp_path).set_references(_parts(3))
    assert eye.looks == 5


def test_numpy_multiplies_with_one_thread_in_the_program() -> None:
    code = (
        "import program, numpy, threadpoolctl\n"
        "program.command_line(['inspect', '--help'])\n"
        "numpy.ones((4, 4)) @ numpy.ones((4, 4))\n"
        "print([pool['num_threads'] for pool in threadpoolctl.threadpool_info() if pool['internal_api'] == 'openblas'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # A numpy on another library, as on macOS, has none of its threads.
    assert set(done.stdout.strip()) <= set("[1, ]")
