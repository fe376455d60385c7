"""Regions from maps, and what boxes suppress (III-C1)."""

import numpy as np
import torch

from filo_core.method.grounding import WholeImageLocalizer, suppress_outside
from filo_core.method.interfaces import GroundingBox
from filo_core.method.regions import MAX_REGIONS, find_regions
from filo_core.types import Box, Position


def test_a_region_has_its_box_area_and_position_in_pixels_of_the_original_image() -> None:
    anomaly_map = np.zeros((10, 20), np.float32)
    anomaly_map[1:3, 2:6] = 0.5
    anomaly_map[2, 3] = 0.9
    (region,) = find_regions(anomaly_map, 0.4, image_width=200, image_height=100)
    assert region.box == Box(20, 10, 40, 20)
    assert region.area_px == 800
    assert region.score == np.float32(0.9)
    assert region.position is Position.TOP_LEFT


def test_regions_come_highest_peak_first_and_diagonal_neighbours_are_one() -> None:
    anomaly_map = np.zeros((9, 9), np.float32)
    anomaly_map[0, 0] = anomaly_map[1, 1] = 0.5
    anomaly_map[8, 8] = 0.7
    scores = [round(float(region.score), 2) for region in find_regions(anomaly_map, 0.1, 9, 9)]
    assert scores == [0.7, 0.5]


def test_a_value_on_the_limit_is_no_region() -> None:
    assert find_regions(np.full((4, 4), 0.25, np.float32), 0.25, 4, 4) == ()


def test_a_map_full_of_specks_keeps_only_the_largest_peaks() -> None:
    anomaly_map = np.zeros((40, 40), np.float32)
    anomaly_map[::2, ::2] = np.linspace(0.2, 1.0, 400, dtype=np.float32).reshape(20, 20)
    regions = find_regions(anomaly_map, 0.1, 40, 40)
    assert len(regions) == MAX_REGIONS
    assert regions[0].score == 1.0


def test_suppression_multiplies_only_what_lies_outside_the_union_of_boxes() -> None:
    boxes = [GroundingBox(0.0, 0.0, 0.5, 0.5, 0.9, "x"), GroundingBox(0.5, 0.5, 1.0, 1.0, 0.5, "y")]
    result = suppress_outside(torch.ones(4, 4), boxes, 0.7)
    inside = torch.zeros(4, 4, dtype=torch.bool)
    inside[:2, :2] = inside[2:, 2:] = True
    assert torch.equal(result[inside], torch.ones(8))
    assert torch.allclose(result[~inside], torch.full((8,), 0.7))


def test_no_box_suppresses_nothing() -> None:
    anomaly_map = torch.rand(5, 5)
    boxes = WholeImageLocalizer().locate(np.zeros((5, 5, 3), np.uint8), ["crack"])
    assert torch.equal(suppress_outside(anomaly_map, boxes, 0.7), anomaly_map)
