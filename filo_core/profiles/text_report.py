"""Text work per image of the full profile, counted on its network without weights."""

from __future__ import annotations

import json

import open_clip
import torch

from filo_core.method.text_work import TextWork, text_work
from filo_core.profiles.manifest import ModelProfile
from filo_core.resources import resource_path
from filo_core.types import ANY_LIMITS, AnomalyType, Position, ProductDescription, ProductDraft


def full_text_work(anomalies: int) -> list[TextWork]:
    """Counts for one, two and all nine positions, with ``anomalies`` types of two words each."""
    folder = resource_path("profiles", "full")
    profile = ModelProfile.model_validate_json((folder / "manifest.json").read_bytes())
    assert profile.heads is not None, "the shipped template has heads"
    with torch.device("meta"):
        model = open_clip.CLIP(**json.loads((folder / profile.architecture).read_bytes()))
    names = tuple(AnomalyType(f"surface flaw{number}") for number in range(anomalies))
    draft = ProductDraft(ProductDescription("part", "metal nut"), names)
    recipe = draft.recipe(ANY_LIMITS, "")
    choices = (tuple(Position)[:1], tuple(Position)[:2], tuple(Position))
    return [text_work(model, recipe, profile.heads.context_vectors, positions) for positions in choices]
