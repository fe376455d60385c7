"""The fixture of a product: taught from the shape that was drawn and from the product's good images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.method.fixture_finding import FixtureFinder
from filo_core.method.fixture_teaching import LEAST_FIT, taught
from filo_core.method.sighting import whole_as_taught
from filo_core.zones import FixtureSearch, Zone, fixture_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.fixture import Fixture
    from filo_core.types import ProductDraft, SourceImage


def taught_fixture(
    draft: ProductDraft, zones: tuple[Zone, ...], references: Sequence[SourceImage]
) -> tuple[tuple[Zone, ...], Fixture]:
    """Zones with the image that their fixture was drawn on, and the fixture.

    One that says no image, or that of another product, was drawn on the first. One whose image is gone stays as it was
    taught while nobody draws it anew.

    Args:
        draft: the product.
        zones: checked, with a fixture among them.
        references: the product's good images, decoded.

    Raises:
        RecipeError: without a good image, or if nothing can be taught from the shape; the sentence says why.
    """
    zone = fixture_of(zones)
    assert zone is not None, "asked for a fixture alone"
    if not references:
        raise RecipeError(
            "{product} has no good image yet. Add one, then teach the fixture on it.", product=draft.description.name
        )
    search = zone.search or FixtureSearch()
    if draft.fixture is not None and zone == fixture_of(draft.zones) and search.picture not in _hashes(references):
        return zones, draft.fixture
    picture = next((image for image in references if image.image_hash == search.picture), references[0])
    zone = replace(zone, search=replace(search, picture=picture.image_hash))
    others = [(image.name, image.pixels) for image in references if image.image_hash != picture.image_hash]
    fixture = taught(zone, picture.pixels, picture.image_hash, others)
    return tuple(zone if fixture_of((one,)) else one for one in zones), fixture


def _hashes(references: Sequence[SourceImage]) -> frozenset[str]:
    return frozenset(image.image_hash for image in references)


def as_where_taught(zone: Zone, taught_on: SourceImage, image: SourceImage) -> tuple[NDArray[np.uint8], str]:
    """Another good picture with its part moved to where the fixture was drawn, and how it lies, as a sentence.

    Args:
        zone: the fixture as drawn.
        taught_on: what it was drawn on.
        image: the other one.

    Raises:
        RecipeError: if nothing can be taught from the shape.
        PartNotFoundError: if it is not in the other picture.
    """
    # How well it has to fit is known once all pictures were looked at; this one is to be seen if it fits at all.
    fixture = replace(taught(zone, taught_on.pixels, taught_on.image_hash, []), least=LEAST_FIT)
    placement = FixtureFinder(fixture).locate(image.pixels)
    return whole_as_taught(image.pixels, fixture, placement), placement.words
