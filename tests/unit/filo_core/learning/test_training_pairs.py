"""Groups of views: good ones are clean, seeds repeat, held-out pictures are never trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.errors import FolderError
from filo_core.learning.nuisances import CameraSetting, photograph
from filo_core.learning.training_data import batches
from filo_core.learning.training_pairs import (
    GOOD_VIEWS,
    NO_ANOMALY,
    VIEWS,
    Photographs,
    find_photographs,
    make_group,
)

STILL = CameraSetting(
    turn_deg=0.0, shift_px=0.0, scale=0.0, light=0.0, blur_px=0.0, noise=0.0, jpeg=False, gradient=0.0, coarse=1.0
)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Twenty-two things and twenty-two textures of noise."""
    rng = np.random.default_rng(0)
    for folder, size in (("clothing", (90, 120)), ("surfaces", (96, 96))):
        (tmp_path / folder).mkdir()
        for index in range(22):
            pixels = rng.integers(0, 255, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{index:02d}.png")
    (tmp_path / "clothing" / "README.md").write_text("not an image")
    return tmp_path


def test_things_and_textures_are_told_apart_by_their_folder(images: Path) -> None:
    found = find_photographs(images)
    assert {path.parent.name for path in found.things} == {"clothing"}
    assert {path.parent.name for path in found.textures} == {"surfaces"}


def test_held_out_pictures_are_a_twentieth_and_never_trained_on(images: Path) -> None:
    seen, unseen = find_photographs(images), find_photographs(images, held_out=True)
    assert len(unseen.things) == len(unseen.textures) == 1
    assert not set(seen.things + seen.textures) & set(unseen.things + unseen.textures)
    assert len(seen.things) + len(unseen.things) == 22


def test_a_folder_without_images_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="holds no images to train on"):
        find_photographs(tmp_path)


def test_a_file_that_is_no_image_is_named(images: Path) -> None:
    broken = images / "surfaces" / "00.png"
    broken.write_bytes(b"not a PNG")
    with pytest.raises(FolderError, match=r"00\.png is not an image"):
        make_group(Photographs(things=(), textures=(broken,)), 64, np.random.default_rng(0))


def test_good_views_have_empty_masks_and_anomalous_ones_what_their_kind_says(images: Path) -> None:
    seen = find_photographs(images)
    anomalous = 0
    rng = np.random.default_rng(1)
    for group in (make_group(seen, 64, rng) for _ in range(12)):
        assert group.pixels.shape == (VIEWS, 64, 64, 3)
        assert group.pixels.dtype == np.uint8
        assert group.masks.shape == (VIEWS, 64, 64)
        assert not group.masks[:GOOD_VIEWS].any()
        assert (group.kinds[:GOOD_VIEWS] == NO_ANOMALY).all()
        assert ((group.kinds != NO_ANOMALY) == group.masks.any(axis=(1, 2))).all()
        anomalous += int((group.kinds != NO_ANOMALY).sum())
    assert anomalous > 12


def test_the_same_seed_makes_the_same_groups_and_another_one_others(images: Path) -> None:
    seen = find_photographs(images)
    first, again, other = (make_group(seen, 64, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.masks, again.masks)
    assert not np.array_equal(first.pixels, other.pixels)


def test_a_line_without_nuisances_shows_the_middle_of_the_piece() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)
    mask = np.zeros((48, 48), bool)
    mask[20:30, 20:30] = True
    view, turned = photograph(pixels, mask, 32, STILL, rng)
    assert np.array_equal(view, pixels[8:40, 8:40])
    assert np.array_equal(turned, mask[8:40, 8:40])


def test_a_coarse_camera_shows_fewer_details_on_as_many_pixels() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)
    mask = np.zeros((48, 48), bool)
    sharp, _ = photograph(pixels, mask, 32, STILL, rng)
    soft, _ = photograph(pixels, mask, 32, replace(STILL, coarse=2.0), rng)
    assert soft.shape == sharp.shape
    assert soft.astype(float).std() < 0.7 * sharp.astype(float).std()


def test_the_mask_turns_with_the_piece() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[10:20, 28:36] = 255
    mask = pixels[..., 0] > 0
    line = replace(STILL, turn_deg=180.0, shift_px=3.0, scale=0.05)
    view, turned = photograph(pixels, mask, 64, line, np.random.default_rng(2))
    assert (view[turned].mean(), view[~turned].mean()) == pytest.approx((255, 0), abs=30)


def test_batches_stack_groups_and_repeat_with_their_seed(images: Path) -> None:
    seen = find_photographs(images)
    first = next(batches(seen, (64,), 2, (5,), workers=0))
    again = next(batches(seen, (64,), 2, (5,), workers=0))
    assert tuple(first.pixels.shape) == (2, VIEWS, 64, 64, 3)
    assert tuple(first.kinds.shape) == (2, VIEWS)
    assert bool((first.pixels == again.pixels).all())


def test_batches_of_larger_views_hold_as_many_pixels_in_fewer_groups(images: Path) -> None:
    seen = find_photographs(images)
    source = batches(seen, (32, 64), 8, (5,), workers=0)
    shapes = {tuple(next(source).pixels.shape[:3]) for _ in range(12)}
    assert shapes == {(8, VIEWS, 32), (2, VIEWS, 64)}
