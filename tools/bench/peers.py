"""``make bench-peers``: one picture with ours and with anomalib's models, in turn, into docs/performance.md.

anomalib gets a virtual environment of its own (:mod:`tools.bench.environments`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from filo_core.engine import load_engine
from filo_core.imaging import read_image
from filo_core.types import Eyes, Sight
from tools.bench.environments import environment_with
from tools.bench.page import PAGE
from tools.bench.product import demo_recipe, fill_with_pictures
from tools.markdown import markdown_table, replace_section, this_machine

_ANOMALIB = "2.7.0"
_MODELS = Path(__file__).with_name("peer_models.py")
_PEERS = ("PatchCore, ResNet-18", "PatchCore, WideResNet-50", "EfficientAD-S")
_EYES = (Eyes(Sight.FAST, 256), Eyes())
_TARGETS = {Sight.FAST: 0.5, Sight.SHARP: 3.0}
_WARM = 2
_HOW = """One picture in turn, {rounds} rounds after {warm}, everybody with one thread on one processor, since threads
that wait for each other would count as work. Ours from the file to the regions (four references, 320 x 320 px);
anomalib's {anomalib} the model alone at 256 px in torch {torch}, with random weights, which cost what trained ones
do, and PatchCore with a tenth of the patches of four references. Milliseconds of a processor, median (quartiles).
{machine}."""


@dataclass(slots=True)
class Timed:
    """One contender's seconds, a number a round."""

    name: str
    target: float | None = None
    processor: list[float] = field(default_factory=list)


def main(rounds: int) -> None:
    """Measure and rewrite the section."""
    python = environment_with(f"anomalib-{_ANOMALIB}", f"anomalib=={_ANOMALIB}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    command = [str(python), str(_MODELS)]
    alone = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=alone) as peers:
        assert peers.stdin is not None
        assert peers.stdout is not None
        asked, answers = peers.stdin, peers.stdout
        torch = answers.readline().removeprefix("ready ").strip()
        if not torch:
            raise SystemExit("anomalib's models do not run in the environment that was made for them.")

        def ask(name: str) -> float:
            asked.write(name + "\n")
            asked.flush()
            return float(answers.readline())

        timed = _in_turn(ask, rounds)
        asked.close()
    how = _HOW.format(rounds=rounds, warm=_WARM, anomalib=_ANOMALIB, torch=torch, machine=this_machine())
    replace_section(PAGE, "Beside anomalib", f"{how}\n\n{peer_table(timed)}")


def _in_turn(ask: Callable[[str], float], rounds: int) -> list[Timed]:
    """Everybody once a round, so that whatever else the machine does meets all alike."""
    ours = [Timed(f"ours, `{eyes.words}`", _TARGETS[eyes.sight]) for eyes in _EYES]
    theirs = [Timed(name) for name in _PEERS]
    engine = load_engine("compact", "cpu")
    detectors = [engine.detector(*demo_recipe(engine, eyes)) for eyes in _EYES]
    with tempfile.TemporaryDirectory(prefix="filo-bench-") as space:
        for number, path in enumerate(fill_with_pictures(Path(space), rounds + _WARM)):
            for one, detector in zip(ours, detectors, strict=True):
                spent = time.process_time()
                detector.predict(read_image(path).pixels)
                _keep(one, number, time.process_time() - spent)
            for one in theirs:
                _keep(one, number, ask(one.name))
    return [*ours, *theirs]


def _keep(one: Timed, number: int, processor: float) -> None:
    if number >= _WARM:
        one.processor.append(processor)


def peer_table(timed: list[Timed]) -> str:
    """A row each, with the ratio to anomalib's PatchCore on a ResNet-18."""
    base = next(one for one in timed if one.name == _PEERS[0])
    rows = []
    for one in timed:
        ratio = statistics.median(one.processor) / statistics.median(base.processor)
        aim = "" if one.target is None else f" (target {one.target})"
        rows.append([one.name, _spread(one.processor), f"{ratio:.2f}{aim}"])
    return markdown_table(["", "one picture", "ratio to PatchCore, ResNet-18"], rows)


def _spread(seconds: list[float]) -> str:
    low, middle, high = (1000 * value for value in statistics.quantiles(seconds, n=4))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    main(parser.parse_args().rounds)
