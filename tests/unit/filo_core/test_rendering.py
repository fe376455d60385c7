"""One renderer: fixed scale, strength by value, every verdict in words."""

import numpy as np
import pytest

from filo_core.rendering import SheetEntry, contact_sheet, draw_regions, heat_ramp, heat_scale, render_heat_map
from filo_core.types import Box, Limits, Position, Region, Verdict

LIMITS = Limits(ok=0.2, ng=0.3, region=0.2)
GREY = np.full((40, 60, 3), 128, np.uint8)


def test_values_below_the_scale_leave_the_picture_as_it_is() -> None:
    assert np.array_equal(render_heat_map(GREY, np.full((8, 8), 0.09, np.float32), LIMITS), GREY)


def test_opacity_zero_gives_the_picture_back() -> None:
    assert np.array_equal(render_heat_map(GREY, np.ones((8, 8), np.float32), LIMITS, opacity=0.0), GREY)


def test_the_same_value_has_the_same_colour_whatever_else_the_map_holds() -> None:
    quiet = np.full((8, 8), 0.25, np.float32)
    loud = quiet.copy()
    loud[:, 6:] = 1.0
    first, second = render_heat_map(GREY, quiet, LIMITS), render_heat_map(GREY, loud, LIMITS)
    assert np.array_equal(first[:, :30], second[:, :30])


def test_the_middle_of_the_scale_is_the_region_limit() -> None:
    low, middle, high = heat_scale(LIMITS)
    assert low < middle == LIMITS.region < high


def test_the_scale_of_a_high_limit_ends_where_maps_end() -> None:
    assert heat_scale(Limits(ok=0.7, ng=0.8, region=0.8)) == pytest.approx((0.4, 0.8, 1.0))
    assert heat_scale(Limits(ok=1.0, ng=1.0, region=1.0))[2] > 1.0


@pytest.mark.parametrize("ground", [(20, 90, 40), (150, 110, 70), (12, 12, 14), (250, 250, 250), (255, 140, 0)])
def test_a_place_just_over_the_limit_is_seen_on_any_ground(ground: tuple[int, int, int]) -> None:
    pixels = np.full((200, 200, 3), ground, np.uint8)
    values = np.zeros((50, 50), np.float32)
    values[20:30, 20:30] = 1.02 * LIMITS.region
    drawn = render_heat_map(pixels, values, LIMITS)
    away = np.abs(drawn.astype(int) - pixels).max(axis=2)
    inside = away[82:118, 82:118]
    assert (away[:70] == 0).all()
    assert inside.max() > 100 or away[75:125, 75:125].max() > 100, "its line stands out"


def test_a_line_runs_around_what_is_above_the_limit_and_nowhere_else() -> None:
    below = render_heat_map(GREY, np.full((8, 8), 0.99 * LIMITS.region, np.float32), LIMITS)
    assert len(np.unique(below.reshape(-1, 3), axis=0)) == 1
    values = np.zeros((40, 60), np.float32)
    values[10:30, 20:40] = 0.5
    drawn = render_heat_map(GREY, values, LIMITS)
    assert (drawn == 255).all(axis=2).any(), "the light line"
    assert np.array_equal(drawn[:5], GREY[:5])


def test_the_ramp_gets_darker_all_the_way() -> None:
    lightness = heat_ramp().astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) <= 1.0).all()
    assert lightness[0] > 2.5 * lightness[-1]


def test_a_region_at_the_border_is_drawn_inside_the_picture() -> None:
    region = Region(Box(55, 0, 5, 5), 25, 0.5, "very long anomaly type name", 0.9, Position.TOP_RIGHT)
    drawn = draw_regions(GREY, [region])
    assert drawn.shape == GREY.shape
    assert not np.array_equal(drawn, GREY)


def test_a_contact_sheet_holds_every_picture_and_tells_verdicts_apart() -> None:
    entries = [SheetEntry(f"{verdict} {'x' * 80}", verdict, GREY, "score 0.1") for verdict in Verdict]
    sheet = contact_sheet(entries, "bracket", columns=2)
    assert sheet.width >= 2 * 224
    colours = {sheet.getpixel((12 + column * 234, 56 + row * 298)) for row in range(2) for column in range(2)}
    assert len(colours) == 4


def test_an_empty_run_still_gives_a_sheet() -> None:
    assert contact_sheet([], "nothing inspected").height > 0
