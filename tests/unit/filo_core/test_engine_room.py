"""A graphics card without room, stood in for by an encoder that raises torch's error: the engine moves to the CPU."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import torch

from filo_core.engine import NO_ROOM, Engine
from filo_core.events import Calibrated
from filo_core.method.interfaces import Backbone, ImageFeatures
from filo_core.profiles.builder import LoadedProfile, load_profile
from filo_core.types import AnomalyType, Limits, ProductDescription, ProductDraft, Recipe, Reference, SourceImage
from tests.small_network import SMALL


class FullCard:
    """Encodes as another does, but only so many images before the card is full."""

    def __init__(self, other: Backbone, images: int) -> None:
        self._other = other
        self._left = images
        self.image_size = other.image_size
        self.prepare = other.prepare

    def encode(self, batch: torch.Tensor) -> ImageFeatures:
        self._left -= len(batch)
        if self._left < 0:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self._other.encode(batch)


@pytest.fixture(scope="module")
def on_cpu() -> LoadedProfile:
    return load_profile(SMALL, "cpu")


def image(seed: int) -> SourceImage:
    pixels = np.random.default_rng(seed).integers(80, 160, (96, 96, 3), np.uint8)
    return SourceImage(f"{seed}.png", b"", hashlib.sha256(pixels).hexdigest(), pixels, datetime.now(UTC))


GOOD = [image(seed) for seed in range(2)]


def draft() -> ProductDraft:
    references = tuple(Reference(picture.image_hash, picture.name) for picture in GOOD)
    return ProductDraft(ProductDescription("plate", "plate"), (AnomalyType("scratch"),), references)


def engines(on_cpu: LoadedProfile, images: int) -> tuple[Engine, Engine, Recipe, list[str]]:
    """One on a card with room for so many images, one on the CPU, a recipe, and what the first one says."""
    card = replace(on_cpu, device="cuda", backbone=FullCard(on_cpu.backbone, images))
    notes: list[str] = []
    small, large = Engine(card, lambda: on_cpu), Engine(on_cpu)
    small.on_note = notes.append
    return small, large, draft().recipe(Limits(0.05, 0.1, 0.05), large.model_hash), notes


def scores(engine: Engine, recipe: Recipe, pictures: Sequence[SourceImage]) -> list[float]:
    detector = engine.detector(recipe, GOOD)
    return [detector.predict(picture.pixels).image_score for picture in pictures]


@pytest.mark.parametrize("passes", [0, 1, 1000])
def test_a_full_card_moves_the_model_to_the_cpu_once_and_says_so(passes: int, on_cpu: LoadedProfile) -> None:
    offsets = len(on_cpu.profile.reference_offsets_px) ** 2
    small, large, recipe, notes = engines(on_cpu, images=min(passes, len(GOOD) * offsets + 1))
    assert scores(small, recipe, [image(7), image(8)]) == pytest.approx(scores(large, recipe, [image(7), image(8)]))
    assert (small.device, notes) == ("cpu", [NO_ROOM])


def test_a_calibration_that_fills_the_card_ends_on_the_cpu_with_the_same_limits(on_cpu: LoadedProfile) -> None:
    offsets = len(on_cpu.profile.reference_offsets_px) ** 2
    small, large, _, notes = engines(on_cpu, images=len(GOOD) * offsets + 1)
    ends = [list(engine.calibrate(draft(), GOOD))[-1] for engine in (small, large)]
    assert all(isinstance(end, Calibrated) for end in ends)
    assert notes == [NO_ROOM]


def test_without_a_way_to_the_cpu_the_error_is_torchs_own(on_cpu: LoadedProfile) -> None:
    card = replace(on_cpu, device="cuda", backbone=FullCard(on_cpu.backbone, 0))
    engine = Engine(card)
    with pytest.raises(torch.OutOfMemoryError):
        engine.detector(draft().recipe(Limits(0.05, 0.1, 0.05), engine.model_hash), GOOD)
