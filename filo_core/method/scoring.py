"""From features to anomaly maps and image scores: eqs. (1) to (4), (6) and (7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional
from torchvision.transforms.v2 import functional as transforms

from filo_core.errors import ShapeMismatchError
from filo_core.method.grids import grid_of, on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

SIMILARITY_SCALE = 100.0
"""Scale of the two-way softmax of eq. (1) while no adapter is trained."""


def side_feature(prompt_features: Tensor) -> Tensor:
    """``(D,)`` unit feature of one side of the prompt ensemble from its ``(P, D)`` L2-normalised prompts (III-B)."""
    return functional.normalize(prompt_features.mean(dim=0), dim=-1)


def side_shares(features: Tensor, normal: Tensor, anomalous: Tensor, scale: float = SIMILARITY_SCALE) -> Tensor:
    """Normal and anomalous share of the two-way softmax over the sides. Eq. (1), and S() of eq. (2).

    Two-way on purpose: a softmax over all prompts would be biased by their counts (7 against ~120).

    Args:
        features: ``(..., D)``, L2-normalised.
        normal: ``(D,)`` side feature.
        anomalous: ``(D,)`` side feature.
        scale: of the cosines; 1/0.07 in eq. (1) once an adapter is trained.

    Returns:
        ``(..., 2)`` float32 in [0, 1], summing to 1.
    """
    # Autocast to bfloat16 would round cosines times 100 to eighths, and shares to steps of three per cent.
    with torch.autocast(features.device.type, enabled=False):
        logits = scale * features.float() @ torch.stack([normal, anomalous], dim=-1).float()
        return logits.softmax(dim=-1)


def anomalous_probability(
    features: Tensor, normal: Tensor, anomalous: Tensor, scale: float = SIMILARITY_SCALE
) -> Tensor:
    """``(...)`` float32 in [0, 1]: the anomalous one of :func:`side_shares`."""
    return side_shares(features, normal, anomalous, scale)[..., 1]


def fuse_sides(normal: Tensor, anomalous: Tensor) -> Tensor:
    """Anomaly map in [0, 1] from the two sides' maps. Eq. (4).

    Args:
        normal: ``(H, W)`` in [0, 1], the mean over stages.
        anomalous: the same for the anomalous side.

    Raises:
        ShapeMismatchError: if the two differ in shape; the message gives both.
    """
    if normal.shape != anomalous.shape:
        raise ShapeMismatchError(
            "normal side {shape}, anomalous side {anomalous_shape}",
            shape=tuple(normal.shape),
            anomalous_shape=tuple(anomalous.shape),
        )
    return (anomalous + 1.0 - normal) / 2.0


def few_shot_map(distances: Sequence[Tensor], grid: tuple[int, int], side: int) -> Tensor:
    """``(side, side)`` few-shot map in [0, 1] from the patch distances of every stage. Eq. (6).

    Args:
        distances: ``(rows * columns,)`` a stage, or fewer where a stage has a coarser grid.
        grid: rows and columns of the finest stage.
        side: of the map in pixels.

    Norm() divides by the number of stages: a per-image min-max would make the maximum 1 for every image.
    """
    maps = [on_grid(distance.view(1, 1, *grid_of(distance, grid)), grid) for distance in distances]
    return upsample(torch.stack(maps).mean(dim=0).clamp(0.0, 1.0), side)


def upsample(patch_map: Tensor, side: int) -> Tensor:
    """``(side, side)`` from a ``(1, 1, rows, columns)`` patch map: Up() of eq. (2), bilinear."""
    return upsample_channels(patch_map, side)[0]


def upsample_channels(patch_maps: Tensor, side: int) -> Tensor:
    """``(C, side, side)`` from ``(1, C, rows, columns)``, each channel as :func:`upsample` does it."""
    return functional.interpolate(patch_maps, size=(side, side), mode="bilinear", align_corners=False)[0]


def combine_maps(vision_language: Tensor | None, few_shot: Tensor | None, weight: float) -> Tensor:
    """Mean inside eq. (7), ``(H, W)`` in [0, 1], with the weight of the vision-language map as a setting (paper: 0.5).

    The Gaussian comes after λ, which the paper applies to the maps of eqs. (4) and (6).

    Args:
        vision_language: ``(H, W)`` or None where the text side is not used.
        few_shot: ``(H, W)`` or None where there is no reference.
        weight: share of the vision-language map, in [0, 1]; without effect when only one map is given.

    Raises:
        ValueError: if both maps are None.
    """
    if few_shot is None and vision_language is None:
        raise ValueError("neither a vision-language nor a few-shot map was given")
    if few_shot is None:
        assert vision_language is not None
        return vision_language
    return few_shot if vision_language is None else weight * vision_language + (1.0 - weight) * few_shot


def smooth(anomaly_map: Tensor, sigma_px: float) -> Tensor:
    """``(H, W)`` map after the Gaussian G_σ of eq. (7), cut at four standard deviations; σ 0 leaves it as it is."""
    if sigma_px <= 0.0:
        return anomaly_map
    # Reflection needs the kernel's half to be smaller than the map.
    half = min(max(1, round(4.0 * sigma_px)), min(anomaly_map.shape) - 1)
    size = 2 * half + 1
    blurred: Tensor = transforms.gaussian_blur(anomaly_map[None], [size, size], [sigma_px, sigma_px])
    return blurred[0]


def image_score(anomaly_map: Tensor, probability: float | None, peak_share: float = 0.5) -> float:
    """Image score in [0, 1]: ``(p + max M) / 2``, the paper's sum at half scale; ``max M`` without a text side.

    ``peak_share`` is the weight of max M; methods without this sum, such as CLIP, have 0.
    """
    return blended_score(float(anomaly_map.max()), probability, peak_share)


def blended_score(peak: float, probability: float | None, peak_share: float) -> float:
    """:func:`image_score` from a peak that was found otherwise."""
    return peak if probability is None else (1.0 - peak_share) * probability + peak_share * peak
