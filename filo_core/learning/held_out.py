"""How well a model in training does on synthetic anomalies of pictures it never sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from filo_core.benchmark.metrics import PixelMetrics, image_auroc
from filo_core.learning.anomaly_lexicon import LEXICON, RELATIONAL, AnomalyKind, vocabulary
from filo_core.learning.compact_model import normalised
from filo_core.learning.matching_loss import region_features
from filo_core.learning.training_pairs import KINDS, NO_ANOMALY, VIEWS, Group, Photographs, make_group
from filo_core.method.conv_encoder import PATCH_PX, read_tower
from filo_core.method.memory_bank import MemoryBank
from filo_core.method.prompts import anomaly_prompts, normal_prompts
from filo_core.method.scoring import anomalous_probability, few_shot_map, side_feature, smooth
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
    """Anomaly types named right at the first place: kinds that one picture can show, all of those on the list."""
    top_3: float | None
    top_3_of_all: float | None
    """The same with the relational kinds among the pictures and on the list."""
    zero_shot_image_auroc: float | None
    """Images scored by their text side alone, relational kinds left out."""


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
    types = type_features(model)
    zero_shot = _ZeroShot(model, types)
    for _ in range(groups):
        group = make_group(photographs, side, rng)
        batch = normalised(torch.from_numpy(group.pixels).to(device), profile.mean, profile.std)
        stages, joint, image = read_tower(visual, batch, profile.stages, profile.neighbourhoods)
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
        zero_shot.add(joint, image, group)
        named = group.kinds != NO_ANOMALY
        if named.any():
            regions.append(
                region_features(
                    joint[named].flatten(2).transpose(1, 2), torch.from_numpy(group.masks[named]).to(device)
                )
            )
            kinds.append(torch.from_numpy(group.kinds[named]))
    named = _named_right(torch.cat(regions), torch.cat(kinds), types) if regions else (None, None, None)
    return HeldOutFigures(image_auroc(scores, labels), pixel.auroc(), *named, zero_shot.auroc())


class _ZeroShot:
    """Image scores of eq. (1) without a reference, of pictures that show an anomaly by themselves and of good ones."""

    def __init__(self, model: Any, types: Tensor) -> None:
        tokenize = WordTokenizer(vocabulary(), model.context_length)
        normal = model.encode_text(tokenize(list(normal_prompts("part", ("industrial",)))).to(types.device)).float()
        self._normal = side_feature(functional.normalize(normal, dim=-1))
        self._anomalous = side_feature(types)
        self._scores: list[float] = []
        self._labels: list[bool] = []

    def add(self, joint: Tensor, image: Tensor, group: Group) -> None:
        """All views of a group but those of relational kinds."""
        share = anomalous_probability(joint.permute(0, 2, 3, 1), self._normal, self._anomalous)
        whole = anomalous_probability(image, self._normal, self._anomalous)
        scores = (0.5 * (share.flatten(1).amax(dim=1) + whole)).tolist()
        for score, kind in zip(scores, group.kinds, strict=True):
            if kind == NO_ANOMALY or KINDS[kind] not in RELATIONAL:
                self._scores.append(score)
                self._labels.append(bool(kind != NO_ANOMALY))

    def auroc(self) -> float | None:
        return image_auroc(self._scores, self._labels)


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


def _named_right(regions: Tensor, kinds: Tensor, types: Tensor) -> tuple[float | None, float | None, float | None]:
    """Shares in the first place and the first three, of kinds one picture shows; and in the first three of all."""
    similar = (regions @ types.T).cpu()
    related = torch.tensor([kind in RELATIONAL for kind in KINDS])
    best = similar.masked_fill(related, -2.0).topk(3, dim=1).indices
    alone = ~related[kinds]
    of_all = (similar.topk(3, dim=1).indices == kinds[:, None]).any(dim=1)
    if not alone.any():
        return None, None, float(of_all.float().mean())
    hits: Sequence[Tensor] = (best[:, 0] == kinds, (best == kinds[:, None]).any(dim=1))
    return float(hits[0][alone].float().mean()), float(hits[1][alone].float().mean()), float(of_all.float().mean())


assert len(KINDS) == len(AnomalyKind), "kinds are indexed in the lexicon's order"
