"""What to do when a graphics card has no room: smaller batches first, and another device after that."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

import torch

from filo_core.out_of_memory import is_out_of_memory

if TYPE_CHECKING:
    from torch import Tensor

_P = ParamSpec("_P")
_R = TypeVar("_R")


class CanMakeRoom(Protocol):
    """What owns the methods that :func:`with_room` wraps."""

    def make_room(self) -> bool:
        """Move to where there is more room; False when it is there already."""
        ...


_Owner = TypeVar("_Owner", bound=CanMakeRoom)


def in_batches(compute: Callable[[Tensor], Tensor], rows: Tensor, size: int) -> Tensor:
    """``compute`` over batches of rows, put together; a batch that finds no room is halved, down to one row.

    Args:
        compute: ``(B, …)`` → ``(B, …)``, each row for itself.
        rows: ``(N, …)``.
        size: rows a batch to begin with.

    Raises:
        RuntimeError: torch's own, when not even one row finds room.
    """
    done: list[Tensor] = []
    start = 0
    while start < len(rows):
        batch = rows[start : start + size]
        try:
            done.append(compute(batch))
        except RuntimeError as error:
            if len(batch) == 1 or not is_out_of_memory(error):
                raise
            size = len(batch) // 2
            continue
        start += len(batch)
    return torch.cat(done)


def with_room(method: Callable[Concatenate[_Owner, _P], _R]) -> Callable[Concatenate[_Owner, _P], _R]:
    """Do it again once the owner has made room, where a graphics card has none."""

    @wraps(method)
    def call(owner: _Owner, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(owner, *args, **kwargs)
        except RuntimeError as error:
            if not is_out_of_memory(error) or not owner.make_room():
                raise
        # Outside of the block: while the error lives, so does what the failed call had on the card.
        return method(owner, *args, **kwargs)

    return call
