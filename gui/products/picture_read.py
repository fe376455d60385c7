"""A good picture as regions are drawn on it: with its part where the fixture was drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from filo_core.errors import FiloError
from filo_core.imaging import decode_image
from filo_core.types import Reference
from filo_core.zones import Zone
from gui.canvas.pictures import PictureContent
from workflows.products.fixtures import as_where_taught


@dataclass(frozen=True, slots=True, eq=False)
class PictureRead:
    """What is shown, and what there is to say of it."""

    content: PictureContent
    place: str = ""
    """How the part lies in it, where it was moved to where the fixture was drawn."""
    problem: str = ""
    """Why it was not."""


def read_picture(
    get_bytes: Callable[[str], bytes], reference: Reference, zone: Zone | None, home: Reference | None
) -> PictureRead:
    """Read a good picture, away from the window's thread.

    Args:
        get_bytes: of an image by its hash.
        reference: which picture.
        zone: the fixture as drawn, where there is one.
        home: the picture that it was drawn on.
    """
    image = decode_image(get_bytes(reference.image_hash), reference.name)
    if zone is None or home is None or home == reference:
        return PictureRead(PictureContent(image.pixels))
    try:
        pixels, place = as_where_taught(zone, decode_image(get_bytes(home.image_hash), home.name), image)
    except FiloError as error:
        return PictureRead(PictureContent(image.pixels), problem=error.sentence)
    return PictureRead(PictureContent(pixels), place=place)
