"""Residuals of made-up products on disk, in pieces that do not depend on each other: gathering can stop and go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import FolderError
from filo_core.eyes.bank import PatchBank
from filo_core.eyes.residual_head import pressed, residuals_of
from filo_core.learning.gathered_pieces import keep_piece, read_pieces
from filo_core.learning.made_up_products import ViewCounts, find_sources, made_up_product

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye, Features
    from filo_core.learning.made_up_products import MadeUpProduct
    from filo_core.learning.photographs import Photographs

    _Piece = tuple[NDArray[np.float16], NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]

PRODUCTS_A_PIECE = 5
_FEWEST, _MOST = 2, 4
"""Good parts a product: with few the nearest one is farther away."""
_GOOD, _BAD, _ANOMALIES = 1, 2, 4
_A_VIEW = 240
"""Patches a view that are kept at most: half of them anomalous; of the good ones half the oddest."""
_COVERED = 0.4
"""Share of a cell from which on it is anomalous; a cell that is near one and less than this is neither."""
_BESIDE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Patches beside the good ones nearest to them.

    Shapes: ``residuals`` (n, C) pressed into (-1, 1), ``standard`` (n,) likewise, ``anomalous`` and ``products`` (n,).
    """

    residuals: NDArray[np.float16]
    standard: NDArray[np.float32]
    anomalous: NDArray[np.bool_]
    products: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.products)


def gather_residuals(folder: Path, images: Path, eyes: Sequence[Eye], seed: int, products: int) -> Iterator[int]:
    """Gather residuals into ``folder`` until it holds those of so many products; the number so far, a piece each.

    Args:
        folder: made if it is not there; pieces that are there are kept.
        images: see :func:`~filo_core.learning.made_up_products.find_sources`.
        eyes: the light trunk at some sizes, drawn from with equal chances.
        seed: the same gives the same pieces.
        products: how many.

    Raises:
        FolderError: if there are no images, or the folder cannot be written.
    """
    pictures = find_sources(images, held_out=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(-(-products // PRODUCTS_A_PIECE)):
            path = folder / f"{seed}-{number:04d}.npz"
            if not path.exists():
                piece = _piece(pictures, eyes, seed, number)
                keep_piece(
                    path,
                    residuals=piece.residuals,
                    standard=piece.standard,
                    anomalous=piece.anomalous,
                    products=piece.products,
                )
            yield (number + 1) * PRODUCTS_A_PIECE
    except OSError as error:
        raise FolderError(
            "{folder} cannot be written: {reason}. Choose another folder.",
            folder=folder,
            reason=error.strerror or error,
        ) from error


def _piece(pictures: Photographs, eyes: Sequence[Eye], seed: int, number: int) -> Residuals:
    found = []
    for at in range(number * PRODUCTS_A_PIECE, (number + 1) * PRODUCTS_A_PIECE):
        rng = np.random.default_rng((seed, at))
        counts = ViewCounts(int(rng.integers(_FEWEST, _MOST + 1)), _GOOD, _BAD, _ANOMALIES)
        product = made_up_product(pictures, counts, rng)
        found += _of_product(product, eyes[int(rng.integers(len(eyes)))], at, rng)
    return Residuals(*(np.concatenate(columns) for columns in zip(*found, strict=True)))


def read_residuals(folder: Path, seed: int, products: int) -> Residuals:
    """What was gathered of the first so many products.

    Raises:
        FolderError: if there is nothing, or a piece is damaged.
    """
    paths = [folder / f"{seed}-{number:04d}.npz" for number in range(-(-products // PRODUCTS_A_PIECE))]
    paths = [path for path in paths if path.exists()]
    if not paths:
        raise FolderError("{folder} holds no residuals of seed {seed}. Gather some first.", folder=folder, seed=seed)
    return Residuals(*read_pieces(paths, ("residuals", "standard", "anomalous", "products")))


def bank_of(product: MadeUpProduct, eyes: Sequence[Eye]) -> PatchBank:
    """The product's references as a detector stores them."""
    seen = [(str(number), [eye.features(view) for eye in eyes]) for number, view in enumerate(product.references)]
    bank = PatchBank()
    for key, features in seen:
        bank.add(key, [one.patches for one in features])
    bank.measure(seen)
    return bank


def _of_product(product: MadeUpProduct, eye: Eye, number: int, rng: np.random.Generator) -> list[_Piece]:
    bank = bank_of(product, [eye])
    found: list[_Piece] = []
    for view, mask in [*((view, None) for view in product.good), *product.bad]:
        features = eye.features(view)
        standard, nearest = bank.matched(0, features.patches)
        cells, anomalous = _kept(features, standard, mask, rng)
        residuals = pressed(residuals_of(features.patches[cells], nearest.at(cells)), bank.residual_scale)
        products = np.full(len(cells), number, np.int64)
        found.append((residuals.astype(np.float16), pressed(standard[cells], 1.0), anomalous, products))
    return found


def _kept(
    features: Features, standard: NDArray[np.float32], mask: NDArray[np.bool_] | None, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Cells that are kept of a view, and which of them are anomalous."""
    rows, columns = features.grid.shape[:2]
    covered = np.zeros((rows, columns), np.float32)
    if mask is not None:
        covered = np.asarray(cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA))
    near = cv2.dilate((covered > 0).astype(np.uint8), np.ones((2 * _BESIDE + 1,) * 2, np.uint8)).ravel() > 0
    bad = rng.permutation(np.flatnonzero(covered.ravel() >= _COVERED))[: _A_VIEW // 2]
    good = np.flatnonzero(~near)
    count = _A_VIEW if mask is None else _A_VIEW // 3
    odd = good[np.argsort(-standard[good], kind="stable")[: count // 2]]
    others = rng.permutation(good)[: count - len(odd)]
    cells = np.concatenate([bad, odd, others])
    return cells, np.arange(len(cells)) < len(bad)
