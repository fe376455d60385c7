"""Pictures that nobody has sorted, each held against all the others: what most of them share is good.

Mutual scoring as in MuSc (Li et al., ICLR 2024): a patch is as odd as the mean of the lowest
:data:`NEAREST_SHARE` of its distances to the nearest patch of every other picture. What few pictures have is far from
most of them; what good parts vary in, some of them share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from filo_core.eyes.features import unit
from filo_core.eyes.frames import FittedFrame, frame_of, on_picture
from filo_core.eyes.scoring import fused, peak_of, spread_of, standardised

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye, Features

    Picture = NDArray[np.uint8]

NEAREST_SHARE = 0.3
"""Share of the other pictures that a patch is held against: those that are nearest to it."""
LIGHT_PX, DEEP_PX = 384, 280
"""Sizes of a square picture: the whole of a part counts here, and 200 pictures must not take minutes."""
LEAST_FOR_STRANGERS = 4
STRANGE_RATIO = 2.4
"""How much farther than the middle one of the others a picture is from them when it shows something else.

Measured on the development categories with the light trunk at 256 px: good parts of one product reach 2.3, and two
pictures of another product among six start at 2.55; photographs of another kind of paper reach 2.0 and are not told.
"""
_LEAST_APART = 0.02
"""Cosine distance: parts that are alike to the pixel would make a stranger of anything."""
_MOST_OTHERS = 60
"""Each picture is held against so many others, so that the work grows with their number alone; an even number."""
_DIMENSIONS = 96
_BASIS_PICTURES = 12
_MOST_CELLS = 28
"""Cells a side of a square picture; a finer grid is averaged down to it."""
_MAP_CELLS = 64
_SCORE_SHARE, _SCORE_SIGMA = 0.01, 1.0
_SEED = 19


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """One picture by one trunk, in few dimensions."""

    patches: NDArray[np.float32]
    rows: int
    columns: int
    frame: FittedFrame
    stride: int


def mutual_scores(
    eyes: Sequence[Eye], pictures: Iterable[Picture], lanes: int = 1
) -> Iterator[int | NDArray[np.float64]]:
    """How odd each picture is among the others. Yields how many were looked at so far, then the scores.

    Args:
        eyes: trunks, each at its size.
        pictures: each ``(H, W, 3)`` uint8 RGB of any size; read once, a few at a time.
        lanes: how many are looked at at a time.

    Returns:
        Lastly ``(N,)``, in deviations from the mean patch: higher is odder. It ranks these pictures among each other
        and says nothing beyond them.

    Raises:
        ValueError: for fewer than three pictures.
    """
    seen: list[list[_Seen]] = [[] for _ in eyes]
    sizes: list[tuple[int, int]] = []
    bases: list[NDArray[np.float32]] = []
    early: list[list[Features]] = []
    with ThreadPoolExecutor(lanes) as pool:
        remaining = iter(pictures)
        while several := tuple(islice(remaining, lanes)):
            looked = list(pool.map(lambda pixels: [_coarse(eye.features(pixels)) for eye in eyes], several))
            sizes += [(pixels.shape[1], pixels.shape[0]) for pixels in several]
            early += looked
            if not bases and len(early) >= _BASIS_PICTURES:
                bases = _bases(early)
            if bases:
                _keep(early, bases, seen)
                early = []
            yield len(sizes)
        if len(sizes) < 3:
            raise ValueError(f"mutual scoring needs three pictures, got {len(sizes)}")
        if early:
            _keep(early, bases or _bases(early), seen)
        # The pairs fill the cores; products that share them out once more would wait for each other.
        with threadpool_limits(1, user_api="blas"):
            maps = [_standard_maps(of_trunk, pool) for of_trunk in seen]
    yield np.array(
        [
            _score(size, [of_trunk[n] for of_trunk in seen], [of_map[n] for of_map in maps])
            for n, size in enumerate(sizes)
        ]
    )


def strangers(eye: Eye, pictures: Sequence[Picture]) -> tuple[int, ...]:
    """Which good parts do not look like the others, as another product does; a defect is too small to show here.

    Every patch is held against every other picture, and the middle one of its distances counts: two strangers that
    are alike do not explain each other while they are fewer than the rest.

    Args:
        eye: the light trunk, at any size.
        pictures: each ``(H, W, 3)`` uint8 RGB; with fewer than :data:`LEAST_FOR_STRANGERS` nobody is one.
    """
    if len(pictures) < LEAST_FOR_STRANGERS:
        return ()
    seen = [_coarse(eye.features(pixels)).patches for pixels in pictures]
    apart = np.array([_middle_distance(number, seen) for number in range(len(seen))])
    return tuple(
        number
        for number, distance in enumerate(apart)
        if distance > STRANGE_RATIO * max(float(np.median(np.delete(apart, number))), _LEAST_APART)
    )


def _middle_distance(number: int, seen: Sequence[NDArray[np.float32]]) -> float:
    alike = [(seen[number] @ other.T).max(axis=1) for at, other in enumerate(seen) if at != number]
    return float((1.0 - np.median(alike, axis=0)).mean())


def _coarse(features: Features) -> Features:
    """The features on a grid that is no finer than what the whole of a part needs."""
    rows, columns = features.grid.shape[:2]
    step = -(-max(1, round((rows * columns) ** 0.5)) // _MOST_CELLS)
    if step == 1:
        return features
    # Sums of blocks; unit length makes means of them. A last block may be smaller.
    blocks = np.add.reduceat(features.grid, np.arange(0, rows, step), axis=0)
    blocks = np.add.reduceat(blocks, np.arange(0, columns, step), axis=1)
    return replace(features, grid=unit(blocks), stride=features.stride * step)


def _bases(pictures: Sequence[Sequence[Features]]) -> list[NDArray[np.float32]]:
    """The directions in which the first pictures differ most, ``(C, dimensions)`` for each trunk."""
    bases = []
    for trunk in range(len(pictures[0])):
        patches = np.concatenate([features[trunk].patches for features in pictures])
        # Not about the mean: angles between features are what counts.
        _, directions = np.linalg.eigh((patches.T @ patches).astype(np.float64))
        bases.append(np.ascontiguousarray(directions[:, ::-1][:, :_DIMENSIONS].astype(np.float32)))
    return bases


def _keep(pictures: Sequence[Sequence[Features]], bases: Sequence[NDArray[np.float32]], to: list[list[_Seen]]) -> None:
    for features in pictures:
        for trunk, (one, basis) in enumerate(zip(features, bases, strict=True)):
            rows, columns = one.grid.shape[:2]
            to[trunk].append(_Seen(unit(one.patches @ basis), rows, columns, one.frame, one.stride))


def _standard_maps(seen: Sequence[_Seen], pool: ThreadPoolExecutor) -> list[NDArray[np.float32]]:
    """How far each patch is from its like in the other pictures, in deviations of all patches of all of them."""
    away = _away(seen, pool)
    spread = spread_of(np.concatenate(away))
    return [standardised(one, spread).reshape(of.rows, of.columns) for one, of in zip(away, seen, strict=True)]


def _away(seen: Sequence[_Seen], pool: ThreadPoolExecutor) -> list[NDArray[np.float32]]:
    """For each patch of each picture the mean of the lowest of its distances to the others."""
    pairs = _pairs(len(seen))
    others = len(pairs) * 2 // len(seen)
    nearest = [np.empty((len(one.patches), others), np.float32) for one in seen]
    taken = [0] * len(seen)
    places = []
    for first, second in pairs:
        places.append((first, taken[first], second, taken[second]))
        taken[first], taken[second] = taken[first] + 1, taken[second] + 1

    def hold(place: tuple[int, int, int, int]) -> None:
        # One product serves both pictures, and stays in the cache while both look for their nearest.
        first, at_first, second, at_second = place
        alike = seen[first].patches @ seen[second].patches.T
        nearest[first][:, at_first] = 1.0 - alike.max(axis=1)
        nearest[second][:, at_second] = 1.0 - alike.max(axis=0)

    list(pool.map(hold, places))
    count = max(1, round(NEAREST_SHARE * others))
    return [np.partition(one, count - 1, axis=1)[:, :count].mean(axis=1) for one in nearest]


def _pairs(total: int) -> list[tuple[int, int]]:
    """Which pictures are held against each other: all, or as many for each, at the same steps round the circle."""
    if total - 1 <= _MOST_OTHERS:
        return [(first, second) for first in range(total) for second in range(first + 1, total)]
    # Steps below half the circle meet each pair once.
    rng = np.random.default_rng(_SEED)
    steps = sorted(int(step) for step in rng.choice(np.arange(1, (total + 1) // 2), _MOST_OTHERS // 2, replace=False))
    return [(first, (first + step) % total) for step in steps for first in range(total)]


def _score(size: tuple[int, int], seen: Sequence[_Seen], maps: Sequence[NDArray[np.float32]]) -> float:
    grid = frame_of(*size, _MAP_CELLS)
    together = fused(
        [on_picture(away, one.frame, one.stride, grid.height, grid.width) for one, away in zip(seen, maps, strict=True)]
    )
    return peak_of(together, _SCORE_SHARE, _SCORE_SIGMA)
