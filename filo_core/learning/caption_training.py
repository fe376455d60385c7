"""Teaches the text tower its words before any picture: captions of one kind come together, kinds part.

Trained together from noise, both towers collapse to one direction, since a constant caption suits regions that say
nothing yet. With the captions apart from the first step, naming a region is plain classification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from filo_core.learning.anomaly_lexicon import AnomalyKind, caption, generic_caption, normal_caption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

GENERIC = len(AnomalyKind)
"""Class of captions that say only that something is wrong; those of good pieces follow it."""
NORMAL = GENERIC + 1
CLASSES = NORMAL + 1
_EACH = 4
_TEMPERATURE = 0.07
_LEARNING_RATE = 2e-3


def draw_captions(rng: np.random.Generator, each: int) -> list[str]:
    """``each`` captions of every class, class by class."""
    captions = [caption(kind, rng) for kind in AnomalyKind for _ in range(each)]
    captions += [generic_caption(rng) for _ in range(each)]
    return captions + [normal_caption(rng) for _ in range(each)]


def teach_captions(model: Any, tokenize: Callable[[Sequence[str]], Tensor], seed: int, *, steps: int = 150) -> float:
    """Train the text tower of an ``open_clip.CLIP`` in place; everything else of the model stays.

    Returns:
        The loss at the end, in nats: cross-entropy of every caption against the means of all classes.
    """
    rng = np.random.default_rng([seed, CLASSES])
    device = model.token_embedding.weight.device
    optimizer = torch.optim.AdamW(text_parameters(model).values(), lr=_LEARNING_RATE, weight_decay=0.01)
    truth = torch.arange(CLASSES, device=device).repeat_interleave(_EACH)
    last = float("nan")
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, (step + 1) / 20, (steps - step) / (0.5 * steps))
        tokens = tokenize(draw_captions(rng, _EACH)).to(device)
        features = functional.normalize(model.encode_text(tokens), dim=-1)
        means = functional.normalize(features.view(CLASSES, _EACH, -1).mean(dim=1), dim=-1)
        loss = functional.cross_entropy(features @ means.T / _TEMPERATURE, truth)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        last = float(loss.detach())
    return last


def text_parameters(model: Any) -> dict[str, torch.nn.Parameter]:
    """Parameters of the text tower by their names in the model."""
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if not name.startswith("visual.") and name != "logit_scale"
    }


@torch.no_grad()
def caption_pool(model: Any, tokenize: Callable[[Sequence[str]], Tensor], seed: int, *, each: int = 48) -> Tensor:
    """``(CLASSES, each, D)`` L2-normalised features of captions to draw from while the vision tower trains."""
    tokens = tokenize(draw_captions(np.random.default_rng([seed, each]), each))
    features = model.encode_text(tokens.to(model.token_embedding.weight.device)).float()
    return functional.normalize(features, dim=-1).view(CLASSES, each, -1)
