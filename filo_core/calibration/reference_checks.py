"""Is a picture fit to stand for a good part? Warnings in words; none of them refuses a picture.

Everything is measured at the size the models see, not at the camera's: blur that is gone after shrinking does no
harm. Needs numpy and Pillow only, and no model.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from filo_core.sentence import Joined, Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from filo_core.types import SourceImage

MEASURED_SIDE_PX = 512
"""Longest side at which blur and exposure are measured."""
SIGNATURE_SIDE_PX = 64
"""Side of the small grey picture by which two references are compared."""

BLUR_LIMIT = 0.50
"""Blur measure from which a picture counts as blurred. Sharp photographs of the development set reach 0.44."""
BLUR_ABOVE_OTHERS = 0.12
"""How much more blurred than the middle one of the references a picture may be."""
LEAST_FOR_COMPARISON = 3
"""References needed before one of them can stand out."""
DARK_MEAN = 30.0
BRIGHT_MEAN = 247.0
BLACK_LEVEL = 4.0
WHITE_LEVEL = 251.0
CLIPPED_SHARE = 0.75
"""Share of pure black or white from which a picture has lost its detail; a part on white paper has about 0.67."""
MEAN_APART = 60.0
"""How far a picture's mean may lie from the middle one of the references, in grey levels."""
FLAT_DEVIATION = 2.0
"""Standard deviation in grey levels below which there is nothing to see."""
DUPLICATE_RESIDUAL = 1.0
"""Mean difference in grey levels, brightness and contrast set equal, that camera noise explains."""
DUPLICATE_SHARE = 0.006
"""Share of the contrast that may differ between two shots of the same part."""

_BLUR_WINDOW_PX = 9


class ReferenceProblem(StrEnum):
    """What can be wrong with a picture of a good part."""

    BLURRED = "blurred"
    TOO_DARK = "too dark"
    TOO_BRIGHT = "too bright"
    EMPTY = "empty"
    NEAR_DUPLICATE = "near-duplicate"


@dataclass(frozen=True, slots=True)
class ReferenceWarning:
    """One thing that may be wrong with a reference: a sentence for the operator, with what to do."""

    problem: ReferenceProblem
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceMeasures:
    """What is measured on one picture, so that references can be compared without decoding them again."""

    name: str
    blur: float
    """In [0, 1]; 0 is as sharp as pixels can be."""
    mean: float
    """Mean grey level in [0, 255]."""
    deviation: float
    """Standard deviation of the grey levels."""
    black_share: float
    """Share of the pixels at black, in [0, 1]."""
    white_share: float
    """Share of the pixels at white, in [0, 1]."""
    signature: NDArray[np.float32]
    """``(SIGNATURE_SIDE_PX, SIGNATURE_SIDE_PX)`` grey levels."""


def blur_measure(grey: NDArray[np.float32]) -> float:
    """How little a picture changes when it is blurred once more (Crété et al., 2007).

    The measure is relative to the picture's own edges, so neither contrast nor brightness moves it.

    Args:
        grey: ``(H, W)`` grey levels, both sides at least 2.

    Returns:
        In [0, 1], the more blurred of the two directions; 0.0 for a picture without any edge.
    """
    return max(_blur_along(grey, axis) for axis in (0, 1))


def measure_reference(image: SourceImage) -> ReferenceMeasures:
    """Measure one picture. Takes tens of milliseconds; call it off the GUI thread."""
    picture = Image.fromarray(image.pixels).convert("L")
    signature = picture.resize((SIGNATURE_SIDE_PX, SIGNATURE_SIDE_PX), Image.Resampling.BOX)
    picture.thumbnail((MEASURED_SIDE_PX, MEASURED_SIDE_PX), Image.Resampling.BOX)
    grey = np.asarray(picture, dtype=np.float32)
    return ReferenceMeasures(
        name=image.name,
        blur=blur_measure(grey) if min(grey.shape) > 1 else 0.0,
        mean=float(grey.mean()),
        deviation=float(grey.std()),
        black_share=float((grey <= BLACK_LEVEL).mean()),
        white_share=float((grey >= WHITE_LEVEL).mean()),
        signature=np.asarray(signature, dtype=np.float32),
    )


def check_references(measures: Mapping[str, ReferenceMeasures]) -> dict[str, tuple[ReferenceWarning, ...]]:
    """Warnings of each reference, by the same key, in the order given.

    A near-duplicate is reported once, at the later one of the two.
    """
    warnings: dict[str, tuple[ReferenceWarning, ...]] = {}
    earlier: list[ReferenceMeasures] = []
    for key, measured in measures.items():
        others = [other for other_key, other in measures.items() if other_key != key]
        exposure = _exposure(measured) or _unlike_others(measured, others)
        found = (exposure or _empty(measured), _blur(measured, others), _duplicate(measured, earlier))
        warnings[key] = tuple(warning for warning in found if warning is not None)
        earlier.append(measured)
    return warnings


def stranger_sentence(names: Sequence[str]) -> str:
    """What a person should do about good parts that do not look like the others; empty where all do."""
    if not names:
        return ""
    if len(names) == 1:
        return Sentence(
            "{name} does not look like the other good parts, as another product does not. If so, "
            "remove it and set the limits again: they are found as if all were good.",
            name=names[0],
        )
    return Sentence(
        "{names} and {last} do not look like the other good parts, as another product does not. If so, "
        "remove them and set the limits again: they are found as if all were good.",
        names=Joined(names[:-1]),
        last=names[-1],
    )


def are_near_duplicates(first: ReferenceMeasures, second: ReferenceMeasures) -> bool:
    """True when noise and lighting explain the difference: the same part in the same pose, taken twice."""
    a = first.signature.ravel() - first.signature.mean()
    b = second.signature.ravel() - second.signature.mean()
    energy_a, energy_b = float(a @ a), float(b @ b)
    if energy_a == 0.0 or energy_b == 0.0:
        return energy_a == energy_b
    gain = float(a @ b) / energy_a
    if not 0.5 < gain < 2.0:
        return False
    residual = b - gain * a
    share = float(residual @ residual) / energy_b
    return float(np.abs(residual).mean()) <= DUPLICATE_RESIDUAL or share <= DUPLICATE_SHARE


def _blur_along(grey: NDArray[np.float32], axis: int) -> float:
    lines = np.moveaxis(grey, axis, 0)
    pad = _BLUR_WINDOW_PX // 2
    padded = np.pad(lines, ((pad, pad), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
    blurred = (sums[_BLUR_WINDOW_PX:] - sums[:-_BLUR_WINDOW_PX]) / _BLUR_WINDOW_PX
    edges = np.abs(np.diff(lines, axis=0)).astype(np.float64)
    lost = np.maximum(0.0, edges - np.abs(np.diff(blurred, axis=0)))
    total = float(edges.sum())
    return (total - float(lost.sum())) / total if total > 0.0 else 0.0


def _empty(measured: ReferenceMeasures) -> ReferenceWarning | None:
    if measured.deviation >= FLAT_DEVIATION:
        return None
    return ReferenceWarning(
        ReferenceProblem.EMPTY, Sentence("There is nothing to see in this picture. Is the cap on, or the part missing?")
    )


def _exposure(measured: ReferenceMeasures) -> ReferenceWarning | None:
    if measured.mean < DARK_MEAN or measured.black_share > CLIPPED_SHARE:
        return ReferenceWarning(
            ReferenceProblem.TOO_DARK,
            Sentence(
                "Too dark: {measured} of full brightness on average. Add light or expose longer.",
                measured=_brightness(measured),
            ),
        )
    if measured.mean > BRIGHT_MEAN or measured.white_share > CLIPPED_SHARE:
        return ReferenceWarning(
            ReferenceProblem.TOO_BRIGHT,
            Sentence(
                "Too bright: {measured} of full brightness on average. Take light away or expose shorter.",
                measured=_brightness(measured),
            ),
        )
    return None


def _unlike_others(measured: ReferenceMeasures, others: Sequence[ReferenceMeasures]) -> ReferenceWarning | None:
    if len(others) + 1 < LEAST_FOR_COMPARISON:
        return None
    apart = measured.mean - float(np.median([other.mean for other in others]))
    if abs(apart) <= MEAN_APART:
        return None
    problem = ReferenceProblem.TOO_BRIGHT if apart > 0 else ReferenceProblem.TOO_DARK
    if apart > 0:
        return ReferenceWarning(
            problem, Sentence("Much brighter than the other good images. Light it like them, or remove it.")
        )
    return ReferenceWarning(
        problem, Sentence("Much darker than the other good images. Light it like them, or remove it.")
    )


def _blur(measured: ReferenceMeasures, others: Sequence[ReferenceMeasures]) -> ReferenceWarning | None:
    if measured.deviation < FLAT_DEVIATION:
        return None
    if measured.blur > BLUR_LIMIT:
        sentence = Sentence("Blurred. Focus the camera, or hold the part still, and take it again.")
    elif len(others) + 1 >= LEAST_FOR_COMPARISON and _stands_out(measured.blur, others):
        sentence = Sentence("Less sharp than the other good images. Take it again, or remove it.")
    else:
        return None
    return ReferenceWarning(ReferenceProblem.BLURRED, sentence)


def _duplicate(measured: ReferenceMeasures, earlier: Iterable[ReferenceMeasures]) -> ReferenceWarning | None:
    for other in earlier:
        if are_near_duplicates(other, measured):
            return ReferenceWarning(
                ReferenceProblem.NEAR_DUPLICATE,
                Sentence(
                    "Almost the same picture as {name}: it teaches nothing new. Use another part, or turn it.",
                    name=other.name,
                ),
            )
    return None


def _stands_out(blur: float, others: Sequence[ReferenceMeasures]) -> bool:
    return blur > float(np.median([other.blur for other in others])) + BLUR_ABOVE_OTHERS


def _brightness(measured: ReferenceMeasures) -> str:
    return f"{100 * measured.mean / 255:.0f} %"
