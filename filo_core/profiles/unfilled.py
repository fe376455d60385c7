"""Builds networks whose weights come next: without the random start that torch would give them first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# torch asks here for these three functions as a whole, for all others when they draw at last.
_DRAWS = frozenset({torch.Tensor.uniform_, torch.Tensor.normal_, init.uniform_, init.normal_, init.kaiming_uniform_})


class Unfilled(TorchFunctionMode):
    """Use as a context around a constructor: drawing weights is left out, constants and buffers are as ever.

    What would have been drawn holds whatever the memory held, so every such weight must be loaded or seeded next. It
    saves most of the time a large network takes to build.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Everything but a draw goes through."""
        del types
        named = kwargs or {}
        if func in _DRAWS:
            return args[0] if args else named["tensor"]
        return func(*args, **named)
