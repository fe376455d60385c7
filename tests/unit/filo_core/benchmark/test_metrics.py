"""Figures of merit against numbers worked out by hand, against scikit-learn, and against a slow AUPRO."""

import json
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import f1_score, roc_auc_score

from filo_core.benchmark.metrics import PixelMetrics, auroc_interval, average_precision, f1_max, image_auroc
from filo_core.errors import ShapeMismatchError

Maps = list[tuple[NDArray[np.float32], NDArray[np.bool_]]]


def _metrics(pairs: Maps) -> PixelMetrics:
    metrics = PixelMetrics()
    for anomaly_map, mask in pairs:
        metrics.add(anomaly_map, mask)
    return metrics


def _random_maps(seed: int, images: int = 5, side: int = 48, separation: float = 0.15) -> Maps:
    rng = np.random.default_rng(seed)
    pairs = []
    for index in range(images):
        mask = np.zeros((side, side), bool)
        for _ in range(index):
            y, x = rng.integers(0, side - 10, 2)
            height, width = rng.integers(1, 10, 2)
            mask[y : y + height, x : x + width] = True
        values = ndimage.gaussian_filter(rng.random((side, side)), 1.0) + separation * mask
        pairs.append((np.clip(values, 0.0, 1.0).astype(np.float32), mask))
    return pairs


def _slow_aupro(pairs: Maps, limit: float) -> float:
    """The definition, word by word: every distinct value is a threshold, every region is looked at each time."""
    values = np.concatenate([anomaly_map.ravel() for anomaly_map, _ in pairs])
    normal = np.concatenate([anomaly_map[~mask] for anomaly_map, mask in pairs])
    regions = []
    for anomaly_map, mask in pairs:
        labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
        regions += [anomaly_map[labels == label] for label in range(1, count + 1)]
    x, y = [0.0], [0.0]
    for threshold in np.unique(values)[::-1]:
        x.append(float((normal >= threshold).mean()))
        y.append(float(np.mean([(region >= threshold).mean() for region in regions])))
    area = 0.0
    for (x0, x1), (y0, y1) in zip(pairwise(x), pairwise(y), strict=True):
        if x1 > limit:
            y_limit = y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
            return (area + (limit - x0) * (y0 + y_limit) / 2) / limit
        area += (x1 - x0) * (y0 + y1) / 2
    return area / limit


def test_image_figures_of_four_images_are_those_worked_out_by_hand() -> None:
    scores, anomalous = [0.1, 0.4, 0.35, 0.8], [False, False, True, True]
    # Of the four pairs only (0.4 good, 0.35 anomalous) is the wrong way round.
    assert image_auroc(scores, anomalous) == 0.75
    # Recall 1/2 at precision 1, then recall 1 at precision 2/3.
    assert average_precision(scores, anomalous) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # At 0.35: precision 2/3, recall 1.
    assert f1_max(scores, anomalous) == pytest.approx(0.8)


def test_equal_scores_are_worth_a_coin_toss() -> None:
    assert image_auroc([0.5] * 4, [True, False, True, False]) == 0.5
    assert f1_max([0.5] * 4, [True, False, True, False]) == pytest.approx(2 / 3)


def test_f1_max_is_the_best_of_all_thresholds() -> None:
    rng = np.random.default_rng(3)
    anomalous = rng.random(60) < 0.4
    scores = np.clip(rng.random(60) + 0.3 * anomalous, 0.0, 1.0)
    best = max(f1_score(anomalous, scores >= threshold) for threshold in scores)
    assert f1_max(list(scores), list(anomalous)) == pytest.approx(best)


def test_f1_max_is_defined_where_the_only_anomaly_scores_lowest() -> None:
    assert f1_max([0.9, 0.8, 0.1], [False, False, True]) == pytest.approx(0.5)


@pytest.mark.parametrize("figure", [image_auroc, average_precision, f1_max])
@pytest.mark.parametrize("anomalous", [[], [True, True], [False, False]])
def test_image_figures_are_none_without_both_sides(figure: object, anomalous: list[bool]) -> None:
    assert callable(figure)
    assert figure([0.5] * len(anomalous), anomalous) is None


def test_scores_and_answers_of_different_length_are_refused() -> None:
    with pytest.raises(ShapeMismatchError, match="2 scores for 3 images"):
        image_auroc([0.1, 0.2], [True, False, True])


def test_image_figures_are_plain_numbers_that_json_takes() -> None:
    scores, anomalous = list(np.linspace(0, 1, 4, dtype=np.float32)), [False, True, False, True]
    figures = [figure(scores, anomalous) for figure in (image_auroc, average_precision, f1_max)]
    assert [type(figure) for figure in figures] == [float] * 3
    assert json.dumps(figures)


def test_pixel_figures_of_a_three_by_three_map_are_those_worked_out_by_hand() -> None:
    anomaly_map = np.array([[0.9, 0.2, 0.1], [0.3, 0.8, 0.1], [0.1, 0.1, 0.7]], np.float32)
    mask = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1]], bool)
    metrics = _metrics([(anomaly_map, mask)])
    # 14 pairs; only 0.8 normal stands above 0.7 anomalous.
    assert metrics.auroc() == pytest.approx(13 / 14)
    # Two regions: half the overlap at once, the other half after one of seven normal pixels.
    assert metrics.aupro(limit=2 / 7) == pytest.approx((1 / 7 * 0.5 + 1 / 7 * 1.0) / (2 / 7))
    assert metrics.aupro(limit=1.0) == pytest.approx(1 / 7 * 0.5 + 6 / 7)


def test_a_large_and_a_small_region_count_the_same_in_aupro() -> None:
    mask = np.zeros((20, 20), bool)
    mask[:10, :10] = True
    mask[15, 15] = True
    found_large, found_small = (np.zeros((20, 20), np.float32) for _ in range(2))
    found_large[:10, :10] = 1.0
    found_small[15, 15] = 1.0
    # One region at no false positive at all; the other only with everything: a line from 1/2 to 1.
    expected = (0.5 + 0.5 + 0.5 * 0.3) / 2
    assert _metrics([(found_large, mask)]).aupro(0.3) == pytest.approx(expected)
    assert _metrics([(found_small, mask)]).aupro(0.3) == pytest.approx(expected)


def test_pixels_that_touch_at_a_corner_are_one_region() -> None:
    mask = np.array([[1, 0, 0], [0, 1, 1]], bool)
    anomaly_map = np.array([[1.0, 0.5, 0.5], [0.5, 0.0, 0.0]], np.float32)
    # A third of one region is found before every normal pixel is; were the corner a border, it would be a half.
    assert _metrics([(anomaly_map, mask)]).aupro(1.0) == pytest.approx(1 / 3)


@pytest.mark.parametrize("seed", range(4))
def test_pixel_auroc_agrees_with_scikit_learn(seed: int) -> None:
    pairs = _random_maps(seed)
    values = np.concatenate([anomaly_map.ravel() for anomaly_map, _ in pairs])
    truth = np.concatenate([mask.ravel() for _, mask in pairs])
    assert _metrics(pairs).auroc() == pytest.approx(roc_auc_score(truth, values), abs=1e-4)


def test_pixel_auroc_agrees_with_scikit_learn_where_all_values_are_small() -> None:
    pairs = [((0.01 * anomaly_map).astype(np.float32), mask) for anomaly_map, mask in _random_maps(9)]
    values = np.concatenate([anomaly_map.ravel() for anomaly_map, _ in pairs])
    truth = np.concatenate([mask.ravel() for _, mask in pairs])
    assert _metrics(pairs).auroc() == pytest.approx(roc_auc_score(truth, values), abs=1e-4)


@pytest.mark.parametrize("limit", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_aupro_agrees_with_the_slow_definition(seed: int, limit: float) -> None:
    pairs = _random_maps(seed, images=4, side=32)
    assert _metrics(pairs).aupro(limit) == pytest.approx(_slow_aupro(pairs, limit), abs=1e-3)


def test_aupro_agrees_with_the_slow_definition_exactly_where_values_fall_on_bins() -> None:
    pairs = [((np.rint(values * 255) / 255).astype(np.float32), mask) for values, mask in _random_maps(5, side=32)]
    assert _metrics(pairs).aupro(0.3) == pytest.approx(_slow_aupro(pairs, 0.3), abs=1e-9)


def test_a_perfect_map_gets_one_and_an_inverted_one_nothing() -> None:
    mask = _random_maps(2)[3][1]
    perfect = mask.astype(np.float32)
    assert _metrics([(perfect, mask)]).auroc() == 1.0
    assert _metrics([(perfect, mask)]).aupro() == pytest.approx(1.0)
    assert _metrics([(1 - perfect, mask)]).auroc() == 0.0
    assert _metrics([(1 - perfect, mask)]).aupro() == pytest.approx(0.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(5)))
def test_the_order_of_images_makes_no_difference(seed: int, order: list[int]) -> None:
    pairs = _random_maps(seed, side=16)
    first, second = _metrics(pairs), _metrics([pairs[index] for index in order])
    assert first.auroc() == second.auroc()
    assert first.aupro() == pytest.approx(second.aupro(), abs=1e-12)


def test_pixel_figures_are_none_where_they_are_not_defined() -> None:
    map_ = np.full((4, 4), 0.5, np.float32)
    nothing, good, all_anomalous = PixelMetrics(), PixelMetrics(), PixelMetrics()
    good.add(map_, np.zeros((4, 4), bool))
    all_anomalous.add(map_, np.ones((4, 4), bool))
    for metrics in (nothing, good, all_anomalous):
        assert metrics.auroc() is None
        assert metrics.aupro() is None


def test_a_constant_map_gives_half_the_area() -> None:
    metrics = _metrics([(np.full((8, 8), 0.5, np.float32), np.eye(8, dtype=bool))])
    assert metrics.auroc() == 0.5
    assert metrics.aupro(1.0) == pytest.approx(0.5)


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    metrics = PixelMetrics()
    pairs = _random_maps(1, images=3, side=64)
    metrics.add(*pairs[2])
    tracemalloc.start()
    try:
        for _ in range(3):
            metrics.add(*pairs[2])
        few, _ = tracemalloc.get_traced_memory()
        for _ in range(60):
            metrics.add(*pairs[2])
        many, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert many - few < 20_000


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1, float("inf")])
def test_a_map_outside_zero_to_one_is_refused(value: float) -> None:
    anomaly_map = np.full((4, 4), 0.5, np.float32)
    anomaly_map[1, 1] = value
    with pytest.raises(ValueError, match=r"must stay in \[0, 1\]"):
        PixelMetrics().add(anomaly_map, np.zeros((4, 4), bool))


def test_the_rounding_of_float32_is_not_taken_for_a_wrong_map() -> None:
    anomaly_map = np.full((2, 2), 1.0, np.float32) + np.float32(1e-6)
    metrics = _metrics([(anomaly_map, np.array([[True, False], [False, False]]))])
    assert metrics.auroc() == 0.5


def test_a_map_and_a_mask_of_different_size_are_refused_with_both_sizes() -> None:
    with pytest.raises(ShapeMismatchError, match=r"\(4, 4\).*\(4, 5\)"):
        PixelMetrics().add(np.zeros((4, 4), np.float32), np.zeros((4, 5), bool))


@pytest.mark.parametrize("limit", [0.0, -0.3, 1.5])
def test_an_impossible_limit_of_aupro_is_refused(limit: float) -> None:
    with pytest.raises(ValueError, match="limit of AUPRO"):
        PixelMetrics().aupro(limit)


def test_the_interval_holds_the_value_and_narrows_with_more_images() -> None:
    few, many = auroc_interval(0.8, 10, 10), auroc_interval(0.8, 100, 100)
    assert few[0] < many[0] < 0.8 < many[1] < few[1]
    # Hanley and McNeil's standard error at the edge itself reaches from the edge to the value.
    edge = few[0]
    q1, q2 = edge / (2 - edge), 2 * edge**2 / (1 + edge)
    variance = (edge * (1 - edge) + 9 * (q1 - edge**2) + 9 * (q2 - edge**2)) / 100
    assert 0.8 - edge == pytest.approx(1.96 * np.sqrt(variance), abs=1e-6)


def test_a_perfect_figure_on_few_images_keeps_a_wide_interval() -> None:
    low, high = auroc_interval(1.0, 6, 6)
    assert low < 0.8
    assert high == 1.0
    assert auroc_interval(0.0, 6, 6)[0] == 0.0


@pytest.mark.parametrize(("auroc", "good", "anomalous"), [(1.2, 5, 5), (0.5, 0, 5), (0.5, 5, 0)])
def test_no_interval_is_made_up_where_there_is_no_figure(auroc: float, good: int, anomalous: int) -> None:
    with pytest.raises(ValueError, match="no interval"):
        auroc_interval(auroc, good, anomalous)
