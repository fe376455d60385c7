"""A watched folder of a part with views: one trigger a part, with the picture of each view or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from filo_core.line.triggers.folder import FolderTrigger
from filo_core.line.triggers.folder_ids import file_of
from filo_core.types import Recipe, RecipeVersion, SourceImage
from filo_core.views import JudgingView

WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def watched(tmp_path: Path, recipe: Recipe, now: datetime, desk: Any, run: Callable[..., None]) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    views = [JudgingView(name, RecipeVersion(recipe, 1, "somebody", now), f"_{name}") for name in ("top", "side")]
    run(FolderTrigger(folder, desk, every_s=0.01, settled_s=0.05, patience_s=0.2, views=views, part_wait_s=0.6))
    return folder


def save(path: Path, red: int) -> None:
    Image.new("RGB", (8, 6), (red, 0, 0)).save(path)


def test_each_part_is_asked_for_once_with_the_pictures_of_its_views(
    watched: Path, desk: Any, wait_until: WaitUntil
) -> None:
    for part in "ab":
        save(watched / f"{part}_top.png", 200)
        save(watched / f"{part}_side.png", 10)
    wait_until(lambda: len(desk.asked) == 2)
    assert [trigger.file for trigger in desk.asked] == ["a", "b"]
    for trigger in desk.asked:
        assert [type(picture) for picture in trigger.views.values()] == [SourceImage, SourceImage]
        assert int(trigger.views["top"].pixels[0, 0, 0]) == 200
    assert file_of(desk.asked[0].trigger_id) == "a"
    assert desk.asked[0].trigger_id != desk.asked[1].trigger_id
    assert replace(desk.asked[0], views=None).problem == ""


def test_what_does_not_come_cannot_be_read_or_shows_no_view_is_said(
    watched: Path, desk: Any, wait_until: WaitUntil
) -> None:
    save(watched / "a_top.png", 200)
    save(watched / "b_top.png", 200)
    (watched / "b_side.png").write_bytes(b"no picture at all")
    save(watched / "other.png", 1)
    wait_until(lambda: len(desk.asked) == 3)
    asked = {trigger.file: trigger for trigger in desk.asked}
    assert asked["a"].views["side"] == "no file a_side came within 0.6 s."
    assert "b_side.png" in asked["b"].views["side"]
    assert "ends in none of _top, _side" in asked["other.png"].problem
    save(watched / "a_side.png", 10)
    save(watched / "c_top.png", 1)
    save(watched / "c_side.png", 1)
    wait_until(lambda: len(desk.asked) == 4)
    assert desk.asked[-1].file == "c", "the part has its answer, so its late picture gets none"
