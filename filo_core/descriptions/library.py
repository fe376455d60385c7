"""Built-in library of anomaly types by product family: what there is without a network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from filo_core.descriptions.cleaning import MAX_PHRASES, phrase_key, singular
from filo_core.errors import FiloError
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, ProductKind, Provenance, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from filo_core.types import ProductDescription

LIBRARY_FILE = "anomaly_library.json"
_MAX_FAMILIES = 3
"""Material and function make two; a third covers a coating or a package."""
_FIRST_FAMILY_SHARE = 2
_OTHER_FAMILIES_SHARE = 1
"""Anomaly types taken in turn: the best family has two for each one of every other."""
_HEAD_BONUS = 2
"""The head noun outweighs a material: a "wood screw" is a screw first."""
_WORD = re.compile(r"[^\W\d_]+")
_AFTER_HEAD = frozenset({"of", "with", "for", "in", "on", "from", "without", "and"})


class Family(BaseModel):
    """A product family by material or function, with what goes wrong with it, the most common first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    keywords: tuple[str, ...]
    anomalies: dict[str, Severity]


class _LibraryFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    fallback: dict[ProductKind, str]
    families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class _Match:
    """A keyword found at ``words[start:end]``."""

    family: int
    start: int
    end: int

    def inside(self, other: _Match) -> bool:
        return other.start <= self.start and self.end <= other.end and other.end - other.start > self.end - self.start


class AnomalyLibrary:
    """Suggests anomaly types from the words that describe a product.

    Args:
        families: in the order that settles ties.
        fallback: family of a product of each kind that no keyword fits.
    """

    def __init__(self, families: Sequence[Family], fallback: dict[ProductKind, Family]) -> None:
        self.families = tuple(families)
        self._fallback = dict(fallback)
        self._keywords = [
            (index, tuple(_words(keyword))) for index, family in enumerate(self.families) for keyword in family.keywords
        ]

    @classmethod
    def load(cls, path: Path | None = None) -> AnomalyLibrary:
        """The library that ships with the program, or another file of its form.

        Raises:
            FiloError: if the file is missing or damaged; the message names it.
        """
        path = path or resource_path(LIBRARY_FILE)
        try:
            content = _LibraryFile.model_validate_json(path.read_bytes())
            by_id = {family.id: family for family in content.families}
            fallback = {kind: by_id[content.fallback[kind]] for kind in ProductKind}
        except (OSError, ValidationError, KeyError) as error:
            raise FiloError(
                "{path} cannot be used as the library of anomaly types. Install the program again.", path=path
            ) from error
        return cls(content.families, fallback)

    def families_for(self, description: ProductDescription) -> tuple[Family, ...]:
        """At most three families that fit the class name and the domain, the best first.

        A keyword counts by its words; the one with the class name's head noun counts more, and one inside a longer
        keyword not at all ("rice cake" is no rice). The kind's general family where nothing fits.
        """
        scores: dict[int, int] = {}
        name_words = _words(description.class_name)
        head = _head(name_words)
        for match in self._matches(name_words):
            bonus = _HEAD_BONUS if match.start <= head < match.end else 0
            scores[match.family] = scores.get(match.family, 0) + match.end - match.start + bonus
        for match in self._matches(_words(description.domain)):
            scores[match.family] = scores.get(match.family, 0) + match.end - match.start
        best = sorted(scores, key=lambda index: (-scores[index], index))[:_MAX_FAMILIES]
        return tuple(self.families[index] for index in best) or (self._fallback[description.kind],)

    def suggest(self, description: ProductDescription, limit: int = 12) -> tuple[AnomalyType, ...]:
        """Anomaly types of the product's families, provenance LIBRARY.

        Args:
            description: its ``class_name``, ``domain`` and ``kind`` are read.
            limit: at most so many, 1 to :data:`~filo_core.descriptions.cleaning.MAX_PHRASES`.

        Returns:
            At least one, the best family's first, no type twice. Of two families the better has two thirds of the
            places, of three half.

        Raises:
            ValueError: if ``limit`` is outside its range.
        """
        if not 1 <= limit <= MAX_PHRASES:
            raise ValueError(f"limit must be 1 to {MAX_PHRASES}, got {limit}")
        queues: list[list[AnomalyType]] = []
        seen: set[str] = set()
        for family in self.families_for(description):
            fresh = {name: severity for name, severity in family.anomalies.items() if phrase_key(name) not in seen}
            seen.update(map(phrase_key, fresh))
            queues.append([AnomalyType(name, fresh[name], provenance=Provenance.LIBRARY) for name in fresh])
        turns: list[tuple[int, AnomalyType]] = []
        while any(queues):
            for rank, queue in enumerate(queues):
                share = _OTHER_FAMILIES_SHARE if rank else _FIRST_FAMILY_SHARE
                turns += [(rank, anomaly) for anomaly in queue[:share]]
                del queue[:share]
        return tuple(anomaly for _, anomaly in sorted(turns[:limit], key=lambda turn: turn[0]))

    def _matches(self, words: Sequence[str]) -> list[_Match]:
        found = [
            _Match(family, start, start + len(keyword))
            for family, keyword in self._keywords
            for start in range(len(words) - len(keyword) + 1)
            if tuple(words[start : start + len(keyword)]) == keyword
        ]
        return [match for match in found if not any(match.inside(other) for other in found)]


def _words(text: str) -> list[str]:
    """Singular lower-case words; digits separate, so that "PCB1" is a pcb."""
    return [singular(word) for word in _WORD.findall(text.lower())]


def _head(words: Sequence[str]) -> int:
    """Index of the head noun: the last word before a preposition, -1 where there is no word."""
    end = next((index for index, word in enumerate(words) if index and word in _AFTER_HEAD), len(words))
    return end - 1
