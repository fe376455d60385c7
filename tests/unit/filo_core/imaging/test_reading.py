from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from filo_core.errors import ShapeMismatchError, UnreadableImageError
from filo_core.imaging import decode_image, encode_frame, read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray


def colourful(height: int = 6, width: int = 9) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    return decode_image(data, "part").pixels


def grey_pgm(values: NDArray[np.uint16]) -> bytes:
    return b"P5 %d %d 65535\n" % (values.shape[1], values.shape[0]) + values.astype(">u2").tobytes()


def test_a_png_comes_back_pixel_for_pixel_as_writable_contiguous_rgb(tmp_path: Path) -> None:
    pixels = colourful()
    path = tmp_path / "part.png"
    Image.fromarray(pixels).save(path)

    image = read_image(path)

    assert np.array_equal(image.pixels, pixels)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    assert image.pixels.flags.writeable
    assert image.size == (9, 6)


def test_the_encoded_bytes_are_kept_and_their_sha256_is_the_image_hash(tmp_path: Path) -> None:
    path = tmp_path / "part.jpg"
    Image.fromarray(colourful()).save(path)

    image = read_image(path)

    assert image.encoded == path.read_bytes()
    assert image.image_hash == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_was_captured_when_it_was_last_changed_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    Image.fromarray(colourful()).save(path)
    moment = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))

    assert read_image(path).captured_at == moment


def test_an_image_is_called_by_its_file_name_unless_a_name_is_given(tmp_path: Path) -> None:
    path = tmp_path / "part.png"
    Image.fromarray(colourful()).save(path)

    assert read_image(path).name == "part.png"
    assert read_image(path, name="shift 2/part.png").name == "shift 2/part.png"


def test_16_bit_grey_is_scaled_by_the_full_range_not_by_what_the_image_holds() -> None:
    dark = np.full((4, 4), 20_000, np.uint16)
    dark[0, 0] = 0

    pixels = decoded(encoded(Image.fromarray(dark)))

    assert pixels.max() == 20_000 >> 8
    assert pixels[0, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PGM"])
@pytest.mark.parametrize("largest", [255, 1023, 4095, 16383])
def test_16_bit_words_that_may_hold_fewer_bits_are_refused_in_every_format(file_format: str, largest: int) -> None:
    values = np.linspace(0, largest, 64).astype(np.uint16).reshape(8, 8)
    data = grey_pgm(values) if file_format == "PGM" else encoded(Image.fromarray(values), file_format)

    with pytest.raises(UnreadableImageError, match="may come out black"):
        decoded(data)


def test_16_bit_colours_that_may_hold_fewer_bits_are_refused() -> None:
    cv2 = pytest.importorskip("cv2")
    _, data = cv2.imencode(".png", np.full((8, 8, 3), 4095, np.uint16))

    with pytest.raises(UnreadableImageError, match="may come out black"):
        decoded(data.tobytes())


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_pgm_states_its_white_and_is_scaled_by_it(bits: int) -> None:
    values = np.linspace(0, (1 << bits) - 1, 256).astype(np.uint16).reshape(16, 16)
    data = grey_pgm(values).replace(b"65535", str((1 << bits) - 1).encode())

    assert np.array_equal(decoded(data)[..., 0], (values >> (bits - 8)).astype(np.uint8))


def test_a_pgm_with_another_white_reaches_white() -> None:
    assert decoded(b"P5\n# made by hand\n3 1\n100\n\x00\x32\x64")[0, :, 0].tolist() == [0, 128, 255]


def test_ones_of_a_pbm_are_black() -> None:
    assert decoded(b"P4 10 1\n\xa0\x40")[0, :, 0].tolist() == [0, 255, 0, 255, 255, 255, 255, 255, 255, 0]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PGM"])
def test_16_bit_grey_reaches_from_black_to_white_in_every_format(file_format: str) -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    data = grey_pgm(values) if file_format == "PGM" else encoded(Image.fromarray(values), file_format)

    pixels = decoded(data)

    assert np.array_equal(pixels[..., 0], (values >> 8).astype(np.uint8))
    assert pixels.min() == 0
    assert pixels.max() == 255


def test_16_bit_colours_give_the_same_pixels_as_16_bit_grey() -> None:
    cv2 = pytest.importorskip("cv2")
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    written, colours = cv2.imencode(".png", np.dstack([values] * 3))
    assert written

    assert np.array_equal(decoded(colours.tobytes()), decoded(encoded(Image.fromarray(values))))


def test_cmyk_becomes_rgb() -> None:
    pixels = decoded(encoded(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF"))

    assert pixels[0, 0].tolist() == [0, 255, 255]


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    pixels = decoded(encoded(Image.new("CMYK", (16, 16), (0, 0, 0, 0)), "JPEG"))

    assert pixels.min() > 250


def test_a_palette_becomes_its_colours() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 30, 60])

    assert decoded(encoded(image))[2, 2].tolist() == [200, 30, 60]


def test_a_transparent_palette_entry_lies_over_white() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpixel((0, 0), 0)
    image.putpalette([0, 0, 0, 200, 30, 60])

    pixels = decoded(encoded(image, transparency=0))

    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[1, 1].tolist() == [200, 30, 60]


def test_transparent_parts_lie_over_white_whatever_colour_they_hide() -> None:
    image = Image.new("RGBA", (3, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (10, 20, 30, 0))
    image.putpixel((2, 0), (0, 0, 0, 128))

    pixels = decoded(encoded(image))

    assert pixels[0].tolist() == [[0, 0, 0], [255, 255, 255], [127, 127, 127]]


def test_an_alpha_channel_that_hides_nothing_changes_nothing() -> None:
    pixels = colourful()
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)

    assert np.array_equal(decoded(encoded(Image.fromarray(np.concatenate([pixels, alpha], axis=2)))), pixels)


def test_the_transparent_value_of_16_bit_grey_lies_over_white() -> None:
    values = np.array([[0, 1000, 65535]], np.uint16)

    pixels = decoded(encoded(Image.fromarray(values), transparency=1000))

    assert pixels[0, :, 0].tolist() == [0, 255, 255]


def test_one_bit_black_and_white_becomes_0_and_255() -> None:
    image = Image.new("1", (2, 1), 0)
    image.putpixel((1, 0), 1)

    assert decoded(encoded(image))[0].tolist() == [[0, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_every_exif_orientation_is_turned_upright(file_format: str, orientation: int) -> None:
    upright = colourful()
    # How the sensor would have stored it: the inverse of what the orientation asks for.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if file_format == "WEBP" else {}

    image = Image.fromarray(np.ascontiguousarray(stored))

    assert np.array_equal(decoded(encoded(image, file_format, exif=exif.tobytes(), **options)), upright)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_notes_do_not_spoil_a_whole_picture() -> None:
    pixels = colourful()

    assert np.array_equal(decoded(encoded(Image.fromarray(pixels), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")), pixels)


def test_the_content_decides_the_format_not_the_extension(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    pixels = colourful()
    Image.fromarray(pixels).save(path, "PNG")

    assert np.array_equal(read_image(path).pixels, pixels)


def test_a_phones_jpeg_with_a_preview_behind_it_is_one_photograph() -> None:
    photograph = Image.new("RGB", (32, 24), (200, 200, 200))
    data = encoded(photograph, "MPO", save_all=True, append_images=[Image.new("RGB", (8, 6))])

    pixels = decoded(data)

    assert pixels.shape == (24, 32, 3)
    assert pixels.min() > 190


@pytest.mark.parametrize("name", ["Gehäuse_№7.png", "部品.png", "x" + "ä" * 125 + ".png", "a b'\"&.png"])
def test_a_name_of_any_letters_and_up_to_255_bytes_is_read(tmp_path: Path, name: str) -> None:
    assert len(name.encode()) <= 255
    path = tmp_path / name
    Image.fromarray(colourful()).save(path)

    assert read_image(path).name == name


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_read_and_made_printable(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/part_\xff.png"))
    Image.fromarray(colourful()).save(path)

    name = read_image(path).name

    assert name == "part_\ufffd.png"
    assert name.encode("utf-8")


def test_a_frame_becomes_a_lossless_png_with_its_own_hash() -> None:
    pixels = colourful()
    moment = datetime(2026, 1, 2, tzinfo=UTC)

    image = encode_frame(pixels, "Camera 0 #5", moment, 5)

    assert np.array_equal(decoded(image.encoded), pixels)
    assert image.encoded.startswith(b"\x89PNG")
    assert image.image_hash == hashlib.sha256(image.encoded).hexdigest()
    assert (image.name, image.captured_at, image.frame_id) == ("Camera 0 #5", moment, 5)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3))],
)
def test_a_frame_of_another_shape_or_type_is_refused(pixels: NDArray[Any]) -> None:
    with pytest.raises(ShapeMismatchError, match="must be"):
        encode_frame(pixels, "frame", datetime.now(UTC), 1)
