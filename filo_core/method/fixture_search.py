"""Where in a picture a shape may lie: its coarse edges at every place and angle, by correlation.

The answer at a place is the mean product of the shape's edge directions with the picture's edge vectors there; over all
places at once that is a correlation, done with Fourier transforms whose half for the shape is ready beforehand.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import scipy.fft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_TIP_PX = 1.6
"""How far the outermost edge moves from one angle that is tried to the next."""
_LOG_SCALE_STEP = 0.09


class CoarseSearch:
    """A shape's edges at one coarse size, ready for pictures of one size.

    Args:
        points: ``(N, 3)`` across, down from its centre and direction in radians, in pixels of the coarse size.
        turn: degrees either way that are tried.
        scale: share either way.
        size: rows and columns of the pictures at that size.
    """

    def __init__(self, points: Floats, turn: float, scale: float, size: tuple[int, int]) -> None:
        reach = float(np.hypot(points[:, 0], points[:, 1]).max())
        self._poses = _poses(turn, scale, reach)
        self._size = size
        self._margin = math.ceil(reach * (1.0 + scale)) + 1
        self._padded = tuple(scipy.fft.next_fast_len(length + self._margin, real=True) for length in size)
        shapes = np.zeros((len(self._poses), 2, *self._padded), np.float32)
        for number, (angle, scaled) in enumerate(self._poses):
            _draw(shapes[number], points, angle, scaled)
        self._shapes = np.conj(scipy.fft.rfft2(shapes)).astype(np.complex64)

    def candidates(self, field: Floats, most: int) -> Floats:
        """``(K, 4)`` places that answer most: across, down, angle in radians and scale, the best first.

        Args:
            field: ``(rows, columns, 2)`` edge vectors of the picture at the coarse size.
            most: how many places; each may come with two angles.
        """
        picture = np.zeros((2, *self._padded), np.float32)
        picture[:, : self._size[0], : self._size[1]] = np.moveaxis(field, 2, 0)
        spectrum = scipy.fft.rfft2(picture)
        product = self._shapes[:, 0] * spectrum[0]
        product += self._shapes[:, 1] * spectrum[1]
        # Back down the columns first: rows beyond the picture need no second transform, a third of all.
        within = scipy.fft.ifft(product, axis=1, overwrite_x=True)[:, : self._size[0]]
        answers = scipy.fft.irfft(within, n=self._padded[1], axis=2)[:, :, : self._size[1]]
        return self._peaks(answers, most)

    def _peaks(self, answers: Floats, most: int) -> Floats:
        best = answers.max(axis=0)
        found = []
        for _ in range(most):
            row, column = np.unravel_index(int(best.argmax()), best.shape)
            if best[row, column] <= 0.0:
                break
            for pose in self._angles_at(answers[:, row, column]):
                angle, scaled = self._poses[pose]
                found.append((float(answers[pose, row, column]), float(column), float(row), angle, scaled))
            best[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3] = 0.0
        found.sort(reverse=True)
        return np.array([one[1:] for one in found], np.float32).reshape(-1, 4)

    def _angles_at(self, answers: Floats) -> list[int]:
        """The pose that answers most at a place, and the best one at quite another angle."""
        first = int(answers.argmax())
        apart = [abs(_difference(angle, self._poses[first][0])) > math.radians(30.0) for angle, _ in self._poses]
        others = np.where(apart, answers, -1.0)
        second = int(others.argmax())
        return [first, second] if others[second] > 0.7 * answers[first] else [first]


def _poses(turn: float, scale: float, reach: float) -> list[tuple[float, float]]:
    step = _TIP_PX / max(reach, 4.0)
    if turn >= 180.0:
        count = math.ceil(2.0 * math.pi / step)
        angles = [2.0 * math.pi * number / count for number in range(count)]
    else:
        each = math.ceil(math.radians(turn) / step)
        angles = [math.radians(turn) * number / max(each, 1) for number in range(-each, each + 1)]
    each = math.ceil(math.log1p(scale) / _LOG_SCALE_STEP) if scale else 0
    scales = [math.exp(math.log1p(scale) * number / max(each, 1)) for number in range(-each, each + 1)]
    return [(angle, scaled) for scaled in scales for angle in angles]


def _draw(onto: Floats, points: Floats, angle: float, scaled: float) -> None:
    """Edge directions at their places, each shared among four cells; negative places come from the other side."""
    rows, columns = onto.shape[1:]
    cos, sin = math.cos(angle) * scaled, math.sin(angle) * scaled
    across, down = cos * points[:, 0] - sin * points[:, 1], sin * points[:, 0] + cos * points[:, 1]
    direction = points[:, 2] + angle
    left, top = np.floor(across), np.floor(down)
    for right, below in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - right - (across - left)) * np.abs(1 - below - (down - top)) / len(points)
        at = ((top + below).astype(np.int64) % rows, (left + right).astype(np.int64) % columns)
        np.add.at(onto[0], at, weight * np.cos(direction))
        np.add.at(onto[1], at, weight * np.sin(direction))


def _difference(first: float, second: float) -> float:
    return (first - second + math.pi) % (2.0 * math.pi) - math.pi
