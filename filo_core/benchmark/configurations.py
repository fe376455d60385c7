"""The methods and ablations of the paper's tables, each as settings of the one detector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from filo_core.errors import FiloError
from filo_core.method.head_settings import HeadSettings, kernels_for

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a row switches on."""

    name: str
    text: Literal["none", "clip", "clip-ac", "windows", "states", "described", "trained"] = "none"
    """Who makes p and M_vl; ``none`` for pure patch matching."""
    matching: Literal["stages", "spade", "patchcore", "windows"] = "stages"
    """Who matches patches, where there are shots."""
    heads: HeadSettings | None = None
    """Trained parts of ``text="trained"``; without V-V stages, which the profile's depth decides."""
    grounding: bool = False
    """Suppression outside Grounding DINO's boxes (III-C1)."""
    positions: bool = False
    """The boxes choose the position words (III-C2); otherwise all nine."""
    peak_share: float = 0.5
    """Of max M in the image score; 0 for methods that score the image by p alone."""


_PROMPTS_ONLY = HeadSettings(kernels=(), filtering=False)
_FULL = HeadSettings()
_PLAIN = replace(_PROMPTS_ONLY, filtering=True)


def _ablation(name: str, heads: HeadSettings, *, located: bool = True) -> Configuration:
    return Configuration(name, "trained", heads=heads, grounding=located, positions=located)


def _mdci(*, shape: bool, scale: bool, deformable: bool = False) -> HeadSettings:
    return replace(_FULL, kernels=kernels_for(multi_shape=shape, multi_scale=scale), deformable=deformable)


_ALL = (
    Configuration("clip", "clip", peak_share=0.0),
    Configuration("clip-ac", "clip-ac", peak_share=0.0),
    Configuration("winclip", "windows", "windows", peak_share=0.0),
    Configuration("winclip-few-shot", "windows", "windows"),
    Configuration(
        "april-gan",
        "trained",
        heads=replace(_FULL, learned_prompts=False, described=False, kernels=(), filtering=False),
        peak_share=0.0,
    ),
    Configuration(
        "anomalyclip",
        "trained",
        heads=replace(
            _FULL,
            conditional=False,
            class_name=False,
            described=False,
            fixed_templates=False,
            filtering=False,
            linear=False,
            kernels=((1, 1),),
            deformable=False,
        ),
        peak_share=0.0,
    ),
    # As its release is: CoCoOp, kernels whose features are summed before one softmax, the best box's position.
    _ablation(
        "filo",
        replace(_FULL, fixed_templates=False, filtering=False, deformable=False, fusion="feature", positions="top1"),
    ),
    _ablation("filo++", _FULL),
    Configuration("spade", "none", "spade"),
    Configuration("patchcore", "none", "patchcore"),
    Configuration("generic-states", "states"),
    Configuration("descriptions", "described"),
    _ablation("learned-templates", _PROMPTS_ONLY, located=False),
    _ablation("plain", _PLAIN, located=False),
    Configuration("grounded", "trained", heads=_PLAIN, grounding=True),
    _ablation("placed", _PLAIN),
    _ablation("multi-shape", _mdci(shape=True, scale=False)),
    _ablation("multi-scale", _mdci(shape=False, scale=True)),
    _ablation("multi-shape-and-scale", _mdci(shape=True, scale=True)),
    Configuration("patch-matching", "none"),
    Configuration("patch-matching-grounded", "none", grounding=True),
    _ablation("coop-without-class", replace(_FULL, conditional=False, class_name=False)),
    _ablation("coop", replace(_FULL, conditional=False)),
    _ablation("cocoop-without-class", replace(_FULL, class_name=False)),
)
CONFIGURATIONS = {configuration.name: configuration for configuration in _ALL}

SAME_HEADS = {"grounded": "plain", "placed": "plain"}
"""Rows that differ in nothing trained share one folder of heads."""


def head_settings_of(name: str, stages: Sequence[int]) -> HeadSettings:
    """Trained parts of a configuration on a backbone with these stages.

    MDCI reads the V-V path at every stage but the first, after which that path begins (III-C, IV-C).

    Raises:
        FiloError: if there is no such configuration, or nothing of it is trained.
    """
    trained = [known for known, configuration in CONFIGURATIONS.items() if configuration.heads is not None]
    if name not in trained:
        raise FiloError(f"There is no configuration {name!r} to train. Available: {', '.join(trained)}.")
    heads = CONFIGURATIONS[name].heads
    assert heads is not None
    first = stages[0] + 1 if len(stages) > 1 else 1
    return replace(heads, value_stages=tuple(stages[1:] or stages), first_value_block=first)
