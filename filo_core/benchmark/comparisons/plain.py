"""CLIP and CLIP-AC: two plain prompts, alone or in ImageNet's templates (Table I, first row of Table III)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES

from filo_core.method.interfaces import TextAnswer
from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES
from filo_core.method.scoring import anomalous_probability, side_feature, upsample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextEncoder

NORMAL, ANOMALOUS = "normal {}", "anomalous {}"


def plain_prompts(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """CLIP: one prompt a side, as the paper words them (IV-D)."""
    return (f"A photo of a normal {class_name}.",), (f"A photo of an anomalous {class_name}.",)


def imagenet_prompts(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """CLIP-AC: the same two words in every template that CLIP's authors recommend for ImageNet."""
    return _in_templates((NORMAL,), class_name), _in_templates((ANOMALOUS,), class_name)


def state_prompts(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """WinCLIP: states of both sides in ImageNet's templates."""
    return _in_templates(NORMAL_STATES, class_name), _in_templates(GENERIC_ANOMALOUS_STATES, class_name)


class PromptSide:
    """Image score and map from one feature a side; positions and boxes make no difference.

    Args:
        prompts: of the normal side, of the anomalous side.
        text_encoder: of the profile.
    """

    def __init__(self, prompts: tuple[Sequence[str], Sequence[str]], text_encoder: TextEncoder) -> None:
        self.normal, self.anomalous = (side_feature(text_encoder.encode(side)) for side in prompts)

    def answer(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> TextAnswer:
        """Score and map of an image, batch of one."""
        del boxes
        return TextAnswer(partial(self._probability, features), partial(self.map, features))

    def _probability(self, features: ImageFeatures) -> float:
        return float(anomalous_probability(features.image_embedding[0], self.normal, self.anomalous))

    def map(self, features: ImageFeatures, side: int) -> Tensor:
        """``(side, side)`` in [0, 1]: every patch against the two sides."""
        share = anomalous_probability(features.patch_embeddings[0], self.normal, self.anomalous)
        return upsample(share.view(1, 1, *features.grid), side)


def _in_templates(states: Iterable[str], class_name: str) -> tuple[str, ...]:
    return tuple(template(state.format(class_name)) for state in states for template in OPENAI_IMAGENET_TEMPLATES)
