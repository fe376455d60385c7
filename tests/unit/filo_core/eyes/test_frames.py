"""Pictures fitted to a trunk: aspect ratio, padding, and where a cell of a grid lies."""

import numpy as np
import pytest

from filo_core.eyes.frames import fitted, frame_of, on_picture


@pytest.mark.parametrize(("width", "height"), [(640, 480), (500, 1260), (100, 100), (31, 17)])
def test_a_picture_keeps_its_aspect_ratio_and_costs_what_a_square_does(width: int, height: int) -> None:
    frame = frame_of(width, height, 512, 16)
    assert frame.width / frame.height == pytest.approx(width / height, rel=0.01)
    assert frame.width * frame.height == pytest.approx(512 * 512, rel=0.02)
    assert frame.padded_width % 16 == frame.padded_height % 16 == 0
    assert 0 <= frame.padded_width - frame.width < 16
    assert 0 <= frame.padded_height - frame.height < 16


@pytest.mark.parametrize(("width", "height"), [(1, 10_000), (10_000, 1), (1, 1)])
def test_the_longest_of_pictures_still_gets_a_frame_of_bounded_cost(width: int, height: int) -> None:
    frame = frame_of(width, height, 512, 14)
    assert frame.width >= 1
    assert frame.height >= 1
    assert frame.padded_width * frame.padded_height <= 512 * 512 * 1.2
    pixels = np.full((height, width, 3), 90, np.uint8)
    assert fitted(pixels, frame).shape == (frame.padded_height, frame.padded_width, 3)


def test_what_is_added_repeats_the_border() -> None:
    pixels = np.zeros((90, 60, 3), np.uint8)
    pixels[-1] = 255
    frame = frame_of(60, 90, 73, 16)
    laid_out = fitted(pixels, frame)
    assert frame.padded_height > frame.height
    np.testing.assert_array_equal(laid_out[-1], laid_out[frame.height - 1])


def test_cells_that_are_padding_alone_are_not_shown() -> None:
    frame = frame_of(4, 1, 32, 16)
    assert (frame.height, frame.padded_height) == (16, 16)
    narrow = frame_of(10_000, 1, 32, 16)
    assert narrow.cells(8)[0] == 2
    assert narrow.shown(8)[0] == 1


def test_a_cell_of_the_grid_lies_where_its_pixels_are_in_the_picture() -> None:
    frame = frame_of(200, 100, 128, 16)
    rows, columns = frame.cells(8)
    grid = np.zeros((rows, columns), np.float32)
    grid[3, 5] = 1.0
    shown = on_picture(grid, frame, 8, 90, 180)
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert (column + 0.5) / 180 == pytest.approx(5.5 * 8 / frame.width, abs=0.01)
    assert (row + 0.5) / 90 == pytest.approx(3.5 * 8 / frame.height, abs=0.01)
