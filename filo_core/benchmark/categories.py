"""What a data set is made of: categories, their good images, and the images to judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CLASS_NAMES = {
    **dict.fromkeys(("macaroni1", "macaroni2"), "macaroni"),
    **dict.fromkeys(("pcb1", "pcb2", "pcb3", "pcb4"), "printed circuit board"),
    "chewinggum": "chewing gum",
}
"""Of VisA, as FiLo's release maps them."""
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
    note: str = ""
    """What a reader of its figures should know, as a sentence; empty where there is nothing."""

    @property
    def class_name(self) -> str:
        """What its parts are called in prompts: its folder's name, or what the release says in its place."""
        folder = self.root.name.lower()
        return _CLASS_NAMES.get(folder, folder.replace("_", " "))

    @property
    def has_masks(self) -> bool:
        """Whether any of its anomalies is outlined; without, there are no pixel figures."""
        return any(test.mask is not None for test in self.tests)
