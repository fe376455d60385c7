"""Runtime prompt filtering (III-B3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class KeptPrompts:
    """Which prompts of one image stay.

    Attributes:
        normal: ``(P,)`` bool.
        anomalous: ``(Q,)`` bool.
        unfiltered: names of the sides that would have lost every prompt and therefore kept all.
    """

    normal: Tensor
    anomalous: Tensor
    unfiltered: tuple[str, ...]


def filter_prompts(image: Tensor, normal: Tensor, anomalous: Tensor) -> KeptPrompts:
    """Drop what lies in the overlap of the two sides' distances, the closed interval D_c.

    D = 1 - cos per prompt; D_c = [max of the minima, min of the maxima]. Disjoint ranges drop nothing. A side that
    would be emptied, which seven prompts against many often are, stays whole.

    Args:
        image: ``(D,)``, L2-normalised, after the adapter.
        normal: ``(P, D)`` prompt features, L2-normalised, P ≥ 1.
        anomalous: ``(Q, D)``, the same, Q ≥ 1.
    """
    distances = [1.0 - prompts @ image for prompts in (normal, anomalous)]
    low = torch.maximum(distances[0].min(), distances[1].min())
    high = torch.minimum(distances[0].max(), distances[1].max())
    kept, unfiltered = [], []
    for name, side in zip(("normal", "anomalous"), distances, strict=True):
        outside = (side < low) | (side > high)
        if not bool(outside.any()):
            unfiltered.append(name)
            outside = torch.ones_like(outside)
        kept.append(outside)
    return KeptPrompts(kept[0], kept[1], tuple(unfiltered))
