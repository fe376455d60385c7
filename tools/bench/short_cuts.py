"""What the short cuts change: exact graphs and every stored patch looked at, beside what runs.

``python -m tools.bench.short_cuts CATEGORIES`` with a folder of MVTec-AD categories; into docs/performance.md. What
runs is :mod:`filo_core.trunks.quickening` and :mod:`filo_core.eyes.search`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from filo_core.benchmark.baselines import detector_maker
from filo_core.benchmark.categories import Category, LabelledImage
from filo_core.benchmark.datasets import find_categories
from filo_core.benchmark.measuring import CategoryResult, benchmark
from filo_core.engine import load_engine
from filo_core.eyes import search
from filo_core.trunks.store import TrunkStore
from filo_core.types import Eyes, Prediction, Sight
from tools.bench.page import PAGE
from tools.markdown import markdown_table, replace_section, say, this_machine

TITLE = "What the short cuts change"
_EYES = (Eyes(Sight.FAST, 256), Eyes())
_ALL = 1 << 60
_SHOTS, _SEED = 4, 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    """One way to search on one category."""

    result: CategoryResult
    scores: tuple[float, ...]

    @property
    def cell(self) -> str:
        figures = self.result.figures
        return " / ".join("–" if v is None else f"{100 * v:.2f}" for v in (figures.image_auroc, figures.pixel_auroc))


def main(root: Path, names: Sequence[str], limit: int) -> None:
    """Measure both ways and rewrite the section."""
    rows = []
    for category in find_categories(root):
        if names and not any(name in category.name for name in names):
            continue
        for eyes in _EYES:
            after = _outcome(category, eyes, limit)
            with patch.object(search, "FEW", _ALL), patch.object(TrunkStore, "cpu_graph", TrunkStore.graph):
                before = _outcome(category, eyes, limit)
            change = np.subtract(after.scores, before.scores)
            largest = float(np.abs(change).max())
            rows.append(
                [category.name, eyes.words, before.cell, after.cell, f"{largest:.4f}", f"{float(change.mean()):+.4f}"]
            )
            say(" ".join(rows[-1]))
    header = ["category", "eyes", "exact: image / pixel", "as it runs", "largest change of a score", "of the mean"]
    how = (
        f"{_SHOTS}-shot, seed {_SEED}, at most {limit} good and {limit} anomalous images a category; AUROC in per "
        f"cent, scores from 0 to 1. `python -m tools.bench.short_cuts DIR`, {this_machine()}."
    )
    replace_section(PAGE, TITLE, f"{how}\n\n{markdown_table(header, rows)}")


def _outcome(category: Category, eyes: Eyes, limit: int) -> _Outcome:
    scores: list[float] = []

    def keep(_name: str, _test: LabelledImage, prediction: Prediction) -> None:
        scores.append(prediction.image_score)

    make = detector_maker(load_engine("compact", "cpu"), eyes)
    events = benchmark([category], make, shots=_SHOTS, seeds=[_SEED], limit=limit, on_prediction=keep)
    result = next(event for event in events if isinstance(event, CategoryResult))
    return _Outcome(result, tuple(scores))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--category", action="append", default=[], help="part of a name; all without")
    parser.add_argument("--limit", type=int, default=24)
    given = parser.parse_args()
    main(given.root, given.category, given.limit)
