from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from filo_core.rendering import render_heat_map
from filo_core.types import Box, Limits, Position, Region
from gui.canvas.pictures import PictureContent, compose, largest_first, levels_of, thumbnail, to_qimage

LIMITS = Limits(0.2, 0.4, 0.3)


def test_pixels_keep_their_colours_and_places() -> None:
    pixels = np.zeros((3, 5, 3), np.uint8)
    pixels[1, 4] = (250, 100, 7)
    image = to_qimage(pixels)
    assert (image.width(), image.height()) == (5, 3)
    assert image.pixelColor(4, 1) == QColor(250, 100, 7)
    assert image.pixelColor(0, 0) == QColor(0, 0, 0)


def test_a_picture_outlives_the_array_it_was_made_from() -> None:
    pixels = np.full((4, 7, 3), 9, np.uint8)
    image = to_qimage(pixels)
    pixels[:] = 200
    assert image.pixelColor(3, 2) == QColor(9, 9, 9)


def test_a_view_of_every_second_pixel_is_shown_as_such() -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    image = to_qimage(pixels[::2, ::2])
    assert image.pixelColor(1, 1) == QColor(*(int(value) for value in pixels[2, 2]))


def test_levels_halve_until_about_the_size_of_a_view() -> None:
    levels = levels_of(np.zeros((3000, 4000, 3), np.uint8))
    assert [level.width() for level in levels] == [4000, 2000, 1000]


@pytest.mark.parametrize(("zoom", "width"), [(2.0, 4000), (0.6, 4000), (0.5, 2000), (0.3, 2000), (0.1, 1000)])
def test_the_level_has_a_pixel_for_every_pixel_of_the_view(zoom: float, width: int) -> None:
    composition = compose(PictureContent(np.zeros((3000, 4000, 3), np.uint8)), 0.5)
    assert composition.level(zoom, heat=False).width() == width


def test_the_heat_map_is_the_one_of_the_common_renderer() -> None:
    pixels = np.full((40, 60, 3), 90, np.uint8)
    values = np.zeros((10, 15), np.float32)
    values[5, 7] = 1.0
    composition = compose(PictureContent(pixels, values, LIMITS), 0.7)
    expected = render_heat_map(pixels, values, LIMITS, 0.7)[22, 30]
    assert composition.level(1.0, heat=True).pixelColor(30, 22) == QColor(*(int(value) for value in expected))
    assert composition.level(1.0, heat=False).pixelColor(30, 22) == QColor(90, 90, 90)


def test_without_a_map_the_plain_picture_stands_in_for_the_heat_map() -> None:
    composition = compose(PictureContent(np.full((8, 8, 3), 50, np.uint8)), 0.7)
    assert not composition.content.has_heat_map
    assert composition.level(1.0, heat=True).pixelColor(3, 3) == QColor(50, 50, 50)


def test_a_thumbnail_keeps_the_proportions() -> None:
    small = thumbnail(np.zeros((1000, 4000, 3), np.uint8), 128)
    assert (small.width(), small.height()) == (128, 32)


def test_small_boxes_are_drawn_after_large_ones() -> None:
    def region(side: int) -> Region:
        return Region(Box(0, 0, side, side), side, 0.5, "dent", 0.5, Position.CENTER)

    assert largest_first((region(5), region(50), region(20))) == (1, 2, 0)
