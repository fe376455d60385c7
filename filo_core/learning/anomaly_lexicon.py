"""Names of the synthetic anomalies and the captions that teach them to the text tower."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES
from filo_core.types import Position

if TYPE_CHECKING:
    import numpy as np


T = TypeVar("T")


class AnomalyKind(StrEnum):
    """What a synthetic anomaly is; the value is its plainest name."""

    SCRATCH = "scratch"
    CRACK = "crack"
    CUT = "cut"
    HOLE = "hole"
    DENT = "dent"
    STAIN = "stain"
    CONTAMINATION = "contamination"
    FOREIGN_OBJECT = "foreign object"
    THREAD = "thread"
    COLOR_CHANGE = "color change"
    CORROSION = "corrosion"
    WRINKLE = "wrinkle"
    BURR = "burr"
    ABRASION = "abrasion"
    LIQUID = "glue residue"
    MISPRINT = "misprint"
    BROKEN_EDGE = "broken edge"
    DEFORMATION = "deformation"
    MISSING_PART = "missing part"
    MISPLACED_PART = "misplaced part"
    SWAPPED_PART = "swapped part"
    ROTATED_PART = "rotated part"
    EXTRA_PART = "extra part"


LEXICON: dict[AnomalyKind, tuple[str, ...]] = {
    AnomalyKind.SCRATCH: ("scratch", "scratches", "scratched surface", "scrape", "scuff", "tool mark"),
    AnomalyKind.CRACK: ("crack", "cracks", "fracture", "fissure", "hairline crack", "split"),
    AnomalyKind.CUT: ("cut", "slit", "gouge", "nick", "slash", "tear"),
    AnomalyKind.HOLE: ("hole", "pinhole", "puncture", "pit", "void", "bubble"),
    AnomalyKind.DENT: ("dent", "bump", "dimple", "dented surface", "squeeze mark", "impression"),
    AnomalyKind.STAIN: ("stain", "dark spot", "smudge", "oil stain", "water mark", "dirt"),
    AnomalyKind.CONTAMINATION: ("contamination", "dust", "particles", "specks", "debris", "impurity"),
    AnomalyKind.FOREIGN_OBJECT: ("foreign object", "foreign material", "metal chip", "inclusion", "foreign body"),
    AnomalyKind.THREAD: ("thread", "loose thread", "fiber", "hair", "lint"),
    AnomalyKind.COLOR_CHANGE: ("color change", "discoloration", "wrong color", "discolored area", "faded color"),
    AnomalyKind.CORROSION: ("corrosion", "rust", "oxidation", "mold", "rust spot"),
    AnomalyKind.WRINKLE: ("wrinkle", "fold", "crease", "folded area", "kink"),
    AnomalyKind.BURR: ("burr", "flash", "protrusion", "rough edge", "excess material"),
    AnomalyKind.ABRASION: ("abrasion", "worn surface", "rough patch", "wear", "blurred area", "rough surface"),
    AnomalyKind.LIQUID: ("glue residue", "glue", "solder splash", "drop", "liquid", "grease"),
    AnomalyKind.MISPRINT: ("misprint", "faulty imprint", "print error", "wrong print", "smeared print"),
    AnomalyKind.BROKEN_EDGE: ("broken edge", "chipped edge", "chip", "broken corner", "breakage"),
    AnomalyKind.DEFORMATION: ("deformation", "bent part", "bent", "warped shape", "distorted shape", "bent pin"),
    AnomalyKind.MISSING_PART: ("missing part", "missing component", "missing screw", "missing piece", "absent part"),
    AnomalyKind.MISPLACED_PART: ("misplaced part", "misplaced component", "shifted part", "misaligned part"),
    AnomalyKind.SWAPPED_PART: ("swapped part", "wrong part", "wrong component", "mixed up parts"),
    AnomalyKind.ROTATED_PART: ("rotated part", "flipped part", "reversed part", "tilted component"),
    AnomalyKind.EXTRA_PART: ("extra part", "additional part", "duplicate part", "surplus component"),
}
"""Synonyms of every kind. A word that stands nowhere here was never shown to the text tower."""

CLASS_NAMES = (
    "part",
    "product",
    "object",
    "surface",
    "component",
    "material",
    "item",
    "board",
    "fabric",
    "metal",
    "plastic",
    "assembly",
    "wood",
    "paper",
    "food",
    "screw",
    "package",
)
DOMAINS = ("industrial", "manufacturing", "textural", "surface")


def caption(kind: AnomalyKind, rng: np.random.Generator) -> str:
    """One sentence about an anomaly, in the words the method's prompts use or in plainer ones."""
    phrase = _pick(LEXICON[kind], rng)
    thing = _pick(CLASS_NAMES, rng)
    place = _pick(tuple(Position), rng).value
    form = rng.random()
    if form < 0.6:
        return f"A {_pick(DOMAINS, rng)} photo of abnormal {thing} with {phrase} at {place}"
    return f"{thing} with {phrase}" if form < 0.8 else phrase


def generic_caption(rng: np.random.Generator) -> str:
    """One sentence that says only that something is wrong."""
    return f"A {_pick(DOMAINS, rng)} photo of {_pick(GENERIC_ANOMALOUS_STATES, rng).format(_pick(CLASS_NAMES, rng))}"


def _pick(options: tuple[T, ...], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]
