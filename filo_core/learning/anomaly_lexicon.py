"""Kinds of synthetic anomalies, and what each is called."""

from __future__ import annotations

from enum import StrEnum


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
"""Synonyms of every kind; ``{}`` stands for the thing."""
