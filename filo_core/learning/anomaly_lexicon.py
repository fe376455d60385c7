"""Names of the synthetic anomalies and the captions that teach them to the text tower."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES, photo
from filo_core.method.word_tokenizer import Vocabulary, words_of
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

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


RELATIONAL = frozenset(
    {
        AnomalyKind.MISSING_PART,
        AnomalyKind.MISPLACED_PART,
        AnomalyKind.SWAPPED_PART,
        AnomalyKind.ROTATED_PART,
        AnomalyKind.EXTRA_PART,
    }
)
"""Kinds that show only beside a good piece: such a picture alone looks normal, so nothing can be learned from it."""

LEXICON: dict[AnomalyKind, tuple[str, ...]] = {
    AnomalyKind.SCRATCH: ("scratch", "scratches", "scratched {}", "scrape", "scuff", "tool mark", "chatter mark"),
    AnomalyKind.CRACK: ("crack", "cracks", "fracture", "fissure", "hairline crack", "microcrack", "cracked {}"),
    AnomalyKind.CUT: ("cut", "slit", "gouge", "nick", "slash", "tear", "torn {}", "poked {}"),
    AnomalyKind.HOLE: (
        "hole",
        "pinhole",
        "puncture",
        "pit",
        "void",
        "pore",
        "porosity",
        "crater",
        "bubble",
        "pitted {}",
    ),
    AnomalyKind.DENT: ("dent", "bump", "dimple", "dented {}", "squeeze mark", "impression", "bruise", "swollen {}"),
    AnomalyKind.STAIN: ("stain", "dark spot", "smudge", "oil stain", "water stain", "dirt", "spot", "dark streak"),
    AnomalyKind.CONTAMINATION: ("contamination", "dust", "particle", "particles", "specks", "debris", "impurity"),
    AnomalyKind.FOREIGN_OBJECT: ("foreign object", "foreign material", "metal chip", "inclusion", "foreign particle"),
    AnomalyKind.THREAD: ("thread", "loose thread", "foreign thread", "fiber", "hair", "lint", "loose stitch"),
    AnomalyKind.COLOR_CHANGE: (
        "color change",
        "discoloration",
        "wrong color",
        "discolored {}",
        "faded color",
        "color shift",
        "burn mark",
        "burnt {}",
    ),
    AnomalyKind.CORROSION: ("corrosion", "rust", "oxidation", "mold", "rust spot", "corroded {}", "oxidized {}", "rot"),
    AnomalyKind.WRINKLE: ("wrinkle", "fold", "crease", "folded {}", "kink", "wrinkled {}"),
    AnomalyKind.BURR: ("burr", "flash", "protrusion", "rough edge", "ragged edge", "excess material", "frayed edge"),
    AnomalyKind.ABRASION: (
        "abrasion",
        "worn {}",
        "rough patch",
        "wear",
        "blurred {}",
        "rough surface",
        "uneven surface",
    ),
    AnomalyKind.LIQUID: ("glue residue", "glue", "solder splash", "spatter", "drop", "liquid", "grease", "residue"),
    AnomalyKind.MISPRINT: ("misprint", "faulty imprint", "print error", "wrong print", "smeared print", "double print"),
    AnomalyKind.BROKEN_EDGE: ("broken edge", "chipped {}", "edge chip", "broken corner", "breakage", "broken {}"),
    AnomalyKind.DEFORMATION: ("deformation", "bent {}", "warped {}", "distorted {}", "deformed {}", "crushed {}"),
    AnomalyKind.MISSING_PART: ("missing {}", "missing part", "missing component", "missing screw", "absent {}"),
    AnomalyKind.MISPLACED_PART: ("misplaced {}", "shifted {}", "misaligned {}", "crooked {}"),
    AnomalyKind.SWAPPED_PART: ("swapped {}", "wrong {}", "mixed up parts", "mismatch"),
    AnomalyKind.ROTATED_PART: ("rotated {}", "flipped {}", "reversed {}", "tilted {}"),
    AnomalyKind.EXTRA_PART: ("extra {}", "additional {}", "duplicate {}", "surplus {}"),
}
"""Synonyms of every kind; ``{}`` stands for the thing. Words that stand nowhere here mean nothing to the text tower."""

CLASS_NAMES = (
    "part",
    "product",
    "object",
    "surface",
    "component",
    "material",
    "item",
    "piece",
    "area",
    "edge",
    "board",
    "pin",
    "wire",
    "label",
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
_UNKNOWN_THING = "unheard"
"""In no list, so the text tower reads its unknown token: most products have names that it never met."""
_UNKNOWN_SHARE = 0.35
_VAGUE = frozenset({"parts", "up", "dark", "loose", "double", "corner", "mark"})
"""Words of the lexicon that say nothing by themselves."""
DOMAINS = ("industrial", "manufacturing", "textural", "surface")


def caption(kind: AnomalyKind, rng: np.random.Generator) -> str:
    """One sentence about an anomaly, in the words the method's prompts use or in plainer ones."""
    phrase = _pick(LEXICON[kind], rng).format(_thing(rng))
    thing = _thing(rng)
    place = _pick(tuple(Position), rng).value
    form = rng.random()
    if form < 0.6:
        return photo(_pick(DOMAINS, rng), f"abnormal {thing} with {phrase} at {place}")
    return f"{thing} with {phrase}" if form < 0.8 else phrase


def generic_caption(rng: np.random.Generator) -> str:
    """One sentence that says only that something is wrong."""
    return photo(_pick(DOMAINS, rng), _pick(GENERIC_ANOMALOUS_STATES, rng).format(_thing(rng)))


def normal_caption(rng: np.random.Generator) -> str:
    """One sentence about a good piece."""
    return photo(_pick(DOMAINS, rng), _pick(NORMAL_STATES, rng).format(_thing(rng)))


def vocabulary() -> Vocabulary:
    """Every word of the captions and of the method's prompts, and those that say what is wrong."""
    phrases = [phrase for phrases in LEXICON.values() for phrase in phrases]
    texts = [*phrases, *CLASS_NAMES, *DOMAINS, *NORMAL_STATES, *GENERIC_ANOMALOUS_STATES]
    texts += [*(position.value for position in Position), "a an photo of abnormal with at"]
    naming = _words(phrases) - _words(CLASS_NAMES) - _VAGUE
    return Vocabulary(tuple(sorted(_words(texts))), tuple(sorted(naming)))


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in words_of(text)}


def _thing(rng: np.random.Generator) -> str:
    return _UNKNOWN_THING if rng.random() < _UNKNOWN_SHARE else _pick(CLASS_NAMES, rng)


def _pick(options: tuple[T, ...], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]
