"""Learnable templates of FusDes: ``[V1]…[Vn] [state] [cls] (with [anomaly cls] at [pos])`` (III-B2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch
from open_clip.transformer import text_global_pool
from torch import nn
from torch.nn import functional

from filo_core.method.prefix import deepened, encode_behind, run_prefix
from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from filo_core.method.head_settings import HeadSettings

_PLACE = "x"
"""One token of any vocabulary; its embedding is replaced by a learned vector."""
_NORMAL, _GENERIC = "normal states", "generic states"
"""Groups of prompts that are encoded together; the others are positions."""
AGNOSTIC_CLASS = "object"
"""Stands for the class name where that is left out."""
_ONE_STATE = ("{}", "damaged {}")
"""The only states of AnomalyCLIP."""


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


def encode_with_context(model: Any, tokens: Tensor, context: Tensor, deep: Sequence[Tensor] = ()) -> Tensor:
    """``(P, D)`` L2-normalised prompt features, context vectors in the place of the first tokens.

    The context is cut at the longest prompt: attention is causal, so what follows a prompt's end changes nothing.

    Args:
        model: a frozen ``open_clip.CLIP``; gradients reach ``context``.
        tokens: ``(P, L)`` int64 of :func:`tokens_of`.
        context: ``(count, width)``.
        deep: ``(n, width)`` a block from the second on, in the place of what the first n context vectors became.
    """
    length = int(tokens.argmax(dim=-1).max()) + 1
    tokens = tokens[:, :length]
    words = model.token_embedding(tokens)
    shared = context.to(words.dtype).expand(len(words), -1, -1)
    embedded = torch.cat([words[:, :1], shared, words[:, 1 + len(context) :]], dim=1)
    hidden, mask = embedded + model.positional_embedding[:length], model.attn_mask[:length, :length]
    if deep:
        for number, block in enumerate(model.transformer.resblocks):
            hidden = block(deepened(hidden, number, deep), attn_mask=mask)
    else:
        hidden = model.transformer(hidden, attn_mask=mask)
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


def normal_texts(class_name: str, states: str = "all") -> tuple[str, ...]:
    """What follows the context vectors on the normal side."""
    return tuple(state.format(class_name) for state in (NORMAL_STATES if states == "all" else _ONE_STATE[:1]))


def anomalous_texts(
    class_name: str, names: Sequence[str], positions: Sequence[Position], states: str = "all"
) -> tuple[str, ...]:
    """What follows them on the anomalous side: generic states, then every anomaly type at every position."""
    chosen = GENERIC_ANOMALOUS_STATES if states == "all" else _ONE_STATE[1:]
    generic = (state.format(class_name) for state in chosen)
    return (*generic, *(text for position in positions for text in placed_texts(class_name, names, position)))


def placed_texts(class_name: str, names: Sequence[str], position: Position) -> tuple[str, ...]:
    """Every anomaly type at one position."""
    return tuple(f"abnormal {class_name} with {name} at {position.value}" for name in names)


class PromptHeads(Protocol):
    """What of the trained heads belongs to the prompts."""

    @property
    def prompts(self) -> Any:
        """A :class:`LearnedSide` for the normal and one for the anomalous side."""
        ...

    @property
    def deep(self) -> Any:
        """Tokens ``(n, width)`` a block from the second on."""
        ...

    @property
    def settings(self) -> HeadSettings:
        """Which states and class name they go with."""
        ...


class LearnedPrompts:
    """The learnable templates of one recipe; their features depend on the image where a meta-net is (III-B2, Table VI).

    Args:
        model: the frozen ``open_clip.CLIP``.
        heads: context vectors of the normal and the anomalous side, and what their settings say of the prompts.
        class_name: of the recipe; :data:`AGNOSTIC_CLASS` stands for it where the settings say so.
        names: anomaly types.
        tokenize: of the text tower.
    """

    def __init__(
        self,
        model: Any,
        heads: PromptHeads,
        class_name: str,
        names: Sequence[str],
        tokenize: Callable[[list[str]], Tensor],
    ) -> None:
        self._model = model
        self._tokenize = tokenize
        self._sides: Sequence[Any] = list(heads.prompts)
        self._deep: Sequence[Tensor] = list(heads.deep)
        self._states = heads.settings.states
        self._class_name = class_name if heads.settings.class_name else AGNOSTIC_CLASS
        self._names = tuple(names)
        self._device = model.positional_embedding.device
        self._tokens: dict[str, Tensor] = {}
        self._kept: dict[str, Tensor] = {}

    @torch.inference_mode()
    def encode(self, image: Tensor, positions: Sequence[Position]) -> tuple[Tensor, Tensor]:
        """Features ``(P, D)`` and ``(Q, D)`` of the two sides for one ``(D,)`` image, L2-normalised.

        Each side's prefix is computed once; only the chosen positions are encoded, and without a meta-net, where the
        image changes nothing, each of them once and for all.
        """
        normal, anomalous = self._sides
        placed = positions if self._names else ()
        return (
            self._encode_side(normal, image, (_NORMAL,)),
            self._encode_side(anomalous, image, (_GENERIC, *placed)),
        )

    def _encode_side(self, side: LearnedSide, image: Tensor, groups: Sequence[str]) -> Tensor:
        found = dict(self._kept) if side.meta is None else {}
        missing = [group for group in groups if group not in found]
        if missing:
            prefix = run_prefix(self._model, self._tokens_of(missing[0])[0, :1], side(image), self._deep)
            found |= {group: encode_behind(self._model, prefix, self._tokens_of(group)) for group in missing}
        if side.meta is None:
            self._kept = found
        return torch.cat([found[group] for group in groups])

    def _tokens_of(self, group: str) -> Tensor:
        """Tokens of the normal side, of the generic states, or of every anomaly type at one position."""
        if group not in self._tokens:
            if group == _NORMAL:
                texts = normal_texts(self._class_name, self._states)
            elif group == _GENERIC:
                texts = anomalous_texts(self._class_name, (), (), self._states)
            else:
                texts = placed_texts(self._class_name, self._names, Position(group))
            count = len(self._sides[0].vectors)
            self._tokens[group] = tokens_of(texts, count, self._tokenize).to(self._device)
        return self._tokens[group]
