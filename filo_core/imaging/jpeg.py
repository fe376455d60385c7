"""JPEG, and what Pillow lets pass of it: decoders fill in what is missing, and only warn.

Pixels come from libjpeg-turbo, as they always did; its warnings count here. A progressive picture that ends between
two scans gives none, so its scans are counted.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from filo_core.imaging.refusals import RefusalError, damaged, not_yet
from filo_core.imaging.values import eight_bits
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_ALONE = frozenset({0x01, 0xD8, 0xD9})
_SOS, _EOI, _EXIF = 0xDA, 0xD9, 0xE1
_SEQUENTIAL, _PROGRESSIVE = frozenset({0xC0, 0xC1}), 0xC2
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MISSING = ("corrupt jpeg", "premature", "progression")
_LAST_COEFFICIENT = 63
_MOST_SCANS = 100
"""Encoders write about ten; each goes over the whole picture."""


@dataclass(slots=True)
class JpegHeader:
    """What the segments of a JPEG say."""

    frame: int = 0
    """Marker of its frame: 0xC0 baseline, 0xC2 progressive."""
    bits: int = 0
    width: int = 0
    height: int = 0
    components: tuple[int, ...] = ()
    scans: int = 0
    missing_bits: dict[tuple[int, int], int] = field(default_factory=dict)
    """Of each component and coefficient, how many low bits no scan has brought yet."""
    ends: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether its scans bring every bit of every coefficient."""
        if self.frame != _PROGRESSIVE:
            return {component for component, _ in self.missing_bits} == set(self.components)
        wanted = ((component, place) for component in self.components for place in range(_LAST_COEFFICIENT + 1))
        # Encoders leave out scans of coefficients beyond the first only where they leave them out of all components.
        return all(self.missing_bits.get(each, 1) == 0 for each in wanted)


def header_of(encoded: bytes) -> JpegHeader:
    """Everything that is known before a pixel is decoded.

    Raises:
        RefusalError: if its segments do not follow each other.
    """
    header, place = JpegHeader(), 2
    while not header.ends:
        found = _MARKER.search(encoded, place)
        if found is None:
            return header
        marker, place = found[1][0], found.end()
        if marker in _ALONE:
            header.ends = marker == _EOI
            continue
        length = int.from_bytes(encoded[place : place + 2], "big")
        segment = encoded[place + 2 : place + length]
        if length < 2 or len(segment) < length - 2:
            raise damaged(Sentence("a segment is missing"))
        _take_segment(header, marker, segment)
        place += length
    return header


def decode_jpeg(encoded: bytes, header: JpegHeader) -> NDArray[np.uint8]:
    """``(H, W, 3)``, not yet turned upright.

    Raises:
        RefusalError: if it is damaged, or of a kind that is not read.
    """
    if header.frame not in _SEQUENTIAL | {_PROGRESSIVE}:
        raise not_yet("JPEG", Sentence("it is lossless, arithmetic or hierarchical"))
    if header.scans > _MOST_SCANS:
        raise not_yet(
            "JPEG", Sentence("its picture comes in {scans} scans, more than any camera writes", scans=header.scans)
        )
    if not header.ends or not header.is_complete:
        raise damaged(Sentence("its end is missing"))
    if header.bits == 12:
        return _decode_12_bits(encoded)
    if len(header.components) == 4:
        check_jpeg(encoded, "CMYK")
        with Image.open(io.BytesIO(encoded), formats=("JPEG",)) as image:
            return np.array(image.convert("RGB"))
    return check_jpeg(encoded, "RGB")


def check_jpeg(encoded: bytes, colours: str) -> NDArray[np.uint8]:
    """Pixels of an 8-bit JPEG in ``"RGB"``, ``"GRAY"`` or ``"CMYK"``.

    Raises:
        RefusalError: if the decoder warns that something is missing or corrupt.
    """
    import simplejpeg

    try:
        decoded = simplejpeg.decode_jpeg(encoded, colours, strict=True)
    except ValueError as error:
        warning = str(error).lower()
        if any(word in warning for word in _MISSING):
            raise damaged() from error
        # Notes that it does not know are none of the picture's; it says so instead of decoding.
        with Image.open(io.BytesIO(encoded), formats=("JPEG", "MPO")) as image:
            decoded = np.array(image.convert("L" if colours == "GRAY" else colours))
    return np.asarray(decoded)


def _decode_12_bits(encoded: bytes) -> NDArray[np.uint8]:
    import imagecodecs

    values = np.asarray(imagecodecs.jpeg8_decode(encoded))
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    if values.shape[2] != 3:
        raise not_yet("JPEG", Sentence("12 bits with four inks"))
    return eight_bits(values, 12)


def _take_segment(header: JpegHeader, marker: int, segment: bytes) -> None:
    if marker in _FRAMES:
        if header.frame:
            raise RefusalError(Sentence("holds more than one JPEG frame"), Sentence("Save the one frame as PNG."))
        count = segment[5] if len(segment) > 5 else 0
        header.frame, header.bits = marker, segment[0]
        header.height, header.width = (int.from_bytes(segment[at : at + 2], "big") for at in (1, 3))
        header.components = tuple(segment[6 : 6 + 3 * count : 3])
    elif marker == _SOS:
        _take_scan(header, segment)


def _take_scan(header: JpegHeader, segment: bytes) -> None:
    count = segment[0]
    first, last, approximation = segment[1 + 2 * count : 4 + 2 * count]
    header.scans += 1
    for component in segment[1 : 1 + 2 * count : 2]:
        for place in range(first, min(last, _LAST_COEFFICIENT) + 1):
            header.missing_bits[component, place] = approximation & 15
