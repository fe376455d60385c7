"""The vision-language branch, training-free: p and M_vl from the prompt ensemble (III-B, III-C3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from filo_core.method.positions import positions_of
from filo_core.method.prompts import anomaly_prompts, domains_of, generic_anomalous_prompts, normal_prompts
from filo_core.method.scoring import anomalous_probability, fuse_sides, side_feature, upsample
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextEncoder
    from filo_core.types import Recipe


class TextSide:
    """Fixed-template prompts of a recipe, encoded once; an image then only chooses the positions."""

    def __init__(self, recipe: Recipe, text_encoder: TextEncoder) -> None:
        domains = domains_of(recipe.kind, recipe.domain)
        names = [a.name for a in recipe.anomaly_types if a.enabled and text_encoder.knows(a.name)]
        self._normal = side_feature(text_encoder.encode(normal_prompts(recipe.class_name, domains)))
        self._generic = text_encoder.encode(generic_anomalous_prompts(recipe.class_name, domains))
        self._placed: dict[Position, Tensor] = {}
        for position in Position:
            prompts = [
                prompt for name in names for prompt in anomaly_prompts(recipe.class_name, name, domains, [position])
            ]
            self._placed[position] = text_encoder.encode(prompts) if prompts else self._generic[:0]

    def _anomalous(self, boxes: Sequence[GroundingBox]) -> Tensor:
        placed = [self._placed[position] for position in positions_of(boxes)]
        return side_feature(torch.cat([self._generic, *placed]))

    def probability(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> float:
        """Anomalous probability of eq. (1) for a batch of one."""
        return float(anomalous_probability(features.image_embedding[0], self._normal, self._anomalous(boxes)))

    def map(self, features: ImageFeatures, boxes: Sequence[GroundingBox], side: int) -> Tensor:
        """M_vl ``(side, side)`` in [0, 1]: eqs. (2) to (4) with one 1×1 kernel on the projected last stage."""
        share = anomalous_probability(features.patch_embeddings[0], self._normal, self._anomalous(boxes))
        anomalous = upsample(share.view(1, 1, *features.grid), side)
        return fuse_sides(1.0 - anomalous, anomalous)
