from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filo_core.line.triggers.folder import FolderTrigger
from filo_core.types import SourceImage

WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def watch(watched: Path, desk: Any, run: Callable[..., None]) -> FolderTrigger:
    trigger = FolderTrigger(watched, desk, every_s=0.01, settled_s=0.1, patience_s=0.4)
    run(trigger)
    return trigger


def save(path: Path, red: int) -> bytes:
    Image.new("RGB", (8, 6), (red, 0, 0)).save(path)
    return path.read_bytes()


def test_a_file_that_appears_is_asked_for_once_with_its_picture(
    watched: Path, watch: FolderTrigger, desk: Any, wait_until: WaitUntil
) -> None:
    save(watched / "part.png", 200)
    wait_until(lambda: desk.asked)
    save(watched / "next.png", 10)
    wait_until(lambda: len(desk.asked) == 2)
    first, second = desk.asked
    assert isinstance(first.picture, SourceImage)
    assert first.picture.name == "part.png"
    assert int(first.picture.pixels[0, 0, 0]) == 200
    assert first.trigger_id != second.trigger_id


def test_a_half_written_file_waits_until_it_is_whole(
    watched: Path, tmp_path: Path, watch: FolderTrigger, desk: Any, wait_until: WaitUntil
) -> None:
    whole = save(tmp_path / "elsewhere.png", 120)
    path = watched / "part.png"
    waiting = watch._files._files._waiting
    with path.open("wb") as file:
        for position in range(0, len(whole), 8):
            file.write(whole[position : position + 8])
            file.flush()
            # Each write is seen before the next one comes.
            size = file.tell()
            wait_until(lambda size=size: "part.png" in waiting and waiting["part.png"].mark.size == size)
            assert desk.asked == []
    wait_until(lambda: desk.asked)
    assert desk.asked[0].problem == ""
    assert len(desk.asked) == 1


def test_the_same_content_under_another_name_is_another_part(
    watched: Path, watch: FolderTrigger, desk: Any, wait_until: WaitUntil
) -> None:
    content = save(watched / "a.png", 5)
    (watched / "b.png").write_bytes(content)
    wait_until(lambda: len(desk.asked) == 2)
    assert {trigger.file for trigger in desk.asked} == {"a.png", "b.png"}
    assert desk.asked[0].trigger_id != desk.asked[1].trigger_id


def test_a_file_that_is_no_image_gets_an_answer_with_the_reason(
    watched: Path, watch: FolderTrigger, desk: Any, wait_until: WaitUntil
) -> None:
    (watched / "torn.png").write_bytes(b"\x89PNG torn")
    wait_until(lambda: desk.asked)
    assert desk.asked[0].problem.startswith("torn.png: is cut short or damaged")


def test_a_folder_that_goes_away_is_said_and_watched_again_when_it_is_back(
    watched: Path, watch: FolderTrigger, desk: Any, wait_until: WaitUntil
) -> None:
    watched.rmdir()
    wait_until(lambda: "does not exist" in watch.problem)
    watched.mkdir()
    save(watched / "part.png", 1)
    wait_until(lambda: desk.asked)
    assert watch.problem == ""
