"""Which anomaly type a region shows: its patches against the fine-grained descriptions (III-B, III-C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.method.prompts import anomaly_prompts, domains_of, generic_anomalous_prompts
from filo_core.method.scoring import SIMILARITY_SCALE, side_feature
from filo_core.types import UNKNOWN_TYPE, Position

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.method.interfaces import ImageFeatures, TextEncoder
    from filo_core.types import Recipe


class TypeRanking:
    """Ranks a recipe's enabled anomaly types for a region.

    All prompts are encoded once, when the recipe is prepared; each region then costs one small product.
    """

    def __init__(self, recipe: Recipe, text_encoder: TextEncoder) -> None:
        domains = domains_of(recipe.kind, recipe.domain)
        enabled = [anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled]
        self.names = tuple(name for name in enabled if text_encoder.knows(name))
        self._generic = side_feature(text_encoder.encode(generic_anomalous_prompts(recipe.class_name, domains)))
        self._by_position: dict[Position, Tensor] = {}
        for position in Position if self.names else ():
            self._by_position[position] = torch.stack(
                [
                    side_feature(text_encoder.encode(anomaly_prompts(recipe.class_name, name, domains, [position])))
                    for name in self.names
                ]
            )

    def name(self, features: ImageFeatures, mask: NDArray[np.bool_], position: Position) -> tuple[str, float]:
        """Best type of one region and its softmax share in [0, 1].

        Args:
            features: of the image, batch of one.
            mask: ``(h, w)`` bool over the encoded picture.
            position: cell the region lies in; it chooses the prompts.

        Returns:
            ``(UNKNOWN_TYPE, 0.0)`` where no description beats the generic states, or where there is none.
        """
        if not self.names:
            return UNKNOWN_TYPE, 0.0
        inside = functional.adaptive_avg_pool2d(torch.from_numpy(mask)[None, None].float(), features.grid).flatten()
        weights = inside.to(features.patch_embeddings.device)
        region = functional.normalize(weights @ features.patch_embeddings[0], dim=-1)
        similarities = self._by_position[position] @ region
        best = int(similarities.argmax())
        if float(similarities[best]) <= float(self._generic @ region):
            return UNKNOWN_TYPE, 0.0
        return self.names[best], float((SIMILARITY_SCALE * similarities).softmax(dim=0)[best])
