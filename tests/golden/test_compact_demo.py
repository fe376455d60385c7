"""The shipped weights on the rendered product: what was recorded with them holds, within two points.

After training, record again: ``main.py benchmark resources/demo/bracket --seeds 1 --json FILE`` with this folder's
``compact_demo.json`` as the file.
"""

import json
from pathlib import Path

import pytest

from filo_core.benchmark.baselines import detector_maker
from filo_core.benchmark.datasets import load_category
from filo_core.benchmark.measuring import BenchmarkResult, benchmark
from filo_core.engine import load_engine
from filo_core.resources import resource_path

RECORDED = json.loads((Path(__file__).parent / "compact_demo.json").read_text())
TWO_POINTS = 0.02


@pytest.fixture(scope="module")
def measured() -> BenchmarkResult:
    events = benchmark(
        [load_category(resource_path("demo", "bracket"))],
        detector_maker(load_engine("compact", "cpu")),
        shots=RECORDED["shots"],
        seeds=RECORDED["seeds"],
    )
    *_, result = events
    assert isinstance(result, BenchmarkResult)
    return result


@pytest.mark.parametrize("name", ["image_auroc", "pixel_auroc", "aupro"])
def test_the_rendered_product_is_judged_as_well_as_was_recorded(measured: BenchmarkResult, name: str) -> None:
    assert getattr(measured.mean, name) >= RECORDED["mean"][name] - TWO_POINTS


def test_the_recorded_figures_are_those_of_trained_weights(measured: BenchmarkResult) -> None:
    assert RECORDED["trained"]
    assert measured.trained
