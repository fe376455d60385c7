"""Small pictures for the soak, each with a content of its own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 16


def png(number: int) -> bytes:
    """A picture whose redness goes round with ``number``, and whose content no other number has."""
    pixels = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    pixels[..., 0] = number * 29 % 256
    pixels[0, 0, 1:] = number % 256, number // 256 % 256
    pixels[0, 1, 1:] = number // 65536 % 256, number // 16777216
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "PNG")
    return encoded.getvalue()


def fill_folder(folder: Path, images: int) -> None:
    """Write so many pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(images):
        (folder / f"{number:05}.png").write_bytes(png(number))
