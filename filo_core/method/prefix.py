"""Many prompts behind one learned prefix: the prefix is computed once an image (III-B2).

Attention is causal, so what the prefix leaves in a block does not depend on what follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """Keys and values of the prefix in every block, each ``(1, heads, T, width / heads)``."""

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    length: int
    """T: the start token and the context vectors."""


def deepened(hidden: Tensor, number: int, deep: Sequence[Tensor]) -> Tensor:
    """What block ``number`` (0-based) reads: learned tokens in the places behind the start token, from the second on.

    AnomalyCLIP's (Table I; Zhou et al., 2024, 3.2): each block's own tokens replace what the ones before became.

    Args:
        hidden: ``(P, T, width)``.
        number: of the block.
        deep: ``(n, width)`` a block that has some.
    """
    if not 0 < number <= len(deep):
        return hidden
    learned = deep[number - 1].to(hidden.dtype).expand(len(hidden), -1, -1)
    return torch.cat([hidden[:, :1], learned, hidden[:, 1 + learned.shape[1] :]], dim=1)


def run_prefix(model: Any, start: Tensor, context: Tensor, deep: Sequence[Tensor] = ()) -> Prefix:
    """Pass the start token and the context vectors through the text tower of an ``open_clip.CLIP``.

    Args:
        model: with a causal text tower.
        start: the start token, any integer tensor of one element.
        context: ``(n, width)``.
        deep: see :func:`deepened`.
    """
    hidden = torch.cat([model.token_embedding(start.reshape(1)), context])[None]
    length = hidden.shape[1]
    hidden = hidden + model.positional_embedding[:length]
    keys, values = [], []
    for number, block in enumerate(model.transformer.resblocks):
        hidden = deepened(hidden, number, deep)
        query, key, value = _heads(block.attn, block.ln_1(hidden))
        keys.append(key)
        values.append(value)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        hidden = _rest_of_block(block, hidden, mixed)
    return Prefix(tuple(keys), tuple(values), length)


def encode_behind(model: Any, prefix: Prefix, tokens: Tensor) -> Tensor:
    """``(P, D)`` float32, L2-normalised, of ``(P, L)`` tokens whose first ones are those of the prefix.

    Equals encoding every prompt whole to 1e-5.
    """
    ends = tokens.argmax(dim=-1)
    return run_behind(model, prefix, tokens[:, : int(ends.max()) + 1], ends)


def run_behind(model: Any, prefix: Prefix, tokens: Tensor, ends: Tensor) -> Tensor:
    """:func:`encode_behind` for tokens that are cut already, with the place of every end token."""
    length = tokens.shape[1]
    hidden = model.token_embedding(tokens[:, prefix.length :])
    hidden = hidden + model.positional_embedding[prefix.length : length]
    own = length - prefix.length
    allowed = torch.ones(own, length, dtype=torch.bool, device=hidden.device).tril(prefix.length)
    for block, key, value in zip(model.transformer.resblocks, prefix.keys, prefix.values, strict=True):
        query, own_key, own_value = _heads(block.attn, block.ln_1(hidden))
        mixed = functional.scaled_dot_product_attention(
            query,
            torch.cat([key.expand(len(hidden), -1, -1, -1), own_key], dim=2),
            torch.cat([value.expand(len(hidden), -1, -1, -1), own_value], dim=2),
            attn_mask=allowed,
        )
        hidden = _rest_of_block(block, hidden, mixed)
    rows = torch.arange(len(hidden), device=hidden.device)
    pooled = model.ln_final(hidden[rows, ends - prefix.length])
    return functional.normalize((pooled @ model.text_projection).float(), dim=-1)


def _heads(attention: Any, normed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    projected = functional.linear(normed, attention.in_proj_weight, attention.in_proj_bias)
    shape = (*normed.shape[:2], attention.num_heads, -1)
    query, key, value = (part.view(shape).transpose(1, 2) for part in projected.chunk(3, dim=-1))
    return query, key, value


def _rest_of_block(block: Any, hidden: Tensor, mixed: Tensor) -> Tensor:
    hidden = hidden + block.ls_1(block.attn.out_proj(mixed.transpose(1, 2).flatten(2)))
    return hidden + block.ls_2(block.mlp(block.ln_2(hidden)))  # type: ignore[no-any-return]
