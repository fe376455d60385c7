"""What a head sees of a region, on grids whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from filo_core.naming.region_features import Nearest, TrunkLook
from filo_core.naming.region_look import CHANNELS, PARTS, SHAPES, look_at

ROWS, COLUMNS = 8, 12


def unit(axis: int, extra: int = 0) -> np.ndarray:
    patch = np.zeros(CHANNELS + extra, np.float32)
    patch[extra + axis] = 1.0
    return patch


def scene(extra: int = 0) -> tuple[TrunkLook, np.ndarray]:
    """Ground on axis 0, an anomaly on axis 1 at two cells; good parts show axis 2 at its place, ground elsewhere."""
    patches = np.tile(unit(0, extra), (ROWS, COLUMNS, 1))
    patches[3, 4:6] = unit(1, extra)
    place = np.tile(unit(0, extra), (ROWS, COLUMNS, 1))
    place[3, 4:6] = unit(2, extra)
    stored = [np.stack([unit(0, extra), unit(2, extra)])]
    index = np.zeros(ROWS * COLUMNS, np.int64)
    return TrunkLook(patches, Nearest(stored, index)), place


def parts_of(look: np.ndarray) -> dict[str, np.ndarray]:
    return {name: look[at * CHANNELS : (at + 1) * CHANNELS] for at, name in enumerate(PARTS)}


def shapes_of(look: np.ndarray) -> dict[str, float]:
    return dict(zip(SHAPES, look[len(PARTS) * CHANNELS :].tolist(), strict=True))


def mask() -> np.ndarray:
    found = np.zeros((8 * ROWS, 8 * COLUMNS), bool)
    found[24:32, 32:48] = True
    return found


@pytest.mark.parametrize("extra", [0, 24])
def test_a_look_holds_the_region_the_good_parts_and_the_surroundings_whatever_else_is_read(extra: int) -> None:
    seen, place = scene(extra)
    look = look_at(mask(), seen, place)
    assert look.shape == (len(PARTS) * CHANNELS + len(SHAPES),)
    axes = {name: int(part.argmax()) for name, part in parts_of(look).items()}
    assert axes == {"inside": 1, "nearest": 0, "place": 2, "around": 0, "peak": 1, "peak_nearest": 0}
    shapes = shapes_of(look)
    assert shapes["mean_distance"] == shapes["largest_distance"] == pytest.approx(1.0)
    assert shapes["inside_place"] == shapes["place_around"] == pytest.approx(0.0)
    assert shapes["nearest_around"] == pytest.approx(1.0)


def test_without_a_place_the_nearest_stands_in_for_it() -> None:
    seen, _ = scene()
    assert shapes_of(look_at(mask(), seen, None))["nearest_place"] == pytest.approx(1.0)


def test_a_line_is_longer_than_a_square_and_thinner() -> None:
    seen, place = scene()
    line, square = np.zeros((64, 96), bool), np.zeros((64, 96), bool)
    line[30:32, 10:80] = True
    square[20:32, 20:32] = True
    thin, thick = (shapes_of(look_at(one, seen, place)) for one in (line, square))
    assert thin["elongation"] > 2.0
    assert thick["elongation"] < 0.2
    assert thin["log_width"] < thick["log_width"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_region_of_one_cell_and_one_of_everything_have_a_look(whole: bool) -> None:
    seen, place = scene()
    odd = np.zeros((64, 96), bool)
    odd[0, 0] = True
    if whole:
        odd[:] = True
    assert np.isfinite(look_at(odd, seen, place)).all()
