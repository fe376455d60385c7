"""PBM, PGM and PPM in their binary forms. Their header states the white value, which industrial cameras make use of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from filo_core.imaging.refusals import damaged, not_yet, several
from filo_core.imaging.values import eight_bits, refuse_unknown_depth
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.imaging.limits import DecodingLimits

_GAP = rb"(?:\s|#[^\n]*\n)+"
_HEADER = re.compile(rb"P([456])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})")
_WHITE = re.compile(_GAP + rb"(\d{1,5})")
_BITS = 4


def decode_netpbm(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """``(H, W, 3)``.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    if encoded[1:2] in b"123":
        raise not_yet(Sentence("Netpbm picture"), Sentence("its values are written as text"))
    header = _HEADER.match(encoded)
    if header is None:
        raise damaged(Sentence("its header is broken"))
    kind, width, height = (int(number) for number in header.groups())
    limits.check(width, height)
    return _bits(encoded, header.end(), width, height) if kind == _BITS else _values(encoded, header, width, height)


def _bits(encoded: bytes, end: int, width: int, height: int) -> NDArray[np.uint8]:
    row = (width + 7) // 8
    packed = _content(encoded, end + 1, row * height).reshape(height, row)
    # Its ones are black.
    grey = eight_bits(1 - np.unpackbits(packed, axis=1, count=width), 1)
    return np.repeat(grey[..., None], 3, axis=2)


def _values(encoded: bytes, header: re.Match[bytes], width: int, height: int) -> NDArray[np.uint8]:
    found = _WHITE.match(encoded, header.end())
    white = int(found[1]) if found else 0
    if found is None or not 0 < white < 1 << 16:
        raise damaged(Sentence("its white value is broken"))
    channels, word = (3 if header[1] == b"6" else 1), (1 if white < 256 else 2)
    content = _content(encoded, found.end() + 1, width * height * channels * word)
    values = content.view(">u2" if word == 2 else np.uint8).reshape(height, width, channels)
    if values.max(initial=0) > white:
        raise damaged(Sentence("it holds values above its white"))
    return np.repeat(_scaled(values, white), 3 // channels, axis=2)


def _scaled(values: NDArray[np.uint8], white: int) -> NDArray[np.uint8]:
    bits = white.bit_length()
    if white != (1 << bits) - 1 or bits < 8:
        return ((values.astype(np.uint32) * 255 + white // 2) // white).astype(np.uint8)
    scaled = eight_bits(values, bits)
    if bits == 16:
        refuse_unknown_depth(scaled)
    return scaled


def _content(encoded: bytes, begin: int, size: int) -> NDArray[np.uint8]:
    rest = len(encoded) - begin
    if rest < size:
        raise damaged(Sentence("its end is missing"))
    if encoded[begin + size : begin + size + 2] in {b"P4", b"P5", b"P6"}:
        raise several(2)
    return np.frombuffer(encoded, np.uint8, size, begin)
