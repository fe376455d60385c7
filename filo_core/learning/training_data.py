"""Batches of groups from worker processes, without end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from filo_core.learning.training_pairs import Photographs, groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some groups, stacked: the attributes of :class:`Group` with a first axis more."""

    pixels: Tensor
    masks: Tensor
    kinds: Tensor
    steady: Tensor


class _Groups(IterableDataset[Any]):
    def __init__(self, photographs: Photographs, side: int, count: int, seed: Sequence[int]) -> None:
        self._photographs = photographs
        self._side = side
        self._count = count
        self._seed = tuple(seed)

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        # The workers share the cores with training: more threads would only wait for each other.
        cv2.setNumThreads(1)
        source = groups(self._photographs, self._side, (*self._seed, worker.id if worker else 0))
        while True:
            drawn = [next(source) for _ in range(self._count)]
            yield Batch(
                torch.from_numpy(np.stack([group.pixels for group in drawn])),
                torch.from_numpy(np.stack([group.masks for group in drawn])),
                torch.from_numpy(np.stack([group.kinds for group in drawn])),
                torch.tensor([group.steady for group in drawn]),
            )


def batches(photographs: Photographs, side: int, count: int, seed: Sequence[int], workers: int) -> Iterator[Batch]:
    """Batches of ``count`` groups with views of ``side`` pixels; ``workers`` 0 makes them in this process."""
    loader: DataLoader[Any] = DataLoader(
        _Groups(photographs, side, count, seed),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        # A forked copy of a process whose threads compute may hang.
        multiprocessing_context="spawn" if workers else None,
    )
    yield from loader
