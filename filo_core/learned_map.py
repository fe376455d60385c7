"""What a product's map learnt from bad parts that people confirmed. Words and numbers only; nothing here computes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from filo_core.sentence import Sentence


class MapKind(StrEnum):
    """What an anomaly map is made of; the first is every product's before it learns."""

    USUAL = "all trunks alike"
    LIGHT = "light trunk alone"
    DEEP = "deep trunk alone"
    KNOWN = "more where a place is like known defects"


@dataclass(frozen=True, slots=True)
class DefectDirections:
    """What known defects add to good parts, as one trunk sees it."""

    vectors: str
    """``(count, C)`` of unit length, a known defect each, in half precision, little-endian, base64."""
    count: int
    centre: float
    """Mean of the largest product of a good part's patch with the vectors."""
    spread: float
    """Its standard deviation, above 0."""


@dataclass(frozen=True, slots=True)
class LearnedMap:
    """How a product's anomaly map is weighed since people confirmed bad parts. Part of its recipe and of its hash."""

    kind: MapKind
    model_hash: str
    """Of the model, eyes included, whose features it was learnt in; with another one it means nothing."""
    learned_from: tuple[str, ...]
    """SHA-256 of the images of the confirmed bad parts, sorted."""
    trunks: tuple[DefectDirections, ...] = ()
    """One a trunk, the light one first; of :attr:`MapKind.KNOWN` alone."""

    @property
    def words(self) -> str:
        """As people read it."""
        return Sentence("{kind}, from {count} bad parts", kind=self.kind.value, count=len(self.learned_from))
