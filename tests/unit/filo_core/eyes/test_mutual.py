"""Pictures held against each other: what few of them have is odd, whatever their sizes; nothing else is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import frame_of
from filo_core.eyes.mutual import mutual_scores, strangers


class ColourEye:
    """Sees the mean colour of each cell, and how bright it is."""

    def __init__(self, side: int = 64, stride: int = 8) -> None:
        self.side, self.stride = side, stride
        self.looked = 0

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        self.looked += 1
        frame = frame_of(pixels.shape[1], pixels.shape[0], self.side, self.stride)
        rows, columns = frame.cells(self.stride)
        down, across = pixels.shape[0] // rows, pixels.shape[1] // columns
        cells = pixels[: rows * down, : columns * across].reshape(rows, down, columns, across, 3).mean(axis=(1, 3))
        bright = np.full((rows, columns, 1), 60.0)
        return Features(unit(np.concatenate([cells, bright], axis=2).astype(np.float32)), frame, self.stride)


def pictures(count: int, odd: set[int], size: tuple[int, int] = (128, 128)) -> Iterator[NDArray[np.uint8]]:
    for number in range(count):
        rng = np.random.default_rng(number)
        made = np.full((size[1], size[0], 3), (90, 120, 60), np.uint8) + rng.integers(0, 6, 3, dtype=np.uint8)
        if number in odd:
            made[32:56, 40:64] = (250, 20, 20) if number % 2 else (10, 10, 240)
        yield made


def scores_of(steps: Iterator[int | NDArray[np.float64]]) -> NDArray[np.float64]:
    *counts, scores = steps
    assert counts == sorted(counts)
    assert isinstance(scores, np.ndarray)
    return scores


@pytest.mark.parametrize("lanes", [1, 2])
def test_what_few_pictures_have_is_odd(lanes: int) -> None:
    odd = {3, 8, 14}
    scores = scores_of(mutual_scores([ColourEye(), ColourEye(48)], pictures(20, odd), lanes))
    assert set(np.argsort(scores)[-3:]) == odd
    assert np.isfinite(scores).all()


def test_what_a_third_shares_is_not_odd() -> None:
    """Two kinds of good parts, as two moulds make them, and one bad part."""
    shared = [next(pictures(1, set())) if n % 2 else np.full((128, 128, 3), (60, 90, 130), np.uint8) for n in range(12)]
    bad = shared[0].copy()
    bad[40:64, 40:64] = (255, 255, 0)
    scores = scores_of(mutual_scores([ColourEye()], [*shared, bad]))
    assert scores.argmax() == 12


def test_each_picture_is_looked_at_once_and_the_order_is_kept() -> None:
    eye = ColourEye()
    forward = scores_of(mutual_scores([eye], pictures(16, {5})))
    assert eye.looked == 16
    assert forward.argmax() == 5


def test_pictures_may_have_any_size_and_shape() -> None:
    several = [*pictures(6, set()), *pictures(6, {2}, (300, 90)), *pictures(4, set(), (40, 200))]
    scores = scores_of(mutual_scores([ColourEye()], several))
    assert len(scores) == 16
    assert scores.argmax() == 8


def test_pictures_that_are_all_alike_have_scores_that_are_numbers() -> None:
    scores = scores_of(mutual_scores([ColourEye()], [np.full((64, 64, 3), 99, np.uint8)] * 12))
    assert np.isfinite(scores).all()


def test_two_pictures_say_nothing_about_each_other() -> None:
    with pytest.raises(ValueError, match="needs three"):
        list(mutual_scores([ColourEye()], pictures(2, set())))


def test_another_product_among_the_good_parts_is_a_stranger_even_where_it_comes_twice() -> None:
    other = [np.full((128, 128, 3), (200, 30, 30 + shade), np.uint8) for shade in (0, 4)]
    own = list(pictures(6, set()))
    assert strangers(ColourEye(), [*own[:3], other[0], *own[3:], other[1]]) == (3, 7)
    assert strangers(ColourEye(), own) == ()


def test_a_defect_makes_nobody_a_stranger() -> None:
    assert strangers(ColourEye(), list(pictures(6, {2}))) == ()


def test_among_three_pictures_nobody_is_a_stranger() -> None:
    other = np.full((128, 128, 3), (200, 30, 30), np.uint8)
    assert strangers(ColourEye(), [*pictures(2, set()), other]) == ()
    assert strangers(ColourEye(), [np.full((64, 64, 3), 99, np.uint8)] * 5) == ()
