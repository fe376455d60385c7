"""FiLo++ as the trainer sees it: frozen CLIP, trained heads, and the outputs the losses are taken on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from filo_core.learning.filo_samples import square_truth
from filo_core.learning.training_side import TrainingSide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from filo_core.learning.filo_samples import TrainingSample
    from filo_core.method.interfaces import Backbone, ImageFeatures, TextEncoder
    from filo_core.method.trained_heads import TrainedHeads
    from filo_core.types import Recipe


@dataclass(frozen=True, slots=True, eq=False)
class FrozenModel:
    """The parts of a loaded profile that training leaves as they are."""

    model: Any
    backbone: Backbone
    text_encoder: TextEncoder


class FiloLearner:
    """Implements :class:`~filo_core.learning.filo_training.Learner`.

    Args:
        frozen: CLIP; no gradient is ever kept for it.
        heads: trained in place.
    """

    def __init__(self, frozen: FrozenModel, heads: TrainedHeads) -> None:
        self._frozen, self._heads = frozen, heads
        self._sides: dict[Recipe, TrainingSide] = {}
        self._seen: dict[TrainingSample, tuple[Tensor, Tensor, Tensor]] = {}

    def parameters_of(self, stage: str) -> Mapping[str, Mapping[str, nn.Parameter]]:
        """See :meth:`~filo_core.method.trained_heads.TrainedHeads.parameters_of`."""
        return self._heads.parameters_of(stage)

    def state(self) -> Mapping[str, Tensor]:
        """Every tensor of the heads."""
        return self._heads.state_dict()

    def maps(self, sample: TrainingSample) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """M_n and M_a of each stage and G, without Grounding DINO and at all nine positions."""
        # What is learned here changes the sides.
        self._seen.clear()
        pixels, mask = sample.read()
        features = self._features(pixels)
        sides = self._side(sample.recipe).sides(features.image_embedding[0])
        side = self._frozen.backbone.image_size
        maps = self._heads.stage_maps(features, *sides, side)
        truth = torch.from_numpy(square_truth(mask, side)).to(features.image_embedding.device)
        return [(normal, anomalous) for normal, anomalous in maps], truth

    def sides(self, sample: TrainingSample) -> tuple[Tensor, Tensor, Tensor]:
        """Adapted image feature and the two side features.

        All but the adapter stands still in stage 2, so an image is looked at in its first epoch only: 9 kB are kept.
        """
        if sample not in self._seen:
            pixels, _ = sample.read()
            image = self._features(pixels).image_embedding[0]
            normal, anomalous = self._side(sample.recipe).sides(image)
            self._seen[sample] = image, normal.detach(), anomalous.detach()
        image, normal, anomalous = self._seen[sample]
        return self._heads.adapter(image), normal, anomalous

    def _features(self, pixels: NDArray[Any]) -> ImageFeatures:
        backbone = self._frozen.backbone
        features = backbone.encode(backbone.prepare(pixels))
        # Cloned, since what was made for inference only cannot take part in training.
        return replace(
            features,
            image_embedding=features.image_embedding.clone(),
            stages=tuple(stage.clone() for stage in features.stages),
            values=tuple(stage.clone() for stage in features.values),
            value_embeddings=tuple(joined.clone() for joined in features.value_embeddings),
        )

    def _side(self, recipe: Recipe) -> TrainingSide:
        if recipe not in self._sides:
            self._sides[recipe] = TrainingSide(recipe, self._frozen.model, self._frozen.text_encoder, self._heads)
        return self._sides[recipe]
