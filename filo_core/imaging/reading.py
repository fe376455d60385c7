"""Image files and camera frames into pixels, or into a sentence that says why not.

The rules, so that the same picture always gives the same pixels:

* The content decides the format, never the file's extension.
* Values of more than 8 bits keep their high 8, by the bit depth that the file states, never by what one image happens
  to hold. 16-bit words that may hold fewer bits are refused, since nothing says how many; so are 32-bit values.
  Floating-point values are black at 0 and white at 1, and refused where they go beyond.
* Transparent parts lie over white; a picture that is transparent everywhere is refused. CMYK and palette images become
  RGB; colour profiles are not applied.
* The orientation in the EXIF data is applied.
* Files with several frames or pages are refused: nobody said which one is meant.
* Layouts that no test holds against another reader are refused as a kind that is not read yet.
* What a decoder only warns of, because something is missing, is damage.
* Size is checked on the header, before a pixel is decoded; what may take long or much is decoded in another process.
"""

from __future__ import annotations

import hashlib
import stat
from datetime import UTC, datetime
from pathlib import Path

from filo_core.errors import UnreadableImageError
from filo_core.imaging.decoders import decode_safely
from filo_core.imaging.limits import MAX_FILE_BYTES, default_limits
from filo_core.imaging.listing import os_refusal
from filo_core.imaging.refusals import RefusalError
from filo_core.printable import printable_name
from filo_core.sentence import Sentence
from filo_core.types import SourceImage


def read_image(path: Path, *, name: str | None = None, max_pixels: int | None = None) -> SourceImage:
    """The image in a file; ``captured_at`` is when the file was last changed.

    Args:
        path: the file. Its content decides the format.
        name: what the image is called from here on; the file's name when not given.
        max_pixels: largest width times height to decode; what this machine can hold when not given.

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
            raise UnreadableImageError(
                name, Sentence("is a folder, not an image"), Sentence("Choose the images inside it.")
            )
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for ever for somebody to write into it.
            raise UnreadableImageError(name, Sentence("is not an ordinary file"), Sentence("Choose an image file."))
        if status.st_size > MAX_FILE_BYTES:
            size_mb, limit_mb = status.st_size >> 20, MAX_FILE_BYTES >> 20
            raise UnreadableImageError(
                name,
                Sentence(
                    "is {size_mb} MB large, more than the {limit_mb} MB that are read",
                    size_mb=size_mb,
                    limit_mb=limit_mb,
                ),
                Sentence("Save a smaller version."),
            )
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(name, *os_refusal(error)) from error
    except MemoryError as error:
        raise UnreadableImageError(
            name, Sentence("does not fit into memory"), Sentence("Close other programs.")
        ) from error
    except ValueError as error:
        raise UnreadableImageError(
            name, Sentence("has a name no file can have"), Sentence("Choose an image file.")
        ) from error


def decode_image(
    encoded: bytes,
    name: str,
    *,
    image_hash: str = "",
    captured_at: datetime | None = None,
    max_pixels: int | None = None,
) -> SourceImage:
    """The image in ``encoded``, by the rules of this module.

    Args:
        encoded: the bytes of its file.
        name: what it is called.
        image_hash: of those bytes where it is known already; computed when not given.
        captured_at: UTC; now when not given.
        max_pixels: more are refused; what this machine can hold when not given.

    Raises:
        UnreadableImageError: for anything that is not one whole picture; the message names it and says what to do.
    """
    try:
        pixels = decode_safely(encoded, default_limits(max_pixels))
    except RefusalError as refusal:
        raise UnreadableImageError(name, refusal.reason, refusal.remedy) from refusal.__cause__
    return SourceImage(
        name=name,
        encoded=encoded,
        image_hash=image_hash or hash_encoded(encoded),
        pixels=pixels,
        captured_at=datetime.now(UTC) if captured_at is None else captured_at,
    )


def hash_encoded(encoded: bytes) -> str:
    """SHA-256 of an image's encoded bytes in hex: its ``image_hash``."""
    return hashlib.sha256(encoded).hexdigest()


def changed_at(path: Path) -> datetime:
    """When a file was last changed, UTC; now where its file system says nothing usable."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return datetime.now(UTC)
