"""What was not taken, beside what is there: ``python -m tools.bench.alternatives [CATEGORIES]``.

Into docs/performance.md: OpenVINO in place of ONNX Runtime, faiss-cpu in place of :mod:`filo_core.eyes.search`, and,
with a folder of MVTec-AD categories, memory banks thinned to a coreset (greedy k-center, as PatchCore does).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filo_core.benchmark.categories import Category
from filo_core.benchmark.datasets import find_categories
from filo_core.engine import load_model
from filo_core.eyes.bank import PatchBank
from filo_core.eyes.features import Eye, Features
from filo_core.eyes.frames import frame_of, on_picture
from filo_core.eyes.loaded import LoadedEyes
from filo_core.eyes.scoring import fused, peak_of
from filo_core.eyes.search import PatchSearch
from filo_core.imaging import read_image
from filo_core.resources import resource_path
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.session import open_trunk
from filo_core.trunks.specs import Slot, TrunkSpec
from filo_core.trunks.store import GRAPH, TrunkStore
from filo_core.types import Eyes
from tools.bench.environments import environment_with
from tools.bench.page import PAGE
from tools.bench.product import demo_draft
from tools.markdown import markdown_table, replace_section, say, this_machine

_OPENVINO, _FAISS = "2026.4.1", "1.15.1"
_SCRIPT = Path(__file__).with_name("alternative_runtimes.py")
_LIGHT_PX, _DEEP_PX = Eyes().light_px, Eyes().deep_px
_ROUNDS, _WARM = 9, 2
_SHARES = (1.0, 0.5, 0.25, 0.1)
_SHOTS = 4

Floats = NDArray[np.float32]


def main(root: Path | None, names: Sequence[str], limit: int) -> None:
    """Measure and rewrite the sections."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    eyes = [Eye(open_trunk(TrunkStore(), spec), side) for spec, side in _trunks()]
    runtimes, searches = _beside_others(eyes)
    how = (
        "One thread, milliseconds of a processor, medians. Two of the eyes at their usual size; the search is for "
        f"one picture of L at {_LIGHT_PX} px among four good parts. `python -m tools.bench.alternatives`, "
        f"{this_machine()}."
    )
    replace_section(PAGE, "OpenVINO and faiss beside what runs", f"{how}\n\n{runtimes}\n\n{searches}")
    if root is not None:
        chosen = [c for c in find_categories(root) if not names or any(name in c.name for name in names)]
        how = (
            f"{_SHOTS}-shot, seed 0, at most {limit} good and {limit} anomalous pictures, `sharp "
            f"{_LIGHT_PX}+{_DEEP_PX}`: image AUROC in per cent, and milliseconds of a processor for matching. "
            f"`python -m tools.bench.alternatives DIR`, {this_machine()}."
        )
        replace_section(PAGE, "Thinned memory banks", f"{how}\n\n{_thinned(eyes, chosen, limit)}")


def _trunks() -> list[tuple[TrunkSpec, int]]:
    here = TrunkStore().present(shipped_trunks())
    return [
        (next(s for s in here if s.slot is slot), px) for slot, px in ((Slot.LIGHT, _LIGHT_PX), (Slot.DEEP, _DEEP_PX))
    ]


def _beside_others(eyes: Sequence[Eye]) -> tuple[str, str]:
    """Tables of the trunks' times and of the searches'."""
    python = environment_with(f"runtimes-{_OPENVINO}-{_FAISS}", f"openvino=={_OPENVINO}", f"faiss-cpu=={_FAISS}")
    store = TrunkStore()
    trunks = [(spec.name, str((store.folder(spec) or Path()) / GRAPH), side) for spec, side in _trunks()]
    parts = [eyes[0].features(image.pixels).patches for image in demo_draft()[1]]
    cracked = next(resource_path("demo", "bracket", "test", "crack").glob("*.*"))
    asked = eyes[0].features(read_image(cracked).pixels).patches
    with tempfile.TemporaryDirectory(prefix="filo-bench-") as space:
        question = Path(space) / "question.npz"
        np.savez(question, stored=np.concatenate(parts), asked=asked, trunks=json.dumps(trunks))
        alone = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run([python, _SCRIPT, question], capture_output=True, text=True, check=False, env=alone)
    if done.returncode != 0:
        raise SystemExit(f"OpenVINO and faiss do not run in their environment: {done.stderr[-500:]}")
    theirs = json.loads(done.stdout.splitlines()[-1])
    rows = []
    for eye, (spec, side) in zip(eyes, _trunks(), strict=True):
        rows.append([f"{spec.name}, {side} px", "ONNX Runtime, as it runs", *_ours(spec, side, eye)])
        for name, precision, opening, took in theirs["trunks"]:
            if name == spec.name:
                rows.append([f"{name}, {side} px", f"OpenVINO {precision}", f"{opening:.0f}", f"{took:.1f}"])
    runtimes = markdown_table(
        ["trunk", f"by (OpenVINO {theirs['openvino'].split('-')[0]})", "to open", "a picture"], rows
    )
    return runtimes, _search_table(parts, asked, theirs)


def _ours(spec: TrunkSpec, side: int, eye: Eye) -> list[str]:
    spent = time.process_time()
    session = open_trunk(TrunkStore(), spec)
    opening = 1000 * (time.process_time() - spent)
    picture = np.random.default_rng(0).random((side, side, 3), np.float32)
    took = _milliseconds(lambda: session.stages(picture, eye.reading.outputs))
    return [f"{opening:.0f}", f"{took:.1f}"]


def _search_table(parts: Sequence[Floats], asked: Floats, theirs: dict[str, Any]) -> str:
    spent = time.process_time()
    ours = PatchSearch(parts)
    building = 1000 * (time.process_time() - spent)
    exact = np.concatenate([np.max(asked @ part.T, axis=1)[None] for part in parts]).max(axis=0)
    farther = float((ours.nearest(asked)[0] - np.maximum(1.0 - exact, 0.0)).max())
    rows = [["as it runs", f"{building:.0f}", f"{_milliseconds(lambda: ours.nearest(asked)):.1f}", f"{farther:.3f}"]]
    rows += [
        [f"faiss {theirs['faiss']}, {name}", f"{build:.0f}", f"{took:.1f}", f"{away:.3f}"]
        for name, build, took, away in theirs["searches"]
    ]
    return markdown_table(["search", "to build", "a picture", "largest distance too much"], rows)


def _milliseconds(work: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(_ROUNDS):
        spent = time.process_time()
        work()
        seconds.append(time.process_time() - spent)
    return 1000 * statistics.median(seconds[_WARM:])


def _thinned(eyes: Sequence[Eye], categories: Sequence[Category], limit: int) -> str:
    rows = []
    for category in categories:
        say(f"thinned banks of {category.name}")
        rows.append([category.name, *_thinned_row(eyes, category, limit)])
    return markdown_table(["category", *(f"{100 * share:.0f} % of the patches" for share in _SHARES)], rows)


def _thinned_row(eyes: Sequence[Eye], category: Category, limit: int) -> list[str]:
    rng = np.random.default_rng(0)
    references = rng.choice(len(category.references), min(_SHOTS, len(category.references)), replace=False)
    seen = [
        (f"{at}", [eye.features(read_image(category.references[at]).pixels) for eye in eyes])
        for at in sorted(references)
    ]
    tests = []
    for anomalous in (False, True):
        of_kind = [test for test in category.tests if test.anomalous is anomalous]
        picked = sorted(rng.choice(len(of_kind), min(limit, len(of_kind)), replace=False))
        for at in picked:
            pixels = read_image(of_kind[at].path).pixels
            tests.append((anomalous, pixels.shape[:2], [eye.features(pixels) for eye in eyes]))
    whole = PatchBank()
    for key, features in seen:
        whole.add(key, [one.patches for one in features])
    whole.measure(seen)
    return [_judged(thinned(whole, share), tests) for share in _SHARES]


def _judged(bank: PatchBank, tests: Sequence[tuple[bool, tuple[int, int], list[Features]]]) -> str:
    profile = _profile()
    scores: list[list[float]] = [[], []]
    spent = 0.0
    for anomalous, (height, width), features in tests:
        begun = time.process_time()
        away = [bank.standard_distances(trunk, one.patches) for trunk, one in enumerate(features)]
        spent += time.process_time() - begun
        grid = frame_of(width, height, profile.cells)
        maps = [
            on_picture(values.reshape(one.grid.shape[:2]), one.frame, one.stride, grid.height, grid.width)
            for values, one in zip(away, features, strict=True)
        ]
        scores[anomalous].append(peak_of(fused(maps), profile.score_share, profile.score_sigma))
    higher = np.subtract.outer(scores[1], scores[0])
    auroc = float((higher > 0).mean() + 0.5 * (higher == 0).mean())
    return f"{100 * auroc:.1f}, {1000 * spent / len(tests):.0f} ms"


def _profile() -> Any:
    loaded = load_model(resource_path("models", "compact"), "cpu")
    assert isinstance(loaded, LoadedEyes)
    return loaded.profile


def thinned(bank: PatchBank, share: float) -> PatchBank:
    """A bank with so large a share of the patches of another, each trunk's chosen by greedy k-center over all parts."""
    arrays = bank.to_arrays()
    if share >= 1.0:
        return PatchBank.from_arrays(arrays)
    for trunk in range(len(arrays["spreads"])):
        names = [name.split("/", 2)[2] for name in arrays if name.startswith(f"patches/{trunk}/")]
        sizes = [len(arrays[f"patches/{trunk}/{name}"]) for name in names]
        chosen = _centers(np.concatenate([arrays[f"patches/{trunk}/{name}"] for name in names]), share)
        for name, size, first in zip(names, sizes, np.cumsum([0, *sizes[:-1]]), strict=True):
            kept = np.sort(chosen[(chosen >= first) & (chosen < first + size)]) - first
            for kind in ("patches", "density"):
                arrays[f"{kind}/{trunk}/{name}"] = arrays[f"{kind}/{trunk}/{name}"][kept]
    return PatchBank.from_arrays(arrays)


def _centers(patches: Floats, share: float) -> NDArray[np.int64]:
    """The patch that is farthest from all chosen so far, time and again."""
    chosen = [0]
    nearest = patches @ patches[0]
    for _ in range(max(1, round(share * len(patches))) - 1):
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, patches @ patches[chosen[-1]])
    return np.array(chosen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, nargs="?")
    parser.add_argument("--category", action="append", default=[], help="part of a name; all without")
    parser.add_argument("--limit", type=int, default=12)
    given = parser.parse_args()
    main(given.root, given.category, given.limit)
