"""The released network as the parts of an ordinary profile: image encoder, text side, localizer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.filo_release.boxes import BoxCandidate, filter_boxes, position_of_boxes
from filo_core.filo_release.model import Maps, at_position, prepare_image, prompt_tokens
from filo_core.method.grounding_dino import GENERIC_WORDS
from filo_core.method.interfaces import ImageFeatures, TextAnswer
from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.filo_release.model import FiLoRelease
    from filo_core.method.grounding_dino import GroundingDinoLocalizer
    from filo_core.method.interfaces import GroundingBox
    from filo_core.types import Recipe


class ReleaseBackbone:
    """The vision tower with its aliased stages.

    Args:
        model: with its weights.
        device: where it computes.
    """

    def __init__(self, model: FiLoRelease, device: str = "cpu") -> None:
        self._model = model
        self._device = device
        self.image_size = model.side

    def prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """See :func:`~filo_core.filo_release.model.prepare_image`."""
        return prepare_image(pixels, self.image_size).to(self._device)

    @torch.inference_mode()
    def encode(self, batch: Tensor) -> ImageFeatures:
        """Features of a batch of one.

        ``image_embedding`` is the adapted one; ``stages`` and ``values`` are what the linear layers and the
        convolutions read.
        """
        seen = self._model.see(batch)
        tokens = tuple(entry[:, 1:] for entry in seen.encoded)
        return ImageFeatures(
            image_embedding=seen.unit[None],
            stages=tokens[::2],
            patch_embeddings=functional.normalize(seen.projected[None, 1:], dim=-1),
            grid=self._model.grid,
            values=tokens[1::2],
        )


class ReleaseSide:
    """The release's text side for one recipe: raw anomalous cosine and the blurred, fused map.

    Args:
        recipe: names the product and its anomaly types.
        model: with its weights.
        localized: whether boxes come from a localizer. Then an image without a box gets the prompts of its centre, as
            in the release; otherwise those of all nine positions.
    """

    def __init__(self, recipe: Recipe, model: FiLoRelease, *, localized: bool) -> None:
        self._model = model
        self._localized = localized
        names = [anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled]
        word = recipe.class_name
        normal, anomalous = prompt_tokens(
            [state.format(word) for state in NORMAL_STATES],
            [
                *(f"abnormal {word} with {name}" for name in names),
                *(state.format(word) for state in GENERIC_ANOMALOUS_STATES),
            ],
        )
        device = model.normal_prompt_learner.ctx.device
        self._normal, self._anomalous = normal.to(device), anomalous.to(device)

    def answer(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> TextAnswer:
        """The raw cosine, which the release halves together with the map's maximum and which is no probability.

        The map is blurred, and of the network's own side.
        """
        position = position_of_boxes(boxes) if self._localized else None
        model, unit = self._model, features.image_embedding[0]
        prompts = model.read(model.shifts(unit), self._normal, at_position(self._anomalous, position))
        branches = model.branches([s[0] for s in features.stages], [s[0] for s in features.values])
        maps = model.compare(unit, branches, *prompts)
        chosen = tuple(Position) if position is None else (position,)
        return TextAnswer(lambda: float(maps.similarities[1]), partial(_map_of, maps), positions=chosen)


def _map_of(maps: Maps, side: int) -> Tensor:
    assert maps.fused.shape == (side, side), "the detector asks for the backbone's picture size"
    return maps.fused


class ReleaseLocalizer:
    """Grounding DINO behind the release's own filter of its boxes.

    Args:
        inner: the network; its thresholds do not matter here.
    """

    def __init__(self, inner: GroundingDinoLocalizer) -> None:
        self._inner = inner

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        """Boxes whose phrase names one of the anomalies or generic words, unclamped, in the network's order."""
        candidates = [
            BoxCandidate(box, score, phrase) for box, score, phrase in self._inner.candidates(pixels, phrases)
        ]
        words = [*(phrase.lower() for phrase in phrases), *GENERIC_WORDS]
        return filter_boxes(candidates, words).survivors
