"""What of a picture is looked at, and its map over the whole."""

import numpy as np
import pytest

from filo_core.method.view import on_whole_image, view_box, within_view
from filo_core.types import Box


def test_a_region_of_interest_is_cut_to_the_picture_and_ignored_outside_of_it() -> None:
    assert view_box(None, 100, 50) == Box(0, 0, 100, 50)
    assert view_box(Box(80, -10, 40, 30), 100, 50) == Box(80, 0, 20, 20)
    assert view_box(Box(200, 0, 40, 40), 100, 50) == Box(0, 0, 100, 50)


def test_a_box_of_the_picture_is_counted_from_the_corner_of_the_view() -> None:
    assert within_view(Box(90, 12, 5, 6), Box(80, 10, 20, 20)) == Box(10, 2, 5, 6)


def test_the_map_of_a_view_lies_where_the_view_is_and_is_zero_elsewhere() -> None:
    whole = on_whole_image(np.ones((8, 8), np.float32), Box(50, 0, 50, 25), 100, 50)
    expected = np.zeros((8, 8), np.float32)
    expected[:4, 4:] = 1.0
    np.testing.assert_array_equal(whole, expected)


@pytest.mark.parametrize("seen", [Box(0, 0, 1, 1), Box(9_999, 9_999, 1, 1), Box(5_000, 0, 3, 10_000)])
def test_a_view_smaller_than_a_cell_of_the_map_lights_up_one_cell_and_no_more(seen: Box) -> None:
    whole = on_whole_image(np.ones((8, 8), np.float32), seen, 10_000, 10_000)
    assert whole.any(axis=0).sum() == 1
    assert whole.max() == 1.0
