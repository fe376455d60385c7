"""Frozen CLIP text encoder (III-B)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from open_clip.transformer import text_global_pool
from torch.nn import functional

from filo_core.method.room import in_batches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

_BATCH = 64
_KEPT = 8192
"""Prompts whose features are remembered, 3 kB each at CLIP's width: some recipes of the longest anomaly list."""


class OpenClipTextEncoder:
    """Prompt features of an open_clip model.

    The fixed templates of a product are the same for its recipes, for their regions' names and in calibration, so the
    last features are remembered and each prompt is encoded once.

    Args:
        model: an ``open_clip.CLIP``.
        tokenize: tokenizer for that model: prompts → ``(P, L)`` int64.
        knows: whether a phrase means anything to the model; everything does unless given.
    """

    def __init__(
        self,
        model: Any,
        tokenize: Callable[[list[str]], Tensor],
        device: str = "cpu",
        knows: Callable[[str], bool] | None = None,
    ) -> None:
        self._model = model.to(device).eval()
        self._tokenizer = tokenize
        self._device = device
        self._knows = knows
        self._remembered: dict[str, Tensor] = {}

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """``(P, L)`` int64; what is beyond the context length is cut by the tokenizer."""
        return self._tokenizer(list(texts)).to(self._device)

    def knows(self, phrase: str) -> bool:
        """Whether the model was taught what an anomaly's name means."""
        return self._knows is None or self._knows(phrase)

    @torch.inference_mode()
    def encode(self, prompts: Sequence[str]) -> Tensor:
        """``(P, D)`` float32, L2-normalised, in batches."""
        known = self._remembered
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in known]
        if new:
            known |= zip(new, in_batches(partial(encode_tokens, self._model), self.tokenize(new), _BATCH), strict=True)
        features = torch.stack([known[prompt] for prompt in prompts])
        for oldest in list(known)[: max(len(known) - _KEPT, 0)]:
            del known[oldest]
        return features


def encode_tokens(model: Any, tokens: Tensor) -> Tensor:
    """``(P, D)`` float32, L2-normalised, of ``(P, L)`` tokens: ``encode_text``, cut at the longest prompt.

    Attention is causal, so what follows a prompt's end token changes nothing; equal to 1e-5.
    """
    length = int(tokens.argmax(dim=-1).max()) + 1
    tokens = tokens[:, :length]
    hidden = model.token_embedding(tokens) + model.positional_embedding[:length]
    hidden = model.ln_final(model.transformer(hidden, attn_mask=model.attn_mask[:length, :length]))
    pooled = text_global_pool(hidden, tokens, model.text_pool_type)
    return functional.normalize((pooled @ model.text_projection).float(), dim=-1)
