"""Which anomaly type a region shows: its patches against the fine-grained descriptions (III-B, III-C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.method.prompts import described_prompts, domains_of, generic_anomalous_prompts
from filo_core.method.scoring import SIMILARITY_SCALE, side_feature
from filo_core.types import UNKNOWN_TYPE, Position, TypeShare

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.method.interfaces import ImageFeatures, TextEncoder
    from filo_core.types import Recipe


class TypeRanking:
    """Ranks a recipe's enabled anomaly types for a region.

    A region is the mean of its patches in the last V-V stage, where there is one: what CLIP's own last block says of a
    patch is about the whole picture. A position's prompts are encoded when a region first lies there; each region then
    costs one small product.
    """

    def __init__(self, recipe: Recipe, text_encoder: TextEncoder) -> None:
        domains = domains_of(recipe.kind, recipe.domain)
        enabled = [anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled]
        self.names = tuple(name for name in enabled if text_encoder.knows(name))
        self._generic = side_feature(text_encoder.encode(generic_anomalous_prompts(recipe.class_name, domains)))
        self._text_encoder = text_encoder
        self._class_name = recipe.class_name
        self._domains = domains
        self._by_position: dict[Position, Tensor] = {}

    def name(self, features: ImageFeatures, mask: NDArray[np.bool_], position: Position) -> tuple[str, float]:
        """Best type of one region and its softmax share among the types and the generic states, in [0, 1].

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
        patches = features.localising[-1][0]
        region = functional.normalize(inside.to(patches.device) @ patches, dim=-1)
        similarities = self._described(position) @ region
        best = int(similarities.argmax())
        generic = self._generic @ region
        if float(similarities[best]) <= float(generic):
            return UNKNOWN_TYPE, 0.0
        return self.names[best], float(_shares(similarities, generic)[best])

    def rank(self, features: ImageFeatures, positions: Sequence[Position]) -> tuple[TypeShare, ...]:
        """All types of the whole image, best first, each with its softmax share; empty means unknown (III-B2).

        Args:
            features: of the image, batch of one.
            positions: cells that may hold an anomaly; each type is taken as the mean over them.

        Returns:
            Nothing where no description beats the generic states.
        """
        if not self.names or not positions:
            return ()
        image = features.image_embedding[0]
        described = functional.normalize(
            torch.stack([self._described(position) for position in positions]).mean(dim=0), dim=-1
        )
        similarities = described @ image
        generic = self._generic @ image
        if float(similarities.max()) <= float(generic):
            return ()
        shares = _shares(similarities, generic).tolist()
        ranked = sorted(zip(self.names, shares, strict=True), key=lambda pair: -pair[1])
        return tuple(TypeShare(name, share) for name, share in ranked)

    def _described(self, position: Position) -> Tensor:
        """``(names, D)``, L2-normalised."""
        if position not in self._by_position:
            prompts = described_prompts(self._class_name, self.names, self._domains, [position])
            encoded = self._text_encoder.encode(prompts).view(len(self.names), len(self._domains), -1)
            self._by_position[position] = functional.normalize(encoded.mean(dim=1), dim=-1)
        return self._by_position[position]


def _shares(similarities: Tensor, generic: Tensor) -> Tensor:
    """``(names,)`` softmax shares; the rest of 1 is "none of these", so that a list of one is not always certain."""
    return (SIMILARITY_SCALE * torch.cat([similarities, generic[None]])).softmax(dim=0)[:-1]
