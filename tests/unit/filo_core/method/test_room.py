from __future__ import annotations

import pytest
import torch

from filo_core.method.memory_bank import MemoryBank
from filo_core.method.room import in_batches, with_room


class Card:
    """Has room for so many rows at a time."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.tried: list[int] = []

    def double(self, rows: torch.Tensor) -> torch.Tensor:
        self.tried.append(len(rows))
        if len(rows) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return rows * 2


def test_a_batch_that_finds_no_room_is_halved_until_it_does_and_stays_so() -> None:
    card, rows = Card(room=10), torch.arange(70.0)
    assert torch.equal(in_batches(card.double, rows, 64), rows * 2)
    assert card.tried == [64, 32, 16, *[8] * 8, 6]


def test_a_row_that_finds_no_room_alone_raises_what_torch_raised() -> None:
    card = Card(room=0)
    with pytest.raises(torch.OutOfMemoryError):
        in_batches(card.double, torch.arange(4.0), 4)
    assert card.tried == [4, 2, 1]


def test_any_other_error_is_not_tried_again() -> None:
    def fail(rows: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        in_batches(fail, torch.arange(4.0), 4)


def test_the_bank_matches_the_same_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    bank, query = MemoryBank(), torch.randn(49, 8, generator=torch.Generator().manual_seed(1))
    bank.add("a", [torch.randn(98, 8, generator=torch.Generator().manual_seed(2))])
    (whole,) = bank.distances([query])
    card = Card(room=12)

    def best_of(patches: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        card.double(rows)
        return (rows @ patches.T).amax(dim=1)

    monkeypatch.setattr("filo_core.method.memory_bank._best_of", best_of)
    (found,) = bank.distances([query])
    assert torch.allclose(found, whole, atol=1e-6)
    assert card.tried == [49, 24, 12, 12, 12, 12, 1] * 2, "each of the two passes"


def test_the_owner_makes_room_once_and_the_work_is_done_again() -> None:
    class Owner:
        made = 0

        def make_room(self) -> bool:
            self.made += 1
            return self.made == 1

        @with_room
        def work(self, needs: int) -> str:
            if self.made < needs:
                raise torch.OutOfMemoryError
            return "done"

    owner = Owner()
    assert owner.work(1) == "done"
    assert owner.made == 1
    with pytest.raises(torch.OutOfMemoryError):
        owner.work(5)
