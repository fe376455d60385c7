"""What one person has done here and can take back, newest first. No widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LONGEST = 100
"""Deeds that are remembered; what is older stays decided."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done, in words, and how it is taken back."""

    sentence: str
    take_back: Callable[[], None]
    taught: str = ""
    """The product that was taught something; empty for anything else."""


class UndoStack:
    """The deeds of one person; another one begins anew."""

    def __init__(self) -> None:
        self._deeds: list[Deed] = []

    @property
    def newest(self) -> Deed | None:
        """What would be taken back next."""
        return self._deeds[-1] if self._deeds else None

    def teaching(self, product: str) -> Deed | None:
        """The newest teaching of a product."""
        return next((deed for deed in reversed(self._deeds) if deed.taught == product), None)

    def add(self, deed: Deed) -> None:
        """Something was done."""
        self._deeds = [*self._deeds, deed][-LONGEST:]

    def drop(self, deed: Deed) -> None:
        """It is taken back, or cannot be any more."""
        self._deeds = [known for known in self._deeds if known is not deed]

    def clear(self) -> None:
        """Somebody else works from now on."""
        self._deeds = []
