"""What each choice of eyes shows of the smallest defect of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.eyes.detail import DefectDetail, defect_detail
from filo_core.imaging import decode_image
from filo_core.types import Sight

if TYPE_CHECKING:
    from workflows.products.catalogue import Catalogue


def detail_of(
    catalogue: Catalogue, name: str, field_mm: float, smallest_mm: float, sight: Sight = Sight.FAST
) -> DefectDetail:
    """From the size of the product's first good image; lengths as for :func:`~filo_core.eyes.detail.defect_detail`.

    Args:
        catalogue: of the products.
        name: of the product.
        field_mm: what the picture's longer side shows.
        smallest_mm: extent of the smallest defect.
        sight: kind of eyes of a draft for which none were chosen.

    Raises:
        RecipeError: without a good image, or if a length cannot be.
        StorageError: if the image is missing from the image store.
    """
    draft = catalogue.draft(name)
    if not draft.references:
        raise RecipeError("{product} has no good image yet. Add one, then ask again.", product=name)
    first = draft.references[0]
    size = decode_image(catalogue.storage.artefacts.get_bytes(first.image_hash), first.name).size
    chosen = draft.eyes.sight if draft.eyes is not None else sight
    return defect_detail(draft, size, field_mm, smallest_mm, chosen)
