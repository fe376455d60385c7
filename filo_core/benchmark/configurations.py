"""The methods and ablations of the paper's tables and figures, each as settings of the one detector."""

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
    smoothed: bool = True
    """Whether the map gets the Gaussian of eq. (7); WinCLIP's and APRIL-GAN's have none."""
    differs: str = ""
    """In what it is not the method it is called after, as a sentence; empty where its formulas are that method's."""


_PROMPTS_ONLY = HeadSettings(kernels=(), filtering=False)
_FULL = HeadSettings()
_WARM = 1.0 / 0.07
"""AnomalyCLIP's scale of every softmax."""
_PLAIN = replace(_PROMPTS_ONLY, filtering=True)


def _ablation(name: str, heads: HeadSettings, *, located: bool = True) -> Configuration:
    return Configuration(name, "trained", heads=heads, grounding=located, positions=located)


def _mdci(*, shape: bool, scale: bool, deformable: bool = False) -> HeadSettings:
    return replace(_FULL, kernels=kernels_for(multi_shape=shape, multi_scale=scale), deformable=deformable)


_ALL = (
    Configuration("clip", "clip", peak_share=0.0),
    Configuration("clip-ac", "clip-ac", peak_share=0.0),
    Configuration("winclip", "windows", "windows", peak_share=0.0, smoothed=False),
    Configuration("winclip-few-shot", "windows", "windows", smoothed=False),
    Configuration(
        "april-gan",
        "trained",
        heads=replace(
            _FULL,
            learned_prompts=False,
            described=False,
            ensemble="april-gan",
            kernels=(),
            filtering=False,
            linear_start="noise",
            adapter="none",
        ),
        peak_share=0.0,
        smoothed=False,
        differs="Its network and prompts, learned by eq. (9): its own loss has no Dice term for the normal map.",
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
            kernels=(),
            states="one",
            deep_tokens=4,
            deep_blocks=8,
            value_maps=True,
            adapter="none",
            similarity_scale=_WARM,
            score_scale=_WARM,
        ),
        peak_share=0.0,
        differs=(
            "Its prompts, deep text tokens and projected V-V stages, learned by eq. (9) on the maps: its own loss has "
            "a term for the image as well."
        ),
    ),
    # As its release is: CoCoOp, kernels whose features are summed before one softmax, the best box's position.
    replace(
        _ablation(
            "filo",
            replace(
                _FULL, fixed_templates=False, filtering=False, deformable=False, fusion="feature", positions="top1"
            ),
        ),
        differs=(
            "Its parts with depthwise kernels, V-V stages apart and this program's losses. Its released network itself "
            "runs where WEIGHTS/filo is the profile that 'models install filo' makes."
        ),
    ),
    _ablation("filo++", _FULL),
    Configuration(
        "spade",
        "none",
        "spade",
        differs=(
            "Normalised patches of this profile's encoder, all its stages, in place of WideResNet-50, and the map's "
            "maximum as image score."
        ),
    ),
    Configuration(
        "patchcore",
        "none",
        "patchcore",
        differs="All stages of this profile's encoder in place of two layers of WideResNet-50; the rest is its own.",
    ),
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
LARGEST_KERNEL = 15
"""Patches a side."""
CONTEXT_COUNTS = (4, 8, 12, 16)
"""Learnable vectors a side that Fig. 3 is run with: its axis is in the picture alone, its best is 12."""
KERNEL_SETS = {
    "1x1": ((1, 1),),
    "3x3": ((3, 3),),
    "5x5": ((5, 5),),
    "7x7": ((7, 7),),
    "bars": ((1, 5), (5, 1)),
    "squares": kernels_for(multi_shape=False, multi_scale=True),
    "all": kernels_for(multi_shape=True, multi_scale=True),
}
"""Kernels of MDCI that Fig. 4 is run with: each square alone, the bars, all squares, all six."""
_FIGURES = (
    *(_ablation(f"context-{count}", replace(_FULL, context_vectors=count)) for count in CONTEXT_COUNTS),
    *(_ablation(f"kernels-{name}", replace(_FULL, kernels=kernels)) for name, kernels in KERNEL_SETS.items()),
)
CONFIGURATIONS = {configuration.name: configuration for configuration in (*_ALL, *_FIGURES)}

SAME_HEADS = {"grounded": "plain", "placed": "plain", "context-12": "filo++", "kernels-all": "filo++"}
"""Rows that differ in nothing trained share one folder of heads."""


def kernels_of(text: str) -> tuple[tuple[int, int], ...]:
    """Kernels (Fig. 4) as a person types them: ``1x1,3x3,1x5``, height first.

    Raises:
        FiloError: if one is none, is named twice, or has a side that is even or beyond :data:`LARGEST_KERNEL`.
    """
    found = []
    for word in text.split(","):
        sides = [int(side) for side in word.strip().lower().replace("×", "x").split("x") if side.strip().isdecimal()]
        usable = len(sides) == 2 and all(side % 2 and side <= LARGEST_KERNEL for side in sides)
        if not usable or tuple(sides) in found:
            raise FiloError(
                "{word!r} is no kernel. Name each once by two odd sides of at most {largest}, such as 1x1,3x3,1x5.",
                word=word.strip()[:20],
                largest=LARGEST_KERNEL,
            )
        found.append((sides[0], sides[1]))
    return tuple(found)


def head_settings_of(name: str, stages: Sequence[int]) -> HeadSettings:
    """Trained parts of a configuration on a backbone with these stages.

    MDCI reads the V-V path at every stage but the first, after which that path begins (III-C, IV-C).

    Raises:
        FiloError: if there is no such configuration, or nothing of it is trained.
    """
    trained = [known for known, configuration in CONFIGURATIONS.items() if configuration.heads is not None]
    if name not in trained:
        raise FiloError(
            "There is no configuration {name!r} to train. Available: {trained}.", name=name, trained=", ".join(trained)
        )
    heads = CONFIGURATIONS[name].heads
    assert heads is not None
    if heads.value_maps:
        # AnomalyCLIP's values begin in the block of the first stage, and every stage has some.
        return replace(heads, value_stages=tuple(stages), first_value_block=stages[0])
    first = stages[0] + 1 if len(stages) > 1 else 1
    return replace(heads, value_stages=tuple(stages[1:] or stages), first_value_block=first)
