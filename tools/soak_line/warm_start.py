"""How long the shipped model takes to be ready, and to judge again after its process was killed."""

from __future__ import annotations

import os
import signal
import statistics
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil

from filo_core.engine import load_engine
from filo_core.line.model_process import load_detectors
from filo_core.line.supervised import SupervisedDetector
from tools.bench.product import demo_recipe
from tools.soak_line.findings import Findings, Unit

PROFILE = "compact"
_STEADY = 10


def units(_home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """Each starts the model's process, has it judge, kills it, and waits for the next verdict."""
    if len(done) >= wanted:
        return
    recipe, references = demo_recipe(load_engine(PROFILE, "cpu"))
    picture = references[0].pixels
    make = partial(load_detectors, PROFILE, ((recipe, references),))
    for _ in range(len(done), wanted):
        detector = SupervisedDetector(make, "cpu")
        try:
            detector.wait_ready()
            ready, steady = detector.load_seconds, []
            for _ in range(_STEADY):
                begun = time.monotonic()
                detector.predict(picture)
                steady.append(time.monotonic() - begun)
            assert detector.pid is not None
            memory = psutil.Process(detector.pid).memory_info().rss / 2**20
            os.kill(detector.pid, signal.SIGKILL)
            killed = time.monotonic()
            detector.predict(picture)
            again = time.monotonic() - killed
        finally:
            detector.close()
        yield {
            "ready_s": ready,
            "verdict_s": statistics.median(steady),
            "again_s": again,
            "model_mib": memory,
        }


def findings(done: list[Unit]) -> Findings:
    """The table of all starts."""
    found = Findings("The shipped model, started", ("what", "times", "median / max"))
    if not done:
        return found
    for name, what in (
        ("ready_s", "started, to loaded and warm"),
        ("again_s", "killed, to the verdict on the next part"),
        ("verdict_s", "one verdict while it runs (median of ten)"),
    ):
        seconds = sorted(unit[name] for unit in done)
        shown = f"{statistics.median(seconds):.2f} s / {seconds[-1]:.2f} s"
        found.rows.append((what, len(done), shown))
    found.note = (
        f"Profile {PROFILE}, four references of the rendered demo product, in its own process as Live and the line run "
        f"it; that process holds {max(unit['model_mib'] for unit in done):.0f} MiB."
    )
    return found
