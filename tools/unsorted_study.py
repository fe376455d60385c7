"""What a proposal from unsorted pictures is worth: good and bad test pictures of a category, mixed.

``python -m tools.unsorted_study CATEGORY [CATEGORY ...] [--good 24] [--bad 8]``: a line each with the image AUROC of
the oddness, how many of the six proposals are bad, and the processor's seconds. No good part is known to it. With
``--folder DIR`` it takes the time that ``product create --unsorted DIR`` needs for it, once the model is there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from filo_core.benchmark.datasets import load_category
from filo_core.benchmark.metrics import image_auroc
from filo_core.engine import Engine, load_engine
from filo_core.events import PROPOSED, UnsortedProposal, UnsortedRanked
from filo_core.imaging import read_image
from tools.markdown import say
from workflows.products.unsorted import unsorted_steps

_SEED = 11


def main(categories: list[Path], good: int, bad: int) -> None:
    """Sort each category and say what came of it."""
    engine = load_engine("compact", "cpu")
    aurocs, wrong, proposed = [], 0, 0
    for root in categories:
        auroc, bad_proposed, line = _sorted(engine, root, good, bad)
        say(f"{root.name}: {line}")
        wrong, proposed = wrong + bad_proposed, proposed + PROPOSED
        aurocs.append(auroc)
    say(f"mean image AUROC {100 * np.mean(aurocs):.1f} of {len(aurocs)}; {wrong} of {proposed} proposals were bad")


def take_time(folder: Path) -> None:
    """Say how long a folder takes to be sorted, by the clock and by the processor."""
    engine = load_engine("compact", "cpu")
    begun, worked = time.perf_counter(), time.process_time()
    *_, last = unsorted_steps(folder)(engine)
    assert isinstance(last, UnsortedProposal)
    clock, processor = time.perf_counter() - begun, time.process_time() - worked
    say(f"{len(last.ranked)} pictures, {engine.lanes} lanes: {clock:.0f} s by the clock, {processor:.0f} of processor")


def _sorted(engine: Engine, root: Path, good: int, bad: int) -> tuple[float, int, str]:
    category, rng = load_category(root), np.random.default_rng(_SEED)
    tests = []
    for anomalous, most in ((False, good), (True, bad)):
        own = [test for test in category.tests if test.anomalous is anomalous]
        tests += [own[index] for index in rng.permutation(len(own))[:most]]
    started = time.process_time()
    *_, last = engine.rank_unsorted((read_image(test.path) for test in tests), len(tests))
    assert isinstance(last, UnsortedRanked)
    labels = [test.anomalous for test in tests]
    auroc = image_auroc(last.scores, labels) or 0.5
    wrong = sum(labels[index] for index in np.argsort(last.scores)[:PROPOSED])
    line = f"{labels.count(False)} good and {labels.count(True)} bad, image AUROC {100 * auroc:.1f}, "
    return auroc, wrong, line + f"{wrong} of {PROPOSED} proposals bad, {time.process_time() - started:.0f} s"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("categories", nargs="*", type=Path)
    parser.add_argument("--folder", type=Path, help="take the time of this folder instead")
    parser.add_argument("--good", type=int, default=24)
    parser.add_argument("--bad", type=int, default=8)
    given = parser.parse_args()
    if given.folder is not None:
        take_time(given.folder)
    else:
        main(given.categories, given.good, given.bad)
