"""A folder of parts with two views: put together by suffixes, judged together, and what is missing said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from filo_core.errors import FolderError
from filo_core.events import ImageInspected, ImageSkipped, RunFinished
from filo_core.line.part_files import parts_of
from filo_core.line.part_runs import inspect_parts
from filo_core.types import Inspection, Limits, Recipe, RecipeVersion, RecipeView, Verdict
from filo_core.views import JudgingView
from tests.unit.filo_core.line.conftest import BrightnessDetector
from tests.unit.filo_core.line.test_runs import BLACK, GREY, WHITE, write

SUFFIXES = {"top": "_top", "side": "_side"}


@pytest.fixture
def views(recipe: Recipe, now: datetime) -> tuple[JudgingView, ...]:
    recipes = (recipe, replace(recipe, limits=Limits(0.05, 0.1, 0.1)))
    return tuple(
        JudgingView(name, RecipeVersion(own, 1, "somebody", now), suffix)
        for (name, suffix), own in zip(SUFFIXES.items(), recipes, strict=True)
    )


def judged(
    folder: Path, recipe: Recipe, views: Sequence[JudgingView], done: Sequence[Sequence[tuple[str, str]]] = ()
) -> tuple[list[Inspection], RunFinished, int]:
    part = replace(recipe, views=tuple(RecipeView(view.name, view.recipe.content_hash) for view in views))
    parts = parts_of(sorted(folder.rglob("*.png")) + sorted(folder.rglob("*.bmp")), SUFFIXES, folder)
    detectors = {view.name: BrightnessDetector() for view in views}
    asked = [list(one) for one in done]
    events = list(
        inspect_parts(parts, part, views, detectors, lambda hashes: list(hashes) in asked or None, root=folder)
    )
    assert isinstance(events[-1], RunFinished)
    found = [event.inspection for event in events if isinstance(event, ImageInspected)]
    return found, events[-1], sum(isinstance(event, ImageSkipped) for event in events)


def test_pictures_of_one_part_are_judged_together_each_by_its_own_limits_and_size(
    tmp_path: Path, recipe: Recipe, views: tuple[JudgingView, ...]
) -> None:
    for part, top, side in (("a", BLACK, BLACK), ("b", BLACK, GREY), ("c", WHITE, BLACK)):
        write(tmp_path, f"{part}_top.png", top, (8, 8))
        write(tmp_path, f"{part}_SIDE.png", side, (30, 12))
    found, finished, _ = judged(tmp_path, recipe, views)
    assert [(one.name, one.verdict) for one in found] == [("a", Verdict.OK), ("b", Verdict.NG), ("c", Verdict.NG)]
    assert [[view.inspection.verdict.value for view in one.views] for one in found] == [
        ["OK", "OK"],
        ["OK", "NG"],
        ["NG", "OK"],
    ]
    assert (finished.counts.ok, finished.counts.ng) == (1, 2)


def test_a_part_that_was_judged_is_skipped(tmp_path: Path, recipe: Recipe, views: tuple[JudgingView, ...]) -> None:
    write(tmp_path, "a_top.png", BLACK)
    write(tmp_path, "a_side.png", BLACK)
    (first,), _, _ = judged(tmp_path, recipe, views)
    hashes = [(view.name, view.inspection.image_hash) for view in first.views]
    assert judged(tmp_path, recipe, views, [hashes])[2] == 1


def test_what_is_missing_double_or_of_no_view_is_not_inspected_with_the_reason(
    tmp_path: Path, recipe: Recipe, views: tuple[JudgingView, ...]
) -> None:
    write(tmp_path, "a_top.png", BLACK)
    write(tmp_path, "b_top.png", BLACK)
    write(tmp_path, "b_top.bmp", BLACK)
    write(tmp_path, "b_side.png", BLACK)
    write(tmp_path, "c_top.png", WHITE)
    write(tmp_path, "other.png", BLACK)
    (tmp_path / "d_top.png").write_bytes(b"")
    write(tmp_path, "d_side.png", BLACK)
    found, finished, _ = judged(tmp_path, recipe, views)
    told = {one.name: (one.verdict, one.reason) for one in found}
    assert told["a"] == (Verdict.NOT_INSPECTED, "side: there is no file a_side.")
    assert told["b"][0] is Verdict.NOT_INSPECTED
    assert "b_top.png and b_top.bmp are two pictures of one view" in told["b"][1]
    assert told["c"] == (Verdict.NG, "top: not good. side: there is no file c_side."), "a defect that was seen is one"
    assert told["d"][0] is Verdict.NOT_INSPECTED
    assert "ends in none of _top, _side" in told["other.png"][1]
    assert set(finished.counts.unreadable) == {"a", "b", "c", "d"}


def test_a_suffix_that_ends_no_file_is_said_before_anything_is_judged(tmp_path: Path) -> None:
    files = [write(tmp_path, "a_top.png", BLACK)]
    with pytest.raises(FolderError, match="ends in '_side', which tells the view side"):
        parts_of(files, SUFFIXES, tmp_path)
    with pytest.raises(FolderError, match="not known which files show the view side"):
        parts_of(files, {"top": "_top", "side": ""}, tmp_path)
