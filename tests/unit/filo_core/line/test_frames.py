"""A frame is judged while it is being encoded."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.imaging import decode_image, encode_frame
from filo_core.line.frames import judge_frame
from filo_core.line.sources.base import Frame
from filo_core.method.interfaces import Detector
from filo_core.types import Prediction, Recipe, SourceImage, Verdict

LONG_S = 20.0


def frame() -> Frame:
    pixels = np.random.default_rng(3).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Frame(pixels, 7, datetime.now(UTC), time.monotonic())


def test_the_model_looks_at_a_frame_before_it_is_encoded(
    recipe: Recipe, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def encode_afterwards(pixels: NDArray[np.uint8], name: str, captured_at: datetime, frame_id: int) -> SourceImage:
        assert looked.wait(LONG_S), "the model has to wait for the encoder"
        return encode_frame(pixels, name, captured_at, frame_id)

    class Looking:
        def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
            looked.set()
            return detector.predict(pixels)

    monkeypatch.setattr("filo_core.line.frames.encode_frame", encode_afterwards)
    inspection = judge_frame(frame(), "part", recipe, Looking())
    assert inspection.verdict is not Verdict.NOT_INSPECTED
    assert inspection.image is not None


def test_a_verdict_comes_with_its_picture_whole(recipe: Recipe, detector: Detector) -> None:
    seen = frame()
    inspection = judge_frame(seen, "part", recipe, detector)
    assert inspection.image is not None
    kept = decode_image(inspection.image.encoded, "part")
    assert np.array_equal(kept.pixels, seen.pixels)
    assert (kept.image_hash, inspection.image.frame_id) == (inspection.image_hash, 7)


def test_a_frame_that_cannot_be_encoded_gets_no_verdict(
    recipe: Recipe, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> SourceImage:
        raise MemoryError

    monkeypatch.setattr("filo_core.line.frames.encode_frame", fail)
    with pytest.raises(MemoryError):
        judge_frame(frame(), "part", recipe, detector)
