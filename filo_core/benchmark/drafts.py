"""A category of a data set as a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.types import ProductDescription, ProductDraft, ProductKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.benchmark.categories import Category
    from filo_core.descriptions.library import AnomalyLibrary
    from filo_core.types import Reference

TEXTURES = frozenset({"carpet", "grid", "leather", "tile", "wood"})
"""MVTec AD's own; every other category is an object."""


def draft_of(category: Category, library: AnomalyLibrary, references: Sequence[Reference] = ()) -> ProductDraft:
    """A category as a product: class name and kind from its folder, anomaly types from the built-in library."""
    description = description_of(category)
    return ProductDraft(description, library.suggest(description), tuple(references))


def description_of(category: Category) -> ProductDescription:
    """A category as a product without a list and without references."""
    kind = ProductKind.TEXTURE if category.root.name.lower() in TEXTURES else ProductKind.OBJECT
    return ProductDescription(name=category.name, class_name=category.class_name, kind=kind)
