"""Pictures that are too blurred, dark or bright to be judged are told from those of good parts."""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from filo_core.imaging.quality import limits_from, quality_of
from filo_core.judging import decide
from filo_core.picture_limits import PictureLimits, PictureQuality
from filo_core.types import Origin, Prediction, Verdict
from tests.unit.filo_core.test_zones import _recipe
from tests.unit.storage.making import make_image


def _plate(seed: int, gain: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(60, 180, (24, 32)), np.ones((10, 10)))
    return np.repeat(np.clip(gain * blocks, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _limits() -> PictureLimits:
    return limits_from([quality_of(_plate(seed)) for seed in range(4)])


def test_good_pictures_pass_with_room_to_spare_and_less_contrast_is_no_blur() -> None:
    limits = _limits()
    for seed in range(4, 12):
        assert limits.problem(quality_of(_plate(seed))) == ""
        dull = (0.5 * _plate(seed) + 60).astype(np.uint8)
        assert limits.problem(quality_of(dull)) == ""


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (cv2.GaussianBlur(_plate(7), (0, 0), 3.0), "too blurred"),
        (_plate(7, 0.5), "too dark"),
        (np.clip(_plate(7).astype(int) + 90, 0, 255).astype(np.uint8), "too bright"),
        (np.full((240, 320, 3), 120, np.uint8), "too blurred"),
    ],
)
def test_what_cannot_be_judged_says_why(spoiled: np.ndarray, said: str) -> None:
    assert said in _limits().problem(quality_of(spoiled))


def test_a_verdict_is_withheld_and_the_picture_kept_whatever_the_model_says() -> None:
    image = make_image(0x101010)
    found = Prediction(0.0, np.zeros((4, 4), np.float32), (), {}, True)
    recipe = _recipe()
    withholding = replace(recipe, picture_limits=PictureLimits(0.0, 0.3, 0.9))
    started = time.perf_counter()
    assert decide(image, found, "", recipe, Origin.LIVE, started).verdict is Verdict.OK
    withheld = decide(image, found, "", withholding, Origin.LIVE, started)
    assert (withheld.verdict, withheld.prediction, withheld.image) == (Verdict.NOT_INSPECTED, None, image)
    assert "too dark" in withheld.reason


def test_limits_are_part_of_the_recipe_and_change_no_score() -> None:
    recipe = _recipe()
    other = replace(recipe, picture_limits=PictureLimits(0.1, 0.2, 0.9))
    assert other.content_hash != recipe.content_hash
    assert other.scoring_hash == recipe.scoring_hash


def test_limits_that_contradict_each_other_cannot_be() -> None:
    with pytest.raises(ValueError, match="in order"):
        PictureLimits(0.1, 0.9, 0.2)
    assert PictureLimits(0.0, 0.0, 1.0).focus_share(PictureQuality(0.2, 0.5)) == 1.0
