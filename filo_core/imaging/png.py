"""What Pillow lets pass of a PNG: it does not look at the check sums of the pixels, nor for the end."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from filo_core.imaging.refusals import damaged, not_yet
from filo_core.sentence import Sentence

_SIGNATURE = 8
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True, slots=True)
class PngHeader:
    """The first chunk."""

    width: int
    height: int
    bits: int
    colour_type: int

    @property
    def bytes_a_pixel(self) -> int:
        """As it is decoded, rounded up."""
        return max(1, _CHANNELS.get(self.colour_type, 4) * self.bits // 8)


def header_of(encoded: bytes) -> PngHeader:
    """The first chunk.

    Raises:
        RefusalError: if there is none.
    """
    if encoded[12:16] != b"IHDR" or len(encoded) < 33:
        raise damaged(Sentence("its first chunk is missing"))
    width, height = (int.from_bytes(encoded[at : at + 4], "big") for at in (16, 20))
    return PngHeader(width, height, encoded[24], encoded[25])


def check_chunks(encoded: bytes, header: PngHeader) -> None:
    """Look at the check sum of every chunk that the pixels depend on.

    Raises:
        RefusalError: if one is wrong, or the end is missing.
    """
    place = _SIGNATURE
    while place + 12 <= len(encoded):
        length = int.from_bytes(encoded[place : place + 4], "big")
        kind = encoded[place + 4 : place + 8]
        end = place + 12 + length
        if end > len(encoded):
            raise damaged(Sentence("a chunk is cut short"))
        # Small letters mark what a reader may pass over; damaged notes do not spoil a whole picture.
        if kind[:1].isupper() or kind == b"tRNS":
            _check_sum(encoded, place, end)
        if kind == b"tRNS" and header.bits == 16 and header.colour_type == 2:
            raise not_yet("PNG", Sentence("one of its 16-bit colours stands for transparency"))
        if kind == b"IEND":
            return
        place = end
    raise damaged(Sentence("its end is missing"))


def _check_sum(encoded: bytes, place: int, end: int) -> None:
    if zlib.crc32(memoryview(encoded)[place + 4 : end - 4]) != int.from_bytes(encoded[end - 4 : end], "big"):
        raise damaged(Sentence("a check sum is wrong"))
