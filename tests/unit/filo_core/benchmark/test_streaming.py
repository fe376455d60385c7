"""Pixel figures from histograms: against scikit-learn's exact ones, and over 10,000 images in flat memory."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

from filo_core.benchmark.datasets import Category, LabelledImage
from filo_core.benchmark.measuring import BenchmarkResult, benchmark
from filo_core.benchmark.metrics import PixelMetrics
from filo_core.types import Prediction
from tests.unit.filo_core.conftest import write_mask, write_part

IMAGES = 10_000


def _maps(seed: int, count: int = 3, spread: float = 0.2) -> list[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    rng = np.random.default_rng(seed)
    pairs = []
    for _ in range(count):
        mask = rng.random((24, 24)) < 0.1
        anomaly_map = np.clip(rng.normal(0.4, spread, mask.shape) + spread * mask, 0.0, 1.0).astype(np.float32)
        pairs.append((anomaly_map, mask))
    return pairs


def _both(
    pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]],
) -> tuple[PixelMetrics, NDArray[np.bool_], NDArray[np.float32]]:
    metrics = PixelMetrics()
    for anomaly_map, mask in pairs:
        metrics.add(anomaly_map, mask)
    return metrics, np.stack([mask for _, mask in pairs]).ravel(), np.stack([values for values, _ in pairs]).ravel()


def _stated_error(truth: NDArray[np.bool_], values: NDArray[np.float32]) -> float:
    """Half the share of pairs of a normal and an anomalous pixel that one bin of 1/65535 holds."""
    bins = np.rint(values * 65535).astype(np.intp)
    normal, anomalous = (np.bincount(bins[side], minlength=65536).astype(np.float64) for side in (~truth, truth))
    return float(np.dot(normal, anomalous) / (normal.sum() * anomalous.sum()) / 2.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), spread=st.sampled_from([1e-6, 1e-5, 1e-4, 0.2]))
def test_pixel_auroc_is_within_its_own_stated_error_of_the_exact_one(seed: int, spread: float) -> None:
    metrics, truth, values = _both(_maps(seed, spread=spread))
    binned = metrics.auroc()
    assert binned is not None
    assert abs(binned - float(roc_auc_score(truth, values))) <= _stated_error(truth, values) + 1e-12


def test_the_stated_error_is_far_below_a_tenth_of_a_per_cent_on_ordinary_maps() -> None:
    _, truth, values = _both(_maps(5, count=20))
    assert 0.0 < _stated_error(truth, values) < 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_pixel_average_precision_and_f1_agree_with_scikit_learn(seed: int) -> None:
    metrics, truth, values = _both(_maps(seed))
    precision, recall, _ = precision_recall_curve(truth, values)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    assert metrics.average_precision() == pytest.approx(average_precision_score(truth, values), abs=1e-3)
    assert metrics.f1_max() == pytest.approx(f1.max(), abs=1e-3)


def test_pixel_average_precision_is_exact_where_values_fall_on_bins() -> None:
    rng = np.random.default_rng(3)
    mask = rng.random((40, 40)) < 0.2
    values = (rng.integers(0, 200, mask.shape) * 257 / 65535).astype(np.float32)
    metrics, truth, flat = _both([(values, mask)])
    assert metrics.average_precision() == pytest.approx(average_precision_score(truth, flat), abs=1e-12)


def test_pixel_average_precision_and_f1_are_none_without_both_sides() -> None:
    metrics = PixelMetrics()
    metrics.add(np.full((4, 4), 0.5, np.float32), np.zeros((4, 4), bool))
    assert metrics.average_precision() is None
    assert metrics.f1_max() is None


class NoiseDetector:
    """A new map for every image, as a detector gives one."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        anomaly_map = self._rng.random((64, 64), np.float32)
        return Prediction(float(anomaly_map.max()), anomaly_map, (), {}, True)


@pytest.mark.slow
def test_ten_thousand_images_are_benchmarked_in_flat_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small maps make it quick; what could pile up is a map an image, of whatever size.
    monkeypatch.setattr("filo_core.benchmark.measuring.MAP_SIDE", 64)
    good, spot, mask = tmp_path / "good.png", tmp_path / "spot.png", tmp_path / "mask.png"
    write_part(good, 1)
    write_part(spot, 2, (10, 10, 20, 20))
    write_mask(mask, (10, 10, 20, 20))
    two = (LabelledImage(good, None, "good", False), LabelledImage(spot, mask, "spot", True))
    category = Category("plate", tmp_path, (), tuple(itertools.islice(itertools.cycle(two), IMAGES)))
    process = psutil.Process()
    after_first_thousand = 0
    for event in benchmark([category], lambda references, of: NoiseDetector(), shots=0, seeds=(0,)):
        if getattr(event, "done", 0) == IMAGES // 10:
            after_first_thousand = process.memory_info().rss
        if getattr(event, "done", 0) == IMAGES:
            grown = process.memory_info().rss - after_first_thousand
    assert isinstance(event, BenchmarkResult)
    assert event.categories[0].good + event.categories[0].anomalous == IMAGES
    assert grown < 4_000_000, f"memory grew by {grown / 1e6:.1f} MB"
