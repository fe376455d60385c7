"""Tells the keys of a scanner from those of a person: many within milliseconds, ended by Enter. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

GAP_S = 0.05
"""Longest from one key of a scanner to its next; a person takes twice as long, also in a hurry."""
SHORTEST = 4
"""Letters of the shortest code: two keys that a hand hits at once are none."""


@dataclass(slots=True)
class ScanBuffer:
    """Takes keys with their moments, in seconds of any clock."""

    _letters: list[str] = field(default_factory=list)
    _last: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether no key is held."""
        return not self._letters

    def goes_on(self, at: float) -> bool:
        """Whether a key of this moment would belong to those that are held."""
        return bool(self._letters) and at - self._last <= GAP_S

    def add(self, letters: str, at: float) -> None:
        """Hold one more key."""
        self._letters.append(letters)
        self._last = at

    def end(self, at: float) -> str:
        """Enter came: the code that was scanned, empty where what is held was typed."""
        code = "".join(self._letters)
        is_scan = self.goes_on(at) and len(code) >= SHORTEST
        self.clear()
        return code if is_scan else ""

    def clear(self) -> None:
        """Hold nothing."""
        self._letters.clear()
