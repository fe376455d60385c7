"""Shapes, materials and light of the rendered product."""

import numpy as np
import pytest

from tools.demo_product.label import LABEL_HALF, LABEL_SCALE, Misprint, print_label
from tools.demo_product.lighting import (
    Field,
    Material,
    Pose,
    Scene,
    box_distance,
    inside,
    mask_of,
    noise,
    path_distance,
    photograph,
)

GREY = Material((0.2, 0.2, 0.2), gloss=0.0)


def _points(*places: tuple[float, float]) -> tuple[Field, Field]:
    u, v = np.array(places, np.float32).T
    return u, v


def test_the_distance_to_a_box_is_negative_inside_and_straight_or_round_outside() -> None:
    u, v = _points((0, 0), (4, 0), (7, 0), (7, 6))
    assert box_distance(u, v, (4.0, 2.0)) == pytest.approx([-2.0, 0.0, 3.0, 5.0])
    # A rounded corner cuts the tip off by (sqrt(2) - 1) radii.
    assert box_distance(*_points((4, 2)), (4.0, 2.0), radius=1.0) == pytest.approx([2**0.5 - 1.0])


def test_the_distance_to_a_path_is_to_its_nearest_piece_and_says_how_far_along() -> None:
    distance, along = path_distance(*_points((5, 2), (12, 10), (-3, 0)), [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)])
    assert distance == pytest.approx([2.0, 2.0, 3.0])
    assert along == pytest.approx([0.25, 1.0, 0.0])


def test_a_mask_holds_the_pixels_a_shape_covers_by_half() -> None:
    scene = Scene.empty(Pose())
    mask = mask_of(inside(box_distance(scene.u, scene.v, (10.0, 5.0))))
    assert (mask > 0).sum() == 20 * 10
    assert mask[155:165, 150:170].all()


def test_noise_has_unit_deviation_whatever_its_smoothness() -> None:
    for blur in ((0.6, 0.6), (30.0, 1.0), (60.0, 60.0)):
        field = noise(np.random.RandomState(1), (240, 320), blur)
        assert field.shape == (240, 320)
        assert field.mean() == pytest.approx(0.0, abs=1e-4)
        assert field.std() == pytest.approx(1.0, abs=1e-3)


def test_a_block_throws_its_shadow_away_from_the_light_only() -> None:
    scene = Scene.empty(Pose())
    scene.cover(np.ones_like(scene.height), GREY)
    flat = photograph(scene, np.random.RandomState(0)).astype(int)
    scene.lift(inside(box_distance(scene.u, scene.v, (40.0, 40.0))), 12.0)
    block = photograph(scene, np.random.RandomState(0)).astype(int)
    darker = (flat - block).mean(axis=2)
    below, above = darker[203:208, 140:180].mean(), darker[112:117, 140:180].mean()
    right, left = darker[140:180, 203:208].mean(), darker[140:180, 112:117].mean()
    assert min(below, right) > 30.0
    assert max(above, left) < 15.0


def test_what_is_laid_on_a_piece_lies_in_the_whole_scene_at_that_place_of_the_part() -> None:
    scene = Scene.empty(Pose(shift_x=3.0, angle_deg=2.0))
    piece = scene.around(50.0, 20.0, 10.0)
    piece.lift(inside(np.hypot(piece.u - 50.0, piece.v - 20.0) - 6.0), 1.0)
    everywhere = inside(np.hypot(scene.u - 50.0, scene.v - 20.0) - 6.0)
    assert np.array_equal(scene.height, everywhere)
    assert piece.height.size < scene.height.size / 100


@pytest.mark.parametrize("misprint", list(Misprint))
def test_the_misprinted_share_is_where_a_label_differs_from_a_good_one(misprint: Misprint) -> None:
    good, nothing_wrong = print_label(Misprint.NONE)
    colours, wrong = print_label(misprint)
    assert colours.shape[:2] == wrong.shape == tuple(int(2 * half * LABEL_SCALE) for half in reversed(LABEL_HALF))
    assert not nothing_wrong.any()
    changed = np.abs(colours - good).max(axis=2) > 0.2
    assert changed.any() == (misprint is not Misprint.NONE)
    assert (wrong[changed] > 0.25).mean() > 0.97 if changed.any() else not wrong.any()
