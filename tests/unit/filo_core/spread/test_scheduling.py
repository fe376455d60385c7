"""Who judges what, on workers that die, stall and come back as the test says."""

import random
from collections import deque
from collections.abc import Callable

import pytest

from filo_core.errors import FiloError
from filo_core.events import ImageInspected, ImageSkipped
from filo_core.line.runs import Outcome
from filo_core.spread.pictures import PlacedPicture
from filo_core.spread.scheduling import AHEAD, LOSSES, Batch, Judged, Lost, Returned, spread
from filo_core.types import Verdict

Fate = Callable[[Batch], Judged | Lost | Returned | None]


def answered(batch: Batch) -> Judged:
    outcomes: list[Outcome] = [(ImageSkipped(index, picture.name, "h", 1), True) for index, picture in batch]
    return Judged(batch, outcomes)


class FakeWorkers:
    """Holds what it was given, and answers in an order and with a fate of the test's choice."""

    def __init__(self, fate: Fate = answered, room: int = 4, count: int = 2, seed: int = 0) -> None:
        self.fate, self.room, self.count = fate, room, count
        self.held: deque[Batch] = deque()
        self.given: list[Batch] = []
        self.is_alone = False
        self._random = random.Random(seed)

    def free(self, *, alone: bool = False) -> bool:
        return not self.held if alone or self.is_alone else len(self.held) < self.room

    def give(self, batch: Batch, *, alone: bool = False) -> None:
        assert self.free(alone=alone)
        self.is_alone = alone
        self.held.append(batch)
        self.given.append(batch)

    def wait(self) -> Judged | Lost | Returned | None:
        if not self.held:
            return None
        self.held.rotate(self._random.randrange(len(self.held)))
        batch = self.held.popleft()
        answer = self.fate(batch)
        if answer is None:
            self.held.append(batch)
        return answer


def pictures(count: int) -> list[PlacedPicture]:
    return [PlacedPicture(f"{number}.png", f"/lot/{number}.png") for number in range(count)]


def indexes(found: list[Outcome]) -> list[int]:
    return [event.index for event, _ in found]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [1, 7, 8, 9, 100])
def test_outcomes_come_once_each_and_in_order_whoever_is_faster(count: int, seed: int) -> None:
    assert indexes(list(spread(pictures(count), FakeWorkers(seed=seed), "r"))) == list(range(count))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_lost_returned_or_late_every_picture_is_told_once(seed: int) -> None:
    chance = random.Random(seed)

    def fate(batch: Batch) -> Judged | Lost | Returned | None:
        return chance.choice([answered, answered, Lost, Returned, lambda _: None])(batch)

    found = list(spread(pictures(83), FakeWorkers(fate, seed=seed), "r"))
    assert indexes(found) == list(range(83))


def test_a_deadly_picture_is_given_up_alone_and_its_neighbours_are_judged() -> None:
    def fate(batch: Batch) -> Judged | Lost:
        return Lost(batch) if any(index == 5 for index, _ in batch) else answered(batch)

    workers = FakeWorkers(fate)
    found = dict(enumerate(spread(pictures(16), workers, "r")))
    event, was_read = found.pop(5)
    assert isinstance(event, ImageInspected)
    assert (event.inspection.verdict, was_read) == (Verdict.NOT_INSPECTED, False)
    assert "5.png" in event.inspection.reason
    assert all(isinstance(event, ImageSkipped) for event, _ in found.values())
    assert sum(any(index == 5 for index, _ in batch) for batch in workers.given) == LOSSES
    assert all(len(batch) == 1 for batch in workers.given if batch[0][0] == 5)


def test_what_killed_a_worker_takes_no_answer_of_others_with_it() -> None:
    """The answer to a batch dies with the worker where that begins the next one at once, as Ray's does."""
    workers = FakeWorkers()

    def fate(batch: Batch) -> Judged | Lost:
        behind = [batch, *workers.held]
        return Lost(batch) if any(index == 9 for one in behind for index, _ in one) else answered(batch)

    workers.fate = fate
    found = list(spread(pictures(40), workers, "r"))
    assert [event.index for event, _ in found if isinstance(event, ImageInspected)] == [9]


def test_a_slow_picture_holds_back_what_is_far_ahead_of_it() -> None:
    waited = 0

    def fate(batch: Batch) -> Judged | None:
        nonlocal waited
        if batch[0][0] == 0 and waited < 500:
            waited += 1
            return None
        return answered(batch)

    workers = FakeWorkers(fate, count=2)
    found = spread(pictures(1000), workers, "r", size=4)
    first = next(found)
    assert first[0].index == 0
    assert max(index for batch in workers.given for index, _ in batch) < 2 * AHEAD * 4 + 4
    assert len(list(found)) == 999


def test_what_is_asked_before_each_batch_ends_the_run_where_it_raises() -> None:
    asked = 0

    def require() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise FiloError("The golden set is broken.")

    workers = FakeWorkers(room=1)
    found = []
    with pytest.raises(FiloError, match="golden set"):
        found.extend(spread(pictures(80), workers, "r", require))
    assert len(workers.given) == 2
