"""Trains in a process of its own, which a test kills: ``python -m ... CATEGORY CHECKPOINT``."""

import sys
from pathlib import Path

import torch

from filo_core.learning.filo_training import FiloTrainer, TrainingPlan
from tests.unit.filo_core.learning.filo_making import new_learner, samples_in

PLAN = TrainingPlan(seed=5, map_epochs=3, adapter_epochs=2, accumulation=2)


def train(root: Path, checkpoint: Path) -> None:
    torch.set_num_threads(1)
    learner, _, _ = new_learner()
    for step in FiloTrainer(learner, samples_in(root), PLAN, checkpoint, checkpoint_seconds=0.0).run():
        sys.stdout.write(f"{step.done}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    train(Path(sys.argv[1]), Path(sys.argv[2]))
