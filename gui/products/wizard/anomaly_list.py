"""Editing of a product's anomaly list, with undo. No Qt, no database: every edit gives a new tuple."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from filo_core.descriptions.cleaning import normalise_name, phrase_key
from filo_core.types import AnomalyType, Provenance, Severity

_SEVEREST_FIRST = (Severity.CRITICAL, Severity.MAJOR, Severity.MINOR)
_KEPT_STEPS = 50


class AnomalyListEditor:
    """The list under edit. An edit that would change nothing, or is not possible, returns False and keeps the list.

    Two entries never name the same thing ("scratch", "Scratches"); a clash is refused, not merged in silence.
    """

    def __init__(self, types: Sequence[AnomalyType] = ()) -> None:
        self._types = tuple(types)
        self._past: list[tuple[AnomalyType, ...]] = []

    @property
    def types(self) -> tuple[AnomalyType, ...]:
        """The list as it stands."""
        return self._types

    @property
    def can_undo(self) -> bool:
        """True when there is an edit to take back."""
        return bool(self._past)

    def index_of(self, name: str) -> int | None:
        """Place of the entry that names the same thing as ``name``."""
        wanted = phrase_key(normalise_name(name))
        return next((i for i, entry in enumerate(self._types) if phrase_key(entry.name) == wanted), None)

    def add(self, name: str) -> bool:
        """Append what a person typed."""
        cleaned = normalise_name(name)
        if not cleaned or self.index_of(cleaned) is not None:
            return False
        return self._replace_by((*self._types, AnomalyType(cleaned, provenance=Provenance.PERSON)))

    def extend(self, suggested: Iterable[AnomalyType]) -> int:
        """Append the suggested entries that are not there yet, as one edit; returns how many those were."""
        new: list[AnomalyType] = []
        taken = {phrase_key(entry.name) for entry in self._types}
        for entry in suggested:
            if phrase_key(entry.name) not in taken:
                taken.add(phrase_key(entry.name))
                new.append(entry)
        self._replace_by((*self._types, *new))
        return len(new)

    def rename(self, index: int, name: str) -> bool:
        """Give an entry other words; from then on it is the person's."""
        cleaned = normalise_name(name)
        clash = self.index_of(cleaned) if cleaned else index
        if not cleaned or clash not in (None, index):
            return False
        if cleaned == self._types[index].name:
            return False
        return self._set(index, replace(self._types[index], name=cleaned, provenance=Provenance.PERSON))

    def set_enabled(self, index: int, enabled: bool) -> bool:
        """Use an entry, or keep it on the list unused."""
        return self._set(index, replace(self._types[index], enabled=enabled))

    def set_severity(self, index: int, severity: Severity) -> bool:
        """Say how bad an entry is."""
        return self._set(index, replace(self._types[index], severity=severity))

    def delete(self, indices: Iterable[int]) -> bool:
        """Take entries off the list."""
        gone = set(indices)
        return self._replace_by(tuple(entry for i, entry in enumerate(self._types) if i not in gone))

    def merge(self, indices: Iterable[int], name: str) -> bool:
        """Make one entry called ``name`` of several, in the place of the first.

        It is as bad as the worst of them, and in use when any of them was.
        """
        merged = sorted(set(indices))
        cleaned = normalise_name(name)
        clash = self.index_of(cleaned) if cleaned else None
        if len(merged) < 2 or not cleaned or (clash is not None and clash not in merged):
            return False
        entries = [self._types[i] for i in merged]
        kept = next((entry for entry in entries if entry.name == cleaned), None)
        one = AnomalyType(
            cleaned,
            severity=min((entry.severity for entry in entries), key=_SEVEREST_FIRST.index),
            enabled=any(entry.enabled for entry in entries),
            provenance=kept.provenance if kept else Provenance.PERSON,
        )
        rest = [one if i == merged[0] else entry for i, entry in enumerate(self._types) if i not in merged[1:]]
        return self._replace_by(tuple(rest))

    def undo(self) -> bool:
        """Take the last edit back."""
        if not self._past:
            return False
        self._types = self._past.pop()
        return True

    def _set(self, index: int, entry: AnomalyType) -> bool:
        return self._replace_by((*self._types[:index], entry, *self._types[index + 1 :]))

    def _replace_by(self, types: tuple[AnomalyType, ...]) -> bool:
        if types == self._types:
            return False
        self._past = [*self._past[1 - _KEPT_STEPS :], self._types]
        self._types = types
        return True
