"""Adapter between the global image feature and the text (III-B3, Algorithm 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


class Adapter(nn.Module):
    """Linear, ReLU, Linear, SiLU with a bottleneck.

    Args:
        joint: width D of the joint space.
        hidden: width of the bottleneck.
        residual: adds the input and starts at the identity; without it Algorithm 1 to the letter.
    """

    def __init__(self, joint: int, hidden: int, *, residual: bool = True) -> None:
        super().__init__()
        self._residual = residual
        self.down = nn.Linear(joint, hidden)
        self.up = nn.Linear(hidden, joint)
        if residual:
            nn.init.zeros_(self.up.weight)
            nn.init.zeros_(self.up.bias)

    def forward(self, image: Tensor) -> Tensor:
        """``(..., D)`` L2-normalised, from the same."""
        change = functional.silu(self.up(functional.relu(self.down(image))))
        return functional.normalize((image + change if self._residual else change).float(), dim=-1)
