from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from filo_core.calibration.reference_checks import (
    ReferenceProblem,
    ReferenceWarning,
    are_near_duplicates,
    blur_measure,
    check_references,
    measure_reference,
    stranger_sentence,
)
from filo_core.types import SourceImage


def _part(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A grey plate with holes and grain, another one for every seed."""
    rng = np.random.default_rng(seed)
    width, height = size
    picture = Image.new("RGB", size, (176, 178, 182))
    draw = ImageDraw.Draw(picture)
    for _ in range(30):
        x, y, radius = int(rng.integers(0, width)), int(rng.integers(0, height)), int(rng.integers(6, 40))
        shade = tuple(int(value) for value in rng.integers(40, 140, 3))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade, outline=(20, 20, 20), width=2)
    return _with_noise(picture, seed, deviation=4.0)


def _with_noise(picture: Image.Image, seed: int, deviation: float) -> Image.Image:
    pixels = np.asarray(picture, dtype=np.float32)
    noise = np.random.default_rng(seed + 1000).normal(0.0, deviation, pixels.shape)
    return _from_levels(pixels + noise)


def _from_levels(levels: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def _source(name: str, picture: Image.Image) -> SourceImage:
    encoded = picture.tobytes()
    image_hash = hashlib.sha256(encoded).hexdigest()
    return SourceImage(name, encoded, image_hash, np.asarray(picture.convert("RGB")), datetime.now(UTC))


def _check(**pictures: Image.Image) -> dict[str, tuple[ReferenceWarning, ...]]:
    measures = {name: measure_reference(_source(f"{name}.png", picture)) for name, picture in pictures.items()}
    return check_references(measures)


def _problems(warnings: tuple[ReferenceWarning, ...]) -> list[ReferenceProblem]:
    return [warning.problem for warning in warnings]


def test_sharp_and_different_parts_raise_no_warning() -> None:
    warnings = _check(a=_part(1), b=_part(2), c=_part(3), d=_part(4))
    assert warnings == {"a": (), "b": (), "c": (), "d": ()}


@pytest.mark.parametrize("size", [(640, 480), (2560, 1920), (128, 128)])
def test_a_blurred_picture_is_named_so_at_every_camera_resolution(size: tuple[int, int]) -> None:
    radius = max(2.0, 4.0 * max(size) / 512)
    warnings = _check(only=_part(1, size).filter(ImageFilter.GaussianBlur(radius)))
    assert _problems(warnings["only"]) == [ReferenceProblem.BLURRED]
    assert warnings["only"][0].sentence == "Blurred. Focus the camera, or hold the part still, and take it again."


def test_blur_that_shrinking_takes_away_is_no_blur() -> None:
    large = _part(1, (2560, 1920)).filter(ImageFilter.GaussianBlur(1.5))
    assert _check(only=large)["only"] == ()


def test_a_picture_less_sharp_than_the_others_stands_out_although_it_would_pass_alone() -> None:
    softened = _part(4).filter(ImageFilter.GaussianBlur(1.4))
    assert _check(only=softened)["only"] == ()
    warnings = _check(a=_part(1), b=_part(2), soft=softened)
    assert _problems(warnings["soft"]) == [ReferenceProblem.BLURRED]
    assert warnings["soft"][0].sentence == "Less sharp than the other good images. Take it again, or remove it."
    assert warnings["a"] == ()


def test_blur_grows_with_blurring_and_ignores_contrast() -> None:
    sharp = np.asarray(_part(1).convert("L"), dtype=np.float32)
    blurred = np.asarray(_part(1).convert("L").filter(ImageFilter.GaussianBlur(3)), dtype=np.float32)
    assert blur_measure(sharp) < blur_measure(blurred)
    assert blur_measure(sharp) == pytest.approx(blur_measure(sharp * 0.25 + 7), abs=1e-4)


def test_blur_of_an_even_picture_is_zero_and_not_a_division_by_zero() -> None:
    assert blur_measure(np.full((20, 30), 128.0, dtype=np.float32)) == 0.0


@pytest.mark.parametrize(
    ("gain", "problem", "beginning"),
    [
        (0.1, ReferenceProblem.TOO_DARK, "Too dark"),
        (6.0, ReferenceProblem.TOO_BRIGHT, "Too bright"),
    ],
)
def test_bad_exposure_is_told_with_its_share(gain: float, problem: ReferenceProblem, beginning: str) -> None:
    exposed = _from_levels(np.asarray(_part(1), dtype=np.float32) * gain)
    warnings = _check(only=exposed)["only"]
    assert problem in _problems(warnings)
    assert warnings[0].sentence.startswith(beginning)
    assert " %" in warnings[0].sentence


def test_a_part_on_white_paper_is_not_overexposed() -> None:
    paper = Image.new("RGB", (640, 480), (255, 255, 255))
    paper.paste(_part(1, (400, 300)), (120, 90))
    assert _check(only=paper)["only"] == ()


@pytest.mark.parametrize(
    ("change", "problem", "word"),
    [(-90, ReferenceProblem.TOO_DARK, "darker"), (70, ReferenceProblem.TOO_BRIGHT, "brighter")],
)
def test_a_picture_lit_unlike_the_others_is_told(change: int, problem: ReferenceProblem, word: str) -> None:
    other_light = _from_levels(np.asarray(_part(4), dtype=np.float32) + change)
    warnings = _check(a=_part(1), b=_part(2), odd=other_light)
    assert problem in _problems(warnings["odd"])
    assert word in warnings["odd"][0].sentence
    assert warnings["a"] == ()


def test_an_even_grey_picture_shows_nothing_and_is_not_called_blurred() -> None:
    warnings = _check(only=Image.new("RGB", (320, 240), (128, 128, 128)))
    assert _problems(warnings["only"]) == [ReferenceProblem.EMPTY]


def test_the_same_part_taken_twice_is_reported_once_at_the_later_picture_with_the_name_of_the_first() -> None:
    again = _with_noise(_from_levels(np.asarray(_part(1), dtype=np.float32) * 1.06 + 3), seed=9, deviation=3.0)
    warnings = _check(first=_part(1), other=_part(2), again=again)
    assert warnings["first"] == ()
    assert _problems(warnings["again"]) == [ReferenceProblem.NEAR_DUPLICATE]
    assert "first.png" in warnings["again"][0].sentence


def test_another_part_or_a_turned_part_is_no_duplicate() -> None:
    first = measure_reference(_source("first", _part(1)))
    assert not are_near_duplicates(first, measure_reference(_source("other", _part(2))))
    turned = _part(1).transpose(Image.Transpose.ROTATE_180)
    assert not are_near_duplicates(first, measure_reference(_source("turned", turned)))


def test_a_picture_and_its_negative_are_no_duplicates() -> None:
    first = measure_reference(_source("first", _part(1)))
    negative = _from_levels(255.0 - np.asarray(_part(1), dtype=np.float32))
    assert not are_near_duplicates(first, measure_reference(_source("negative", negative)))


def test_two_even_pictures_are_duplicates_and_an_even_one_is_none_of_a_part() -> None:
    even = measure_reference(_source("even", Image.new("RGB", (64, 64), (90, 90, 90))))
    lighter = measure_reference(_source("lighter", Image.new("RGB", (64, 64), (120, 120, 120))))
    assert are_near_duplicates(even, lighter)
    assert not are_near_duplicates(even, measure_reference(_source("part", _part(1))))


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (3, 2)])
def test_tiny_pictures_are_measured_without_an_error(size: tuple[int, int]) -> None:
    measured = measure_reference(_source("tiny", Image.new("RGB", size, (10, 200, 30))))
    assert measured.signature.shape == (64, 64)
    assert 0.0 <= measured.blur <= 1.0


def test_strangers_are_named_with_what_to_do() -> None:
    assert stranger_sentence(()) == ""
    one, two = stranger_sentence(("a.png",)), stranger_sentence(("a.png", "b.png", "c.png"))
    assert one.startswith("a.png does not look like the other good parts")
    assert two.startswith("a.png, b.png and c.png do not look like")
    assert "remove them" in two
