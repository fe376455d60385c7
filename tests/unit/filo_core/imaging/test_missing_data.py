"""What decoders fill in and only warn of: bytes that are not there, or were overwritten with zeros."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageCms

from filo_core.imaging import jpeg
from filo_core.imaging.decoding import decode
from filo_core.imaging.limits import DecodingLimits
from filo_core.imaging.refusals import RefusalError

LIMITS = DecodingLimits(10_000_000)
PACKET = 1460


def picture() -> Image.Image:
    """Some 200 kB in most formats: noise on a slope."""
    rows, columns = np.mgrid[:240, :320]
    noise = np.random.default_rng(2).normal(0, 12, (240, 320, 3))
    return Image.fromarray(np.clip((rows + columns)[..., None] / 560 * 200 + noise, 0, 255).astype(np.uint8))


def encoded(file_format: str, image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    if file_format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    (image or picture()).save(buffer, file_format, **options)
    return buffer.getvalue()


def damages(data: bytes, end: bytes = b"") -> Iterator[tuple[str, bytes]]:
    """``data`` cut short, cut short with an end mark, with a tail of zeros, and with a packet that is lost or zero."""
    for share in (0.35, 0.5, 0.75, 0.9):
        at = int(len(data) * share)
        yield f"cut at {share}", data[:at]
        yield f"zeros from {share}", data[:at] + bytes(len(data) - at)
        if end:
            yield f"cut at {share} and closed", data[:at] + end
            yield f"zeros from {share} and closed", data[:at] + bytes(len(data) - at - len(end)) + end
            yield f"packet lost at {share}", data[:at] + data[at + PACKET :]


def is_damaged(data: bytes) -> bool:
    try:
        decode(data, LIMITS)
    except RefusalError as refusal:
        return "damaged" in refusal.reason
    return False


JPEGS = ({"quality": 90}, {"progressive": True}, {"subsampling": 0}, {"optimize": True, "quality": 97})
WHOLE = [
    *(("JPEG", options) for options in JPEGS),
    ("PNG", {}),
    ("WEBP", {"quality": 90}),
    ("WEBP", {"lossless": True}),
    ("AVIF", {}),
    ("HEIF", {}),
    ("JPEG2000", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("PPM", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_deflate"}),
    ("TIFF", {"compression": "jpeg"}),
]
CANNOT_TELL_ZEROS = frozenset({"BMP", "PPM"})
"""Their pixels stand in the file as they are, and zeros are black."""


@pytest.mark.parametrize(("file_format", "options"), WHOLE)
def test_a_file_that_is_cut_short_or_ends_in_zeros_is_damaged(file_format: str, options: dict[str, object]) -> None:
    data = encoded(file_format, **options)
    assert decode(data, LIMITS).shape == (240, 320, 3)
    end = b"\xff\xd9" if file_format == "JPEG" else b""

    judged = [
        name
        for name, bad in damages(data, end)
        if not is_damaged(bad) and not (file_format in CANNOT_TELL_ZEROS and name.startswith("zeros"))
    ]

    assert judged == []


@pytest.mark.parametrize("options", JPEGS)
def test_jpeg_pixels_are_those_of_pillow(options: dict[str, object]) -> None:
    for image in (picture(), picture().convert("L")):
        data = encoded("JPEG", image, **options)
        wanted = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

        assert np.array_equal(decode(data, LIMITS), wanted)


def test_a_cmyk_jpeg_that_is_cut_and_closed_is_damaged() -> None:
    data = encoded("JPEG", picture().convert("CMYK"))

    assert np.array_equal(decode(data, LIMITS), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    assert is_damaged(data[: len(data) // 2] + b"\xff\xd9")


def test_a_progressive_jpeg_that_ends_between_two_scans_is_damaged() -> None:
    data = encoded("JPEG", progressive=True)
    scans = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 3

    for scan in scans[1:]:
        header = jpeg.header_of(data[:scan] + b"\xff\xd9")
        assert header.ends
        assert not header.is_complete
        assert is_damaged(data[:scan] + b"\xff\xd9")


def test_a_png_whose_pixels_were_changed_on_the_way_is_damaged() -> None:
    data = bytearray(encoded("PNG"))
    data[len(data) // 2] ^= 1

    assert is_damaged(bytes(data))


def test_a_png_without_its_end_is_damaged() -> None:
    assert is_damaged(encoded("PNG")[:-12])


@pytest.mark.parametrize("colour", [0, 1, 128, 254, 255])
@pytest.mark.parametrize(("file_format", "options"), WHOLE)
def test_a_wall_of_one_colour_is_not_taken_for_a_broken_copy(
    file_format: str, options: dict[str, object], colour: int
) -> None:
    for size in ((16, 16), (97, 61), (1600, 1200)):
        image = Image.new("RGB", size, (colour, colour, colour))

        pixels = decode(encoded(file_format, image, **options), LIMITS)

        assert np.abs(pixels.astype(int) - colour).max() <= 4, size


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_that_is_transparent_everywhere_is_refused(file_format: str) -> None:
    image = picture().convert("RGBA")
    image.putalpha(0)
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}

    with pytest.raises(RefusalError, match="transparent everywhere"):
        decode(encoded(file_format, image, **options), LIMITS)


@pytest.mark.parametrize(("file_format", "worst"), [("AVIF", 24), ("HEIF", 24), ("JPEG2000", 0), ("WEBP", 0)])
def test_newer_formats_give_the_picture_that_was_written(file_format: str, worst: int) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {"quality": 95} if worst else {}
    smooth = picture().resize((64, 48)).resize((320, 240))

    pixels = decode(encoded(file_format, smooth, **options), LIMITS)

    assert np.abs(pixels.astype(int) - np.asarray(smooth)).max() <= worst


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("codec", ["jp2", "j2k"])
def test_jpeg_2000_of_each_depth_is_scaled_by_its_full_range(bits: int, samples: int, codec: str) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    values = np.random.default_rng(4).integers(0, 1 << bits, (40, 56, samples))
    words = values.astype(np.uint8 if bits == 8 else np.uint16)
    data = imagecodecs.jpeg2k_encode(
        words if samples == 3 else words[..., 0], level=0, codecformat=codec, reversible=True, bitspersample=bits
    )

    assert np.array_equal(decode(data, LIMITS), np.repeat(values >> (bits - 8), 3 // samples, axis=2))


def test_a_jpeg_of_12_bits_is_read() -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    values = np.asarray(picture().convert("L")).astype(np.uint16) << 4
    data = imagecodecs.jpeg8_encode(values, bitspersample=12, level=98)

    pixels = decode(data, LIMITS)

    assert np.abs(pixels[..., 0].astype(int) - (values >> 4)).max() <= 3


@pytest.mark.parametrize("file_format", ["WEBP", "AVIF", "HEIF", "JPEG2000", "JPEG", "PNG", "TIFF"])
def test_zeros_in_the_notes_of_a_picture_are_none_in_its_pixels(file_format: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a part" + "\0" * 48
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(400)
    small = picture().resize((64, 48))

    data = encoded(file_format, small, exif=exif.tobytes(), icc_profile=profile)

    assert decode(data, LIMITS).shape == (48, 64, 3)


def test_warnings_that_nothing_is_missing_do_not_spoil_a_jpeg() -> None:
    data = encoded("JPEG")
    # A version of JFIF that nobody knows is one.
    odd = data.replace(b"JFIF\0\1", b"JFIF\0\3", 1)

    assert np.array_equal(decode(odd, LIMITS), decode(data, LIMITS))
