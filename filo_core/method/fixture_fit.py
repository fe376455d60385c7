"""A shape laid onto a picture's edges to parts of a pixel.

Each edge point looks along its own direction for the picture's edge; the rigid motion (and scale) that takes the points
there, by least squares of what is left along those directions, is applied, and again. What no edge is found for takes
no part, so that a hidden piece does not pull.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_ANSWER = 0.5
"""Product of an edge's direction with the picture's vector from which it is that edge."""
_NEAR = 0.03
"""How much an edge that is a pixel farther has to answer more."""
_FOUND_WITHIN_PX = 2.5
"""An edge that is farther from its place at the end was not found;"""
_FADES = 3.5
"""one that is nearer counts the less the farther it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """How poses fit, each an entry."""

    poses: Floats
    """``(K, 4)`` across, down, angle in radians, scale."""
    fit: Floats
    """``(K,)`` in [0, 1]: the mean over all edges of ``1 - (off / 3.5)^2``, and 0 for one that was not found."""
    residual: Floats
    """``(K,)`` root mean square of how far edges that were found are off along their direction, in pixels."""


def fitted(field: Floats, points: Floats, poses: Floats, reaches: tuple[int, ...], *, scales: bool) -> Fitted:
    """Poses as they fit best near where they are.

    Args:
        field: ``(H, W, 2)`` edge vectors of the picture.
        points: ``(N, 3)`` of the shape at the same size, around its centre.
        poses: ``(K, 4)`` to begin with.
        reaches: how far the edges look in each round, in pixels.
        scales: whether the scale may change.
    """
    poses = poses.astype(np.float32)
    for reach in reaches:
        places, normals = _laid(points, poses)
        off, answer = _edges_near(field, places, normals, reach)
        poses = _moved(poses, places, normals, off, np.where(answer >= _ANSWER, answer, 0.0), reach, scales=scales)
    places, normals = _laid(points, poses)
    off, answer = _edges_near(field, places, normals, 2)
    hits = (answer >= _ANSWER) & (np.abs(off) <= _FOUND_WITHIN_PX)
    count = np.maximum(hits.sum(axis=1), 1)
    residual = np.sqrt(np.where(hits, off * off, 0.0).sum(axis=1) / count)
    return Fitted(poses, np.where(hits, 1.0 - (off / _FADES) ** 2, 0.0).mean(axis=1), residual)


def _laid(points: Floats, poses: Floats) -> tuple[Floats, Floats]:
    """Places and directions ``(2, K, N)`` of the edges in each pose."""
    angle, scaled = poses[:, 2, None], poses[:, 3, None]
    cos, sin = np.cos(angle) * scaled, np.sin(angle) * scaled
    across = poses[:, 0, None] + cos * points[:, 0] - sin * points[:, 1]
    down = poses[:, 1, None] + sin * points[:, 0] + cos * points[:, 1]
    direction = points[:, 2] + angle
    return np.stack((across, down)), np.stack((np.cos(direction), np.sin(direction)))


def _edges_near(field: Floats, places: Floats, normals: Floats, reach: int) -> tuple[Floats, Floats]:
    """How far along its direction each point finds its edge, and how that answers: ``(K, N)`` each."""
    steps = np.arange(-reach - 1, reach + 2, dtype=np.float32)
    at, ways = places.reshape(2, -1, 1), normals.reshape(2, -1, 1)
    at = at + steps * ways
    seen = cv2.remap(field, at[0], at[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    answers = seen[..., 0] * ways[0] + seen[..., 1] * ways[1]
    best = (answers[:, 1:-1] - np.float32(_NEAR) * np.abs(steps[1:-1])).argmax(axis=1) + 1
    row = np.arange(len(best))
    here, before, after = answers[row, best], answers[row, best - 1], answers[row, best + 1]
    bend = np.maximum(2.0 * here - before - after, np.float32(1e-3))
    off = steps[best] + np.clip(0.5 * (after - before) / bend, -0.5, 0.5)
    return off.reshape(places.shape[1:]), here.reshape(places.shape[1:])


def _moved(
    poses: Floats, places: Floats, normals: Floats, off: Floats, weights: Floats, reach: int, *, scales: bool
) -> Floats:
    arms = places - poses.T[:2, :, None]
    size = max(float(np.abs(arms).max()), 1.0)
    rows = [normals[0], normals[1], (normals[1] * arms[0] - normals[0] * arms[1]) / size]
    if scales:
        rows.append((normals[0] * arms[0] + normals[1] * arms[1]) / size)
    slopes = np.stack(rows, axis=1)
    weighed = slopes * weights[:, None]
    normal = weighed @ slopes.transpose(0, 2, 1)
    normal += np.eye(len(rows), dtype=np.float32) * (1e-3 * weights.sum(axis=1) + 1e-6)[:, None, None]
    step = np.linalg.solve(normal, weighed @ off[..., None])[..., 0]
    step = np.clip(step, -reach, reach)
    changed = poses.copy()
    changed[:, :2] += step[:, :2]
    changed[:, 2] += step[:, 2] / size
    if scales:
        changed[:, 3] *= np.exp(np.clip(step[:, 3] / size, -0.2, 0.2))
    return changed
