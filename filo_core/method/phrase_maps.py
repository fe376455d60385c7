"""What each phrase of an anomaly list lights up in a picture, each for itself (III-B, eqs. 2 and 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from filo_core.method.prompts import anomaly_prompts, domains_of, normal_prompts
from filo_core.method.scoring import side_feature, smooth
from filo_core.method.text_side import side_maps
from filo_core.types import Position

if TYPE_CHECKING:
    from torch import Tensor

    from filo_core.method.interfaces import ImageFeatures, TextEncoder
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.types import Recipe


class PhraseMaps:
    """The anomalous side holds one phrase at all nine positions, without the generic states and unfiltered.

    So a phrase is seen alone, where the method itself takes the mean of all of them.

    Args:
        recipe: names the product and its anomaly types; only enabled ones are encoded.
        text_encoder: of the profile.
        heads: learned layers, where the profile has them.
        sigma_px: standard deviation of the Gaussian of eq. (7), in pixels of the input.
    """

    def __init__(
        self, recipe: Recipe, text_encoder: TextEncoder, heads: TrainedHeads | None = None, sigma_px: float = 0.0
    ) -> None:
        enabled = tuple(anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled)
        self.names = tuple(name for name in enabled if text_encoder.knows(name))
        self.unknown = tuple(name for name in enabled if name not in self.names)
        self._heads = heads
        self._sigma_px = sigma_px
        domains = domains_of(recipe.kind, recipe.domain)
        self._normal = side_feature(text_encoder.encode(normal_prompts(recipe.class_name, domains)))
        self._phrases = {
            name: side_feature(text_encoder.encode(anomaly_prompts(recipe.class_name, name, domains, tuple(Position))))
            for name in self.names
        }

    @torch.inference_mode()
    def maps(self, features: ImageFeatures, image_size: int) -> dict[str, Tensor]:
        """Phrase → ``(rows, rows)`` map in [0, 1] on the patch grid; above 0.5 a patch is nearer to it than to normal.

        Args:
            features: batch of one, on a square grid.
            image_size: side of the encoder's input in pixels.
        """
        side = features.grid[0]
        sigma = self._sigma_px * side / image_size
        return {
            name: smooth(side_maps(self._heads, features, self._normal, phrase, side)[1], sigma)
            for name, phrase in self._phrases.items()
        }
