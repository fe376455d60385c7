"""JPEG 2000: a code stream, alone or in boxes. One or three channels of 8 to 16 bits are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.imaging.containers import boxes, check_boxes
from filo_core.imaging.refusals import damaged, not_yet
from filo_core.imaging.values import eight_bits
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.imaging.limits import DecodingLimits

_BEGIN, _SIZ, _END = b"\xff\x4f", b"\xff\x51", b"\xff\xd9"
_SRGB, _GREY = 16, 17
_SPECIAL = frozenset({b"pclr", b"cmap", b"cdef"})


@dataclass(frozen=True, slots=True)
class _Stream:
    width: int
    height: int
    depths: tuple[int, ...]
    steps: frozenset[int]


def decode_jpeg2000(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    import imagecodecs

    in_boxes = not encoded.startswith(_BEGIN)
    code = _code_in(encoded) if in_boxes else encoded
    stream = _stream_of(code)
    limits.check(stream.width, stream.height)
    bits = _bits_of(stream)
    if not code.rstrip(b"\0").endswith(_END):
        raise damaged(Sentence("its end is missing"))
    if in_boxes:
        check_boxes(encoded, stream.width, stream.height)
    values = np.asarray(imagecodecs.jpeg2k_decode(encoded))
    if values.shape[:2] != (stream.height, stream.width):
        raise damaged()
    grey_or_rgb = eight_bits(values.reshape(stream.height, stream.width, -1), bits)
    return np.repeat(grey_or_rgb, 3 // grey_or_rgb.shape[2], axis=2)


def _code_in(encoded: bytes) -> bytes:
    code = b""
    for kind, content in boxes(encoded):
        if kind == b"jp2h":
            _check_header(content)
        elif kind == b"jp2c":
            code = content
    if not code.startswith(_BEGIN):
        raise damaged(Sentence("it has no picture in it"))
    return code


def _check_header(content: bytes) -> None:
    for kind, inner in boxes(content):
        if kind in _SPECIAL:
            raise not_yet("JPEG 2000", Sentence("it has a palette or transparency"))
        colours = int.from_bytes(inner[3:7], "big")
        if kind == b"colr" and inner[:1] == b"\1" and colours not in {_SRGB, _GREY}:
            raise not_yet("JPEG 2000", Sentence("its colours are neither RGB nor grey"))


def _stream_of(code: bytes) -> _Stream:
    if code[2:4] != _SIZ or len(code) < 42:
        raise damaged(Sentence("its header is broken"))
    right, bottom, left, top = (int.from_bytes(code[at : at + 4], "big") for at in (8, 12, 16, 20))
    count = int.from_bytes(code[40:42], "big")
    about = code[42 : 42 + 3 * count]
    return _Stream(right - left, bottom - top, tuple(about[::3]), frozenset(about[1::3] + about[2::3]))


def _bits_of(stream: _Stream) -> int:
    depths = set(stream.depths)
    if len(stream.depths) not in {1, 3} or stream.steps != {1} or len(depths) != 1:
        raise not_yet("JPEG 2000", Sentence("its channels are other than grey or RGB of one size"))
    depth = depths.pop()
    if depth & 0x80 or not 7 <= depth <= 15:
        raise not_yet("JPEG 2000", Sentence("its values are signed, or have less than 8 or more than 16 bits"))
    return depth + 1
