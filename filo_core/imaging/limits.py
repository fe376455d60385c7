"""How large a picture may be: by what the machine can hold, and by what a camera can have written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import psutil

from filo_core.imaging.refusals import SAVE_SMALLER, RefusalError, damaged
from filo_core.sentence import Sentence

MAX_PIXELS = 120_000_000
"""Largest width times height that is decoded on any machine; 360 MB as RGB."""

MAX_FILE_BYTES = 1 << 30
"""Largest file that is read into memory at all; 120 million pixels of 16-bit RGB take 720 MB."""

_MEMORY_A_PIXEL = 64
"""Bytes of the machine's memory for each pixel that is decoded: 16-bit RGB, its copies, the model, and all the rest."""
_DECODER_SHARE = 8
_LEAST_DECODER_BYTES = 384 << 20
_MOST_DECODER_BYTES = 2 << 30
_NEVER_A_BOMB_BYTES = 64 << 20
_MOST_UNPACKING = 100
_MOST_UNPACKING_LOSSY = 250
"""No camera's picture unpacks to more than this many times its file; a wall of one colour as JPEG does to 170 times."""


@dataclass(frozen=True, slots=True)
class DecodingLimits:
    """What may be decoded."""

    max_pixels: int

    def check(self, width: int, height: int) -> None:
        """Refuse a picture by its size; called on the header, before a pixel is decoded.

        Raises:
            RefusalError: if it has no pixels, or more than are read.
        """
        if width < 1 or height < 1:
            raise damaged(Sentence("it has no pixels"))
        if width * height > self.max_pixels:
            raise RefusalError(
                Sentence(
                    "has {width} x {height} pixels, more than the {max_pixels:,} that are read",
                    width=width,
                    height=height,
                    max_pixels=self.max_pixels,
                ),
                SAVE_SMALLER,
            )


@cache
def memory_of_machine() -> int:
    """Bytes of this machine's memory."""
    return int(psutil.virtual_memory().total)


def default_limits(max_pixels: int | None = None) -> DecodingLimits:
    """DecodingLimits of this machine; ``max_pixels`` in place of its own."""
    return DecodingLimits(min(MAX_PIXELS, memory_of_machine() // _MEMORY_A_PIXEL) if max_pixels is None else max_pixels)


def decoder_bytes() -> int:
    """Memory that a decoder's process may take beside its programs; 2 GiB from 16 GiB of memory on."""
    return min(_MOST_DECODER_BYTES, max(_LEAST_DECODER_BYTES, memory_of_machine() // _DECODER_SHARE))


def refuse_bomb(width: int, height: int, bytes_a_pixel: int, encoded_bytes: int, *, lossy: bool = False) -> None:
    """Refuse a small file that claims to be a huge picture, as only a broken or a hostile one does.

    Raises:
        RefusalError: if so.
    """
    unpacked = width * height * bytes_a_pixel
    most = _MOST_UNPACKING_LOSSY if lossy else _MOST_UNPACKING
    if unpacked > _NEVER_A_BOMB_BYTES and unpacked > most * encoded_bytes:
        raise RefusalError(
            Sentence(
                "claims to be larger than any image of {encoded_bytes} kB: {width} x {height} pixels",
                encoded_bytes=max(1, encoded_bytes >> 10),
                width=width,
                height=height,
            ),
            SAVE_SMALLER,
        )
