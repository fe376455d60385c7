"""From what a sensor counted to RGB with 8 bits, by one rule for files and cameras: the same part, the same pixels.

The high 8 bits of a value are kept, by the bit depth that the file or the camera states, never by what one picture
happens to hold: two pictures of one product must be comparable.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filo_core.imaging.refusals import RefusalError
from filo_core.sentence import Sentence

_QUARTER = 64
"""High bytes below this leave the upper two of 16 bits unused."""
_ROWS_AT_ONCE = 256


def eight_bits(values: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Unsigned values of ``bits`` bits as 8: white is white, and of more than 8 the high ones are kept.

    Args:
        values: of any shape.
        bits: 1, 2, 4, or from 8 to 16.
    """
    if bits > 8:
        high: NDArray[np.uint8] = (values >> (bits - 8)).astype(np.uint8)
        return high
    low: NDArray[np.uint8] = values.astype(np.uint8, copy=False)
    return low if bits == 8 else low * np.uint8(255 // ((1 << bits) - 1))


def eight_bits_of_fractions(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Floating-point values as 8 bits: 0 is black and 1 is white.

    Raises:
        RefusalError: if a value is outside, or no number: what is white is not known then.
    """
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise RefusalError(
            Sentence("has floating-point values outside of 0 (black) to 1 (white), so that what is white is not known"),
            Sentence("Save it with 8 or 16 bits a value, or scaled to 0 to 1."),
        )
    scaled: NDArray[np.uint8] = np.rint(values * 255).astype(np.uint8)
    return scaled


def refuse_unknown_depth(high_bytes: NDArray[np.uint8]) -> None:
    """Refuse 16-bit words that may hold fewer bits, since nothing in the file says how many.

    Pictures of a 12-bit camera in 16-bit words are black by the full range. They are told by their upper two bits,
    which no value uses. Refusing is all that may follow from a content: scaling by it would make two pictures of one
    product differ.

    Args:
        high_bytes: the colours of a picture whose words have 16 bits and whose file states no other depth.

    Raises:
        RefusalError: if no value uses the upper two bits.
    """
    if high_bytes.size and high_bytes.max() < _QUARTER:
        raise RefusalError(
            Sentence(
                "has 16-bit values of which none uses the upper two bits, and does not say whether it has "
                "10, 12, 14 or 16 bits: it may come out black"
            ),
            Sentence(
                "Save it with 8 bits, with packed bits, scaled to 16 bits, or as TIFF with the tag "
                "MaxSampleValue (4095 for 12 bits)."
            ),
        )


def on_white(colours: NDArray[np.uint8], alpha: NDArray[np.uint8], *, premultiplied: bool = False) -> NDArray[np.uint8]:
    """Colours with transparency, laid on white.

    Args:
        colours: ``(H, W, 3)``.
        alpha: ``(H, W)``; 255 hides the white.
        premultiplied: the colours were multiplied by alpha already.

    Raises:
        RefusalError: if nothing of the picture would be seen.
    """
    if not alpha.any():
        raise RefusalError(
            Sentence("is transparent everywhere, so that nothing of it would be seen"),
            Sentence("Save it without transparency."),
        )
    laid = np.empty_like(colours)
    # By rows: a whole picture of 16-bit numbers would need many times its memory.
    for row in range(0, len(colours), _ROWS_AT_ONCE):
        rows = slice(row, row + _ROWS_AT_ONCE)
        seen = alpha[rows, :, None].astype(np.uint32)
        over = colours[rows].astype(np.uint32)
        over = over * 255 if premultiplied else over * seen
        laid[rows] = np.minimum((over + 255 * (255 - seen) + 127) // 255, 255)
    return laid


def upright(pixels: NDArray[np.uint8], orientation: object) -> NDArray[np.uint8]:
    """``(H, W, 3)`` turned as the EXIF or TIFF orientation 1 to 8 asks for; any other value turns nothing."""
    match orientation:
        case 2:
            turned = pixels[:, ::-1]
        case 3:
            turned = pixels[::-1, ::-1]
        case 4:
            turned = pixels[::-1]
        case 5:
            turned = pixels.transpose(1, 0, 2)
        case 6:
            turned = np.rot90(pixels, -1)
        case 7:
            turned = pixels[::-1, ::-1].transpose(1, 0, 2)
        case 8:
            turned = np.rot90(pixels, 1)
        case _:
            turned = pixels
    return np.ascontiguousarray(turned)
