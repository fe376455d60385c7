"""Eqs. (1), (4), (6) and (7) on cases computed by hand."""

import math

import pytest
import torch

from filo_core.errors import ShapeMismatchError
from filo_core.method import scoring


def test_the_two_way_softmax_of_eq_1_matches_the_logistic_of_the_difference() -> None:
    normal, anomalous = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    feature = torch.tensor([0.02, 0.03])
    expected = 1.0 / (1.0 + math.exp(-100.0 * (0.03 - 0.02)))
    assert float(scoring.anomalous_probability(feature, normal, anomalous)) == pytest.approx(expected, rel=1e-6)


def test_the_probability_does_not_depend_on_how_many_prompts_a_side_has() -> None:
    one = torch.nn.functional.normalize(torch.tensor([[0.3, 0.9, 0.1]]), dim=-1)
    assert torch.allclose(scoring.side_feature(one), scoring.side_feature(one.repeat(120, 1)), atol=1e-6)


def test_autocast_does_not_round_the_cosines_of_eqs_1_and_2() -> None:
    units = torch.nn.functional.normalize(torch.randn(50, 16, generator=torch.Generator().manual_seed(1)), dim=-1)
    normal, anomalous = units[0], torch.nn.functional.normalize(units[0] + 0.1 * units[1], dim=-1)
    exact = scoring.side_shares(units, normal, anomalous)
    with torch.autocast("cpu", torch.bfloat16):
        cast = scoring.side_shares(units, normal, anomalous)
    assert cast.dtype == torch.float32
    assert torch.equal(cast, exact)


def test_a_side_feature_does_not_depend_on_the_order_of_prompts() -> None:
    prompts = torch.nn.functional.normalize(torch.randn(9, 6, generator=torch.Generator().manual_seed(1)), dim=-1)
    assert torch.allclose(scoring.side_feature(prompts), scoring.side_feature(prompts.flip(0)), atol=1e-6)


def test_eq_4_equals_the_anomalous_map_under_a_two_way_softmax() -> None:
    anomalous = torch.tensor([[0.1, 0.9], [0.5, 0.0]])
    assert torch.allclose(scoring.fuse_sides(1.0 - anomalous, anomalous), anomalous)


def test_eq_4_refuses_maps_of_different_shapes_and_names_both() -> None:
    with pytest.raises(ShapeMismatchError, match=r"\(2, 2\).*\(3, 3\)"):
        scoring.fuse_sides(torch.zeros(2, 2), torch.zeros(3, 3))


def test_eq_6_is_the_mean_over_stages_and_is_not_stretched_per_image() -> None:
    stages = [torch.tensor([0.1, 0.1, 0.1, 0.1]), torch.tensor([0.3, 0.3, 0.3, 0.3])]
    few_shot = scoring.few_shot_map(stages, (2, 2), 8)
    assert few_shot.shape == (8, 8)
    assert torch.allclose(few_shot, torch.full((8, 8), 0.2))


def test_eq_6_brings_a_stage_of_fewer_patches_to_the_grid_of_the_others() -> None:
    fine = torch.zeros(16)
    coarse = torch.tensor([0.8, 0.0, 0.0, 0.0])
    few_shot = scoring.few_shot_map([fine, coarse], (4, 4), 4)
    assert float(few_shot[0, 0]) == pytest.approx(0.4)
    assert float(few_shot[3, 3]) == 0.0


def test_eq_6_clips_distances_beyond_one() -> None:
    assert scoring.few_shot_map([torch.full((4,), 1.8)], (2, 2), 4).max() == 1.0


def test_eq_7_weighs_the_two_maps_as_set() -> None:
    vision_language, few_shot = torch.full((6, 6), 0.8), torch.full((6, 6), 0.4)
    combined = scoring.combine_maps(vision_language, few_shot, weight=0.5)
    assert torch.allclose(combined, torch.full((6, 6), 0.6), atol=1e-6)
    assert torch.allclose(scoring.combine_maps(None, few_shot, 0.5), few_shot)
    assert torch.allclose(scoring.combine_maps(vision_language, None, 0.5), vision_language)


def test_eq_7_without_any_map_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither"):
        scoring.combine_maps(None, None, 0.5)


def test_the_gaussian_of_eq_7_spreads_a_point_with_the_variance_asked_for() -> None:
    point = torch.zeros(81, 81)
    point[40, 40] = 1.0
    blurred = scoring.smooth(point, 3.0)
    offsets = torch.arange(81.0) - 40.0
    variance = float((blurred.sum(dim=0) * offsets**2).sum() / blurred.sum())
    assert float(blurred.sum()) == pytest.approx(1.0, abs=1e-5)
    assert variance == pytest.approx(9.0, rel=0.01)


def test_smoothing_works_on_maps_smaller_than_its_kernel() -> None:
    assert scoring.smooth(torch.ones(4, 5), 3.0).shape == (4, 5)


def test_the_image_score_halves_the_papers_sum_and_falls_back_to_the_peak() -> None:
    anomaly_map = torch.tensor([[0.2, 0.6]])
    assert scoring.image_score(anomaly_map, 0.4) == pytest.approx(0.5)
    assert scoring.image_score(anomaly_map, None) == pytest.approx(0.6)
