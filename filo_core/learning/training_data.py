"""Batches of groups from worker processes, without end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from filo_core.learning.training_pairs import Photographs, make_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class TrainingBatch:
    """Some groups, stacked: the attributes of :class:`Group` with a first axis more."""

    pixels: Tensor
    masks: Tensor
    kinds: Tensor
    steady: Tensor


class _Groups(IterableDataset[Any]):
    def __init__(self, photographs: Photographs, sides: Sequence[int], count: int, seed: Sequence[int]) -> None:
        self._photographs = photographs
        self._sides = tuple(sides)
        self._count = count
        self._seed = tuple(seed)

    def __iter__(self) -> Iterator[TrainingBatch]:
        worker = get_worker_info()
        # The workers share the cores with training: more threads would only wait for each other.
        cv2.setNumThreads(1)
        rng = np.random.default_rng([*self._seed, worker.id if worker else 0])
        while True:
            side = self._sides[int(rng.integers(len(self._sides)))]
            count = max(1, round(self._count * (self._sides[0] / side) ** 2))
            drawn = [make_group(self._photographs, side, rng) for _ in range(count)]
            yield TrainingBatch(
                torch.from_numpy(np.stack([group.pixels for group in drawn])),
                torch.from_numpy(np.stack([group.masks for group in drawn])),
                torch.from_numpy(np.stack([group.kinds for group in drawn])),
                torch.tensor([group.steady for group in drawn]),
            )


def batches(
    photographs: Photographs, sides: Sequence[int], count: int, seed: Sequence[int], workers: int
) -> Iterator[TrainingBatch]:
    """Batches of views of one size each; the same seed and number of workers give the same ones.

    Args:
        photographs: to make them from.
        sides: of the views in pixels, drawn from with equal chances.
        count: groups a batch at the first of the sides; larger views come in fewer groups, with as many pixels in all.
        seed: of all that is drawn.
        workers: processes that make them; 0 makes them in this one.
    """
    loader: DataLoader[Any] = DataLoader(
        _Groups(photographs, sides, count, seed),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # A forked copy of a process whose threads compute may hang.
        multiprocessing_context="spawn" if workers else None,
    )
    yield from loader
