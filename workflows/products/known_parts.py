"""The known parts of a product that limits are found from, or held against, as the record has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.products.evidence import confirmed_evidence
from workflows.products.golden import GoldenSets
from workflows.products.sessions import SessionParts

if TYPE_CHECKING:
    from filo_core.calibration.evidence import ConfirmedPart
    from filo_core.types import Recipe, SourceImage
    from storage.storage import Storage


@dataclass(frozen=True, slots=True)
class KnownParts:
    """What a calibration gets besides the references."""

    good: tuple[ConfirmedPart, ...]
    """Confirmed good parts in the order of time, then the golden set's; each with the session it was shown for."""
    bad: tuple[SourceImage, ...]
    """Of the golden set."""
    apart: tuple[SourceImage, ...]
    """Good parts of other sessions, which limits are held against and not found from."""


def known_parts(storage: Storage, recipe: Recipe) -> KnownParts:
    """The known parts that are not in a recipe's memory bank, for limits under its set-up.

    Raises:
        ProductError: if there is no such product.
        StorageError: if a part of the golden set is missing from the image store.
    """
    evidence = confirmed_evidence(storage, recipe.product, recipe)
    shown, bad = GoldenSets(storage).shown(recipe)
    confirmed = {part.image_hash for part in evidence.parts}
    sessions = SessionParts(storage)
    declared = {part.image_hash: part.session for part in sessions.parts(recipe.product)}
    good = (replace(p, session=declared.get(p.image_hash, "")) for p in shown if p.image_hash not in confirmed)
    return KnownParts((*evidence.parts, *good), bad, sessions.images(recipe))
