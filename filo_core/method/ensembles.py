"""Fixed templates and states: FiLo++'s own (III-B2), and APRIL-GAN's, which one row of Table I has in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES, generic_anomalous_prompts, normal_prompts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.method.head_settings import HeadSettings

_BOTH = (
    "bad photo", "cropped photo", "bright photo", "dark photo", "close-up photo", "black and white photo",
    "jpeg corrupted photo", "blurry photo", "good photo", "low resolution photo", "photo",
)  # fmt: skip
_SIZES = ("small", "large", "cool")
APRIL_GAN_TEMPLATES = (
    *(f"a {photo} of {article} {{}}." for photo in _BOTH for article in ("a", "the")),
    *(f"a photo of {article} {size} {{}}." for size in _SIZES for article in ("a", "the")),
    "a photo of my {}.",
    "a photo of one {}.",
    "there is a {} in the scene.",
    "there is the {} in the scene.",
    "this is a {} in the scene.",
    "this is the {} in the scene.",
    "this is one {} in the scene.",
)
"""Its 35 templates (Chen et al., 2023); its states are those of III-B2."""


def fixed_family(
    settings: HeadSettings | None, class_name: str, domains: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Normal and generic anomalous prompts of the fixed family.

    Args:
        settings: of the heads; FiLo++'s own templates without any.
        class_name: of the product.
        domains: of FiLo++'s templates; APRIL-GAN has none.
    """
    if settings is None or settings.ensemble == "filo++":
        return normal_prompts(class_name, domains), generic_anomalous_prompts(class_name, domains)
    normal, anomalous = (
        tuple(template.format(state.format(class_name)) for state in states for template in APRIL_GAN_TEMPLATES)
        for states in (NORMAL_STATES, GENERIC_ANOMALOUS_STATES)
    )
    return normal, anomalous
