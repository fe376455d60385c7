"""AnomalyDINO (Damm et al., WACV 2025): nearest patches of turned references, background masked, the top 1 % as score.

As its paper has it for data sets that nobody has told it about: every reference is turned seven times, the smaller side
of a picture is 448 or 672 pixels, and a picture is cut to whole patches. Its authors mask the background of some
categories only; which of MVTec AD and VisA those are is taken from them, and nothing else is masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from PIL import Image

from filo_core.errors import RecipeError
from filo_core.types import Prediction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Picture = NDArray[np.uint8]

SIZES_PX = (448, 672)
"""Smaller side of a picture."""
PATCH_PX = 14
MASKED = frozenset(
    {
        "capsule", "hazelnut", "pill", "screw", "toothbrush",
        "candle", "capsules", "cashew", "chewinggum", "fryum", "macaroni1", "macaroni2", "pcb1", "pcb2", "pcb3", "pcb4",
        "pipe_fryum",
    }
)  # fmt: skip
"""Categories of MVTec AD, then of VisA, whose background its authors mask."""
_TURNS = 8
_TOP_SHARE = 0.01
_SIGMA_PX = 4.0
_FAR = 10.0
"""A patch is of the object where its first principal component is beyond this."""
_BORDER, _COVERED = 0.2, 0.35
"""Within this border the object covers this share of the picture, or the component points the other way."""
_KERNEL = np.ones((3, 3), np.uint8)
_BLOCK = 1024


class PatchEncoder(Protocol):
    """Patch features of a network, the published one or another."""

    @property
    def trained(self) -> bool:
        """Whether its weights learned anything."""
        ...

    def patches(self, pixels: Floats) -> Floats:
        """``(rows, columns, C)`` of ``(H, W, 3)`` RGB in [0, 1], both sides whole patches of :data:`PATCH_PX`."""
        ...


class AnomalyDino:
    """Judges pictures of one category.

    Args:
        encoder: DINOv2, its last block behind its last norm.
        references: good pictures, ``(H, W, 3)`` uint8 RGB.
        side: of a picture's smaller side in pixels, see :data:`SIZES_PX`.
        masked: whether the background is left out of test pictures.

    Raises:
        RecipeError: without a reference.
    """

    def __init__(self, encoder: PatchEncoder, references: Sequence[Picture], side: int, *, masked: bool) -> None:
        if not references:
            raise RecipeError("There is no good part to compare with.")
        self._encoder = encoder
        self._side = side
        self._masked = masked
        turned = [self._seen(turn) for picture in references for turn in _turns(picture)]
        self._bank = np.concatenate([_unit(grid.reshape(-1, grid.shape[-1])) for grid in turned])

    def predict(self, pixels: Picture) -> Prediction:
        """Mean of the largest hundredth of the patch distances, and their map over the picture; no regions."""
        grid = self._seen(pixels)
        rows, columns = grid.shape[:2]
        patches = grid.reshape(rows * columns, -1)
        away = _distances(_unit(patches), self._bank)
        if self._masked:
            away = np.where(object_mask(patches, (rows, columns)), away, np.float32(0.0))
        # A distance is in [0, 2], and a map in [0, 1].
        heat = away.reshape(rows, columns) / np.float32(2.0)
        height, width = pixels.shape[:2]
        large = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
        smooth = np.asarray(cv2.GaussianBlur(large, (0, 0), _SIGMA_PX), np.float32)
        return Prediction(top_mean(heat.ravel()), smooth, (), {}, self._encoder.trained)

    def _seen(self, pixels: Picture) -> Floats:
        """Patch features of a picture, its smaller side resized, what is no whole patch cut off right and below."""
        height, width = pixels.shape[:2]
        factor = self._side / min(height, width)
        size = (max(round(width * factor), self._side), max(round(height * factor), self._side))
        resized = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
        whole = resized[: size[1] // PATCH_PX * PATCH_PX, : size[0] // PATCH_PX * PATCH_PX]
        return self._encoder.patches(whole.astype(np.float32) / np.float32(255))


def top_mean(distances: Floats) -> float:
    """Mean of the largest hundredth of the distances, of one at least."""
    count = max(int(len(distances) * _TOP_SHARE), 1)
    return float(np.sort(distances)[-count:].mean())


def object_mask(patches: Floats, grid: tuple[int, int]) -> NDArray[np.bool_]:
    """``(N,)``: patches of the object, by the first principal component of all.

    Args:
        patches: ``(N, C)``, not normalised.
        grid: rows and columns.
    """
    centred = patches - patches.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    first = (centred @ directions[:, -1]).reshape(grid)
    mask = first > _FAR
    rows, columns = grid
    inner = mask[int(rows * _BORDER) : int(rows * (1 - _BORDER)), int(columns * _BORDER) : int(columns * (1 - _BORDER))]
    if inner.sum() <= inner.size * _COVERED:
        mask = -first > _FAR
    grown = cv2.dilate(mask.astype(np.uint8), _KERNEL)
    return cv2.morphologyEx(grown, cv2.MORPH_CLOSE, _KERNEL).astype(bool).ravel()


def _turns(pixels: Picture) -> list[Picture]:
    """The picture at eight turns about its centre, its border repeated where nothing is known."""
    height, width = pixels.shape[:2]
    found = [pixels]
    for turn in range(1, _TURNS):
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 360.0 * turn / _TURNS, 1.0)
        turned = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        found.append(np.asarray(turned, np.uint8))
    return found


def _distances(patches: Floats, bank: Floats) -> Floats:
    """``1 - cosine`` to the nearest of the bank, in [0, 2]."""
    parts = [(patches[start : start + _BLOCK] @ bank.T).max(axis=1) for start in range(0, len(patches), _BLOCK)]
    return np.maximum(np.float32(1.0) - np.concatenate(parts), np.float32(0.0))


def _unit(patches: Floats) -> Floats:
    return np.asarray(patches / (np.linalg.norm(patches, axis=1, keepdims=True) + np.float32(1e-12)), np.float32)
