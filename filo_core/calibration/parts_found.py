"""Parts that a product's fixture does not find: they say nothing of its limits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from filo_core.errors import PartNotFoundError, RecipeError
from filo_core.method.sighting import sighting_of
from filo_core.sentence import Joined, Sentence

if TYPE_CHECKING:
    from filo_core.types import ProductDraft, Recipe, SourceImage

_NAMED = 3


def check_all_found(draft: ProductDraft, references: Sequence[SourceImage]) -> None:
    """Whether the fixture is found in every good image of a product.

    Raises:
        RecipeError: if it is not; the sentence names the image and says what to do.
    """
    lost = parts_not_found(draft, references)
    if lost:
        raise RecipeError(
            "In good images of {product} the fixture is not found: {images}. {reason} Otherwise remove them, or draw "
            "the fixture anew.",
            product=draft.description.name,
            images=_named(lost),
            reason=next(iter(lost.values()))[1],
        )


def parts_not_found(setup: Recipe | ProductDraft, images: Iterable[SourceImage]) -> dict[str, tuple[SourceImage, str]]:
    """By image hash, those in which the fixture is not found, each with the sentence that says why."""
    lost: dict[str, tuple[SourceImage, str]] = {}
    if setup.fixture is None:
        return lost
    for image in images:
        try:
            sighting_of(setup, image.pixels)
        except PartNotFoundError as error:
            lost[image.image_hash] = image, error.sentence
    return lost


def lost_sentence(lost: dict[str, tuple[SourceImage, str]]) -> str:
    """That some known parts were left out; empty where none was."""
    if not lost:
        return ""
    return Sentence(
        "The fixture was not found in {images}: left out, and NOT_INSPECTED on the line.", images=_named(lost)
    )


def _named(lost: dict[str, tuple[SourceImage, str]]) -> Joined:
    names = [image.name for image, _ in lost.values()]
    return Joined([*names[:_NAMED], "…"] if len(names) > _NAMED else names)
