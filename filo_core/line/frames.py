"""Judging a camera's frame while it is being encoded."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from filo_core.imaging import encode_frame
from filo_core.judging import ask, decide
from filo_core.types import Inspection, Origin, SourceImage

if TYPE_CHECKING:
    from filo_core.line.sources.base import Frame
    from filo_core.method.interfaces import Detector
    from filo_core.types import Recipe


def image_of(picture: Frame | SourceImage, name: str) -> SourceImage:
    """A picture that was not judged, to be shown at once; a frame has no encoded bytes yet, see :func:`encoded`."""
    if isinstance(picture, SourceImage):
        return picture
    return SourceImage(name, b"", "", picture.pixels, picture.captured_at, picture.frame_id)


def encoded(image: SourceImage) -> SourceImage:
    """The same with its bytes and hash, as it can be kept; costs half a second at 5 megapixels."""
    if image.encoded:
        return image
    return encode_frame(image.pixels, image.name, image.captured_at, image.frame_id or 0)


def judge_frame(frame: Frame, name: str, recipe: Recipe, detector: Detector) -> Inspection:
    """The recipe's verdict on a frame, with the frame as an image of this name.

    The model does not wait for the encoder: half a second at 5 megapixels, of a deadline of two. Both are done when
    this returns, since a verdict is kept with its picture.
    """
    started = time.perf_counter()
    with ThreadPoolExecutor(1, "filo-encode") as beside:
        encoding = beside.submit(encode_frame, frame.pixels, name, frame.captured_at, frame.frame_id)
        prediction, problem = ask(detector, frame.pixels)
        image = encoding.result()
    inspection = decide(image, prediction, problem, recipe, Origin.LIVE, started)
    return replace(inspection, frame_age_ms=(time.monotonic() - frame.captured_monotonic) * 1000.0)
