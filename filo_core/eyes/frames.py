"""How a picture is fitted to a trunk: its aspect ratio is kept, and what is added to whole patches does not count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST = 4.0
"""Sides in the ratio up to which a picture keeps the area of a square; beyond it the longer side grows no more."""


@dataclass(frozen=True, slots=True)
class FittedFrame:
    """Sizes in pixels of a fitted picture: what it shows, and what is laid out for whole patches."""

    height: int
    width: int
    padded_height: int
    padded_width: int

    def cells(self, stride: int) -> tuple[int, int]:
        """Rows and columns of a grid of this stride over all that is laid out."""
        return self.padded_height // stride, self.padded_width // stride

    def shown(self, stride: int) -> tuple[int, int]:
        """Rows and columns of such a grid that show any of the picture; the others are padding alone."""
        return math.ceil(self.height / stride), math.ceil(self.width / stride)


def frame_of(width: int, height: int, side: int, multiple: int = 1) -> FittedFrame:
    """Frame of a ``width`` x ``height`` picture that costs what a square of ``side`` pixels does.

    Args:
        width: of the picture in pixels.
        height: the same.
        side: of a square picture; another one gets the same area, as far as :data:`LONGEST` allows.
        multiple: both sides of what is laid out are multiples of it.
    """
    longer, shorter = max(width, height), min(width, height)
    scale = side * math.sqrt(min(longer / shorter, LONGEST)) / longer
    shown_height, shown_width = max(1, round(height * scale)), max(1, round(width * scale))
    return FittedFrame(shown_height, shown_width, _whole(shown_height, multiple), _whole(shown_width, multiple))


def fitted(pixels: NDArray[np.uint8], frame: FittedFrame) -> NDArray[np.float32]:
    """The picture in its frame: ``(padded_height, padded_width, 3)`` float32 in [0, 1], the border repeated."""
    shrinks = frame.height * frame.width < pixels.shape[0] * pixels.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    small = cv2.resize(pixels, (frame.width, frame.height), interpolation=how)
    down, right = frame.padded_height - frame.height, frame.padded_width - frame.width
    laid_out = cv2.copyMakeBorder(small, 0, down, 0, right, cv2.BORDER_REPLICATE)
    return laid_out.astype(np.float32) / np.float32(255)


def on_picture(
    grid: NDArray[np.float32], frame: FittedFrame, stride: int, rows: int, columns: int
) -> NDArray[np.float32]:
    """Values of a trunk's grid on a ``(rows, columns)`` grid over the picture alone, linear between the cells.

    Args:
        grid: ``(h, w)`` over all that is laid out.
        frame: of the picture.
        stride: pixels a cell of ``grid``.
        rows: of the result.
        columns: of the result.
    """
    down, across = frame.height / (rows * stride), frame.width / (columns * stride)
    # From the centre of a cell of the result to where it lies among the centres of the grid.
    matrix = np.array([[across, 0.0, across / 2 - 0.5], [0.0, down, down / 2 - 0.5]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(grid, matrix, (columns, rows), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _whole(length: int, multiple: int) -> int:
    return -(-length // multiple) * multiple
