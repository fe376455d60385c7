from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filo_core.types import Box, Position, Region
from gui.canvas.geometry import MAX_ZOOM, Viewport, centred_on, fitted, region_at

sizes = st.tuples(st.integers(1, 8000), st.integers(1, 8000))
views = st.tuples(st.integers(20, 4000), st.integers(20, 3000))


def region(x: int, y: int, width: int, height: int) -> Region:
    return Region(Box(x, y, width, height), width * height, 0.5, "dent", 0.5, Position.CENTER)


@given(sizes, views)
def test_a_fitted_image_is_whole_and_centred(image: tuple[int, int], view: tuple[int, int]) -> None:
    viewport = fitted(image, view)
    left, top = viewport.to_view(0, 0)
    right, bottom = viewport.to_view(*image)
    assert right - left <= view[0] + 1e-6
    assert bottom - top <= view[1] + 1e-6
    assert left == pytest.approx(view[0] - right, abs=1e-6)
    assert top == pytest.approx(view[1] - bottom, abs=1e-6)


@given(sizes, views, st.floats(0.05, 20.0), st.tuples(st.floats(0, 4000), st.floats(0, 3000)))
def test_the_point_under_the_finger_stays_while_zooming(
    image: tuple[int, int], view: tuple[int, int], factor: float, about: tuple[float, float]
) -> None:
    before = fitted(image, view)
    after = before.zoomed(factor, about, smallest=before.zoom / 100)
    assert after.to_image(*about) == pytest.approx(before.to_image(*about), abs=1e-3, rel=1e-6)


@given(sizes, views, st.floats(-5000, 5000), st.floats(-5000, 5000), st.floats(0.1, 40.0))
def test_panning_never_opens_a_gap_beside_a_large_image(
    image: tuple[int, int], view: tuple[int, int], dx: float, dy: float, zoom: float
) -> None:
    kept = Viewport(zoom, 0.0, 0.0).panned(dx, dy).kept_in_view(image, view)
    for start, length, room in ((kept.left, image[0] * zoom, view[0]), (kept.top, image[1] * zoom, view[1])):
        if length > room:
            assert start <= 1e-6
            assert start + length >= room - 1e-6
        else:
            assert start == pytest.approx((room - length) / 2)


def test_zooming_in_ends_where_single_pixels_are_seen() -> None:
    assert Viewport().zoomed(1e6, (0, 0), smallest=0.1).zoom == MAX_ZOOM


def test_zooming_out_ends_at_the_smallest_zoom() -> None:
    assert Viewport().zoomed(1e-6, (0, 0), smallest=0.25).zoom == 0.25


def test_a_region_is_brought_to_the_middle_of_the_view() -> None:
    viewport = centred_on(Box(1000, 800, 100, 60), (4000, 3000), (800, 600))
    assert viewport.to_view(1050, 830) == pytest.approx((400, 300))
    assert viewport.zoom > fitted((4000, 3000), (800, 600)).zoom


def test_the_smallest_of_nested_regions_is_hit() -> None:
    regions = (region(0, 0, 100, 100), region(40, 40, 10, 10))
    assert region_at(regions, 45, 45) == 1
    assert region_at(regions, 10, 10) == 0


def test_beside_every_region_nothing_is_hit_beyond_the_tolerance() -> None:
    regions = (region(40, 40, 10, 10),)
    assert region_at(regions, 36, 45) is None
    assert region_at(regions, 36, 45, tolerance=5) == 0
    assert region_at((), 0, 0) is None
