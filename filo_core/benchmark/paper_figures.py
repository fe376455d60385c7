"""Fig. 3 and Fig. 4 of the paper: FiLo++ with other numbers of learnable vectors, and with other kernels.

The paper prints both as pictures without figures, so nothing stands beside what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from filo_core.benchmark.configurations import CONTEXT_COUNTS, KERNEL_SETS
from filo_core.benchmark.rows import TableRun, lacking, measured
from filo_core.events import StepDone
from filo_core.profiles.loaded import require_plain_clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from filo_core.benchmark.categories import Category
    from filo_core.benchmark.measuring import BenchmarkResult

Figure = Literal["3", "4"]


@dataclass(frozen=True, slots=True)
class PaperFigure:
    """One figure: what changes along it, and the configuration of each point."""

    title: str
    axis: str
    points: tuple[tuple[str, str], ...]
    """What stands on the axis, and a configuration."""


@dataclass(frozen=True, slots=True)
class PointResult:
    """A point of a figure as measured, or why it was not."""

    point: str
    configuration: str
    measured: BenchmarkResult | None
    missing: str = ""


FIGURES: dict[Figure, PaperFigure] = {
    "3": PaperFigure(
        "FiLo++ with different numbers of learnable vectors",
        "Learnable vectors a side",
        tuple((str(count), f"context-{count}") for count in CONTEXT_COUNTS),
    ),
    "4": PaperFigure(
        "FiLo++ with different convolution kernels",
        "Kernels of MDCI",
        tuple(
            (", ".join(f"{height}×{width}" for height, width in kernels), f"kernels-{name}")
            for name, kernels in KERNEL_SETS.items()
        ),
    ),
}


def run_figure(figure: Figure, categories: Sequence[Category], setting: TableRun) -> Iterator[StepDone | PointResult]:
    """Run the points of a figure one after another: a step an image, a :class:`PointResult` a point.

    Raises:
        FiloError: if an image, a mask or a profile is unusable. What is merely absent makes a point that says so.
    """
    require_plain_clip(setting.loaded)
    for point, name in FIGURES[figure].points:
        missing = lacking(name, categories, setting)
        if missing:
            yield PointResult(point, name, None, missing)
            continue
        for event in measured(name, name, categories, setting):
            yield event if isinstance(event, StepDone) else PointResult(point, name, event)
