"""What makes a model the one that a recipe was signed off for: the hash over its numbers.

A field that a later program brings is left out while it holds its default, and the fields below are hashed whatever
they hold, as they were when the first recipes were signed: so a new field voids no recipe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filo_core.method.word_tokenizer import Vocabulary
    from filo_core.profiles.manifest import ModelProfile

_WORDS_ABOUT_IT = frozenset({"licence", "trained_on", "trained_by", "encoder"})
"""Say where a model comes from, not what it is; what kind of network it is, its architecture says as well."""

_HASHED_ALWAYS = frozenset(
    {
        "name", "trained", "architecture", "vocabulary", "weights", "seed", "stages", "mean", "std",
        "reference_offsets_px", "match_windows", "gaussian_sigma_px", "foreground", "suppression",
        "vision_language_weight", "names_types", "text_score", "zero_shot",
    }
)  # fmt: skip
_HEADS_HASHED_ALWAYS = frozenset(
    {
        "learned_prompts", "conditional", "class_name", "described", "fixed_templates", "filtering", "context_vectors",
        "meta_share", "linear", "kernels", "deformable", "convolution", "fusion", "value_stages", "first_value_block",
        "adapter", "adapter_share", "positions", "similarity_scale", "score_scale",
    }
)  # fmt: skip
_GROUNDING_HASHED_ALWAYS = frozenset({"bert", "vocabulary", "weights", "settings"})
_GROUNDING_SETTINGS_HASHED_ALWAYS = frozenset(
    {"box_threshold", "text_threshold", "area_limit", "short_side_px", "long_side_px", "config", "changes"}
)


def model_hash(profile: ModelProfile, architecture: Mapping[str, Any], vocabulary: Vocabulary | None) -> str:
    """SHA-256 over the manifest's numbers, which hold the hash of the weights file or the seed in its place.

    Computed weights differ in their last bits from machine to machine, so their bytes are no identity.
    """
    numbers = profile.model_dump(mode="json", exclude=_left_out(profile))
    content: dict[str, Any] = {"profile": numbers, "network": architecture}
    if maps_of_values_alone(profile):
        # Recipes from when the linear layers took part untrained have other scores.
        content["training_free"] = "values"
    if vocabulary is not None:
        content["words"] = asdict(vocabulary)
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def maps_of_values_alone(profile: ModelProfile) -> bool:
    """Whether its heads are untrained and have V-V stages: those alone make the map then (III-C3)."""
    heads = profile.heads
    return heads is not None and profile.heads_weights is None and bool(heads.kernels and heads.value_stages)


def _left_out(profile: ModelProfile) -> dict[str, Any]:
    left_out: dict[str, Any] = dict.fromkeys(_WORDS_ABOUT_IT | at_default(profile, _HASHED_ALWAYS), True)
    if profile.heads is not None:
        left_out["heads"] = dict.fromkeys(at_default(profile.heads, _HEADS_HASHED_ALWAYS), True)
    if profile.grounding is not None:
        grounding = dict.fromkeys(at_default(profile.grounding, _GROUNDING_HASHED_ALWAYS), True)
        settings = at_default(profile.grounding.settings, _GROUNDING_SETTINGS_HASHED_ALWAYS)
        left_out["grounding"] = {**grounding, "settings": dict.fromkeys(settings, True)}
    return left_out


def at_default(part: Any, always: frozenset[str]) -> frozenset[str]:
    """Fields of a pydantic model or a dataclass that hold their default, but for those that are hashed always."""
    model_fields = getattr(type(part), "model_fields", None)
    defaults = (
        {name: field.get_default(call_default_factory=True) for name, field in model_fields.items()}
        if model_fields is not None
        else {field.name: _default_of(field) for field in fields(part)}
    )
    return frozenset(
        name for name, default in defaults.items() if name not in always and getattr(part, name) == default
    )


def _default_of(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
