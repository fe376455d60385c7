"""Patch features of a picture: what a trunk says at several depths, on one grid, each normalised and joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.eyes.frames import FittedFrame, fitted, frame_of
from filo_core.eyes.tiles import TILE_PX, stages_in_tiles
from filo_core.trunks.specs import Network, Slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.trunks.session import TrunkSession

_SMALL = 256
"""Pixels up to which the light trunk is read one block earlier as well: fine things are lost by the next one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a trunk, on a grid of which stride, and over how many cells each stage is averaged."""

    outputs: tuple[str, ...]
    stride: int
    blur: int


def reading_of(network: Network, side: int) -> Reading:
    """What is read of a network when a square picture has ``side`` pixels."""
    if network is Network.DINOV2_S:
        return Reading(("l6", "l8", "l10"), 14, 1)
    return Reading(("b1", "b2", "b4") if side <= _SMALL else ("b2", "b4"), 8, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of one picture by one trunk."""

    grid: NDArray[np.float32]
    """``(rows, columns, C)``, unit length along C; rows and columns that are padding alone are left out."""
    frame: FittedFrame
    stride: int

    @property
    def patches(self) -> NDArray[np.float32]:
        """``(N, C)``, row by row."""
        return self.grid.reshape(-1, self.grid.shape[-1])


class Eye:
    """One trunk at one size.

    Args:
        session: the trunk.
        side: pixels of a square picture; others get the same area.
    """

    def __init__(self, session: TrunkSession, side: int) -> None:
        self._session = session
        self.side = side
        self.reading = reading_of(session.spec.network, side)

    @property
    def name(self) -> str:
        """Of its trunk."""
        return self._session.spec.name

    @property
    def is_deep(self) -> bool:
        """Whether it is the deep trunk."""
        return self._session.spec.slot is Slot.DEEP

    @property
    def device(self) -> str:
        """Where it computes."""
        return self._session.device

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        """Features of ``(H, W, 3)`` uint8 RGB of any size."""
        frame = frame_of(pixels.shape[1], pixels.shape[0], self.side, self._session.shape.multiple)
        stages = self._stages(fitted(pixels, frame))
        rows, columns = frame.cells(self.reading.stride)
        joined = unit(np.concatenate([_on_grid(stage, rows, columns, self.reading.blur) for stage in stages], axis=-1))
        shown_rows, shown_columns = frame.shown(self.reading.stride)
        return Features(np.ascontiguousarray(joined[:shown_rows, :shown_columns]), frame, self.reading.stride)

    def _stages(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        outputs, shape = self.reading.outputs, self._session.shape
        if self.side <= TILE_PX:
            return self._session.stages(picture, outputs)
        strides = [shape.stride(output) for output in outputs]
        return stages_in_tiles(lambda tile: self._session.stages(tile, outputs), picture, strides, shape.multiple)


def unit(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same directions along the last axis, of unit length."""
    length = np.sqrt(np.einsum("...c,...c->...", array, array))[..., None]
    return np.asarray(array / (length + np.float32(1e-8)), np.float32)


def _on_grid(stage: NDArray[np.float32], rows: int, columns: int, blur: int) -> NDArray[np.float32]:
    smooth = np.ascontiguousarray(stage)
    if blur > 1:
        smooth = np.asarray(cv2.blur(smooth, (blur, blur)), np.float32)
    if smooth.shape[:2] != (rows, columns):
        how = cv2.INTER_AREA if smooth.shape[0] > rows else cv2.INTER_LINEAR
        smooth = np.asarray(cv2.resize(smooth, (columns, rows), interpolation=how), np.float32)
    return unit(smooth.reshape(rows, columns, -1))
