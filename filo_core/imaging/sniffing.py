"""The format of a file by its content, never by its extension; and what it is when it is none that is read."""

from __future__ import annotations

from enum import StrEnum

from filo_core.imaging.refusals import SAVE_AGAIN, RefusalError, damaged
from filo_core.sentence import Sentence


class ImageFormat(StrEnum):
    """Formats that are read."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    DIB = "DIB"
    GIF = "GIF"
    WEBP = "WebP"
    NETPBM = "Netpbm"
    JPEG2000 = "JPEG 2000"
    AVIF = "AVIF"
    HEIF = "HEIF"


_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"II*\0", ImageFormat.TIFF),
    (b"MM\0*", ImageFormat.TIFF),
    (b"II+\0", ImageFormat.TIFF),
    (b"MM\0+", ImageFormat.TIFF),
    (b"GIF87a", ImageFormat.GIF),
    (b"GIF89a", ImageFormat.GIF),
    (b"BM", ImageFormat.BMP),
    (b"\0\0\0\x0cjP  \r\n\x87\n", ImageFormat.JPEG2000),
    (b"\xff\x4f\xff\x51", ImageFormat.JPEG2000),
)
_DIB_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
# Known by their beginnings, so that they are called by their names.
_OTHERS = (
    (b"%PDF", Sentence("is a PDF document, not a picture"), Sentence("Export the picture from it as PNG.")),
    (b"8BPS", Sentence("is a Photoshop document, which is not read"), Sentence("Export the picture from it as PNG.")),
    (b"\xff\x0a", Sentence("is a JPEG XL picture, which is not read"), SAVE_AGAIN),
    (b"\0\0\0\x0cJXL ", Sentence("is a JPEG XL picture, which is not read"), SAVE_AGAIN),
    (b"\x76\x2f\x31\x01", Sentence("is an OpenEXR picture, which is not read"), SAVE_AGAIN),
    (b"II\xbc", Sentence("is a JPEG XR picture, which is not read"), SAVE_AGAIN),
    (b"FUJIFILMCCD-RAW", Sentence("is a camera's raw file"), Sentence("Develop it first, and save it as PNG or TIFF.")),
    (b"IIRO", Sentence("is a camera's raw file"), Sentence("Develop it first, and save it as PNG or TIFF.")),
    (b"IIRS", Sentence("is a camera's raw file"), Sentence("Develop it first, and save it as PNG or TIFF.")),
    (b"IIU\0", Sentence("is a camera's raw file"), Sentence("Develop it first, and save it as PNG or TIFF.")),
)
_CUT = (b"\x89PNG", b"\xff\xd8", b"II*", b"MM\0", b"GIF8", b"RIFF")


def format_of(encoded: bytes) -> ImageFormat:
    """Which reader takes it.

    Raises:
        RefusalError: if none does; it says what the file is instead.
    """
    for beginning, found in _BEGINNINGS:
        if encoded.startswith(beginning):
            return found
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return ImageFormat.WEBP
    if len(encoded) > 2 and encoded[:1] == b"P" and encoded[1:2] in b"123456" and encoded[2:3].isspace():
        return ImageFormat.NETPBM
    by_brand = _by_brand(encoded)
    if by_brand is not None:
        return by_brand
    if _is_dib(encoded):
        return ImageFormat.DIB
    raise _unidentified(encoded)


def _by_brand(encoded: bytes) -> ImageFormat | None:
    if encoded[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(encoded[:4], "big"), 256)
    main = encoded[8:12]
    brands = {encoded[at : at + 4] for at in range(16, size, 4)} | {main}
    if main == b"crx ":
        raise RefusalError(
            Sentence("is a camera's raw file"), Sentence("Develop it first, and save it as PNG or TIFF.")
        )
    if brands & _AVIF_BRANDS:
        return ImageFormat.AVIF
    return ImageFormat.HEIF if brands & _HEIF_BRANDS else None


def _is_dib(encoded: bytes) -> bool:
    planes, bits = encoded[12:14], int.from_bytes(encoded[14:16], "little")
    size = int.from_bytes(encoded[:4], "little")
    return size in _DIB_HEADERS - {12} and planes == b"\1\0" and bits in {1, 4, 8, 16, 24, 32}


def _unidentified(encoded: bytes) -> RefusalError:
    start = encoded[:512]
    for beginning, reason, remedy in _OTHERS:
        if start.startswith(beginning):
            return RefusalError(reason, remedy)
    if start.startswith(_CUT):
        return damaged()
    if not any(start):
        return RefusalError(Sentence("holds only zeros, as after a broken copy"), Sentence("Copy or export it again."))
    if _is_text(start):
        return RefusalError(Sentence("holds text, not a picture"), Sentence("Choose an image file."))
    return RefusalError(Sentence("is not a picture in a known format"), SAVE_AGAIN)


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    # The sample's end may cut a character of up to four bytes; any other byte that is no text is missing in the middle.
    return len(text.encode()) > len(start) - 4 and all(sign.isprintable() or sign.isspace() for sign in text)
