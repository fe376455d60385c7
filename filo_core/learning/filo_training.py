"""Two-stage training of FiLo++ (III-D, IV-C): first prompts, linear layers and MDCI, then the adapter alone."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from filo_core.errors import FiloError, ProfileError
from filo_core.learning.filo_checkpoint import Manifest, Place, load_run, restore_moments, save_run
from filo_core.learning.filo_losses import global_loss, local_loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from filo_core.learning.filo_samples import TrainingSample

STAGES = ("maps", "adapter")
"""Stage 1 learns the anomaly maps by eq. (9), stage 2 the image score by eq. (8)."""


class Learner(Protocol):
    """What is trained, and what its losses are taken on."""

    def parameters_of(self, stage: str) -> Mapping[str, Mapping[str, nn.Parameter]]:
        """What a stage trains, by the group that sets the learning rate: ``prompts``, ``maps`` or ``adapter``."""
        ...

    def state(self) -> Mapping[str, Tensor]:
        """Every learned tensor of both stages by name; written to in place when a run is resumed."""
        ...

    def maps(self, sample: TrainingSample) -> tuple[list[tuple[Tensor, Tensor]], Tensor]:
        """M_n and M_a of each stage's linear and MDCI head and G, each ``(S, S)``; all positions, no localizer."""
        ...

    def sides(self, sample: TrainingSample) -> tuple[Tensor, Tensor, Tensor]:
        """Adapted image feature and the two side features, each ``(D,)``, L2-normalised."""
        ...


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The paper's numbers (IV-C) where nothing else is said."""

    seed: int = 0
    """Of the order of the images; the heads' start is the profile's."""
    map_epochs: int = 15
    adapter_epochs: int = 5
    prompt_rate: float = 1e-3
    map_rate: float = 1e-4
    """Of linear layers and MDCI."""
    adapter_rate: float = 1e-5
    accumulation: int = 1
    """Images a step; the paper's batch is 1."""
    bfloat16: bool = False
    """Autocast; weights and AdamW stay float32."""

    def epochs(self, stage: str) -> int:
        """Passes over the data in a stage."""
        return self.map_epochs if stage == "maps" else self.adapter_epochs

    def rate(self, group: str) -> float:
        """Learning rate of a parameter group."""
        return {"prompts": self.prompt_rate, "maps": self.map_rate, "adapter": self.adapter_rate}[group]


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """One image was learned from."""

    done: int
    total: int
    """Over both stages."""
    stage: str
    epoch: int
    """Counts from 0."""
    loss: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class MeasuredStage:
    """What a stage takes on this machine, from its first images."""

    stage: str
    steps: int
    """Images that were learned from."""
    seconds: float
    whole: int
    """Images of the whole stage, all epochs together."""

    @property
    def whole_seconds(self) -> float:
        """What all of it takes by multiplication."""
        return self.seconds / max(self.steps, 1) * self.whole


class FiloTrainer:
    """Trains a learner on samples; continues from its checkpoint where there is one.

    An image at a time in an order that seed, stage and epoch settle, so that a run that was killed and continued
    gives the same weights as one that was not.

    Args:
        learner: what is trained, in place.
        samples: test images; those that are anomalous and not outlined teach the second stage only.
        plan: epochs, rates, seed.
        checkpoint: continued if it is there; replaced at least every ``checkpoint_seconds`` and at the end.
        profile_hash: of the frozen model, part of the run's identity.
        device: where the learner computes.
        checkpoint_seconds: 0 writes after every step.

    Raises:
        ProfileError: if the checkpoint is damaged or belongs to another run.
    """

    def __init__(
        self,
        learner: Learner,
        samples: Sequence[TrainingSample],
        plan: TrainingPlan,
        checkpoint: Path,
        *,
        profile_hash: str = "",
        device: str = "cpu",
        checkpoint_seconds: float = 60.0,
    ) -> None:
        self._learner = learner
        self._samples = {"maps": [sample for sample in samples if sample.outlined], "adapter": list(samples)}
        self._plan = plan
        self._checkpoint = checkpoint
        self.device = device
        self._checkpoint_seconds = checkpoint_seconds
        self._run = _identity(plan, samples, profile_hash)
        self._moments: Mapping[int, Mapping[str, Tensor]] = {}
        self._saved = time.monotonic()
        self.place = Place()
        if checkpoint.exists():
            self._resume()

    def run(self) -> Iterator[TrainingStep]:
        """Learn to the end, a step an image; ends at once where the checkpoint is of a complete run.

        Raises:
            FiloError: if an image or mask cannot be used, or the loss stops being a number.
        """
        for number in range(self.place.stage, len(STAGES)):
            yield from self._stage(number)

    def measure(self, steps: int) -> Iterator[MeasuredStage]:
        """Learn from so many images in each stage and keep nothing of it: how fast that goes.

        Args:
            steps: images a stage, or all of its run where those are fewer.

        Raises:
            FiloError: as :meth:`run`.
        """
        self._checkpoint_seconds = float("inf")
        for number, stage in enumerate(STAGES):
            self.place = Place(number)
            whole = self._plan.epochs(stage) * len(self._samples[stage])
            if not whole or not self._learner.parameters_of(stage):
                continue
            started = time.perf_counter()
            count = sum(1 for _ in itertools.islice(self._stage(number), min(steps, whole)))
            yield MeasuredStage(stage, count, time.perf_counter() - started, whole)

    def _stage(self, number: int) -> Iterator[TrainingStep]:
        groups = self._learner.parameters_of(STAGES[number])
        if not groups:
            # A method without an adapter learns nothing in the second stage.
            self.place = Place(number + 1, seconds=self.place.seconds)
            self._save(None)
            return
        optimizer = torch.optim.AdamW(
            [{"params": list(group.values()), "lr": self._plan.rate(name)} for name, group in groups.items()]
        )
        restore_moments(optimizer, self._moments)
        self._moments = {}
        with _training_only(self._learner, [item for group in groups.values() for item in group.values()]):
            for epoch in range(self.place.epoch, self._plan.epochs(STAGES[number])):
                yield from self._epoch(number, epoch, optimizer)
                self.place = replace(self.place, epoch=epoch + 1, index=0)
        self.place = Place(number + 1, seconds=self.place.seconds)
        self._save(None)

    def _epoch(self, number: int, epoch: int, optimizer: torch.optim.Optimizer) -> Iterator[TrainingStep]:
        stage = STAGES[number]
        samples = self._samples[stage]
        order = np.random.default_rng([self._plan.seed, number, epoch]).permutation(len(samples))
        for index in range(self.place.index, len(order)):
            started = time.perf_counter()
            loss = self._learn(stage, samples[order[index]])
            stepped = (index + 1) % self._plan.accumulation == 0 or index + 1 == len(order)
            if stepped:
                optimizer.step()
                optimizer.zero_grad()
            self.place = Place(number, epoch, index + 1, self.place.seconds + time.perf_counter() - started)
            if stepped and time.monotonic() - self._saved >= self._checkpoint_seconds:
                self._save(optimizer)
            yield self._report(stage, epoch, loss)

    def _learn(self, stage: str, sample: TrainingSample) -> float:
        with torch.autocast(self.device.split(":")[0], torch.bfloat16, enabled=self._plan.bfloat16):
            loss = _loss(self._learner, stage, sample)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise FiloError(
                "The loss is no longer a number at {name}. Continue with smaller learning rates.",
                name=sample.test.path.name,
            )
        torch.autograd.backward(loss / self._plan.accumulation)
        return value

    def _report(self, stage: str, epoch: int, loss: float) -> TrainingStep:
        learnt = [name for name in STAGES if self._learner.parameters_of(name)]
        sizes = [self._plan.epochs(name) * len(self._samples[name]) for name in learnt]
        before = sum(sizes[: self.place.stage])
        done, total = before + epoch * len(self._samples[stage]) + self.place.index, sum(sizes)
        left = self.place.seconds / done * (total - done)
        return TrainingStep(done, total, stage, epoch, loss, left)

    def _save(self, optimizer: torch.optim.Optimizer | None) -> None:
        save_run(self._checkpoint, self._learner.state(), optimizer, Manifest(self._run, self.place))
        self._saved = time.monotonic()

    def _resume(self) -> None:
        tensors, moments, manifest = load_run(self._checkpoint)
        state = self._learner.state()
        if manifest.run != self._run or tensors.keys() != state.keys():
            raise ProfileError(
                "{checkpoint} belongs to another run: plan, profile and data must be the same. Name "
                "another checkpoint, or repeat the run with its own settings.",
                checkpoint=self._checkpoint,
            )
        with torch.no_grad():
            for name, tensor in state.items():
                tensor.copy_(tensors[name])
        self._moments, self.place = moments, manifest.place


def _loss(learner: Learner, stage: str, sample: TrainingSample) -> Tensor:
    if stage == "maps":
        return local_loss(*learner.maps(sample))
    image, normal, anomalous = learner.sides(sample)
    label = torch.tensor([int(sample.test.anomalous)], device=image.device)
    return global_loss(image[None].float(), normal[None].float(), anomalous[None].float(), label)


@contextlib.contextmanager
def _training_only(learner: Learner, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Let gradients reach these parameters and no other of the learner's."""
    everything = [
        parameter for stage in STAGES for group in learner.parameters_of(stage).values() for parameter in group.values()
    ]
    for parameter in everything:
        parameter.requires_grad = any(parameter is chosen for chosen in parameters)
    try:
        yield
    finally:
        for parameter in everything:
            parameter.requires_grad = False


def _identity(plan: TrainingPlan, samples: Sequence[TrainingSample], profile_hash: str) -> str:
    data = [[sample.recipe.product, sample.test.path.name, sample.test.anomalous] for sample in samples]
    content = {"plan": asdict(plan), "profile": profile_hash, "data": data}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
