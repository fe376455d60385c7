"""From the pixel formats of industrial cameras (GenICam PFNC) to RGB."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from filo_core.imaging import eight_bits

_FORMAT = re.compile(r"(Mono|RGBa|BGRa|RGB|BGR|BayerRG|BayerGR|BayerGB|BayerBG)(8|10|12|14|16)")
# The camera's name says how the first row begins, and OpenCV's alias the same.
_CONVERSIONS: dict[str, tuple[int, int | None]] = {
    "Mono": (1, cv2.COLOR_GRAY2RGB),
    "RGB": (3, None),
    "BGR": (3, cv2.COLOR_BGR2RGB),
    "RGBa": (4, cv2.COLOR_RGBA2RGB),
    "BGRa": (4, cv2.COLOR_BGRA2RGB),
    "BayerRG": (1, cv2.COLOR_BayerRGGB2RGB),
    "BayerGR": (1, cv2.COLOR_BayerGRBG2RGB),
    "BayerGB": (1, cv2.COLOR_BayerGBRG2RGB),
    "BayerBG": (1, cv2.COLOR_BayerBGGR2RGB),
}


def can_convert(pixel_format: str) -> bool:
    """Whether :func:`rgb_of` takes this format; packed ones are none of them."""
    return _FORMAT.fullmatch(pixel_format) is not None


def rgb_of(values: NDArray[Any], width: int, height: int, pixel_format: str) -> NDArray[np.uint8]:
    """``(H, W, 3)`` uint8 RGB.

    Args:
        values: all values of the picture, row by row; uint16 for more than 8 bits, of which the high 8 are kept.
        width: in pixels.
        height: in pixels.
        pixel_format: its PFNC name, such as ``BayerRG8`` or ``Mono12``.

    Raises:
        ValueError: if the format is unknown, or the values do not fill the picture.
    """
    found = _FORMAT.fullmatch(pixel_format)
    if found is None:
        raise ValueError(f"pixel format {pixel_format}")
    channels, conversion = _CONVERSIONS[found[1]]
    bits = int(found[2])
    # The very rule of files: the same part gives the same pixels, live and from a file of the same camera.
    picture = eight_bits(values, bits).reshape((height, width, channels) if channels > 1 else (height, width))
    return np.ascontiguousarray(picture if conversion is None else cv2.cvtColor(picture, conversion))
