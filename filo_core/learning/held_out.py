"""How well a model in training does on synthetic anomalies of pictures it never sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from filo_core.learning.anomaly_lexicon import LEXICON, AnomalyKind, vocabulary
from filo_core.learning.compact_model import normalised
from filo_core.learning.matching_loss import region_features
from filo_core.learning.metrics import PixelMetrics, image_auroc
from filo_core.learning.training_pairs import KINDS, NO_ANOMALY, VIEWS, Photographs, make_group
from filo_core.method.conv_encoder import PATCH_PX, read_tower
from filo_core.method.memory_bank import MemoryBank
from filo_core.method.prompts import anomaly_prompts
from filo_core.method.scoring import few_shot_map, side_feature, smooth
from filo_core.method.word_tokenizer import WordTokenizer
from filo_core.types import Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from filo_core.profiles.manifest import ModelProfile


@dataclass(frozen=True, slots=True)
class HeldOutFigures:
    """Shares in [0, 1]; None where chance left nothing to measure."""

    image_auroc: float | None
    pixel_auroc: float | None
    top_1: float | None
    """Anomaly types named right at the first place, all kinds on the list."""
    top_3: float | None


@torch.inference_mode()
def measure_held_out(
    model: Any, profile: ModelProfile, photographs: Photographs, groups: int, seed: int
) -> HeldOutFigures:
    """Match each view of ``groups`` groups against one good view, and name its anomaly, at the full image size.

    The same seed gives the same groups.
    """
    visual = model.visual
    device = next(visual.parameters()).device
    rng = np.random.default_rng(seed)
    side = int(visual.image_size[0])
    pixel = PixelMetrics()
    labels: list[bool] = []
    scores: list[float] = []
    regions, kinds = [], []
    for _ in range(groups):
        group = make_group(photographs, side, rng)
        batch = normalised(torch.from_numpy(group.pixels).to(device), profile.mean, profile.std)
        stages, joint, _ = read_tower(visual, batch, profile.stages)
        bank = MemoryBank()
        bank.add("0", [stage[0] for stage in stages])
        # Every query sees one reference: a good one that saw fewer than the anomalous ones would look worse.
        for view in range(1, VIEWS):
            distances = bank.distances([stage[view] for stage in stages])
            heat = (
                smooth(few_shot_map(distances, (side // PATCH_PX, side // PATCH_PX), side), profile.gaussian_sigma_px)
                .cpu()
                .numpy()
            )
            labels.append(bool(group.masks[view].any()))
            scores.append(float(heat.max()))
            pixel.add(heat, group.masks[view])
        named = group.kinds != NO_ANOMALY
        if named.any():
            regions.append(
                region_features(
                    joint[named].flatten(2).transpose(1, 2), torch.from_numpy(group.masks[named]).to(device)
                )
            )
            kinds.append(torch.from_numpy(group.kinds[named]))
    top_1, top_3 = (None, None)
    if regions:
        top_1, top_3 = _named_right(torch.cat(regions), torch.cat(kinds), type_features(model))
    return HeldOutFigures(image_auroc(scores, labels), pixel.auroc(), top_1, top_3)


def type_features(model: Any) -> Tensor:
    """``(kinds, D)`` side features of the first word of every kind, in the method's prompts at all positions."""
    tokenize = WordTokenizer(vocabulary(), model.context_length)
    device = next(model.visual.parameters()).device
    rows = []
    for kind in AnomalyKind:
        prompts = anomaly_prompts("part", LEXICON[kind][0].format("part"), ("industrial",), tuple(Position))
        encoded = model.encode_text(tokenize(list(prompts)).to(device)).float()
        rows.append(side_feature(functional.normalize(encoded, dim=-1)))
    return torch.stack(rows)


def _named_right(regions: Tensor, kinds: Tensor, types: Tensor) -> tuple[float, float]:
    best = (regions @ types.T).topk(3, dim=1).indices.cpu()
    hits: Sequence[Tensor] = (best[:, 0] == kinds, (best == kinds[:, None]).any(dim=1))
    return float(hits[0].float().mean()), float(hits[1].float().mean())


assert len(KINDS) == len(AnomalyKind), "kinds are indexed in the lexicon's order"
