"""``make bench``: where the time of one image goes, and what the program takes, into docs/performance.md."""

from __future__ import annotations

import argparse

import onnxruntime

from filo_core.types import Eyes, Sight
from tools.bench.page import PAGE
from tools.bench.program import measure_program, program_table
from tools.bench.stages import measure_stages, stage_table
from tools.markdown import replace_section, say, this_machine

_EYES = (Eyes(Sight.FAST, 256), Eyes())
_STAGES = """{rounds} pictures of the rendered product (320 x 320 px), four references, one at a time. Milliseconds of a
processor, which other programs' work changes less than the clock's: median (quartiles). ONNX Runtime {runtime},
{machine}."""
_PROGRAM = """`main.py inspect` on a home of its own: one image, {starts} starts after one that fills the caches, median
(least to most); then a folder of {images}. {machine}. At a load above the number of processors the clock's times say
little: what is possible follows from the processors' seconds."""


def main(rounds: int, images: int) -> None:
    """Measure both and rewrite their sections."""
    stages = []
    for eyes in _EYES:
        say(f"stages of {eyes.words}")
        stages.append(measure_stages(eyes, rounds))
    how = _STAGES.format(rounds=rounds, runtime=onnxruntime.__version__, machine=this_machine())
    replace_section(PAGE, "Where the time of one image goes", f"{how}\n\n{stage_table(stages)}")
    costs = []
    for eyes in _EYES:
        say(f"program with {eyes.words}")
        costs.append(measure_program(eyes, images))
    how = _PROGRAM.format(starts=len(costs[0].start), images=images, machine=this_machine())
    replace_section(PAGE, "What the program takes", f"{how}\n\n{program_table(costs)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="pictures timed by stage")
    parser.add_argument("--images", type=int, default=60, help="pictures of the folder")
    given = parser.parse_args()
    main(given.rounds, given.images)
