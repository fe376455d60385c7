"""What confirmed defects add to the good parts around them: directions that a place of a new part is held against.

Each place of a confirmed part gives a direction a trunk: the mean of what its patches differ from the nearest good by,
divided by how good parts differ from each other in every direction, as Fisher's discriminant does. A patch answers with
its largest product with any of them, in deviations among good parts; what is like no known defect answers with little.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import RecipeError
from filo_core.eyes.features import unit
from filo_core.eyes.frames import FittedFrame, on_picture
from filo_core.eyes.scoring import kept_on_part, weighed
from filo_core.learned_map import DefectDirections, LearnedMap, MapKind
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from filo_core.naming.region_features import Nearest

    Floats = NDArray[np.float32]

MOST_DIRECTIONS = 16
"""That are kept: those that recur most surely."""
_RIDGE = 1.0
"""Of the good parts' mean variance, added to that in every direction: few parts vary in few of them."""
_OF_PEAK = 0.5
"""Patches under a mark that stand out at least so much of what its highest one does are the defect."""
_LEAST_SPREAD = 1e-6
_OTHER_EYES = Sentence("What was learnt from known defects is of other eyes. Learn from them again.")
_HALF = np.dtype("<f2")


@dataclass(frozen=True, slots=True, eq=False)
class TrunkView:
    """What one trunk sees of a picture, held against good parts."""

    standard: Floats
    """``(rows, columns)``: distances in deviations among good parts."""
    residual: Floats
    """``(rows, columns, C)``: each patch less the good one that is nearest to it."""
    marked: tuple[NDArray[np.int64], ...]
    """Cells, row by row, under each place that was marked."""
    frame: FittedFrame
    stride: int
    grid: tuple[int, int]
    """Rows and columns of the grid that all trunks are put on."""
    learned: Floats | None = None
    """``(rows, columns)``: what the trained head says, in deviations among good parts; of the light trunk alone."""
    on_part: Floats | None = None
    """How much of each cell of the common grid lies on the part; of the light trunk alone, None where all counts."""

    def on_grid(self, values: Floats) -> Floats:
        """Values of the trunk's cells on the grid that all trunks share."""
        return on_picture(values, self.frame, self.stride, *self.grid)

    def defect(self, place: int) -> Floats:
        """``(C,)`` of unit length: what is at a marked place differs from good parts by this."""
        cells = self.marked[place]
        away = self.standard.ravel()[cells]
        own = cells[away >= min(_OF_PEAK * float(away.max()), float(away.max()))]
        flat = self.residual.reshape(-1, self.residual.shape[-1])
        return unit(np.asarray(flat[own].mean(axis=0), np.float32))


def map_of(
    kind: MapKind, views: Sequence[TrunkView], answers: Sequence[NDArray[np.float32]] = ()
) -> NDArray[np.float32]:
    """The map of this kind, of what the trunks see of one picture; ``answers`` a trunk, on its own cells."""
    learned = [view.on_grid(view.learned) for view in views if view.learned is not None]
    own = [view.on_grid(answer) for view, answer in zip(views, answers, strict=True)] if answers else []
    found = weighed(kind, [view.on_grid(view.standard) for view in views], learned, own)
    return kept_on_part(found, views[0].on_part)


@dataclass(frozen=True, slots=True, eq=False)
class TrunkHead:
    """Directions of one trunk, ``vectors`` ``(n, C)``, and what good parts answer."""

    vectors: Floats
    centre: float
    spread: float

    def answers(self, residual: Floats) -> Floats:
        """``(…)`` of ``(…, C)``: in deviations among good parts; high where a place is like a known defect."""
        best = (residual @ self.vectors.T).max(axis=-1)
        return np.asarray((best - np.float32(self.centre)) / np.float32(self.spread), np.float32)


def whitened(defects: Floats, good: Sequence[Floats]) -> Floats:
    """``(n, C)`` of unit length: directions that tell defects from how good parts vary anyway."""
    flat = np.concatenate([one.reshape(-1, one.shape[-1]) for one in good]).astype(np.float32)
    varied = (flat.T @ flat / np.float32(len(flat))).astype(np.float64)
    varied += _RIDGE * np.trace(varied) / len(varied) * np.eye(len(varied))
    found = unit(np.linalg.solve(varied, defects.T.astype(np.float64)).T.astype(np.float32))
    # As they are kept: what was measured is what judges.
    return found.astype(_HALF).astype(np.float32)


def directions_of(head: TrunkHead) -> DefectDirections:
    """A head as a recipe keeps it."""
    text = base64.b64encode(np.ascontiguousarray(head.vectors, _HALF).tobytes()).decode("ascii")
    return DefectDirections(text, len(head.vectors), head.centre, head.spread)


def heads_of(learned: LearnedMap | None) -> tuple[TrunkHead, ...]:
    """The heads that a recipe keeps; none with any other map than :attr:`MapKind.KNOWN`.

    Raises:
        RecipeError: if they are damaged.
    """
    if learned is None or learned.kind is not MapKind.KNOWN:
        return ()
    if not learned.trunks:
        raise RecipeError("What was learnt from known defects is missing. Learn from them again.")
    return tuple(_read(kept) for kept in learned.trunks)


def answers_at(heads: Sequence[TrunkHead], patches: Sequence[Floats], nearest: Sequence[Nearest]) -> list[Floats]:
    """Answers of the patches of a picture: ``(rows, columns)`` a trunk, of ``(rows, columns, C)`` patches."""
    found: list[Floats] = []
    if not heads:
        return found
    if len(heads) != len(patches):
        raise RecipeError(_OTHER_EYES)
    for head, grid, stored in zip(heads, patches, nearest, strict=True):
        flat = grid.reshape(-1, grid.shape[-1])
        if head.vectors.shape[1] != flat.shape[1]:
            raise RecipeError(_OTHER_EYES)
        found.append(head.answers(flat - stored.at(np.arange(len(flat)))).reshape(grid.shape[:2]))
    return found


def measured(vectors: Floats, good: Sequence[Floats]) -> TrunkHead:
    """A head of ``(n, C)`` directions, and what residuals of good parts answer to them."""
    answers = np.concatenate([(one @ vectors.T).max(axis=-1).ravel() for one in good])
    spread = max(float(answers.std(dtype=np.float64)), _LEAST_SPREAD)
    return TrunkHead(vectors, float(answers.mean(dtype=np.float64)), spread)


def _read(kept: DefectDirections) -> TrunkHead:
    try:
        vectors = np.frombuffer(base64.b64decode(kept.vectors, validate=True), _HALF).astype(np.float32)
        vectors = vectors.reshape(kept.count, -1)
    except ValueError as error:
        raise RecipeError("What was learnt from known defects cannot be read. Learn from them again.") from error
    numbers = np.array([kept.centre, kept.spread])
    if not (vectors.size and np.isfinite(vectors).all() and np.isfinite(numbers).all() and kept.spread > 0.0):
        raise RecipeError("What was learnt from known defects holds no numbers. Learn from them again.")
    return TrunkHead(vectors, kept.centre, kept.spread)
