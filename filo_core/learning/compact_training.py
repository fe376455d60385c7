"""Trains the compact profile: meta-learned matching on synthetic anomalies, in pieces that continue each other."""

from __future__ import annotations

import copy
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional

from filo_core.learning.anomaly_lexicon import RELATIONAL, vocabulary
from filo_core.learning.caption_training import (
    CLASSES,
    GENERIC,
    NORMAL,
    caption_pool,
    teach_captions,
    text_parameters,
)
from filo_core.learning.compact_model import new_model, normalised, trainable
from filo_core.learning.held_out import HeldOutFigures, measure_held_out
from filo_core.learning.matching_loss import (
    MatchingLoss,
    balanced_cross_entropy,
    group_distances,
    region_features,
    type_loss,
    within_window,
)
from filo_core.learning.training_checkpoint import TrainingProgress, read_checkpoint, write_checkpoint
from filo_core.learning.training_data import TrainingBatch, batches
from filo_core.learning.training_pairs import KINDS, NO_ANOMALY, VIEWS, Photographs, find_photographs
from filo_core.method.conv_encoder import read_tower
from filo_core.method.scoring import side_feature
from filo_core.method.word_tokenizer import WordTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

    from filo_core.profiles.manifest import ModelProfile

_GENERIC_SHARE = 0.1
_KEPT_SHARE = 0.998
"""Of the running mean of the weights, a step; what is measured and shipped is the mean."""
_WINDOW_SHARE, _LARGEST_WINDOW = 0.6, 4
"""How often steady parts are matched within a window only, as the detector does, and its largest size in patches."""
_RELATIONAL = torch.tensor([kind in RELATIONAL for kind in KINDS])
_BETAS = (0.9, 0.99)
_LARGEST_MARGIN_PX = 6
_WEIGHT_DECAY = 0.03
_LARGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train; times are minutes of this piece."""

    images: Path
    checkpoint: Path
    minutes: float
    seed: int = 2026
    device: str = "cpu"
    shards: int = 2
    """Threads that each take one batch a step; their gradients are averaged. One on a GPU."""
    groups: int = 4
    """Groups a shard and step, at the first of the sides; fewer at larger ones."""
    workers: int = 1
    sides: tuple[int, ...] = (128, 128, 192, 256)
    """Of the views in pixels, drawn from: blemishes are as large in pixels as they will be, and as small."""
    last_share: float = 0.35
    """Of the minutes: the end has a falling learning rate."""
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    text_weight: float = 1.0
    bfloat16: bool = False
    measure_every_minutes: float = 10.0
    save_every_minutes: float = 2.0
    held_out_groups: int = 48


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """One line of the learning curve."""

    progress: TrainingProgress
    losses: Mapping[str, float]
    learning_rate: float
    held_out: HeldOutFigures | None = None


class CompactTrainer:
    """One piece of a training run.

    Args:
        architecture: keyword arguments for open_clip's ``CLIP``.
        profile: stages and normalisation that the detector will use.
        settings: how to train.
        start: weights of the image tower to begin with where there is no checkpoint; seeded noise for what they lack.

    Raises:
        ProfileError: if the checkpoint is damaged or belongs to another architecture.
        FolderError: if there are no images.
    """

    def __init__(
        self,
        architecture: Mapping[str, Any],
        profile: ModelProfile,
        settings: TrainingSettings,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        self._profile = profile
        self._settings = settings
        self._photographs = find_photographs(settings.images)
        self._unseen = find_photographs(settings.images, held_out=True)
        self.model = new_model(architecture, settings.seed, profile.patch_head).to(settings.device)
        self._tokenize = WordTokenizer(vocabulary(), self.model.context_length)
        stored, self.progress = (
            read_checkpoint(settings.checkpoint) if settings.checkpoint.exists() else ({}, TrainingProgress())
        )
        self._set_text(start, stored)
        self._loss = MatchingLoss(len(profile.stages) + len(profile.neighbourhoods)).to(settings.device)
        self._parameters = trainable(self.model, self._loss)
        self.mean_model = copy.deepcopy(self.model).requires_grad_(requires_grad=False)
        own = {f"0.{name}": parameter for name, parameter in self.mean_model.named_parameters()}
        self._mean = {name: own[name] for name in self._parameters if name in own}
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in self._parameters.values() if p.ndim >= 2], "weight_decay": _WEIGHT_DECAY},
                {"params": [p for p in self._parameters.values() if p.ndim < 2], "weight_decay": 0.0},
            ],
            lr=settings.learning_rate,
            betas=_BETAS,
        )
        if stored:
            self._restore(stored)

    def run(self) -> Iterator[TrainingPoint]:
        """Train for the settings' minutes; a point every so often, the last one after the last step."""
        settings = self._settings
        piece = self.progress.pieces + 1
        begun, before = time.monotonic(), self.progress.minutes
        last_measure = last_save = 0.0
        recent: dict[str, list[float]] = {}
        seed = (settings.seed, piece)
        source = batches(self._photographs, settings.sides, settings.groups, seed, settings.workers)
        rng = np.random.default_rng([*seed, 1])
        with ThreadPoolExecutor(settings.shards, initializer=_one_thread) as pool:
            while (spent := (time.monotonic() - begun) / 60.0) < settings.minutes:
                rate = self._learning_rate(spent)
                shards = [next(source) for _ in range(settings.shards)]
                for name, value in self._step(shards, rng, pool, rate).items():
                    recent.setdefault(name, []).append(value)
                pairs = self.progress.pairs + sum(len(shard.pixels) for shard in shards) * VIEWS
                self.progress = TrainingProgress(self.progress.step + 1, pairs, before + spent, piece)
                if spent - last_save >= settings.save_every_minutes:
                    last_save = spent
                    self.save()
                    measure = spent - last_measure >= settings.measure_every_minutes
                    last_measure = spent if measure else last_measure
                    yield self._point(recent, rate, measure=measure)
                    recent = {}
        self.save()
        yield self._point(recent, self._learning_rate(settings.minutes), measure=True)

    def save(self) -> None:
        """Write the checkpoint; a run that is killed loses what came after it and nothing else."""
        tensors: dict[str, Tensor] = {}
        tensors |= {f"mean.{name}": parameter for name, parameter in self._mean.items()}
        tensors |= {f"text.{name}": parameter for name, parameter in text_parameters(self.model).items()}
        for name, parameter in self._parameters.items():
            tensors[f"weights.{name}"] = parameter
            state = self._optimizer.state.get(parameter, {})
            for key, value in state.items():
                tensors[f"{key}.{name}"] = value
        write_checkpoint(self._settings.checkpoint, tensors, self.progress)

    def _set_text(self, start: Mapping[str, Tensor] | None, stored: Mapping[str, Tensor]) -> None:
        """Give the text tower its words, then let it stay: from the checkpoint, or taught now."""
        text = text_parameters(self.model)
        if start is not None:
            self.model.visual.load_state_dict(
                {name.removeprefix("visual."): value for name, value in start.items() if name.startswith("visual.")},
                strict=False,
            )
        if all(f"text.{name}" in stored for name in text):
            with torch.no_grad():
                for name, parameter in text.items():
                    parameter.copy_(stored[f"text.{name}"])
        else:
            teach_captions(self.model, self._tokenize, self._settings.seed)
        for parameter in text.values():
            parameter.requires_grad = False
        self._captions = caption_pool(self.model, self._tokenize, self._settings.seed)

    @torch.no_grad()
    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        for name, parameter in self._mean.items():
            parameter.copy_(tensors[f"mean.{name}"])
        for name, parameter in self._parameters.items():
            parameter.copy_(tensors[f"weights.{name}"])
            state = {
                key: tensors[f"{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq") if f"{key}.{name}" in tensors
            }
            if state:
                self._optimizer.state[parameter] = {
                    key: value if key == "step" else value.to(parameter.device) for key, value in state.items()
                }

    def _learning_rate(self, spent: float) -> float:
        settings = self._settings
        warm = min(1.0, (self.progress.step + 1) / settings.warmup_steps)
        left = (settings.minutes - spent) / max(settings.minutes * settings.last_share, 1e-9)
        return settings.learning_rate * warm * min(1.0, max(0.02, left))

    def _step(
        self, shards: list[TrainingBatch], rng: np.random.Generator, pool: ThreadPoolExecutor, rate: float
    ) -> dict[str, float]:
        """One step on all shards; the losses' means by name."""
        seeds = rng.integers(1 << 62, size=len(shards))
        results = list(pool.map(self._gradients, shards, [np.random.default_rng(seed) for seed in seeds]))
        for index, parameter in enumerate(self._parameters.values()):
            parts = [part for gradients, _ in results if (part := gradients[index]) is not None]
            parameter.grad = torch.stack(parts).sum(dim=0) / len(results) if parts else None
        torch.nn.utils.clip_grad_norm_(list(self._parameters.values()), _LARGEST_GRADIENT)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._follow()
        names = {name for _, losses in results for name in losses}
        return {name: float(np.mean([losses[name] for _, losses in results if name in losses])) for name in names}

    @torch.no_grad()
    def _follow(self) -> None:
        """Let the mean model follow, faster while there is little to remember."""
        kept = min(_KEPT_SHARE, self.progress.step / (self.progress.step + 10.0))
        for name, parameter in self._mean.items():
            parameter.lerp_(self._parameters[name], 1.0 - kept)

    def _gradients(
        self, batch: TrainingBatch, rng: np.random.Generator
    ) -> tuple[tuple[Tensor | None, ...], dict[str, float]]:
        settings = self._settings
        with torch.autocast(settings.device.split(":")[0], torch.bfloat16, enabled=settings.bfloat16):
            total, losses = self._losses(batch, rng)
        return torch.autograd.grad(total, list(self._parameters.values()), allow_unused=True), losses

    def _losses(self, batch: TrainingBatch, rng: np.random.Generator) -> tuple[Tensor, dict[str, float]]:
        device = self._settings.device
        count = len(batch.pixels)
        masks, kinds = batch.masks.to(device), batch.kinds.flatten().to(device)
        pixels = normalised(batch.pixels.to(device).flatten(0, 1), self._profile.mean, self._profile.std)
        profile = self._profile
        matched, joint, image = read_tower(self.model.visual, pixels, profile.stages, profile.neighbourhoods)
        allowed: dict[int, Tensor | None] = {patches.shape[1]: None for patches in matched}
        if rng.random() < _WINDOW_SHARE:
            # In patches of the finest grid; coarser ones have fewer in the same window.
            window = int(rng.integers(2, _LARGEST_WINDOW + 1)) / max(allowed) ** 0.5
            steady = batch.steady.to(device)
            allowed = {patches: within_window(steady, patches, window * patches**0.5) for patches in allowed}
        distances = [
            group_distances(patches.reshape(count, VIEWS, *patches.shape[1:]), allowed[patches.shape[1]])
            for patches in matched
        ]
        total, losses = self._loss(distances, masks)
        if self._settings.text_weight > 0.0:
            # In bfloat16 captions of different kinds would round to the same logit.
            with torch.autocast(device.split(":")[0], enabled=False):
                loss, text = self._text_loss(joint, image, masks.flatten(0, 1), kinds, rng)
            total = total + self._settings.text_weight * loss
            losses |= text
        return total, losses

    def _text_loss(
        self, joint: Tensor, image: Tensor, masks: Tensor, kinds: Tensor, rng: np.random.Generator
    ) -> tuple[Tensor, dict[str, float]]:
        """Regions against captions of all kinds, and images and patches against good and bad: eq. (1)."""
        drawn = torch.from_numpy(rng.integers(self._captions.shape[1], size=CLASSES)).to(joint.device)
        texts = self._captions[torch.arange(CLASSES, device=joint.device), drawn]
        scale = self.model.logit_scale.exp().clamp(max=100.0)
        named = kinds != NO_ANOMALY
        vague = torch.from_numpy(rng.random(int(named.sum())) < _GENERIC_SHARE).to(kinds.device)
        regions = region_features(joint[named].flatten(2).transpose(1, 2), _loosened(masks[named], rng))
        types = type_loss(scale * regions @ texts[:NORMAL].T, kinds[named].masked_fill(vague, GENERIC))
        sides = torch.stack([texts[NORMAL], side_feature(texts[:NORMAL])], dim=1)
        # A picture whose anomaly shows only beside a good piece looks normal: it says nothing about either side.
        telling = ~(named & _RELATIONAL.to(kinds.device)[kinds])
        images = functional.cross_entropy(scale * image[telling] @ sides, named[telling].long())
        inside = functional.adaptive_avg_pool2d(masks[telling, None].float(), joint.shape[-1])[:, 0]
        logits = scale * torch.einsum("bdhw,ds->bshw", joint[telling], sides)
        patches = balanced_cross_entropy(logits, inside)
        parts = {"type": types, "zero_shot_image": images, "zero_shot_patch": patches}
        return types + images + patches, {name: float(part.detach()) for name, part in parts.items()}

    def _point(self, recent: Mapping[str, list[float]], rate: float, *, measure: bool) -> TrainingPoint:
        means = {name: float(np.mean(values)) for name, values in sorted(recent.items())}
        figures = self.measure() if measure else None
        return TrainingPoint(self.progress, means, rate, figures)

    def measure(self) -> HeldOutFigures:
        """Figures of the mean weights on held-out pictures, the same ones every time."""
        settings = self._settings
        unseen: Photographs = self._unseen
        return measure_held_out(self.mean_model, self._profile, unseen, settings.held_out_groups, settings.seed)


def _loosened(masks: Tensor, rng: np.random.Generator) -> Tensor:
    """``(B, S, S)`` masks, grown as often as not: the detector's regions are never as tight as the truth."""
    margin = int(rng.integers(0, _LARGEST_MARGIN_PX + 1)) if rng.random() < 0.5 else 0
    return functional.max_pool2d(masks[:, None].float(), 2 * margin + 1, stride=1, padding=margin)[:, 0] > 0.0


def _one_thread() -> None:
    # Each shard keeps to one core: threads that wait for each other on a busy machine cost more than they bring.
    torch.set_num_threads(1)
