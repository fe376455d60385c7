from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from filo_core.errors import SourceError
from filo_core.line.sources import camera
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.choose import source_at
from filo_core.line.sources.folder import FolderSource
from filo_core.line.sources.test_pattern import TestPattern

WaitUntil = Callable[[Callable[[], object]], None]


def test_the_same_number_is_the_same_picture_and_another_is_another() -> None:
    pattern = TestPattern(width=160, height=120)
    assert (pattern.picture(3) == pattern.picture(3)).all()
    assert (pattern.picture(3) != pattern.picture(5)).any()
    assert pattern.picture(3).shape == (120, 160, 3)


def test_an_anomaly_is_planted_where_the_truth_says_so_and_nowhere_else() -> None:
    pattern, clean = TestPattern(every=3, width=160, height=120), TestPattern(every=0, width=160, height=120)
    assert [number for number in range(1, 10) if pattern.is_anomalous(number)] == [3, 6, 9]
    for number in range(1, 10):
        # Noise is of a few grey values; what is planted is far darker than the plate.
        difference = pattern.picture(number).astype(int) - clean.picture(number)
        assert (bool((np.abs(difference) > 60).sum() > 20)) is pattern.is_anomalous(number)


def test_it_is_a_camera_in_a_process_of_its_own_whose_frames_are_the_known_ones(wait_until: WaitUntil) -> None:
    address = "test://part?every=2&rate=50&size=160x120&seed=7"
    source = source_at(address)
    assert isinstance(source, CameraSource)
    taken: list[Frame] = []

    def took() -> bool:
        frame = source.newest()
        if frame is not None:
            taken.append(frame)
        return len(taken) >= 3

    source.start()
    wait_until(took)
    source.stop()
    pattern = TestPattern.of(address)
    assert source.state is SourceState.STOPPED
    for frame in taken:
        assert (frame.pixels == pattern.picture(frame.frame_id)).all()


def test_pictures_larger_than_the_memory_that_waits_for_them_get_the_room_they_need(
    wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "FIRST_CAPACITY", 1_000)
    source = source_at("test://part?size=160x120")
    source.start()
    try:
        wait_until(lambda: source.frames > 0)
        frame = source.newest()
        assert frame is not None
        assert frame.pixels.shape == (120, 160, 3)
    finally:
        source.stop()


@pytest.mark.parametrize(
    "query", ["size=1x1", "size=ten", "rate=0", "rate=nan", "every=-1", "stuck=-1", "seed=x", "size=99999x9"]
)
def test_what_cannot_be_drawn_is_refused_with_what_can(query: str) -> None:
    with pytest.raises(SourceError, match="test://part"):
        source_at(f"test://part?{query}")


def test_a_folder_is_played_and_anything_else_is_a_camera(tmp_path: object) -> None:
    assert isinstance(source_at(str(tmp_path)), FolderSource)
    assert "geheim" not in repr(source_at("rtsp://anna:geheim@host/live"))


def test_a_path_too_long_for_any_folder_is_a_camera_that_does_not_open() -> None:
    assert isinstance(source_at("line" * 2_000), CameraSource)
