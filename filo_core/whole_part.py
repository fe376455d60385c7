"""What a part looked at as a whole has too little or too much of, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

from filo_core.sentence import LIST, Joined, Sentence, one_or_many
from filo_core.zones import Point

LEAST_PARTS = 8
"""Good parts from which on it can be said how their words vary; with fewer the score is off."""
_WHERE = (
    (Sentence("top left"), Sentence("top"), Sentence("top right")),
    (Sentence("left"), Sentence("center"), Sentence("right")),
    (Sentence("bottom left"), Sentence("bottom"), Sentence("bottom right")),
)


@dataclass(frozen=True, slots=True)
class WordOff:
    """A word, a kind of patch, that a part has another number of than good parts have."""

    at: Point
    """Across and down, in fractions of what is looked at: where good parts show it in the mean."""
    usual: float
    """Patches of it in a good part."""
    found: float
    """Patches of it in this one."""


@dataclass(frozen=True, slots=True)
class WordsFound:
    """What a zone that is looked at as a whole came to in one image."""

    region: str
    """Name of the zone."""
    score: float
    """In [0, 1], before anything was added."""
    words: tuple[WordOff, ...]
    """Those that the score is made of most, at most two of each kind: too few, then too many."""
    surplus: tuple[tuple[Point, Point], ...]
    """Opposite corners of where the words lie of which there are too many, in fractions of the image."""

    @property
    def sentence(self) -> Sentence:
        """Which words are missing and which are too many; empty where none stands out."""
        missing = [one for one in self.words if one.found < one.usual]
        more = [one for one in self.words if one.found >= one.usual]
        told = []
        if missing:
            told.append(Sentence("too little of what good parts show {where}", where=_where(missing)))
        if more:
            told.append(Sentence("too much of what they show {where}", where=_where(more)))
        return Joined(told, LIST) if told else Sentence("")


def _where(words: list[WordOff]) -> Sentence:
    return Joined([_one(word) for word in words], LIST)


def _one(word: WordOff) -> Sentence:
    return one_or_many(
        round(word.found),
        "at {where} (1 patch, {usual:.0f} as a rule)",
        "at {where} ({count} patches, {usual:.0f} as a rule)",
        where=_WHERE[min(int(3 * word.at[1]), 2)][min(int(3 * word.at[0]), 2)],
        usual=word.usual,
    )
