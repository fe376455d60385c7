from __future__ import annotations

import numpy as np
import pytest

from filo_core.imaging import decode_image
from filo_core.line.sources.pixel_formats import can_convert, rgb_of
from tests.unit.filo_core.imaging.tiffs import Tiff

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
TILES = {"BayerRG": "RGGB", "BayerGR": "GRBG", "BayerGB": "GBRG", "BayerBG": "BGGR"}


@pytest.mark.parametrize("name", TILES)
@pytest.mark.parametrize("colour", [RED, GREEN, BLUE])
def test_a_mosaic_of_one_colour_becomes_that_colour(name: str, colour: tuple[int, int, int]) -> None:
    tile = np.array([colour["RGB".index(letter)] for letter in TILES[name]], np.uint8).reshape(2, 2)
    mosaic = np.tile(tile, (8, 10))
    picture = rgb_of(mosaic.ravel(), 20, 16, f"{name}8")
    assert picture.shape == (16, 20, 3)
    # The border is made up from its neighbours.
    assert np.all(picture[2:-2, 2:-2] == colour)


@pytest.mark.parametrize(
    ("pixel_format", "values", "expected"),
    [
        ("Mono8", [7, 200], [(7, 7, 7), (200, 200, 200)]),
        ("Mono12", [0x070, 0xC80], [(7, 7, 7), (200, 200, 200)]),
        ("Mono16", [0x0700, 0xC800], [(7, 7, 7), (200, 200, 200)]),
        ("RGB8", [1, 2, 3, 4, 5, 6], [(1, 2, 3), (4, 5, 6)]),
        ("BGR8", [1, 2, 3, 4, 5, 6], [(3, 2, 1), (6, 5, 4)]),
        ("RGBa8", [1, 2, 3, 9, 4, 5, 6, 9], [(1, 2, 3), (4, 5, 6)]),
        ("BGRa8", [1, 2, 3, 9, 4, 5, 6, 9], [(3, 2, 1), (6, 5, 4)]),
    ],
)
def test_every_format_becomes_rgb_of_eight_bits(
    pixel_format: str, values: list[int], expected: list[tuple[int, int, int]]
) -> None:
    kind = np.uint8 if pixel_format.endswith("8") else np.uint16
    picture = rgb_of(np.array(values, kind), 2, 1, pixel_format)
    assert picture.dtype == np.uint8
    assert picture.tolist() == [[list(pixel) for pixel in expected]]


@pytest.mark.parametrize("pixel_format", ["Mono12Packed", "YUV422_8", "Coord3D_C16", ""])
def test_a_format_that_cannot_be_read_is_told_from_one_that_can(pixel_format: str) -> None:
    assert not can_convert(pixel_format)
    with pytest.raises(ValueError, match="pixel format"):
        rgb_of(np.zeros(4, np.uint8), 2, 2, pixel_format)


def test_values_that_do_not_fill_the_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        rgb_of(np.zeros(5, np.uint8), 2, 2, "Mono8")


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize(("name", "photometric", "samples"), [("Mono", 1, 1), ("RGB", 2, 3)])
@pytest.mark.parametrize("words", [False, True])
def test_a_camera_and_a_file_of_it_give_the_same_pixels(
    bits: int, name: str, photometric: int, samples: int, words: bool
) -> None:
    values = np.random.default_rng(bits).integers(0, 1 << bits, (12, 20, samples))
    values = values.astype(np.uint8 if bits == 8 else np.uint16)
    white = {281: (3, ((1 << bits) - 1,))}
    file = Tiff(16, photometric, tags=white) if words and bits > 8 else Tiff(bits, photometric)

    live = rgb_of(values.ravel(), 20, 12, f"{name}{bits}")

    assert np.array_equal(decode_image(file.of(values), "part").pixels, live)
