"""The few-shot branch as a loss: eq. (5) on groups of views, focal and dice against the masks, types by contrast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from filo_core.learning.training_pairs import ANOMALOUS_VIEWS, GOOD_VIEWS, VIEWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_FOCAL_GAMMA = 2.0
_FOCAL_ALPHA = 0.75
_FOCAL_WEIGHT = 10.0
_STAGE_WEIGHT = 0.3
_IMAGE_WEIGHT = 0.3
_BAD_SHARE = 0.25
_SMOOTHING = 0.05
_PEAK_SHARE = 0.005
_STEEPNESS, _MIDDLE = 15.0, 0.25


def group_distances(stage: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Distance of every patch to its nearest patch of the group's good views. Eq. (5), differentiable.

    Args:
        stage: ``(G, VIEWS, N, C)`` patch tokens, good views first.
        allowed: ``(G, N, N)`` bool, which patches of a good view a patch may be matched with; all when not given.

    Returns:
        ``(G, VIEWS, N)`` in [0, 2]: the good views against each other, the anomalous ones against all good ones.
    """
    units = functional.normalize(stage.float(), dim=-1)
    count, _, patches, width = units.shape
    good, anomalous = units[:, :GOOD_VIEWS], units[:, GOOD_VIEWS:]
    first_second = good[:, 0] @ good[:, 1].transpose(1, 2)
    bank = good.reshape(count, GOOD_VIEWS * patches, width)
    queries = anomalous.reshape(count, ANOMALOUS_VIEWS * patches, width)
    similar_anomalous = queries @ bank.transpose(1, 2)
    if allowed is not None:
        first_second = first_second.masked_fill(~allowed, -1.0)
        similar_anomalous = similar_anomalous.masked_fill(~allowed.repeat(1, ANOMALOUS_VIEWS, GOOD_VIEWS), -1.0)
    nearest = similar_anomalous.amax(dim=2).view(count, ANOMALOUS_VIEWS, patches)
    similar = torch.cat([first_second.amax(dim=2)[:, None], first_second.amax(dim=1)[:, None], nearest], dim=1)
    return 1.0 - similar


def within_window(steady: Tensor, patches: int, window: float) -> Tensor:
    """``(G, N, N)`` bool: patches at most ``window`` apart in rows and columns; all of them where not steady.

    Args:
        steady: ``(G,)`` bool, groups whose parts lie in nearly the same place in every view.
        patches: N, on a square grid.
        window: in patches.
    """
    side = math.isqrt(patches)
    places = (
        torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"), dim=-1)
        .reshape(-1, 2)
        .to(steady.device)
    )
    near = (places[:, None] - places[None]).abs().amax(dim=-1) <= window
    return near[None] | ~steady[:, None, None]


class MatchingLoss(nn.Module):
    """Focal + dice of the fused map and of each stage alone, and a term for the map's peak.

    The distances themselves are what the detector uses; a learned slope and middle only turn them into
    probabilities here and are thrown away after training.
    """

    def __init__(self, stages: int) -> None:
        super().__init__()
        # One row a stage, one for the fused map, one for its peak.
        self.slope = nn.Parameter(torch.full((stages + 2,), math.log(_STEEPNESS)))
        self.middle = nn.Parameter(torch.full((stages + 2,), _MIDDLE))

    def forward(self, distances: Sequence[Tensor], masks: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Loss of a batch of groups and its parts by name.

        Args:
            distances: one ``(G, VIEWS, N)`` a stage or neighbourhood, of square grids.
            masks: ``(G, VIEWS, S, S)`` bool.
        """
        count, side = len(masks), masks.shape[-1] // 2
        pooled = functional.avg_pool2d(masks.flatten(0, 1)[:, None].float(), 2)[:, 0]
        truth = (pooled > _BAD_SHARE).float()
        total = torch.zeros((), device=truth.device)
        maps = [_grown(patch_map.reshape(count * VIEWS, -1), side) for patch_map in distances]
        for row, grown in enumerate([*maps, torch.stack(maps).mean(dim=0)]):
            logits = self.slope[row].exp() * (grown - self.middle[row])
            loss = _FOCAL_WEIGHT * focal(logits, truth) + dice(logits, truth)
            total = total + (loss if row == len(distances) else _STAGE_WEIGHT * loss)
        peak = grown.flatten(1).topk(max(1, round(_PEAK_SHARE * side * side)), dim=1).values.mean(dim=1)
        anomalous = truth.flatten(1).amax(dim=1)
        peak_logits = self.slope[-1].exp() * (peak - self.middle[-1])
        image = functional.binary_cross_entropy_with_logits(peak_logits, anomalous)
        return total + _IMAGE_WEIGHT * image, {"map": float(loss.detach()), "image": float(image.detach())}


def _grown(patch_map: Tensor, side: int) -> Tensor:
    """``(B, side, side)`` from ``(B, N)`` on a square grid."""
    grid = math.isqrt(patch_map.shape[1])
    return functional.interpolate(
        patch_map.view(-1, 1, grid, grid), size=(side, side), mode="bilinear", align_corners=False
    )[:, 0]


def focal(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean focal loss with gamma 2 of per-pixel logits against 0/1 truth of the same shape."""
    plain = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    right = torch.exp(-plain)
    weight = _FOCAL_ALPHA * truth + (1.0 - _FOCAL_ALPHA) * (1.0 - truth)
    return (weight * (1.0 - right) ** _FOCAL_GAMMA * plain).mean()


def dice(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean dice loss over those ``(B, H, W)`` maps that have anything to find."""
    share = torch.sigmoid(logits)
    overlap, extent = (share * truth).sum(dim=(1, 2)), share.sum(dim=(1, 2)) + truth.sum(dim=(1, 2))
    found = truth.flatten(1).amax(dim=1)
    return (found * (1.0 - (2.0 * overlap + 1.0) / (extent + 1.0))).sum() / found.sum().clamp_min(1.0)


def balanced_cross_entropy(logits: Tensor, share: Tensor) -> Tensor:
    """Cross-entropy of patches against good and bad, both sides counting the same however few their patches are.

    Args:
        logits: ``(B, 2, h, w)``, good first.
        share: ``(B, h, w)``, how much of each patch is anomalous; those of less than a quarter count for neither side.
    """
    plain = functional.cross_entropy(logits, (share > _BAD_SHARE).long(), reduction="none")
    sides = [plain[side].mean() for side in (share == 0.0, share > _BAD_SHARE) if bool(side.any())]
    return torch.stack(sides).mean()


def type_loss(logits: Tensor, kinds: Tensor) -> Tensor:
    """Mean cross-entropy of ``(R, classes)`` logits against ``(R,)`` kinds; zero where a batch is all good views."""
    summed = functional.cross_entropy(logits, kinds, label_smoothing=_SMOOTHING, reduction="sum")
    return summed / max(1, len(kinds))


def region_features(patch_embeddings: Tensor, masks: Tensor) -> Tensor:
    """``(B, D)`` unit feature of what each mask covers, as the detector forms it for a region.

    Args:
        patch_embeddings: ``(B, N, D)``, L2-normalised, on a square grid.
        masks: ``(B, S, S)`` bool.
    """
    grid = math.isqrt(patch_embeddings.shape[1])
    inside = functional.adaptive_avg_pool2d(masks[:, None].float(), grid).flatten(1)
    return functional.normalize(torch.einsum("bn,bnd->bd", inside, patch_embeddings), dim=-1)
