"""The classes of MVTec AD and VisA by name, for whom the data sets are not at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.benchmark.categories import Category
from filo_core.benchmark.datasets import find_categories
from filo_core.benchmark.drafts import description_of

if TYPE_CHECKING:
    from filo_core.types import ProductDescription

MVTEC = (
    "bottle", "cable", "capsule", "carpet", "grid", "hazelnut", "leather", "metal_nut", "pill", "screw", "tile",
    "toothbrush", "transistor", "wood", "zipper",
)  # fmt: skip
VISA = (
    "candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4",
    "pipe_fryum",
)  # fmt: skip


def benchmark_classes() -> tuple[ProductDescription, ...]:
    """Every class of both data sets once, as the tables ask about it."""
    return _once([Category(name, Path(name), (), ()) for name in (*MVTEC, *VISA)])


def classes_of(root: Path) -> tuple[ProductDescription, ...]:
    """Every class of the data sets at or below ``root`` once.

    Raises:
        FolderError: if there is none.
    """
    return _once(find_categories(root))


def _once(categories: list[Category]) -> tuple[ProductDescription, ...]:
    found: dict[str, ProductDescription] = {}
    for category in categories:
        found.setdefault(category.class_name, description_of(category))
    return tuple(found.values())
