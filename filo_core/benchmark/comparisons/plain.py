"""CLIP, CLIP-AC and WinCLIP's prompts: two plain ones, or states in somebody's templates (Tables I and III)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from open_clip.zero_shot_metadata import OPENAI_IMAGENET_TEMPLATES

from filo_core.method.interfaces import TextAnswer
from filo_core.method.prompts import NORMAL_STATES
from filo_core.method.scoring import anomalous_probability, side_feature, upsample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextEncoder

NORMAL, ANOMALOUS = "normal {}", "anomalous {}"
WINCLIP_TEMPLATES = (
    *(
        f"a {photo} of {article} {{}}."
        for photo in ("cropped photo", "close-up photo", "bright photo", "dark photo", "jpeg corrupted photo",
                      "blurry photo", "photo")
        for article in ("a", "the")
    ),
    *(f"a photo of {article} {size} {{}}." for size in ("small", "large") for article in ("a", "the")),
    *(
        f"a photo of {article} {{}} for {purpose}."
        for purpose in ("visual inspection", "anomaly detection")
        for article in ("a", "the")
    ),
)  # fmt: skip
"""WinCLIP's 22 templates (Jeong et al., 2023, appendix)."""
WINCLIP_ANOMALOUS_STATES = ("damaged {}", "{} with flaw", "{} with defect", "{} with damage")
"""Its anomalous states; the normal ones are those of III-B2."""


def plain_prompts(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """CLIP: one prompt a side, as the paper words them (IV-D)."""
    return (f"A photo of a normal {class_name}.",), (f"A photo of an anomalous {class_name}.",)


def imagenet_prompts(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """CLIP-AC: the same two words in every template that CLIP's authors recommend for ImageNet."""
    templates = [template("{}") for template in OPENAI_IMAGENET_TEMPLATES]
    return _in_templates((NORMAL,), class_name, templates), _in_templates((ANOMALOUS,), class_name, templates)


def winclip_prompts(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """WinCLIP: its states of both sides in its templates."""
    return (
        _in_templates(NORMAL_STATES, class_name, WINCLIP_TEMPLATES),
        _in_templates(WINCLIP_ANOMALOUS_STATES, class_name, WINCLIP_TEMPLATES),
    )


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


def _in_templates(states: Iterable[str], class_name: str, templates: Sequence[str]) -> tuple[str, ...]:
    return tuple(template.format(state.format(class_name)) for state in states for template in templates)
