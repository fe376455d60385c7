"""Camera frames as images."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ShapeMismatchError, UnreadableImageError
from filo_core.imaging.reading import hash_encoded
from filo_core.sentence import Sentence
from filo_core.types import SourceImage

if TYPE_CHECKING:
    from numpy.typing import NDArray


def encode_frame(pixels: NDArray[np.uint8], name: str, captured_at: datetime, frame_id: int) -> SourceImage:
    """A camera frame as an image: lossless PNG, whose SHA-256 is the ``image_hash``.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB; kept as it is, not copied.
        name: what the frame is called.
        captured_at: UTC.
        frame_id: the source's number of the frame.

    Raises:
        ShapeMismatchError: if ``pixels`` is of another shape or type.
        UnreadableImageError: if there is no memory for it.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or pixels.size == 0:
        raise ShapeMismatchError(
            "a frame must be (H, W, 3) uint8, got {shape} {dtype}", shape=pixels.shape, dtype=pixels.dtype
        )
    # Its encoder takes a third of the time of Pillow's quickest level, for less bytes; it lets other threads run.
    import cv2

    try:
        _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        raise UnreadableImageError(
            name, Sentence("does not fit into memory"), Sentence("Close other programs.")
        ) from error
    data: bytes = encoded.tobytes()
    return SourceImage(name, data, hash_encoded(data), pixels, captured_at, frame_id)
