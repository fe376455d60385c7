"""Good parts turned, for products that lie anywhere; and whether a product does, from its good parts alone.

A network that has learned from photographs knows a thing by how it lies: a screw turned by a quarter is unlike itself.
So each good part is looked at from all sides, and what is not in the picture then is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.types import Pose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye, Features

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

TURNS = 12
"""Equal turns of a whole one."""
_COVERED = 0.99
"""Share of a cell that shows the picture, for the cell to count."""


@dataclass(frozen=True, slots=True, eq=False)
class TurnedPicture:
    """A picture turned about its centre in a frame of its own size."""

    pixels: Picture
    """``(H, W, 3)`` uint8 RGB; beyond the picture it is mirrored, so that no edge is invented."""
    covered: NDArray[np.float32]
    """``(H, W)`` in [0, 1]: how much of each pixel the picture itself shows."""

    def cells(self, features: Features) -> Mask:
        """``(N,)``, True for the patches of ``features`` that show the picture."""
        rows, columns = features.grid.shape[:2]
        share = cv2.resize(self.covered, (columns, rows), interpolation=cv2.INTER_AREA)
        return np.asarray(share >= _COVERED, np.bool_).ravel()


def turned(pixels: Picture, pose: Pose) -> Iterator[TurnedPicture]:
    """All ways in which a part of this pose may lie, but for the one it does.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.
        pose: none for a fixed one, :data:`TURNS` - 1 for a free one, and all of the mirror image besides for one that
            may be flipped.
    """
    if pose is Pose.FIXED:
        return
    for turn in range(1, TURNS):
        yield _turned(pixels, turn)
    if pose is Pose.FLIPPED:
        mirrored = np.ascontiguousarray(pixels[:, ::-1])
        for turn in range(TURNS):
            yield _turned(mirrored, turn)


def _turned(pixels: Picture, turn: int) -> TurnedPicture:
    height, width = pixels.shape[:2]
    if 2 * turn % TURNS == 0:
        # Nothing is lost by half a turn, in a frame of any shape.
        exact = np.ascontiguousarray(np.rot90(pixels, 4 * turn // TURNS))
        return TurnedPicture(exact, np.ones((height, width), np.float32))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 360.0 * turn / TURNS, 1.0)
    picture = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    covered = cv2.warpAffine(np.ones((height, width), np.float32), matrix, (width, height))
    return TurnedPicture(np.asarray(picture, np.uint8), np.asarray(covered, np.float32))


GAIN = 0.9
"""Products are taken to lie anywhere when turning leaves less than this of the distance between two good parts.

On the development categories as they lie it leaves 0.96 to 1.0 (textures the least); with each part turned at random
0.42 to 0.88 of whatever is not a texture, also where the part is small in a noisy picture.
"""
MOST_COMPARED = 4
"""Good parts that are held against each other to find a product's pose."""
_LONGEST_PX = 384
"""Of the pictures that are turned for it; the eye looks at less."""


def pose_of(eye: Eye, pictures: Sequence[Picture]) -> Pose:
    """How a product lies, from its good parts: free if they explain each other far better once they are turned.

    Args:
        eye: that looks at them; a small quick one is enough.
        pictures: ``(H, W, 3)`` uint8 RGB each. Of one alone nothing can be said, so it is taken to be fixed.
    """
    if len(pictures) < 2:
        return Pose.FIXED
    return Pose.FREE if left_by_turning(eye, pictures) < GAIN else Pose.FIXED


def left_by_turning(eye: Eye, pictures: Sequence[Picture]) -> float:
    """Share of the mean distance from one good part to another that is left at the other's best turn, over all pairs.

    One turn for the whole picture: with a choice of turns for each patch, noise alone would gain.

    Args:
        eye: that looks at them.
        pictures: two or more; the first :data:`MOST_COMPARED` are compared.

    Returns:
        In [0, 1]; 1 where no turn explains more, or there is nothing to explain.
    """
    small = [_small(picture) for picture in pictures[:MOST_COMPARED]]
    looked = [eye.features(picture) for picture in small]
    # A quarter of the patches says as much: what the trunk sees of one, its neighbours see as well.
    asked = [one.grid[::2, ::2].reshape(-1, one.grid.shape[-1]) for one in looked]
    shares = []
    for at, (one, picture) in enumerate(zip(looked, small, strict=True)):
        views = [one.patches, *_turned_patches(eye, picture)]
        for patches in asked[:at] + asked[at + 1 :]:
            upright, *others = (_away(patches, view) for view in views)
            shares.append(min(upright, *others) / upright if upright > 0 else 1.0)
    return float(np.mean(shares))


def _turned_patches(eye: Eye, picture: Picture) -> list[NDArray[np.float32]]:
    found = []
    for other in turned(picture, Pose.FREE):
        looked = eye.features(other.pixels)
        patches = looked.patches[other.cells(looked)]
        # A narrow picture can lie outside its own frame.
        found += [patches] if len(patches) else []
    return found


def _away(patches: NDArray[np.float32], view: NDArray[np.float32]) -> float:
    nearest = (patches @ view.T).max(axis=1)
    return float(np.maximum(1.0 - nearest, 0.0).mean())


def _small(picture: Picture) -> Picture:
    factor = _LONGEST_PX / max(picture.shape[:2])
    if factor >= 1.0:
        return picture
    size = max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
