"""Image files and camera frames into pixels, or into a sentence that says why not.

The rules, so that the same picture always gives the same pixels:

* The content decides the format, never the file's extension.
* 16-bit greys and colours are scaled by the full range (the high byte is kept), never by what one image happens to
  hold. So 12-bit data in a 16-bit file comes out dark, equally dark every time. Floating-point and 32-bit files have
  no full range and are refused.
* Transparent parts lie over white. CMYK and palette images become RGB; colour profiles are not applied.
* The orientation in the EXIF data is applied.
* Files with several frames or pages are refused: nobody said which one is meant.
* Size is checked on the header, before a pixel is decoded.
"""

from __future__ import annotations

import hashlib
import io
import stat
import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from filo_core.errors import ShapeMismatchError, UnreadableImageError
from filo_core.imaging.listing import os_refusal
from filo_core.imaging.names import printable_name
from filo_core.types import SourceImage

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PIXELS = 120_000_000
"""Largest width times height that is decoded; 360 MB as RGB."""

MAX_FILE_BYTES = 1 << 30
"""Largest file that is read into memory at all; 120 million pixels of 16-bit RGB take 720 MB."""

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF", "PPM")
_SAVE_AGAIN = "Save it as PNG or JPEG, then try again."
_COPY_AGAIN = "Copy or export it again from where it came from."
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION_TAG = 0x0112
_NEW_SUBFILE_TYPE_TAG = 254
_DNG_VERSION_TAG = 50706
_MP_ENTRIES_TAG = 0xB002

# What Pillow's readers let through when bytes are damaged; found by flipping and cutting bytes of every format.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
)


class _RefusalError(Exception):
    """Why an image is refused; becomes an :class:`UnreadableImageError` where its name is known."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def read_image(path: Path, *, name: str | None = None, max_pixels: int = MAX_PIXELS) -> SourceImage:
    """The image in a file; ``captured_at`` is when the file was last changed.

    Args:
        path: the file. Its content decides the format.
        name: what the image is called from here on; the file's name when not given.
        max_pixels: largest width times height to decode.

    Raises:
        UnreadableImageError: for anything that is not one whole picture; the message names it and says what to do.
    """
    shown = printable_name(path.name) if name is None else name
    encoded = read_encoded(path, shown)
    return decode_image(encoded, shown, captured_at=changed_at(path), max_pixels=max_pixels)


def read_encoded(path: Path, name: str) -> bytes:
    """Bytes of a file that is meant as an image called ``name``.

    Raises:
        UnreadableImageError: if there is no such file, it may not be read, or is larger than MAX_FILE_BYTES.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableImageError(name, "is a folder, not an image", "Choose the images inside it.")
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for ever for somebody to write into it.
            raise UnreadableImageError(name, "is not an ordinary file", "Choose an image file.")
        if status.st_size > MAX_FILE_BYTES:
            size_mb, limit_mb = status.st_size >> 20, MAX_FILE_BYTES >> 20
            raise UnreadableImageError(
                name, f"is {size_mb} MB large, more than the {limit_mb} MB that are read", "Save a smaller version."
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(name, *os_refusal(error)) from error
    except MemoryError as error:
        raise UnreadableImageError(name, "does not fit into memory", "Close other programs.") from error
    except ValueError as error:
        raise UnreadableImageError(name, "has a name no file can have", "Choose an image file.") from error


def decode_image(
    encoded: bytes,
    name: str,
    *,
    image_hash: str = "",
    captured_at: datetime | None = None,
    max_pixels: int = MAX_PIXELS,
) -> SourceImage:
    """The image in ``encoded``, by the rules of this module.

    Args:
        encoded: the bytes of its file.
        name: what it is called.
        image_hash: of those bytes where it is known already; computed when not given.
        captured_at: UTC; now when not given.
        max_pixels: more are refused.

    Raises:
        UnreadableImageError: for anything that is not one whole picture; the message names it and says what to do.
    """
    try:
        pixels = _decode(encoded, max_pixels)
    except _RefusalError as refusal:
        raise UnreadableImageError(name, refusal.reason, refusal.remedy) from refusal.__cause__
    return SourceImage(
        name=name,
        encoded=encoded,
        image_hash=image_hash or hash_encoded(encoded),
        pixels=pixels,
        captured_at=datetime.now(UTC) if captured_at is None else captured_at,
    )


def encode_frame(pixels: NDArray[np.uint8], name: str, captured_at: datetime, frame_id: int) -> SourceImage:
    """A camera frame as an image: lossless PNG, whose SHA-256 is the ``image_hash``.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB; kept as it is, not copied.
        name: what the frame is called.
        captured_at: UTC.
        frame_id: the source's number of the frame.

    Raises:
        ShapeMismatchError: if ``pixels`` is of another shape or type.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise ShapeMismatchError(f"a frame must be (H, W, 3) uint8, got {pixels.shape} {pixels.dtype}")
    encoded = io.BytesIO()
    # Level 1: half as large again as the smallest, in a fifth of its time; the line waits for this.
    Image.fromarray(pixels).save(encoded, "PNG", compress_level=1)
    data = encoded.getvalue()
    return SourceImage(name, data, hash_encoded(data), pixels, captured_at, frame_id)


def hash_encoded(encoded: bytes) -> str:
    """SHA-256 of an image's encoded bytes in hex: its ``image_hash``."""
    return hashlib.sha256(encoded).hexdigest()


def changed_at(path: Path) -> datetime:
    """When a file was last changed, UTC; now where its file system says nothing usable."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.now(UTC)


def _decode(encoded: bytes, max_pixels: int) -> NDArray[np.uint8]:
    if not encoded:
        raise _RefusalError("is empty", _COPY_AGAIN)
    try:
        with Image.open(io.BytesIO(encoded), formats=_FORMATS) as image:
            _check_header(image, max_pixels)
            image.load()
            return np.array(_to_rgb(_upright(image)), dtype=np.uint8, order="C")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _RefusalError("claims to be larger than any image that is read", "Save a smaller version.") from error
    except UnidentifiedImageError as error:
        raise _unidentified(encoded) from error
    except MemoryError as error:
        raise _RefusalError("does not fit into memory", "Save a smaller version.") from error
    except _DAMAGE as error:
        raise _RefusalError("is cut short or damaged", _COPY_AGAIN) from error


def _check_header(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise _RefusalError("has no pixels", _COPY_AGAIN)
    if width * height > max_pixels:
        raise _RefusalError(
            f"has {width} x {height} pixels, more than the {max_pixels:,} that are read", "Save a smaller version."
        )
    if image.format == "TIFF":
        _check_tiff(image)
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1 and not _is_one_photograph(image):
        raise _RefusalError(
            f"holds {frames} frames or pages, and it is not known which one is meant", "Save the one frame as PNG."
        )
    if image.mode == "F" or (image.mode == "I" and image.format != "PPM"):
        raise _RefusalError(
            "has floating-point or 32-bit values, which have no white", "Save it with 8 or 16 bits a pixel."
        )


def _check_tiff(image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", {})
    subfile_type = tags.get(_NEW_SUBFILE_TYPE_TAG, 0)
    is_preview = isinstance(subfile_type, int) and subfile_type & 1
    if is_preview or _DNG_VERSION_TAG in tags:
        # Pillow would hand out the thumbnail in front of the sensor data.
        raise _RefusalError("is a camera's raw file", "Develop it first, and save it as PNG or TIFF.")


def _is_one_photograph(image: Image.Image) -> bool:
    """True for a JPEG whose further frames only belong to the first: previews and gain maps."""
    # MPO is what Pillow calls a JPEG with others behind it, as phones write them.
    if image.format != "MPO":
        return False
    kinds = [entry["Attribute"]["MPType"] for entry in getattr(image, "mpinfo", {}).get(_MP_ENTRIES_TAG, ())]
    return kinds[:1] == ["Baseline MP Primary Image"] and not any("Multi" in kind for kind in kinds)


def _upright(image: Image.Image) -> Image.Image:
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except _DAMAGE:
        # Broken notes about a whole picture: it is shown as it is stored, as every viewer does.
        return image
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    if method is None:
        return image
    turned = image.transpose(method)
    # transpose() drops it, and a palette's transparent entry is in there.
    turned.info.update(image.info)
    return turned


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bit(image)
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, coloured).convert("RGB")
    return image.convert("RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.uint16)
    # The high byte, as Pillow itself does it for 16-bit colours.
    grey = (values >> 8).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return Image.fromarray(grey).convert("RGB")


def _unidentified(encoded: bytes) -> _RefusalError:
    start = encoded[:512]
    if start[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftypavif"):
        return _RefusalError("is a HEIC or AVIF picture, which is not read", _SAVE_AGAIN)
    if start.startswith(b"%PDF"):
        return _RefusalError("is a PDF document, not a picture", "Export the picture from it as PNG.")
    if start.startswith((b"\x89PNG", b"\xff\xd8", b"II*\0", b"MM\0*", b"GIF8", b"RIFF")):
        return _RefusalError("is cut short or damaged", _COPY_AGAIN)
    if not any(start):
        return _RefusalError("holds only zeros, as after a broken copy", _COPY_AGAIN)
    if _is_text(start):
        return _RefusalError("holds text, not a picture", "Choose an image file.")
    return _RefusalError("is not a picture in a known format", _SAVE_AGAIN)


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    # The sample's end may cut a character of up to four bytes; any other byte that is no text is missing in the middle.
    return len(text.encode()) > len(start) - 4 and all(sign.isprintable() or sign.isspace() for sign in text)
