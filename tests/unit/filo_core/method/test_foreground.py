"""The foreground localizer on drawn pictures: a piece on a plain ground, a cluttered ground, a texture."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.method.foreground import ForegroundLocalizer


def _plain(rng: np.random.Generator, colour: tuple[int, int, int] = (200, 198, 190)) -> NDArray[np.uint8]:
    picture = np.full((200, 300, 3), colour, np.float64) + rng.normal(0, 4, (200, 300, 3))
    # Light falls off to one side, as it does in every real picture.
    picture *= np.linspace(0.94, 1.0, 300)[None, :, None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def test_a_piece_on_a_plain_ground_gets_a_box_around_it() -> None:
    picture = _plain(np.random.default_rng(0))
    cv2.rectangle(picture, (90, 60), (210, 140), (60, 90, 160), -1)
    (box,) = ForegroundLocalizer().locate(picture, ("scratch",))
    assert box.left == pytest.approx(0.30 - 0.03, abs=0.02)
    assert box.right == pytest.approx(0.70 + 0.03, abs=0.02)
    assert box.top == pytest.approx(0.30 - 0.03, abs=0.02)
    assert box.bottom == pytest.approx(0.70 + 0.03, abs=0.02)


def test_two_pieces_get_two_boxes_and_dust_gets_none() -> None:
    picture = _plain(np.random.default_rng(1))
    cv2.circle(picture, (70, 100), 40, (40, 40, 40), -1)
    cv2.circle(picture, (220, 100), 40, (40, 40, 40), -1)
    cv2.circle(picture, (145, 20), 3, (40, 40, 40), -1)
    assert len(ForegroundLocalizer().locate(picture, ())) == 2


def test_boxes_stay_inside_the_picture() -> None:
    picture = _plain(np.random.default_rng(2))
    cv2.rectangle(picture, (0, 0), (140, 120), (30, 60, 30), -1)
    (box,) = ForegroundLocalizer().locate(picture, ())
    assert (box.left, box.top) == (0.0, 0.0)


def test_a_cluttered_ground_is_not_narrowed_down() -> None:
    rng = np.random.default_rng(3)
    clutter = cv2.resize(rng.integers(0, 255, (12, 18, 3)).astype(np.uint8), (300, 200), interpolation=cv2.INTER_CUBIC)
    cv2.rectangle(clutter, (90, 60), (210, 140), (60, 90, 160), -1)
    assert ForegroundLocalizer().locate(clutter, ()) == ()


def test_a_texture_is_taken_whole() -> None:
    rng = np.random.default_rng(4)
    texture = np.clip(128 + rng.normal(0, 25, (200, 300, 1)).repeat(3, axis=2), 0, 255).astype(np.uint8)
    assert ForegroundLocalizer().locate(texture, ()) == ()


def test_an_empty_ground_has_nothing_to_narrow_down_to() -> None:
    assert ForegroundLocalizer().locate(_plain(np.random.default_rng(5)), ()) == ()
