"""Measures the compact profile and its baselines, and writes the figures into its model card.

``python -m tools.model_card CATEGORIES [--seeds 3] [--limit 24]`` with a folder of MVTec-AD categories. Only what lies
between the two marks of the card is replaced; the rest is written by hand.
"""

from __future__ import annotations

import argparse
import platform
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnxruntime

from filo_core.benchmark.baselines import Contender, contenders
from filo_core.benchmark.datasets import find_categories
from filo_core.benchmark.measuring import BenchmarkResult, Merits, benchmark
from filo_core.engine import load_engine
from filo_core.profiles.folders import profile_folder
from filo_core.trunks.listed import shipped_trunks
from filo_core.types import Eyes, Sight
from tools.bench.beside import cost_lines, measure_cost
from tools.markdown import markdown_table, say

CARD = Path(__file__).resolve().parent.parent / "resources" / "models" / "compact" / "MODEL_CARD.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_SHOTS, _SEEDS, _LIMIT = 4, 3, 24
_TIMED = (Eyes(Sight.FAST, 256), Eyes(Sight.FAST), Eyes())
_OF_COSTS = (
    "Costs are taken beside whatever else the machine does (ratios within one run only), the memory with torch in the "
    "same process, which measures beside; docs/performance.md has those of `make bench` without it."
)
_ONE_DRAW = ("plain PatchCore on the light trunk", "plain contrast")
_FIGURES = ("image_auroc", "pixel_auroc", "aupro", "f1_max")


def main(root: Path, own_seeds: int = _SEEDS, limit: int = _LIMIT) -> None:
    """Measure and rewrite the card.

    Args:
        root: folder of categories.
        own_seeds: draws of good parts for the profile itself.
        limit: at most so many good and so many anomalous test images a category.
    """
    folder = profile_folder("compact")
    engine = load_engine("compact", "cpu")
    costs = [f"`{eyes.words}`:\n\n{cost_lines(measure_cost(engine, eyes))}" for eyes in _TIMED]
    results = compared(root, contenders(folder, "cpu", baselines=True), own_seeds, limit)
    text = CARD.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    body = "\n\n".join((measured(results), _trunk_table(), *costs, _OF_COSTS))
    CARD.write_text(f"{head}{BEGIN}\n{body}\n{END}{tail}", encoding="utf-8")


def compared(root: Path, rows: Sequence[Contender], own_seeds: int, limit: int) -> list[BenchmarkResult]:
    """What each row reaches; a category after the other, so that every trunk looks at its pictures once.

    Baselines that nobody would take only have to say where they stand: the first draw of good parts is enough.
    """
    found: dict[str, BenchmarkResult] = {}
    for category in find_categories(root):
        for row in rows:
            seeds = tuple(range(own_seeds if row.name not in _ONE_DRAW else 1))
            *steps, result = benchmark([category], row.make_detector, shots=_SHOTS, seeds=seeds, limit=limit)
            assert isinstance(result, BenchmarkResult), "a benchmark ends with its result"
            say(f"{category.name}, {row.name}: {len(steps)} steps")
            before = found[row.name].categories if row.name in found else ()
            found[row.name] = replace(result, categories=before + result.categories, profile=row.name)
    return list(found.values())


def _trunk_table() -> str:
    """Licence and provenance of every trunk."""
    rows = [[spec.name, spec.title, spec.trained_on, spec.licence, spec.origin] for spec in shipped_trunks()]
    return markdown_table(["trunk", "what it is", "trained on", "licence", "from"], rows)


def measured(results: Sequence[BenchmarkResult]) -> str:
    """Both tables and how they were made, as Markdown."""
    ours = results[0]
    where = f"{platform.system()} {platform.machine()}, ONNX Runtime {onnxruntime.__version__}"
    how = (
        f"{ours.shots}-shot, seeds {', '.join(map(str, ours.seeds))}, first {ours.limit} good and {ours.limit} "
        "anomalous test images (seeded), per cent; ± is the standard deviation over the seeds, the interval is for the "
        f"number of images. {where}."
    )
    own_header = ["category", "image AUROC", "95 % interval", "pixel AUROC", "AUPRO", "F1-max"]
    own = [
        [c.name, _cell(c.figures, c.spread, "image_auroc"), _interval(c.image_auroc_interval)]
        + [_cell(c.figures, c.spread, name) for name in _FIGURES[1:]]
        for c in ours.categories
    ]
    own.append(["**mean**", _cell(ours.mean, _spread_of_means(ours), "image_auroc"), ""])
    own[-1] += [_cell(ours.mean, _spread_of_means(ours), name) for name in _FIGURES[1:]]
    return f"{how}\n\n{markdown_table(own_header, own)}\n\n{_several(results)}\n\n{_beside(results)}"


def _several(results: Sequence[BenchmarkResult]) -> str:
    """The rows that were measured with every draw: means over the categories."""
    rows = [
        [result.profile, *(_cell(result.mean, _spread_of_means(result), name) for name in _FIGURES)]
        for result in results
        if result.seeds == results[0].seeds
    ]
    header = ["mean of the categories", "image AUROC", "pixel AUROC", "AUPRO", "F1-max"]
    how = "With the trained head and without it, the same draws; ± is the deviation of the mean over the seeds:"
    return f"{how}\n\n{markdown_table(header, rows)}"


def _beside(results: Sequence[BenchmarkResult]) -> str:
    """Every row with the first draw, category by category."""
    header = ["image / pixel AUROC", *(result.profile for result in results)]
    firsts = [_first_seed(result) for result in results]
    rows = [
        [category.name, *(_pair(first.categories[index].figures) for first in firsts)]
        for index, category in enumerate(results[0].categories)
    ]
    rows.append(["**mean**", *(_pair(first.mean) for first in firsts)])
    return f"Beside others, seed {results[0].seeds[0]} alone:\n\n{markdown_table(header, rows)}"


def _first_seed(result: BenchmarkResult) -> BenchmarkResult:
    categories = tuple(replace(category, figures=category.by_seed[0]) for category in result.categories)
    return replace(result, categories=categories, seeds=result.seeds[:1])


def _spread_of_means(result: BenchmarkResult) -> Merits:
    """Standard deviation over the seeds of the mean over the categories."""

    def spread(name: str) -> float | None:
        means = []
        for index in range(len(result.seeds)):
            values = [v for c in result.categories if (v := getattr(c.by_seed[index], name)) is not None]
            if not values:
                return None
            means.append(statistics.mean(values))
        return statistics.stdev(means) if len(means) > 1 else None

    return Merits(**{name: spread(name) for name in _FIGURES})


def _cell(figures: Merits, spread: Merits, name: str) -> str:
    value, wide = getattr(figures, name), getattr(spread, name)
    if value is None:
        return "–"
    return f"{100 * value:.1f}" + ("" if wide is None else f" ± {100 * wide:.1f}")


def _pair(figures: Merits) -> str:
    shown = ("–" if v is None else f"{100 * v:.1f}" for v in (figures.image_auroc, figures.pixel_auroc))
    return " / ".join(shown)


def _interval(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("categories", type=Path)
    parser.add_argument("--seeds", type=int, default=_SEEDS)
    parser.add_argument("--limit", type=int, default=_LIMIT)
    typed = parser.parse_args()
    main(typed.categories, typed.seeds, typed.limit)
