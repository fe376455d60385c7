"""The vision-language branch with trained heads: fused prompts, filtering, adapter, linear layers and MDCI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from filo_core.method.filtering import filter_prompts
from filo_core.method.learned_prompts import (
    AGNOSTIC_CLASS,
    anomalous_texts,
    encode_with_context,
    normal_texts,
    tokens_of,
)
from filo_core.method.positions import positions_of
from filo_core.method.prompts import anomaly_prompts, domains_of, generic_anomalous_prompts, normal_prompts
from filo_core.method.scoring import anomalous_probability, side_feature
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextEncoder
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.types import Recipe


class TrainedSide:
    """Text side of one recipe with trained heads. Fixed templates are encoded once, learnable ones for each image.

    Args:
        recipe: class name, domain and anomaly types.
        model: the frozen ``open_clip.CLIP``.
        text_encoder: of the same model.
        heads: what was trained, or is.
    """

    def __init__(self, recipe: Recipe, model: Any, text_encoder: TextEncoder, heads: TrainedHeads) -> None:
        self._model, self._heads = model, heads
        settings = heads.settings
        self._class_name = recipe.class_name if settings.class_name else AGNOSTIC_CLASS
        named = [anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled]
        self._names = named if settings.described else []
        self._tokens: dict[tuple[Position, ...], tuple[Tensor, Tensor]] = {}
        self._fixed: tuple[Tensor, Tensor, dict[Position, Tensor]] | None = None
        if settings.fixed_templates or not settings.learned_prompts:
            self._fixed = self._fixed_features(domains_of(recipe.kind, recipe.domain), text_encoder)

    def sides(
        self, image: Tensor, positions: Sequence[Position] = tuple(Position), *, filtered: bool = False
    ) -> tuple[Tensor, Tensor]:
        """``(D,)`` normal and anomalous side features for an image; gradients reach the context vectors.

        Args:
            image: ``(D,)`` L2-normalised image embedding.
            positions: of the anomaly types; all nine while training.
            filtered: runtime prompt filtering (III-B3), for inference only.
        """
        normal, anomalous = self._prompt_features(image, positions)
        if filtered:
            kept = filter_prompts(image, normal, anomalous)
            normal, anomalous = normal[kept.normal], anomalous[kept.anomalous]
        return side_feature(normal), side_feature(anomalous)

    @torch.inference_mode()
    def probability(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> float:
        """Anomalous probability of eq. (1), batch of one."""
        image = features.image_embedding[0]
        normal, anomalous = self.sides(image, positions_of(boxes), filtered=self._heads.settings.filtering)
        adapted = self._heads.adapter(image)
        return float(anomalous_probability(adapted, normal, anomalous, self._heads.settings.score_scale))

    @torch.inference_mode()
    def map(self, features: ImageFeatures, boxes: Sequence[GroundingBox], side: int) -> Tensor:
        """M_vl ``(side, side)`` in [0, 1], eqs. (2) to (4)."""
        image = features.image_embedding[0]
        normal, anomalous = self.sides(image, positions_of(boxes), filtered=self._heads.settings.filtering)
        return self._heads.fused_map(self._heads.stage_maps(features, normal, anomalous, side))

    def _prompt_features(self, image: Tensor, positions: Sequence[Position]) -> tuple[Tensor, Tensor]:
        normal, anomalous = [], []
        if self._fixed is not None:
            fixed_normal, generic, placed = self._fixed
            normal.append(fixed_normal)
            anomalous += [generic, *(placed[position] for position in positions)]
        for side, tokens, context in zip(
            (normal, anomalous), self._tokens_at(tuple(positions)), self._heads.prompts, strict=False
        ):
            side.append(encode_with_context(self._model, tokens.to(image.device), context(image)))
        return torch.cat(normal), torch.cat(anomalous)

    def _tokens_at(self, positions: tuple[Position, ...]) -> tuple[Tensor, Tensor]:
        if positions not in self._tokens:
            count, length = self._heads.settings.context_vectors, self._model.context_length
            texts = (normal_texts(self._class_name), anomalous_texts(self._class_name, self._names, positions))
            self._tokens[positions] = (tokens_of(texts[0], count, length), tokens_of(texts[1], count, length))
        return self._tokens[positions]

    def _fixed_features(
        self, domains: Sequence[str], text_encoder: TextEncoder
    ) -> tuple[Tensor, Tensor, dict[Position, Tensor]]:
        # Cloned, since what was made for inference only cannot take part in training.
        generic = text_encoder.encode(generic_anomalous_prompts(self._class_name, domains)).clone()
        placed = {}
        for position in Position:
            prompts = [
                prompt
                for name in self._names
                for prompt in anomaly_prompts(self._class_name, name, domains, [position])
            ]
            placed[position] = text_encoder.encode(prompts).clone() if prompts else generic[:0]
        return text_encoder.encode(normal_prompts(self._class_name, domains)).clone(), generic, placed
