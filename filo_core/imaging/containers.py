"""Formats whose decoders make a picture of anything: what is missing of a file is told by its outer form.

The last stage of WebP, AVIF and HEIC takes every bit for a valid one, and zeros for a plain area. But nobody writes
them: an encoder's last bytes are no zeros, or fewer than a picture of one single colour would need.
"""

from __future__ import annotations

from collections.abc import Iterator

from filo_core.imaging.refusals import damaged
from filo_core.sentence import Sentence

_AREAS_A_BYTE = 32
"""A wall of one colour takes a byte of zeros for 40 areas of 16 x 16 pixels in WebP, the densest of them."""
_FINE_IN_PIXELS = 16
_FINE_IN_NOTES = 64
"""EXIF notes lie beside the pixels in a box, and may end in zeros."""
_PIXEL_CHUNKS = frozenset({b"VP8 ", b"VP8L"})
_PADDING = frozenset({b"free", b"skip"})
_WHOLE_REST = 0
_LONG_SIZE = 1


def check_webp(encoded: bytes, width: int, height: int) -> None:
    """Look at the size that a WebP states, and for zeros in its pixels.

    Raises:
        RefusalError: if something is missing.
    """
    stated = int.from_bytes(encoded[4:8], "little") + 8
    if len(encoded) < stated:
        raise damaged(Sentence("its end is missing"))
    place = 12
    while place + 8 <= stated:
        kind, size = encoded[place : place + 4], int.from_bytes(encoded[place + 4 : place + 8], "little")
        if kind in _PIXEL_CHUNKS:
            _check_zeros(encoded[place + 8 : place + 8 + size], width, height, _FINE_IN_PIXELS)
        place += 8 + size + size % 2


def check_boxes(encoded: bytes, width: int, height: int) -> None:
    """Look at the boxes of an AVIF, HEIC or JPEG 2000 file, and for zeros at the end of the last.

    Raises:
        RefusalError: if something is missing.
    """
    last = b""
    for kind, content in boxes(encoded):
        last = last if kind in _PADDING else content
    _check_zeros(last, width, height, _FINE_IN_NOTES)


def boxes(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box of the ISO form, outermost only.

    Raises:
        RefusalError: if one is cut short.
    """
    place = 0
    while place < len(encoded):
        size, kind = int.from_bytes(encoded[place : place + 4], "big"), encoded[place + 4 : place + 8]
        begin = place + 8
        if size == _LONG_SIZE:
            size, begin = int.from_bytes(encoded[begin : begin + 8], "big"), begin + 8
        end = len(encoded) if size == _WHOLE_REST else place + size
        if end > len(encoded) or end < begin:
            raise damaged(Sentence("a part of it is cut short"))
        yield kind, encoded[begin:end]
        place = end


def _check_zeros(content: bytes, width: int, height: int, always_fine: int) -> None:
    fine = max(always_fine, (width // 16 + 1) * (height // 16 + 1) // _AREAS_A_BYTE)
    at_end = len(content) - len(content.rstrip(b"\0"))
    if at_end > fine or bytes(8 * fine) in content:
        raise damaged(Sentence("a part of it holds only zeros"))
