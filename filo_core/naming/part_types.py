"""What a whole part is called: its regions first, then what is known of the picture as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from filo_core.sentence import Sentence
from filo_core.types import UNKNOWN_TYPE, Region, TypeShare, Verdict

FLOOR = 0.4
"""Share below which a region is unknown."""


def called(shares: Sequence[TypeShare]) -> tuple[str, float]:
    """The type that stands beside a region and its share: the best one above :data:`FLOOR`, else unknown and 0."""
    best = shares[0] if shares else None
    return (best.name, best.share) if best is not None and best.share >= FLOOR else (UNKNOWN_TYPE, 0.0)


def image_types(regions: Iterable[Region]) -> tuple[TypeShare, ...]:
    """Types of a whole picture, best first: each with the largest share that any of its regions gives it."""
    found: dict[str, float] = {}
    for region in regions:
        for one in region.type_shares:
            found[one.name] = max(found.get(one.name, 0.0), one.share)
    return tuple(TypeShare(name, found[name]) for name in sorted(found, key=lambda name: (-found[name], name)))


def part_broad(regions: Sequence[Region]) -> TypeShare | None:
    """The broad kind of the region that stands out most, where its type is unknown and that much is clear."""
    worst = max(regions, key=lambda region: region.score, default=None)
    return worst.broad if worst is not None and worst.anomaly_type == UNKNOWN_TYPE else None


def part_called(verdict: Verdict, regions: Sequence[Region], image_types: Sequence[TypeShare]) -> tuple[str, float]:
    """A part's type and the share of that type, in [0, 1]; 0 for one that is unknown.

    That of the region that stands out most. Where nothing does, a part that is doubtful or refused has a type all the
    same: the picture's, or unknown; one that is good or was not inspected has an empty one.
    """
    worst = max(regions, key=lambda region: region.score, default=None)
    if worst is not None:
        return worst.anomaly_type, worst.type_confidence
    return called(image_types) if verdict in {Verdict.NG, Verdict.REVIEW} else ("", 0.0)


BROAD_WORDS = {
    "crack-like": Sentence("crack-like"),
    "stain-like": Sentence("stain-like"),
    "missing": Sentence("something missing"),
    "extra": Sentence("something extra"),
    "deformed": Sentence("deformed"),
    "misplaced": Sentence("misplaced"),
    "colour": Sentence("another colour"),
    "print": Sentence("misprint"),
}
"""What people read for the broad kinds that the naming heads know."""
