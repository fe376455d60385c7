"""Photographs to paint anomalies on: found, read and cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import FolderError
from filo_core.learning.surface_anomalies import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Photographs:
    """Things, whose views show the same piece, and textures, which have no piece."""

    things: tuple[Path, ...]
    textures: tuple[Path, ...]


def pick(paths: Sequence[Path], rng: np.random.Generator) -> Path:
    """One of them."""
    return paths[int(rng.integers(len(paths)))]


def read_pixels(path: Path) -> NDArray[np.uint8]:
    """Pixels as RGB; OpenCV, since training reads tens of thousands of files."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FolderError("{path} is not an image that can be trained on. Take it out of the folder.", path=path)
    return np.ascontiguousarray(pixels[..., ::-1])


def crop(
    image: NDArray[np.uint8], whole: int, rng: np.random.Generator, zoom: tuple[float, float], *, turn: bool = True
) -> NDArray[np.uint8]:
    """A random square of the image at ``(whole, whole)``; zoom 1 takes all of the shorter side, 2 half of it."""
    height, width = image.shape[:2]
    cut = max(32, min(height, width, round(min(height, width) / rng.uniform(*zoom))))
    top, left = int(rng.integers(height - cut + 1)), int(rng.integers(width - cut + 1))
    piece = image[top : top + cut, left : left + cut]
    method = cv2.INTER_AREA if cut > whole else cv2.INTER_CUBIC
    piece = np.asarray(cv2.resize(piece, (whole, whole), interpolation=method), np.uint8)
    if not turn:
        return piece
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    return np.ascontiguousarray(np.rot90(piece, int(rng.integers(4)))) if rng.random() < 0.3 else piece.copy()


def donor_of(photographs: Photographs, whole: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Another picture, whose material anomalies are made of: ``(whole, whole, 3)`` uint8 RGB."""
    pool = photographs.textures or photographs.things
    return (
        crop(read_pixels(pick(pool, rng)), whole, rng, (1.0, 2.0)) if pool else crop(woven(rng), whole, rng, (1.0, 1.0))
    )


def woven(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A drawn texture: noise of two grains, sometimes with regular waves."""
    side = 256
    field = rng.uniform(4, 25) * smooth_noise((side, side), rng.uniform(1.2, 4.0), rng)
    field += rng.uniform(0, 25) * smooth_noise((side, side), rng.uniform(5.0, 20.0), rng)
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    if rng.random() < 0.6:
        angle = rng.uniform(0, np.pi)
        phase = columns * np.cos(angle) + rows * np.sin(angle)
        field += rng.uniform(5, 40) * np.sin(phase * rng.uniform(0.2, 1.2)).astype(np.float32)
        if rng.random() < 0.5:
            field += 20.0 * np.sin((columns * np.sin(angle) - rows * np.cos(angle)) * rng.uniform(0.2, 1.2))
    base = np.clip(rng.uniform(40, 215) + rng.normal(0, 25, 3), 10, 245)
    return np.asarray(np.clip(base + field[..., None] * rng.uniform(0.7, 1.3, 3), 0, 255), np.uint8)
