"""Products that lie anywhere: turned pictures, what of them counts, and when a product is taken for one."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import FittedFrame
from filo_core.eyes.turning import TURNS, left_by_turning, pose_of, turned
from filo_core.types import Pose

Picture = NDArray[np.uint8]
SIDE = 96


class _Blocks:
    """An eye whose features are the picture's own pixels, a block of 8 x 8 a patch: turning changes them."""

    def features(self, pixels: Picture) -> Features:
        rows, columns = pixels.shape[0] // 8, pixels.shape[1] // 8
        cut = pixels[: rows * 8, : columns * 8].astype(np.float32) / 255.0 + 0.1
        blocks = cut.reshape(rows, 8, columns, 8, 3).transpose(0, 2, 1, 3, 4).reshape(rows, columns, -1)
        return Features(unit(blocks), FittedFrame(rows * 8, columns * 8, rows * 8, columns * 8), 8)


def _part(seed: int, degrees: float = 0.0) -> Picture:
    """A bar with a head on a plain ground, and a little noise of its own."""
    canvas = np.full((SIDE, SIDE, 3), 60, np.uint8)
    cv2.rectangle(canvas, (44, 16), (51, 79), (220, 220, 220), -1)
    cv2.circle(canvas, (48, 20), 12, (250, 120, 40), -1)
    matrix = cv2.getRotationMatrix2D((47.5, 47.5), degrees, 1.0)
    canvas = cv2.warpAffine(canvas, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    noise = np.random.default_rng(seed).normal(0.0, 2.0, canvas.shape)
    return np.clip(canvas + noise, 0, 255).astype(np.uint8)


def test_a_fixed_part_is_not_turned_and_a_free_one_all_the_way_round() -> None:
    part = _part(0)
    assert not list(turned(part, Pose.FIXED))
    assert len(list(turned(part, Pose.FREE))) == TURNS - 1
    assert len(list(turned(part, Pose.FLIPPED))) == 2 * TURNS - 1


def test_half_a_turn_loses_nothing_in_a_frame_of_any_shape() -> None:
    wide = _part(0)[:40]
    half = list(turned(wide, Pose.FREE))[TURNS // 2 - 1]
    np.testing.assert_array_equal(half.pixels, wide[::-1, ::-1])
    assert half.cells(_Blocks().features(half.pixels)).all()


def test_cells_that_do_not_show_the_picture_are_left_out() -> None:
    once = next(turned(_part(0), Pose.FREE))
    shown = once.cells(_Blocks().features(once.pixels)).reshape(SIDE // 8, SIDE // 8)
    assert not shown[0, 0]
    assert not shown[-1, -1]
    assert shown[SIDE // 16, SIDE // 16]
    assert once.pixels.shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("height", [1, 3, 17])
def test_pictures_of_any_height_are_turned(height: int) -> None:
    assert all(one.pixels.shape == (height, 40, 3) for one in turned(np.zeros((height, 40, 3), np.uint8), Pose.FREE))


def test_parts_that_lie_alike_are_fixed_and_turned_ones_are_free() -> None:
    eye = _Blocks()
    alike = [_part(seed) for seed in range(4)]
    anyhow = [_part(seed, 30.0 * turn) for seed, turn in enumerate((0, 3, 7, 10))]
    assert left_by_turning(eye, alike) > 0.95  # type: ignore[arg-type]
    assert pose_of(eye, alike) is Pose.FIXED  # type: ignore[arg-type]
    assert pose_of(eye, anyhow) is Pose.FREE  # type: ignore[arg-type]


def test_one_part_alone_says_nothing_and_equal_ones_need_no_turning() -> None:
    eye = _Blocks()
    assert pose_of(eye, [_part(0, 45.0)]) is Pose.FIXED  # type: ignore[arg-type]
    assert left_by_turning(eye, [_part(0), _part(0)]) == pytest.approx(1.0)  # type: ignore[arg-type]
