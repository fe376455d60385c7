"""The names that a product has learnt from its decided inspections, as they are at this moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from filo_core.errors import FiloError
from filo_core.naming.examples import NamedExample, names_of_regions
from filo_core.naming.named_detector import NamedDetector
from filo_core.naming.prototypes import LearnedNames
from filo_core.naming.region_features import space_of
from filo_core.types import Sight

if TYPE_CHECKING:
    from filo_core.method.interfaces import Detector
    from filo_core.types import Recipe
    from storage.repositories.examples import DecidedInspection
    from storage.storage import Storage

NEWEST = 400
"""Decided inspections that names are learnt from: what a line makes changes, and older ones are forgotten."""
LOOKS_EVERY_S = 0.5
"""Between two looks whether anybody has decided since."""

logger = structlog.get_logger("names")


@dataclass(frozen=True, slots=True, eq=False)
class DecidedRegions:
    """What a product's decisions say of regions."""

    examples: tuple[NamedExample, ...]
    """In the space that was asked for; newest first."""
    elsewhere: int
    """Named regions that other eyes looked at: they cannot be compared."""


def decided_regions(inspections: Iterable[DecidedInspection], space: str) -> DecidedRegions:
    """The regions that people gave a name to, or called good."""
    examples, elsewhere = [], 0
    for inspection in inspections:
        names = names_of_regions(inspection.types, inspection.reviews)
        for name, embedding in zip(names, inspection.embeddings, strict=False):
            if name is None or embedding is None:
                continue
            if inspection.space != space:
                elsewhere += 1
                continue
            examples.append(NamedExample(name, embedding, inspection.image_hash or str(inspection.inspection_id)))
    return DecidedRegions(tuple(examples), elsewhere)


def read_decided(storage: Storage, recipe: Recipe) -> DecidedRegions:
    """What people decided about the regions of a recipe's product, as its eyes see them, here and where it came from.

    Raises:
        ProductError: if there is no such product.
        StorageError: if the record cannot be read.
    """
    space = space_of(recipe.model_hash)
    with storage.reading() as transaction:
        product_id = transaction.products.product_id(recipe.product)
        found, came = transaction.examples.decided(product_id, NEWEST), transaction.examples.carried(product_id)
    own = decided_regions(found, space)
    others = [NamedExample(one.name, one.embedding, f"carried {one.part}") for one in came if one.space == space]
    return DecidedRegions((*own.examples, *others), own.elsewhere + len(came) - len(others))


def learned(decided: DecidedRegions, recipe: Recipe) -> LearnedNames:
    """The names that follow; a type that is switched off is none of them."""
    off = (anomaly.name for anomaly in recipe.anomaly_types if not anomaly.enabled)
    sight = recipe.eyes.sight if recipe.eyes is not None else Sight.SHARP
    return LearnedNames(decided.examples, space_of(recipe.model_hash), off, sight)


class ProductNames:
    """The learnt names of one recipe's product, read anew once somebody has decided. Safe to use from several threads.

    They change no verdict, so that nothing of theirs stops an inspection: what cannot be read stays as it was.

    Args:
        storage: the record.
        recipe: whose eyes the examples were looked at with.
        clock: seconds that only rise.
    """

    def __init__(self, storage: Storage, recipe: Recipe, clock: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._recipe = recipe
        self._clock = clock
        self._lock = threading.Lock()
        self._names = LearnedNames((), space_of(recipe.model_hash))
        self._seen = -1
        self._looked_at = float("-inf")

    def __call__(self) -> LearnedNames:
        """As they are now, at most half a second old."""
        with self._lock:
            if self._clock() - self._looked_at >= LOOKS_EVERY_S:
                self._looked_at = self._clock()
                try:
                    self._look()
                except FiloError as error:
                    logger.warning("names stay as they were", product=self._recipe.product, reason=str(error))
            return self._names

    def _look(self) -> None:
        with self._storage.reading() as transaction:
            newest = transaction.examples.newest_review()
        if newest != self._seen:
            self._names = learned(read_decided(self._storage, self._recipe), self._recipe)
            self._seen = newest


def naming(detector: Detector, storage: Storage, recipe: Recipe) -> Detector:
    """The detector, whose regions are called what its product has learnt."""
    return NamedDetector(detector, ProductNames(storage, recipe))
