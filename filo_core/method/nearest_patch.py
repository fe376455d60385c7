"""What a detector says about why a place stands out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NearestPatch:
    """A patch of a part and the stored one nearest to it; places are centres in fractions of the picture's view."""

    key: str
    """Of the reference, or of the taught patch, in the memory bank."""
    distance: float
    """Cosine distance, the mean over the stages, in [0, 2]."""
    part: tuple[float, float]
    stored: tuple[float, float] | None
    """None in a taught patch, which is stored without its grid, and in a part that was turned."""
    patch: tuple[float, float]
    """Width and height of a patch."""
