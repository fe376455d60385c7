"""What a data set is made of: categories, their good images, and the images to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "good"
"""Folder of the images without an anomaly."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image to be judged, and what is known about it."""

    path: Path
    mask: Path | None
    """None for a good image, and for an anomalous one that nobody has outlined."""
    defect: str
    """Name of its folder; ``"good"`` for a good one."""
    anomalous: bool


@dataclass(frozen=True, slots=True)
class Category:
    """One product of a data set: the good images to choose references from, and the images to judge."""

    name: str
    root: Path
    references: tuple[Path, ...]
    tests: tuple[LabelledImage, ...]

    @property
    def has_masks(self) -> bool:
        """Whether any of its anomalies is outlined; without, there are no pixel figures."""
        return any(test.mask is not None for test in self.tests)
