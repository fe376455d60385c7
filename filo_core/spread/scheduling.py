"""Who judges which pictures next, and what becomes of those whose worker died: no picture is lost, none told twice."""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from filo_core.events import ImageInspected
from filo_core.judging import not_inspected
from filo_core.line.runs import Outcome
from filo_core.sentence import Sentence
from filo_core.spread.pictures import PlacedPicture
from filo_core.types import Origin

Item = tuple[int, PlacedPicture]
"""A picture and its place in the job, from 0."""
Batch = tuple[Item, ...]

BATCH = 8
"""Pictures that a worker gets at a time: enough that asking costs little beside judging, few enough to judge again."""
AHEAD = 4
"""Batches for each worker that may be judged before the oldest one is told: what the driver has to hold."""
LOSSES = 3
"""So often a picture may take a worker with it before it is NOT_INSPECTED: once among others, twice alone."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The answers of a batch."""

    batch: Batch
    outcomes: Sequence[Outcome]


@dataclass(frozen=True, slots=True)
class Lost:
    """A batch without an answer: its worker died over it or did not answer."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Returned:
    """A batch that a worker had not begun when it died."""

    batch: Batch


class Workers(Protocol):
    """Several workers that judge batches."""

    @property
    def count(self) -> int:
        """How many there are, at least 1."""
        ...

    def free(self, *, alone: bool = False) -> bool:
        """Whether a batch may be given now; with ``alone`` to a worker that has nothing else in hand."""
        ...

    def give(self, batch: Batch, *, alone: bool = False) -> None:
        """Have some worker judge it; with ``alone`` it gets nothing else until that is answered."""
        ...

    def wait(self) -> Judged | Lost | Returned | None:
        """What comes next of all that was given; None where another worker may have become free meanwhile.

        Raises:
            FiloError: if there is no worker left, and none can be had.
        """
        ...


def spread(
    pictures: Sequence[PlacedPicture],
    workers: Workers,
    recipe_hash: str,
    before_each: Callable[[], None] = lambda: None,
    size: int = BATCH,
) -> Iterator[Outcome]:
    """The outcome of every picture, in their order.

    Args:
        pictures: of the job.
        workers: judge them.
        recipe_hash: by which recipe.
        before_each: called before a batch is given; what it raises ends the job.
        size: pictures a batch.

    Raises:
        FiloError: if there is no worker left, and whatever ``before_each`` raises.
    """
    job = _Job(pictures, workers, recipe_hash, before_each, size)
    while job.told < len(pictures):
        job.give()
        job.take(workers.wait())
        while job.told in job.done:
            yield job.done.pop(job.told)
            job.told += 1


class _Job:
    def __init__(
        self,
        pictures: Sequence[PlacedPicture],
        workers: Workers,
        recipe_hash: str,
        before_each: Callable[[], None],
        size: int,
    ) -> None:
        self._workers, self._recipe_hash, self._before_each, self._size = workers, recipe_hash, before_each, size
        items = tuple(enumerate(pictures))
        # In order of its first picture, so that nothing waits behind what may not begin yet.
        self._waiting: list[Batch] = [items[start : start + size] for start in range(0, len(items), size)]
        self._losses: Counter[int] = Counter()
        self.done: dict[int, Outcome] = {}
        self.told = 0

    def give(self) -> None:
        """As much as may begin now."""
        while self._waiting and self._may_begin(first := self._waiting[0][0][0]):
            # What has taken a worker with it is not judged beside others: the answer to those may die with it.
            alone = self._losses[first] > 0
            if not self._workers.free(alone=alone):
                return
            self._before_each()
            self._workers.give(heapq.heappop(self._waiting), alone=alone)

    def take(self, answer: Judged | Lost | Returned | None) -> None:
        """What came of a batch."""
        match answer:
            case Judged(batch=batch, outcomes=outcomes):
                self.done.update({index: outcome for (index, _), outcome in zip(batch, outcomes, strict=True)})
            case Returned(batch=batch):
                heapq.heappush(self._waiting, batch)
            case Lost(batch=batch):
                self._losses.update(index for index, _ in batch)
                for item in batch:
                    if self._losses[item[0]] < LOSSES:
                        heapq.heappush(self._waiting, (item,))
                    else:
                        self.done[item[0]] = _given_up(item, self._recipe_hash)
            case None:
                pass

    def _may_begin(self, index: int) -> bool:
        """Back-pressure: not so far ahead of what was told that the driver holds more than it has to."""
        return index < self.told + self._workers.count * AHEAD * self._size


def _given_up(item: Item, recipe_hash: str) -> Outcome:
    index, picture = item
    reason = Sentence(
        "Every worker that looked at {name} ended over it or did not answer. Judge it by eye, and report this.",
        name=picture.name,
    )
    inspection = not_inspected(picture.name, "", recipe_hash, Origin.FOLDER, time.perf_counter(), reason)
    return ImageInspected(index, inspection), False
