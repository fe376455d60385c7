"""The bytes of an image file into pixels, in this process; :mod:`filo_core.imaging.decoders` runs it in another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from filo_core.imaging import jpeg, png, raster
from filo_core.imaging.jpeg2000 import decode_jpeg2000
from filo_core.imaging.limits import DecodingLimits
from filo_core.imaging.netpbm import decode_netpbm
from filo_core.imaging.refusals import COPY_AGAIN, DAMAGE, SAVE_SMALLER, RefusalError, damaged
from filo_core.imaging.sniffing import ImageFormat, format_of
from filo_core.imaging.tiff import decode_tiff
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

_READERS: dict[ImageFormat, Callable[[bytes, DecodingLimits], NDArray[np.uint8]]] = {
    ImageFormat.PNG: raster.decode_png,
    ImageFormat.JPEG: raster.decode_jpeg,
    ImageFormat.TIFF: decode_tiff,
    ImageFormat.BMP: raster.decode_bmp,
    ImageFormat.DIB: raster.decode_bmp,
    ImageFormat.GIF: raster.decode_gif,
    ImageFormat.WEBP: raster.decode_webp,
    ImageFormat.NETPBM: decode_netpbm,
    ImageFormat.JPEG2000: decode_jpeg2000,
    ImageFormat.AVIF: raster.decode_avif,
    ImageFormat.HEIF: raster.decode_heif,
}
_CHEAP_PIXELS = 16_000_000
_CHEAP_SCANNED = 64_000_000


def decode(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)`` uint8 RGB, upright, contiguous.

    Raises:
        RefusalError: for anything that is not one whole picture of a kind that is read.
    """
    if not encoded:
        raise RefusalError(Sentence("is empty"), COPY_AGAIN)
    try:
        pixels = _READERS[format_of(encoded)](encoded, limits)
    except RefusalError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusalError(Sentence("claims to be larger than any image that is read"), SAVE_SMALLER) from error
    except MemoryError as error:
        raise RefusalError(Sentence("does not fit into the memory that one picture may take"), SAVE_SMALLER) from error
    except DAMAGE as error:
        raise damaged() from error
    return np.require(pixels, np.uint8, ("C", "W"))


def is_cheap(encoded: bytes) -> bool:
    """Whether its header proves that it takes little memory and time, in a decoder that millions use every day.

    Such files are decoded where they are asked for: handing them to another process would cost more than it guards.
    """
    try:
        match format_of(encoded):
            case ImageFormat.PNG:
                found = png.header_of(encoded)
                return found.bits <= 8 and found.width * found.height <= _CHEAP_PIXELS
            case ImageFormat.JPEG:
                header = jpeg.header_of(encoded)
                work = header.width * header.height * max(1, header.scans)
                return header.bits == 8 and header.frame in {0xC0, 0xC1, 0xC2} and work <= _CHEAP_SCANNED
            case ImageFormat.BMP:
                width, height = (int.from_bytes(encoded[at : at + 4], "little", signed=True) for at in (18, 22))
                is_packed = encoded[30:34] != bytes(4)
                return not is_packed and abs(width * height) <= _CHEAP_PIXELS
            case _:
                return False
    except (RefusalError, *DAMAGE):
        # Told by the decoder, from its header as well.
        return True
