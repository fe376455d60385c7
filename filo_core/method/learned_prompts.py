"""Learnable templates of FusDes: ``[V1]…[Vn] [state] [cls] (with [anomaly cls] at [pos])`` (III-B2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from open_clip.transformer import text_global_pool
from torch import nn
from torch.nn import functional

from filo_core.method.prefix import encode_behind, run_prefix
from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from filo_core.types import Position

_PLACE = "x"
"""One token of any vocabulary; its embedding is replaced by a learned vector."""
AGNOSTIC_CLASS = "object"
"""Stands for the class name where that is left out."""


class LearnedSide(nn.Module):
    """Context vectors of one side, and CoCoOp's meta-net, which shifts them by what the image shows.

    Args:
        width: of the text tower.
        joint: width of the joint space.
        count: context vectors.
        hidden: width of the meta-net's hidden layer (CoCoOp); 0 leaves it out (CoOp, Table VI).
    """

    def __init__(self, width: int, joint: int, count: int, *, hidden: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.empty(count, width).normal_(std=0.02))
        layers = (nn.Linear(joint, hidden), nn.ReLU(), nn.Linear(hidden, width)) if hidden else ()
        self.meta = nn.Sequential(*layers) if layers else None

    def forward(self, image: Tensor) -> Tensor:
        """``(count, width)`` context vectors for a ``(D,)`` L2-normalised image embedding."""
        return self.vectors if self.meta is None else self.vectors + self.meta(image)


def encode_with_context(model: Any, tokens: Tensor, context: Tensor) -> Tensor:
    """``(P, D)`` L2-normalised prompt features, context vectors in the place of the first tokens.

    The context is cut at the longest prompt: attention is causal, so what follows a prompt's end changes nothing.

    Args:
        model: a frozen ``open_clip.CLIP``; gradients reach ``context``.
        tokens: ``(P, L)`` int64 of :func:`tokens_of`.
        context: ``(count, width)``.
    """
    length = int(tokens.argmax(dim=-1).max()) + 1
    tokens = tokens[:, :length]
    words = model.token_embedding(tokens)
    shared = context.to(words.dtype).expand(len(words), -1, -1)
    embedded = torch.cat([words[:, :1], shared, words[:, 1 + len(context) :]], dim=1)
    hidden = model.transformer(
        embedded + model.positional_embedding[:length], attn_mask=model.attn_mask[:length, :length]
    )
    pooled = text_global_pool(model.ln_final(hidden), tokens, model.text_pool_type)
    return functional.normalize((pooled @ model.text_projection).float(), dim=-1)


def tokens_of(texts: Sequence[str], count: int, tokenize: Callable[[list[str]], Tensor]) -> Tensor:
    """``(P, L)`` int64 with ``count`` places for context vectors behind the first token.

    What is too long is cut and keeps its end token.

    Args:
        texts: what follows the context vectors.
        count: of the context vectors.
        tokenize: of the text tower.
    """
    # Where a tokenizer knows no start token, a place more stands for it.
    started = int(tokenize([""]).argmax(dim=-1))
    places = " ".join([_PLACE] * (count + 1 - started))
    return tokenize([f"{places} {text}" for text in texts])


def normal_texts(class_name: str) -> tuple[str, ...]:
    """What follows the context vectors on the normal side."""
    return tuple(state.format(class_name) for state in NORMAL_STATES)


def anomalous_texts(class_name: str, names: Sequence[str], positions: Sequence[Position]) -> tuple[str, ...]:
    """What follows them on the anomalous side: generic states, then every anomaly type at every position."""
    generic = [state.format(class_name) for state in GENERIC_ANOMALOUS_STATES]
    placed = [f"abnormal {class_name} with {name} at {position.value}" for position in positions for name in names]
    return (*generic, *placed)


class LearnedPrompts:
    """The learnable templates of one recipe; their features depend on the image where a meta-net is (III-B2).

    Args:
        model: the frozen ``open_clip.CLIP``.
        sides: context vectors of the normal and the anomalous side.
        class_name: of the recipe, or :data:`AGNOSTIC_CLASS`.
        names: anomaly types.
        tokenize: of the text tower.
    """

    def __init__(
        self,
        model: Any,
        sides: Sequence[Any],
        class_name: str,
        names: Sequence[str],
        tokenize: Callable[[list[str]], Tensor],
    ) -> None:
        self._model = model
        self._tokenizer = tokenize
        self._sides = sides
        self._class_name = class_name
        self._names = tuple(names)
        self._device = model.positional_embedding.device
        self._tokens: dict[Position | None, Tensor] = {}
        self._normal = self._tokenize(normal_texts(class_name))

    @torch.inference_mode()
    def encode(self, image: Tensor, positions: Sequence[Position]) -> tuple[Tensor, Tensor]:
        """Features ``(P, D)`` and ``(Q, D)`` of the two sides for one ``(D,)`` image, L2-normalised.

        Each side's prefix is computed once; only the chosen positions are encoded.
        """
        anomalous = [self._placed(position) for position in (None, *positions)]
        return (
            self._encode_side(0, image, [self._normal]),
            self._encode_side(1, image, [tokens for tokens in anomalous if len(tokens)]),
        )

    def _encode_side(self, side: int, image: Tensor, groups: Sequence[Tensor]) -> Tensor:
        prefix = run_prefix(self._model, groups[0][0, :1], self._sides[side](image))
        return torch.cat([encode_behind(self._model, prefix, tokens) for tokens in groups])

    def _placed(self, position: Position | None) -> Tensor:
        """Tokens of the generic states (None) or of every anomaly type at one position."""
        if position not in self._tokens:
            texts = (
                anomalous_texts(self._class_name, (), ())
                if position is None
                else anomalous_texts(self._class_name, self._names, (position,))[len(GENERIC_ANOMALOUS_STATES) :]
            )
            self._tokens[position] = self._tokenize(texts) if texts else self._normal[:0]
        return self._tokens[position]

    def _tokenize(self, texts: Sequence[str]) -> Tensor:
        return tokens_of(texts, len(self._sides[0].vectors), self._tokenizer).to(self._device)
