"""One renderer: fixed scale, strength by value, every verdict in words."""

import numpy as np

from filo_core.rendering import SheetEntry, contact_sheet, draw_regions, heat_scale, render_heat_map
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


def test_the_scale_starts_below_and_ends_above_the_region_limit() -> None:
    low, high = heat_scale(LIMITS)
    assert low < LIMITS.region < high


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
