"""The V-V attention path beside a frozen open_clip vision transformer (III-C, IV-C): values attend to values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor
    from torch.utils.hooks import RemovableHandle


@dataclass(frozen=True, slots=True, eq=False)
class BlockStates:
    """What one block of the vision transformer leaves behind, each ``(B, 1 + N, C)`` with the class token first."""

    middle: Tensor
    """Original path between attention and feed-forward."""
    output: Tensor
    """Original path after the block."""
    value: Tensor | None
    """V-V path after the block; None before it begins."""


def embed_patches(visual: Any, batch: Tensor) -> Tensor:
    """Input of the first block, ``(B, 1 + N, C)``: patches, class token, positions, ``ln_pre``."""
    patches = visual.conv1(batch).flatten(2).transpose(1, 2)
    class_token = visual.class_embedding.expand(patches.shape[0], 1, -1)
    tokens = functional.pad(patches, (0, 0, 1, 0)).clone()
    tokens[:, :1] = class_token
    return visual.ln_pre(tokens + visual.positional_embedding)  # type: ignore[no-any-return]


def run_blocks(visual: Any, batch: Tensor, first_value_block: int) -> list[BlockStates]:
    """All blocks of an open_clip ``VisionTransformer``, the V-V path beside them from ``first_value_block`` (1-based).

    The V-V path starts from the original path, reads LN1 of the *original* path in every block, shares the output
    projection, has no feed-forward, and accumulates: V_l = V_(l-1) + VV_l(LN1(H_(l-1))).
    """
    states: list[BlockStates] = []
    hidden = embed_patches(visual, batch)
    value: Tensor | None = None
    for number, block in enumerate(visual.transformer.resblocks, start=1):
        normed = block.ln_1(hidden)
        if number >= first_value_block:
            value = (hidden if value is None else value) + value_attention(block.attn, normed)
        middle = hidden + block.ls_1(block.attention(q_x=normed))
        hidden = middle + block.ls_2(block.mlp(block.ln_2(middle)))
        states.append(BlockStates(middle, hidden, value))
    return states


class ValuePath:
    """Follows the V-V path while open_clip runs its own forward, through hooks on the first norm of each block.

    Use as a context around one forward pass; without stages nothing is hooked.

    Args:
        visual: an open_clip ``VisionTransformer``.
        first_block: 1-based block in which the path begins.
        stages: 1-based blocks whose value is kept, ascending.

    Attributes:
        values: after the pass ``(B, 1 + N, C)`` a stage, class token first, each a tensor of its own.
    """

    def __init__(self, visual: Any, first_block: int, stages: Sequence[int]) -> None:
        self._blocks = visual.transformer.resblocks
        self._first = first_block
        self._stages = frozenset(stages)
        self._hooks: list[RemovableHandle] = []
        self._value: Tensor | None = None
        self.values: list[Tensor] = []

    def __enter__(self) -> ValuePath:
        last = max(self._stages, default=0)
        for number, block in enumerate(self._blocks[:last], start=1):
            if number >= self._first:
                self._hooks.append(block.ln_1.register_forward_hook(partial(self._step, number, block.attn)))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _step(self, number: int, attention: Any, _: Any, inputs: tuple[Tensor, ...], normed: Tensor) -> None:
        before = inputs[0] if self._value is None else self._value
        self._value = before + value_attention(attention, normed)
        if number in self._stages:
            self.values.append(self._value)


def value_attention(attention: Any, normed: Tensor) -> Tensor:
    """Attention with q = k = v, scale head_dim^-0.5, through the block's own output projection.

    Args:
        attention: ``torch.nn.MultiheadAttention`` of the block.
        normed: ``(B, T, C)``, LN1 of the original path.
    """
    width = normed.shape[-1]
    value = functional.linear(normed, attention.in_proj_weight[-width:], attention.in_proj_bias[-width:])
    heads = value.view(*value.shape[:2], attention.num_heads, -1).transpose(1, 2)
    mixed = functional.scaled_dot_product_attention(heads, heads, heads)
    return attention.out_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]
