"""The text side while it learns: every prompt at all nine positions, unfiltered, with gradients (IV-C)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from filo_core.method.ensembles import fixed_family
from filo_core.method.learned_prompts import (
    AGNOSTIC_CLASS,
    anomalous_texts,
    encode_with_context,
    normal_texts,
    tokens_of,
)
from filo_core.method.prompts import described_prompts, domains_of
from filo_core.method.scoring import side_feature
from filo_core.types import Position

if TYPE_CHECKING:
    from torch import Tensor

    from filo_core.method.head_settings import HeadSettings
    from filo_core.method.interfaces import TextEncoder
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.types import Recipe


class TrainingSide:
    """The same prompts as :class:`~filo_core.method.text_side.TextSide` gives an image without a box.

    Args:
        recipe: class name, domain and anomaly types.
        model: the frozen ``open_clip.CLIP``.
        text_encoder: of the same model.
        heads: being trained.
    """

    def __init__(self, recipe: Recipe, model: Any, text_encoder: TextEncoder, heads: TrainedHeads) -> None:
        self._model, self._heads = model, heads
        settings = heads.settings
        described = [item.name for item in recipe.anomaly_types if item.enabled and settings.described]
        names = [name for name in described if text_encoder.knows(name)]
        self._fixed: tuple[Tensor, Tensor] | None = None
        if settings.fixed_templates or not settings.learned_prompts:
            self._fixed = _fixed_features(recipe, names, text_encoder, settings)
        word, states = recipe.class_name if settings.class_name else AGNOSTIC_CLASS, settings.states
        self._tokens = [
            tokens_of(texts, settings.context_vectors, text_encoder.tokenize)
            for texts in (normal_texts(word, states), anomalous_texts(word, names, tuple(Position), states))
        ]

    def sides(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """``(D,)`` normal and anomalous side features for a ``(D,)`` L2-normalised image embedding."""
        prompts: list[list[Tensor]] = [[side] for side in self._fixed] if self._fixed is not None else [[], []]
        if len(self._heads.prompts):
            for side, tokens, context in zip(prompts, self._tokens, self._heads.prompts, strict=True):
                deep = list(self._heads.deep)
                side.append(encode_with_context(self._model, tokens.to(image.device), context(image), deep))
        normal, anomalous = (side_feature(torch.cat(side)) for side in prompts)
        return normal, anomalous


def _fixed_features(
    recipe: Recipe, names: list[str], text_encoder: TextEncoder, settings: HeadSettings
) -> tuple[Tensor, Tensor]:
    domains = domains_of(recipe.kind, recipe.domain)
    normal, generic = fixed_family(settings, recipe.class_name, domains)
    anomalous = (*generic, *described_prompts(recipe.class_name, names, domains, tuple(Position)))
    # Cloned, since what was made for inference only cannot take part in training.
    return text_encoder.encode(normal).clone(), text_encoder.encode(anomalous).clone()
