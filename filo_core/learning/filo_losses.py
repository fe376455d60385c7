"""Losses of FiLo++ (III-D): cross-entropy for the image, focal and dice for its anomaly maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from filo_core.errors import ShapeMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

FOCAL_GAMMA = 2.0
ADAPTER_TEMPERATURE = 0.07
"""Cosines are divided by this in stage 2 and, once the adapter is trained, in eq. (1)."""
_SMALLEST_PROBABILITY = 1e-30
"""Keeps the logarithm finite. A pixel below it learns nothing, so it lies where float32 ends and not before."""
_DICE_SMOOTHING = 1.0


def focal_loss(normal: Tensor, anomalous: Tensor, truth: Tensor, gamma: float = FOCAL_GAMMA) -> Tensor:
    """L_f of eq. (9): mean of ``-(1 - q)^gamma log q``, q being the probability given to what the pixel is.

    Args:
        normal: M_n, which is 1 - M_a before rounding: where M_a rounds to 1, only M_n still has a gradient.
        anomalous: M_a, ``(..., H, W)`` in [0, 1].
        truth: G, the same shape, 1 where anomalous and 0 elsewhere.
        gamma: how much easy pixels are played down; 0 gives cross-entropy.

    Raises:
        ShapeMismatchError: if the two differ in shape.
    """
    _require_same_shape(anomalous, truth)
    given = torch.where(truth > 0.5, anomalous, normal).clamp(_SMALLEST_PROBABILITY, 1.0)
    return (-((1.0 - given) ** gamma) * given.log()).mean()


def dice_loss(predicted: Tensor, truth: Tensor) -> Tensor:
    """L_d of eq. (9) over the whole image: ``1 - (2 Σ M·G + 1) / (Σ M + Σ G + 1)``.

    The ones keep it defined, and zero, where neither the map nor the truth has anything to show.

    Args:
        predicted: ``(H, W)`` in [0, 1].
        truth: the same shape, 0 or 1.

    Raises:
        ShapeMismatchError: if the two differ in shape.
    """
    _require_same_shape(predicted, truth)
    overlap = 2.0 * (predicted * truth).sum() + _DICE_SMOOTHING
    return 1.0 - overlap / (predicted.sum() + truth.sum() + _DICE_SMOOTHING)


def local_loss(maps: Iterable[tuple[Tensor, Tensor]], truth: Tensor) -> Tensor:
    """L_local, eq. (9), summed over the maps of all stages, linear and MDCI alike.

    Args:
        maps: M_n and M_a of each stage, ``(H, W)`` in [0, 1].
        truth: G, ``(H, W)``, 1 where anomalous.
    """
    total = truth.new_zeros(())
    for normal, anomalous in maps:
        total = total + focal_loss(normal, anomalous, truth)
        total = total + dice_loss(anomalous, truth) + dice_loss(normal, 1.0 - truth)
    return total


def global_loss(image: Tensor, normal: Tensor, anomalous: Tensor, label: Tensor) -> Tensor:
    """L_global, eq. (8): cross-entropy of the two-way softmax over cosine / 0.07.

    Args:
        image: ``(B, D)`` adapted image features, L2-normalised.
        normal: ``(B, D)`` normal side features of each image, L2-normalised.
        anomalous: the same of the anomalous side.
        label: ``(B,)`` int64, 1 for an anomalous image.
    """
    cosines = torch.stack([(image * normal).sum(dim=-1), (image * anomalous).sum(dim=-1)], dim=-1)
    return functional.cross_entropy(cosines / ADAPTER_TEMPERATURE, label)


def _require_same_shape(predicted: Tensor, truth: Tensor) -> None:
    if predicted.shape != truth.shape:
        raise ShapeMismatchError(
            "map {map} and truth {truth} must be the same", map=tuple(predicted.shape), truth=tuple(truth.shape)
        )
