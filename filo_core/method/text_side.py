"""The vision-language branch: p of eq. (1) and M_vl of eq. (4) from the prompts of one recipe (III-B, III-C3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from filo_core.method.ensembles import fixed_family
from filo_core.method.filtering import filter_prompts
from filo_core.method.interfaces import TextAnswer
from filo_core.method.learned_prompts import LearnedPrompts
from filo_core.method.positions import positions_of
from filo_core.method.prompts import described_prompts, domains_of
from filo_core.method.scoring import anomalous_probability, fuse_sides, side_feature, side_shares, upsample_channels
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from torch import Tensor

    from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextEncoder
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.types import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """The two sides of the prompt ensemble as one image sees them.

    Attributes:
        normal: ``(D,)``, L2-normalised.
        anomalous: ``(D,)``, L2-normalised.
        unfiltered: sides that filtering would have emptied, so they kept every prompt.
        dropped: prompts that filtering left out; None where nothing is filtered.
    """

    normal: Tensor
    anomalous: Tensor
    unfiltered: tuple[str, ...] = ()
    dropped: int | None = None


class TextSide:
    """Prompts of a recipe (Table III). Fixed templates are encoded once, a position when it is first chosen.

    Args:
        recipe: names the product and its anomaly types.
        text_encoder: of the profile.
        heads: learned parts; without them the fixed templates meet the projected V-V stages, unfiltered.
        model: the frozen ``open_clip.CLIP``, where the heads have learnable prompts.
    """

    def __init__(
        self, recipe: Recipe, text_encoder: TextEncoder, heads: TrainedHeads | None = None, model: Any = None
    ) -> None:
        self._text_encoder = text_encoder
        self._heads = heads
        self._class_name = recipe.class_name
        self._domains = domains_of(recipe.kind, recipe.domain)
        described = heads is None or heads.settings.described
        enabled = [a.name for a in recipe.anomaly_types if a.enabled and described]
        self._names = tuple(name for name in enabled if text_encoder.knows(name))
        family = fixed_family(None if heads is None else heads.settings, recipe.class_name, self._domains)
        self._normal, self._generic = (text_encoder.encode(prompts) for prompts in family)
        self._placed: dict[Position, Tensor] = {}
        self._learned: LearnedPrompts | None = None
        if heads is not None and heads.settings.learned_prompts:
            self._learned = LearnedPrompts(model, heads, recipe.class_name, self._names, text_encoder.tokenize)

    def answer(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> TextAnswer:
        """P of eq. (1), and M_vl of eqs. (2) to (4) with a 1×1 kernel on the V-V stages if there are no heads."""
        sides = self.sides(features, boxes)
        return TextAnswer(
            partial(self._probability, features, sides),
            partial(self._map, features, sides),
            sides.unfiltered,
            self._positions(boxes),
            sides.dropped,
        )

    def _positions(self, boxes: Sequence[GroundingBox]) -> tuple[Position, ...]:
        top1 = self._heads is not None and self._heads.settings.positions == "top1"
        return positions_of(boxes, top1=top1)

    def _probability(self, features: ImageFeatures, sides: Sides) -> float:
        image = features.image_embedding[0]
        if self._heads is None:
            return float(anomalous_probability(image, sides.normal, sides.anomalous))
        scale = self._heads.settings.score_scale
        return float(anomalous_probability(self._heads.adapter(image), sides.normal, sides.anomalous, scale))

    def _map(self, features: ImageFeatures, sides: Sides, side: int) -> Tensor:
        normal, anomalous = side_maps(self._heads, features, sides.normal, sides.anomalous, side)
        return fuse_sides(normal, anomalous)

    @torch.inference_mode()
    def sides(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> Sides:
        """Both sides for a batch of one: union of the families, filtered by the image, then the mean (III-B)."""
        if self._heads is None:
            normal, anomalous = self._fixed(self._positions(boxes))
            return Sides(side_feature(normal), side_feature(anomalous))
        settings = self._heads.settings
        positions = self._positions(boxes)
        families = [self._fixed(positions)] if settings.fixed_templates or self._learned is None else []
        if self._learned is not None:
            families.append(self._learned.encode(features.image_embedding[0], positions))
        normal, anomalous = (torch.cat(side) for side in zip(*families, strict=True))
        if not settings.filtering:
            return Sides(side_feature(normal), side_feature(anomalous))
        kept = filter_prompts(self._heads.adapter(features.image_embedding[0]), normal, anomalous)
        dropped = int((~kept.normal).sum() + (~kept.anomalous).sum())
        sides = (side_feature(normal[kept.normal]), side_feature(anomalous[kept.anomalous]))
        return Sides(*sides, kept.unfiltered, dropped)

    def _fixed(self, positions: Sequence[Position]) -> tuple[Tensor, Tensor]:
        return self._normal, torch.cat([self._generic, *(self._at(position) for position in positions)])

    def _at(self, position: Position) -> Tensor:
        if position not in self._placed:
            prompts = described_prompts(self._class_name, self._names, self._domains, [position])
            self._placed[position] = self._text_encoder.encode(prompts) if prompts else self._generic[:0]
        return self._placed[position]


def side_maps(
    heads: TrainedHeads | None, features: ImageFeatures, normal: Tensor, anomalous: Tensor, side: int
) -> Tensor:
    """M_n and M_a ``(2, side, side)`` in [0, 1] of two side features, over the stages: eqs. (2) and (3).

    Args:
        heads: learned layers; without any, a 1×1 kernel meets the patches of the V-V stages in the joint space, or
            those of the last block where there is no V-V path.
        features: batch of one.
        normal: ``(D,)`` side feature.
        anomalous: ``(D,)`` side feature.
        side: of the maps in pixels.
    """
    maps = [] if heads is None else heads.stage_maps(features, normal, anomalous, side)
    if heads is not None and maps:
        return heads.fused_map(maps)
    shares = torch.stack([side_shares(patches[0], normal, anomalous) for patches in features.localising]).mean(dim=0)
    return upsample_channels(shares.T.reshape(1, 2, *features.grid), side)
