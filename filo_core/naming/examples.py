"""Which regions people gave a type to: what the names of a product are learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.types import UNKNOWN_TYPE, Review, ReviewDecision, Verdict, retyped_regions, standing_reviews

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOTHING_WRONG = ""
"""Name of a region of a part that a person called good."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedExample:
    """A region that a person decided on."""

    name: str
    """The type that counts now; :data:`NOTHING_WRONG` where the part is good after all."""
    embedding: NDArray[np.float32]
    """Of unit length, in the space that its product's detector looks in."""
    part: str
    """What regions of the same picture share."""


def names_of_regions(types: Sequence[str], reviews: Iterable[Review]) -> tuple[str | None, ...]:
    """What each region is called by what people decided; None where nobody said.

    The newest decision that stands says whether the part is good. A retyping names the regions that it is for, the
    newest one last; a confirmation names every other one that had a name. Whatever was taken back says nothing.

    Args:
        types: of the regions, as the inspection has them.
        reviews: all decisions on the inspection, oldest first.
    """
    standing = standing_reviews(reviews)
    if not standing:
        return (None,) * len(types)
    if standing[-1].verdict is Verdict.OK:
        return (NOTHING_WRONG,) * len(types)
    named: list[str | None] = [None] * len(types)
    for review in standing:
        if review.decision is ReviewDecision.CONFIRM and review.verdict is Verdict.NG:
            named = [None if own == UNKNOWN_TYPE else own for own in types]
    for ordinal, name in enumerate(retyped_regions(len(types), standing)):
        if name:
            named[ordinal] = None if name == UNKNOWN_TYPE else name
    return tuple(named)
