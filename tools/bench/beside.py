"""What one image costs, from its file to its regions, beside a ResNet-18 forward in the same run."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torchvision.models import resnet18

from filo_core.benchmark.datasets import load_category
from filo_core.engine import Engine
from filo_core.imaging import read_image
from filo_core.resources import resource_path
from filo_core.types import Eyes
from tools.bench.product import REFERENCES, demo_recipe

_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the rounds; seconds, and megabytes for the whole process."""

    image: float
    resnet18: float
    prepare: float
    megabytes: float

    @property
    def ratio(self) -> float:
        """One image from file to regions, in ResNet-18 forwards at 256 px."""
        return self.image / self.resnet18


def measure_cost(engine: Engine, eyes: Eyes | None = None, rounds: int = _ROUNDS) -> Cost:
    """Time the rendered product's images, batch 1, from the file to the regions."""
    category = load_category(resource_path("demo", "bracket"))
    files = [test.path for test in category.tests]
    recipe, images = demo_recipe(engine, eyes)
    begun = time.perf_counter()
    detector = engine.detector(recipe, images)
    prepare = time.perf_counter() - begun
    network = resnet18().eval()
    batch = torch.zeros(1, 3, 256, 256)

    def forward() -> None:
        with torch.inference_mode():
            network(batch)

    def inspect(path: Path) -> None:
        detector.predict(read_image(path).pixels)

    # Taken in turns, so that whatever else the machine does meets both alike.
    ours, theirs = [], []
    for number in range(rounds + 2):
        ours.append(_seconds(partial(inspect, files[number % len(files)])))
        theirs.append(_seconds(forward))
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Cost(statistics.median(ours[2:]), statistics.median(theirs[2:]), prepare, kilobytes / 1024)


def cost_lines(cost: Cost) -> str:
    """The figures as a Markdown list."""
    beside = f"{cost.ratio:.2f} times a torchvision ResNet-18 forward at 256 px ({1000 * cost.resnet18:.0f} ms)"
    lines = (
        f"one image, file to regions: {1000 * cost.image:.0f} ms, {beside} in the same run",
        f"a folder: {1.0 / cost.image:.1f} images a second",
        f"preparing a recipe of {REFERENCES} references: {cost.prepare:.2f} s",
        f"memory of the process at its largest: {cost.megabytes:.0f} MB",
        f"with {torch.get_num_threads()} threads",
    )
    return "\n".join(f"- {line}" for line in lines)


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
