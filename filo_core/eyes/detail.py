"""How many pixels of a network the smallest defect covers, with each choice of eyes: what can be seen at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.errors import RecipeError
from filo_core.eyes.tiles import TILE_PX, spans_of
from filo_core.method.view import field_of
from filo_core.sentence import Sentence
from filo_core.types import LIGHT_SIZES, Eyes, Sight

if TYPE_CHECKING:
    from filo_core.types import ProductDraft

NEEDED_PX = 10.0
"""Rule of thumb: a defect that covers fewer pixels of the network is mostly missed."""
_FIRST_PX = 512
LARGEST_MM = 100_000.0


@dataclass(frozen=True, slots=True)
class Detail:
    """What one choice of eyes shows of the smallest defect."""

    eyes: Eyes
    covers_px: float
    """Of the light trunk's picture, along the defect."""
    cost: float
    """Pixels that the light trunk looks at, as a multiple of those of a whole picture at 512."""

    @property
    def is_enough(self) -> bool:
        """Whether the rule of thumb is kept."""
        return self.covers_px >= NEEDED_PX


@dataclass(frozen=True, slots=True)
class DefectDetail:
    """The same for all choices."""

    camera_px: float
    """Of the camera's picture that the smallest defect covers."""
    details: tuple[Detail, ...]
    """With more and more detail."""

    @property
    def cheapest(self) -> Detail | None:
        """The cheapest that shows enough; None where none does."""
        return next((detail for detail in self.details if detail.is_enough), None)

    @property
    def sentence(self) -> str:
        """What to choose, or what to change."""
        if self.camera_px < NEEDED_PX:
            return Sentence(
                "The smallest defect covers {camera:.1f} px of the camera's picture, {needed:.0f} are needed: no "
                "choice here helps. Take a smaller field of view, or a camera with more pixels.",
                camera=self.camera_px,
                needed=NEEDED_PX,
            )
        chosen = self.cheapest
        if chosen is None:
            return Sentence(
                "Even {eyes} shows {covers:.1f} px of the smallest defect, {needed:.0f} are needed. Draw regions "
                "around what matters, or take a smaller field of view.",
                eyes=self.details[-1].eyes.words,
                covers=self.details[-1].covers_px,
                needed=NEEDED_PX,
            )
        return Sentence(
            "{eyes} shows {covers:.1f} px of the smallest defect, {needed:.0f} are needed; it costs {cost:.1f} times "
            "what 512 px do.",
            eyes=chosen.eyes.words,
            covers=chosen.covers_px,
            needed=NEEDED_PX,
            cost=chosen.cost,
        )


def defect_detail(
    draft: ProductDraft, size: tuple[int, int], field_mm: float, smallest_mm: float, sight: Sight
) -> DefectDetail:
    """What every size of the light trunk shows of the smallest defect.

    Args:
        draft: whose drawn regions say what of a picture is looked at.
        size: width and height of its pictures in pixels.
        field_mm: what the picture's longer side shows, in millimetres.
        smallest_mm: extent of the smallest defect.
        sight: kind of eyes.

    Raises:
        RecipeError: if a length cannot be.
    """
    if not 0.0 < field_mm <= LARGEST_MM or not 0.0 < smallest_mm <= field_mm:
        raise RecipeError(
            "The field of view is a length above 0 mm and the smallest defect one within it, not {field:g} and "
            "{smallest:g} mm.",
            field=field_mm,
            smallest=smallest_mm,
        )
    per_mm = max(size) / field_mm
    seen = field_of(draft, *size)
    longest = max(seen.width, seen.height)
    details = [
        # No network shows more than the camera did.
        Detail(Eyes(sight, light), smallest_mm * per_mm * min(light / longest, 1.0), _cost(light))
        for light in LIGHT_SIZES
    ]
    return DefectDetail(smallest_mm * per_mm, tuple(details))


def _cost(light: int) -> float:
    if light <= TILE_PX:
        return light**2 / _FIRST_PX**2
    # The whole picture is looked at beside its pieces.
    return (1 + len(spans_of(light, 8)) ** 2) * TILE_PX**2 / _FIRST_PX**2


def as_rows(details: Sequence[Detail]) -> list[tuple[str, str, str, str]]:
    """Eyes, pixels, whether they are enough, cost: as a table has them."""
    return [
        (
            f"{one.eyes.words}{', in tiles' if one.eyes.in_tiles else ''}",
            f"{one.covers_px:.1f}",
            "yes" if one.is_enough else "no",
            f"{one.cost:.1f}",
        )
        for one in details
    ]
