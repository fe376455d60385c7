"""What the release makes of Grounding DINO's boxes: filter, position, suppression. Its oddities are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filo_core.method.interfaces import GroundingBox
from filo_core.types import Position

SIDE = 518
SCORE_LIMIT = 0.25
AREA_LIMIT = 0.7
SUPPRESSION = 0.7
_BANDS = ((0, 172), (173, 344), (345, 517))


@dataclass(frozen=True, slots=True)
class BoxCandidate:
    """A box as Grounding DINO gives it: centre and size in fractions of the image, float32."""

    box: tuple[float, float, float, float]
    score: float
    phrase: str


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Candidates that passed the first filter.

    Attributes:
        boxes: ``(n, 4)`` float32; survivors as x1, y1, x2, y2 in pixels, unclamped; the others still centre and size.
        rectangles: ``(n, 4)`` int32, survivors truncated towards zero, the others all zero.
        centre: x and y in pixels of the box that chooses the position; the image's centre when none does.
        position: None for a centre in the gap between two bands, or outside: then all nine are averaged.
        survivors: those that are in pixels, as fractions of the image and unclamped, in their order.
    """

    boxes: NDArray[np.float32]
    rectangles: NDArray[np.int32]
    centre: tuple[float, float]
    position: Position | None
    survivors: tuple[GroundingBox, ...]


def filter_boxes(candidates: Sequence[BoxCandidate], words: Sequence[str]) -> Boxes:
    """The release's choice among candidates whose phrases may name one of ``words``."""
    small = [c for c in candidates if np.float32(c.score) > SCORE_LIMIT and c.box[2] * c.box[3] < AREA_LIMIT]
    kept = small or [max(candidates, key=lambda c: c.score)] if candidates else []
    boxes = np.array([c.box for c in kept], np.float32).reshape(-1, 4)
    rectangles = np.zeros((len(kept), 4), np.int32)
    named = [row for row, candidate in enumerate(kept) if any(word in _label(candidate) for word in words)]
    for row in named:
        x, y, width, height = boxes[row] * np.float32(SIDE)
        left, top = x - width / 2, y - height / 2
        boxes[row] = left, top, width + left, height + top
        rectangles[row] = boxes[row].astype(np.int32)
    centre = _centre(boxes[named], [kept[row].score for row in named])
    survivors = tuple(_as_fractions(boxes[row], kept[row]) for row in named)
    return Boxes(boxes, rectangles, centre, _position(*centre), survivors)


def _as_fractions(box: NDArray[np.float32], candidate: BoxCandidate) -> GroundingBox:
    left, top, right, bottom = (float(edge) / SIDE for edge in box)
    return GroundingBox(left, top, right, bottom, candidate.score, candidate.phrase)


def position_of_boxes(boxes: Sequence[GroundingBox]) -> Position | None:
    """Position that survivors choose; the centre's where there is none, as in the release."""
    pixels = np.array([[b.left, b.top, b.right, b.bottom] for b in boxes], np.float64).reshape(-1, 4) * SIDE
    return _position(*_centre(pixels.astype(np.float32), [box.score for box in boxes]))


def _centre(boxes: NDArray[np.float32], scores: Sequence[float]) -> tuple[float, float]:
    """Centre in pixels of the best box; of two with the same truncated score the later one is it."""
    best, centre = -1.0, (SIDE / 2, SIDE / 2)
    for box, score in zip(boxes, scores, strict=True):
        truncated = float(_truncated(score))
        if truncated >= best:
            best = truncated
            centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    return centre


def _label(candidate: BoxCandidate) -> str:
    # A phrase consists of the tokens above the box limit: below it, there is none.
    phrase = candidate.phrase if candidate.score > SCORE_LIMIT else ""
    return f"{phrase}({_truncated(candidate.score)})"


def _truncated(score: float) -> str:
    return str(float(score))[:4]


def _position(x: float, y: float) -> Position | None:
    columns = [index for index, (low, high) in enumerate(_BANDS) if low <= x <= high]
    rows = [index for index, (low, high) in enumerate(_BANDS) if low <= y <= high]
    return tuple(Position)[3 * rows[0] + columns[0]] if rows and columns else None


def suppress_unmarked(anomaly_map: Tensor, boxes: Sequence[GroundingBox], factor: float) -> Tensor:
    """``(S, S)`` map times ``factor`` outside the survivors' rectangles; everywhere if there are none.

    In place of :func:`filo_core.method.grounding.suppress_outside`, which leaves the map alone without a box.
    """
    edges = np.array([[b.left, b.top, b.right, b.bottom] for b in boxes], np.float64).reshape(-1, 4)
    rectangles = (edges * len(anomaly_map)).astype(np.float32).astype(np.int32)
    suppressed, _ = suppress(anomaly_map.cpu().numpy(), rectangles, factor)
    return torch.from_numpy(suppressed)


def suppress(
    anomaly_map: NDArray[np.float32], rectangles: NDArray[np.int32], factor: float = SUPPRESSION
) -> tuple[NDArray[np.float32], int]:
    """``(S, S)`` map times ``factor`` outside the rectangles, and the number of pixels that kept their value.

    Negative corners count from the far end, as Python slices do; so a box beyond the left or top edge marks nothing.
    A pixel that is exactly 1 is never reduced, since 1 is the release's own mark for "inside".
    """
    marked = anomaly_map.copy()
    for left, top, right, bottom in rectangles:
        marked[top:bottom, left:right] = 1.0
    inside = marked == 1.0
    return np.where(inside, anomaly_map, anomaly_map * np.float32(factor)), int(inside.sum())
