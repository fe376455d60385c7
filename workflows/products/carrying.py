"""What a product's names were learnt from, on its way to another record: in its file, never by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProductError
from filo_core.naming.examples import NOTHING_WRONG, names_of_regions
from storage.repositories.examples import CarriedExample
from storage.repositories.namings import text_of, vector_of
from workflows.products.learned_names import NEWEST
from workflows.products.product_file import NamedRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage.storage import Storage

_LENGTH_TOLERANCE = 0.01
"""Half precision makes a unit vector longer or shorter by less."""


def named_regions(storage: Storage, product: str) -> tuple[NamedRegion, ...]:
    """Every region of a product that a person gave a type to, newest first, then those that came with it.

    Raises:
        ProductError: if there is no such product.
        StorageError: if the record cannot be read.
    """
    with storage.reading() as transaction:
        product_id = transaction.products.product_id(product)
        decided, came = transaction.examples.decided(product_id, NEWEST), transaction.examples.carried(product_id)
    found = []
    for inspection in decided:
        names = names_of_regions(inspection.types, inspection.reviews)
        for name, embedding in zip(names, inspection.embeddings, strict=False):
            if name is not None and name != NOTHING_WRONG and embedding is not None:
                found.append(CarriedExample(name, inspection.space, inspection.image_hash, embedding))
    return tuple(
        NamedRegion(name=one.name, space=one.space, part=one.part, embedding=text_of(one.embedding))
        for one in (*found, *came)
    )


def carried(examples: Iterable[NamedRegion]) -> tuple[CarriedExample, ...]:
    """What came in a product's file, to be kept.

    Raises:
        ProductError: if one is no unit vector.
    """
    kept = tuple(CarriedExample(one.name, one.space, one.part, _vector(one)) for one in examples)
    for one in kept:
        if not abs(float(np.linalg.norm(one.embedding)) - 1.0) < _LENGTH_TOLERANCE:
            raise ProductError(
                "The file holds a region named {name} that cannot be. Export the product again.", name=one.name
            )
    return kept


def _vector(region: NamedRegion) -> NDArray[np.float32]:
    try:
        return vector_of(region.embedding)
    except ValueError as error:
        raise ProductError(
            "The file holds a region named {name} that cannot be read. Export the product again.", name=region.name
        ) from error
