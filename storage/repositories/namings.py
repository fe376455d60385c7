"""What the regions of inspections may be, between the engine's words and rows."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.types import Prediction, Region, TypeShare
from storage.naming_models import NamingRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF = np.dtype("<f2")
_PAIR, _BROAD = 2, "broad"
_MOST_IMAGE_TYPES = 10
"""Of a picture's ranking: beyond that it says which types it is not."""


@dataclass(frozen=True, slots=True)
class KeptNaming:
    """What a row says but for the embeddings, which few ask for."""

    image_types: tuple[TypeShare, ...] = ()
    unfiltered: tuple[str, ...] = ()
    regions: tuple[tuple[TypeShare, ...], ...] = ()
    broad: tuple[TypeShare | None, ...] = ()
    space: str = ""
    examples: int = 0


NO_NAMING = KeptNaming()
"""Of an inspection that has nothing to say of types, or is older than the table."""
SAID = (NamingRow.image_types, NamingRow.unfiltered, NamingRow.shares, NamingRow.space, NamingRow.examples)
"""Columns that :func:`naming_of` reads."""


def naming_row(inspection_id: int, prediction: Prediction) -> NamingRow | None:
    """The row of an inspection; None where there is nothing to say."""
    regions = prediction.regions
    says = prediction.anomaly_types or prediction.unfiltered_sides
    if not says and all(not region.type_shares and region.embedding is None for region in regions):
        return None
    return NamingRow(
        inspection_id=inspection_id,
        image_types=_json(_pairs(prediction.anomaly_types[:_MOST_IMAGE_TYPES])),
        unfiltered=_json(list(prediction.unfiltered_sides)),
        shares=_json([[*_pairs(region.type_shares), *_broad(region)] for region in regions]),
        space=prediction.embedding_space,
        embeddings=_json(["" if (one := region.embedding) is None else text_of(one) for region in regions]),
        examples=prediction.examples,
    )


def naming_of(said: Sequence[Any]) -> KeptNaming:
    """What the columns :data:`SAID` hold; :data:`NO_NAMING` where an outer join found no row."""
    image_types, unfiltered, shares, space, examples = said
    if image_types is None:
        return NO_NAMING
    return KeptNaming(
        _shares(json.loads(image_types)),
        tuple(json.loads(unfiltered)),
        tuple(_shares(pairs) for pairs in json.loads(shares)),
        tuple(_broad_of(pairs) for pairs in json.loads(shares)),
        space,
        examples,
    )


def embeddings_of(text: str) -> tuple[NDArray[np.float32] | None, ...]:
    """Unit vectors of a row's regions; None for a region without one."""
    return tuple(vector_of(one) if one else None for one in json.loads(text))


def with_shares(regions: Sequence[Region], naming: KeptNaming) -> tuple[Region, ...]:
    """Regions with what a row says of them."""
    if not naming.regions:
        return tuple(regions)
    return tuple(
        replace(region, type_shares=shares, broad=broad)
        for region, shares, broad in zip(regions, naming.regions, naming.broad, strict=True)
    )


def _pairs(shares: Iterable[TypeShare]) -> list[list[Any]]:
    # Four places: a share is no measurement, and a row is kept for years.
    return [[one.name, round(one.share, 4)] for one in shares]


def _shares(pairs: Iterable[Sequence[Any]]) -> tuple[TypeShare, ...]:
    return tuple(TypeShare(pair[0], pair[1]) for pair in pairs if len(pair) == _PAIR)


def _broad(region: Region) -> list[list[Any]]:
    """A broad kind stands behind the names, marked so."""
    return [] if region.broad is None else [[region.broad.name, round(region.broad.share, 4), _BROAD]]


def _broad_of(pairs: Iterable[Sequence[Any]]) -> TypeShare | None:
    return next((TypeShare(pair[0], pair[1]) for pair in pairs if pair[_PAIR:] == [_BROAD]), None)


def text_of(embedding: NDArray[np.float32]) -> str:
    """A unit vector in half precision, little-endian, base64."""
    return base64.b64encode(embedding.astype(_HALF).tobytes()).decode("ascii")


def vector_of(text: str) -> NDArray[np.float32]:
    """What :func:`text_of` wrote.

    Raises:
        ValueError: if it did not.
    """
    return np.frombuffer(base64.b64decode(text, validate=True), _HALF).astype(np.float32)


def _json(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
