"""Multiply-adds of the text tower per image: all prompts at all positions at full length, and what is done instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from open_clip.tokenizer import SimpleTokenizer
from torch.utils.flop_counter import FlopCounterMode

from filo_core.method.learned_prompts import anomalous_texts, normal_texts, tokens_of
from filo_core.method.prefix import run_behind, run_prefix
from filo_core.method.prompts import anomaly_prompts, domains_of, generic_anomalous_prompts, normal_prompts
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from filo_core.types import Recipe


@dataclass(frozen=True, slots=True)
class TextWork:
    """Multiply-adds an image, once a recipe's fixed templates are cached."""

    whole: int
    """Both families, all nine positions, the full context length."""
    placed: int
    """Learnable family behind its prefix, at the chosen positions."""
    positions: int


def text_work(model: Any, recipe: Recipe, context_vectors: int, positions: Sequence[Position]) -> TextWork:
    """Count both ways on a model without values.

    Args:
        model: an ``open_clip.CLIP`` built on the ``meta`` device.
        recipe: names the product and its anomaly types.
        context_vectors: of the learnable templates.
        positions: that the localizer chose.
    """
    names = [anomaly.name for anomaly in recipe.anomaly_types if anomaly.enabled]
    domains = domains_of(recipe.kind, recipe.domain)
    fixed = len(normal_prompts(recipe.class_name, domains)) + len(generic_anomalous_prompts("x", domains))
    fixed += sum(len(anomaly_prompts("x", name, domains, tuple(Position))) for name in names)
    learned = len(normal_texts("x")) + len(anomalous_texts("x", names, tuple(Position)))
    length = int(model.context_length)
    whole = torch.empty(fixed + learned, length, model.positional_embedding.shape[1], device="meta")
    mask = torch.empty(length, length, device="meta")
    context = torch.empty(context_vectors, whole.shape[-1], device="meta")
    tokenize = SimpleTokenizer(context_length=length)
    sides = [
        tokens_of(texts, context_vectors, tokenize)
        for texts in (normal_texts(recipe.class_name), anomalous_texts(recipe.class_name, names, positions))
    ]

    def behind() -> None:
        for tokens in sides:
            prefix = run_prefix(model, torch.zeros(1, dtype=torch.long, device="meta"), context)
            ends = tokens.argmax(dim=-1)
            # Where the longest prompt ends decides how much is computed, so that much is real.
            cut = tokens[:, : int(ends.max()) + 1]
            run_behind(model, prefix, cut.to("meta"), ends.to("meta"))

    return TextWork(_count(lambda: model.transformer(whole, attn_mask=mask)), _count(behind), len(positions))


def _count(work: Callable[[], object]) -> int:
    # With gradients on: torch's fused attention for inference would escape the counter.
    with FlopCounterMode(display=False) as counter:
        work()
    total: int = counter.get_total_flops()
    return total // 2
