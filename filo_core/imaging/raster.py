"""Formats that Pillow decodes: PNG, BMP, GIF, WebP, AVIF, HEIF, and the notes of a JPEG."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from filo_core.imaging import containers, jpeg, png
from filo_core.imaging.limits import refuse_bomb
from filo_core.imaging.refusals import DAMAGE, RefusalError, damaged, not_yet, several
from filo_core.imaging.sniffing import ImageFormat
from filo_core.imaging.values import on_white, refuse_unknown_depth, upright
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.imaging.limits import DecodingLimits

_ORIENTATION_TAG = 0x0112
_MP_ENTRIES_TAG = 0xB002
_BMP_PLAIN = frozenset({0, 3, 6})
_OPENED_AS = {
    ImageFormat.JPEG: ("JPEG", "MPO"),
    ImageFormat.HEIF: ("HEIF",),
    ImageFormat.NETPBM: ("PPM",),
    ImageFormat.WEBP: ("WEBP",),
}


def decode_png(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    header = png.header_of(encoded)
    limits.check(header.width, header.height)
    refuse_bomb(header.width, header.height, header.bytes_a_pixel, len(encoded))
    with _opened(encoded, ImageFormat.PNG, limits) as image:
        png.check_chunks(encoded, header)
        return _finished(image, has_words=header.bits == 16)


def decode_jpeg(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    header = jpeg.header_of(encoded)
    if not header.frame:
        raise damaged(Sentence("it has no frame"))
    limits.check(header.width, header.height)
    refuse_bomb(header.width, header.height, len(header.components), len(encoded), lossy=True)
    if header.bits == 12 or header.frame not in {0xC0, 0xC1, 0xC2}:
        return jpeg.decode_jpeg(encoded, header)
    with _opened(encoded, ImageFormat.JPEG, limits) as image:
        orientation = orientation_of(image)
    return upright(jpeg.decode_jpeg(encoded, header), orientation)


def decode_webp(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    with _opened(encoded, ImageFormat.WEBP, limits) as image:
        containers.check_webp(encoded, *image.size)
        return _finished(image)


def decode_avif(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    with _opened(encoded, ImageFormat.AVIF, limits) as image:
        containers.check_boxes(encoded, *image.size)
        return _finished(image)


def decode_heif(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``; its own turns are applied by its library.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    with _opened(encoded, ImageFormat.HEIF, limits) as image:
        containers.check_boxes(encoded, *image.size)
        return _finished(image)


def decode_bmp(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)`` of a BMP, with or without its file header.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    begin = 14 if encoded[:2] == b"BM" else 0
    size = int.from_bytes(encoded[begin : begin + 4], "little")
    compression = int.from_bytes(encoded[begin + 16 : begin + 20], "little") if size > 16 else 0
    with _opened(encoded, ImageFormat.BMP if begin else ImageFormat.DIB, limits) as image:
        if compression not in _BMP_PLAIN:
            raise not_yet("BMP", Sentence("its pixels are packed"))
        return _finished(image)


def decode_gif(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or holds several frames.
    """
    with _opened(encoded, ImageFormat.GIF, limits) as image:
        if not encoded.rstrip(b"\0").endswith(b";"):
            raise damaged(Sentence("its end is missing"))
        return _finished(image)


def orientation_of(image: Image.Image) -> object:
    """What its EXIF data say about up; None where they say nothing, or are broken.

    Broken notes about a whole picture: it is shown as it is stored, as every viewer does.
    """
    try:
        return image.getexif().get(_ORIENTATION_TAG)
    except DAMAGE:
        return None


@contextmanager
def _opened(encoded: bytes, image_format: ImageFormat, limits: DecodingLimits) -> Iterator[Image.Image]:
    formats = _OPENED_AS.get(image_format, (image_format.value,))
    with Image.open(io.BytesIO(encoded), formats=formats) as image:
        limits.check(*image.size)
        frames = int(getattr(image, "n_frames", 1))
        if frames > 1 and not _is_one_photograph(image):
            raise several(frames)
        yield image


def _is_one_photograph(image: Image.Image) -> bool:
    """True for a JPEG whose further frames only belong to the first: previews and gain maps."""
    # MPO is what Pillow calls a JPEG with others behind it, as phones write them.
    if image.format != "MPO":
        return False
    kinds = [entry["Attribute"]["MPType"] for entry in getattr(image, "mpinfo", {}).get(_MP_ENTRIES_TAG, ())]
    return kinds[:1] == ["Baseline MP Primary Image"] and not any("Multi" in kind for kind in kinds)


def _finished(image: Image.Image, *, has_words: bool = False) -> NDArray[np.uint8]:
    """RGB of an opened picture; ``has_words``: its values have 16 bits."""
    image.load()
    orientation = orientation_of(image)
    if image.mode == "I" or image.mode.startswith("I;16"):
        rgb = _from_words(image)
    elif image.has_transparency_data:
        # Palettes, keyed colours and premultiplied ones alike.
        coloured = np.asarray(image if image.mode == "RGBA" else image.convert("RGBA"))
        if has_words:
            refuse_unknown_depth(coloured[..., :3])
        rgb = on_white(coloured[..., :3], coloured[..., 3])
    elif image.mode == "F":
        raise RefusalError(
            Sentence("has floating-point or 32-bit values, which have no white"),
            Sentence("Save it with 8 or 16 bits a pixel."),
        )
    else:
        # Pillow copies what it need not convert.
        rgb = np.array(image if image.mode == "RGB" else image.convert("RGB"))
        if has_words:
            refuse_unknown_depth(rgb)
    return upright(rgb, orientation)


def _from_words(image: Image.Image) -> NDArray[np.uint8]:
    values = np.asarray(image).astype(np.uint16)
    # The high byte, as Pillow itself does it for 16-bit colours.
    grey = (values >> 8).astype(np.uint8)
    refuse_unknown_depth(grey)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return np.repeat(grey[..., None], 3, axis=2)
