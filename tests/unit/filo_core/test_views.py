"""Views of one part: one scale, the worst decides, and a recipe without views is what it was."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filo_core.types import Limits, Origin, RecipeView, Verdict, ViewInspection
from filo_core.views import PART_LIMITS, deciding_view, on_part_scale, part_hash_of, part_inspection, worst_verdict
from tests.unit.storage.making import LIMITS, MODEL_HASH, make_draft, make_inspection, make_refusal

SCORES = st.floats(0.0, 1.0)
RECIPE = make_draft().recipe(LIMITS, MODEL_HASH)
PART = replace(RECIPE, views=(RecipeView("top", RECIPE.content_hash), RecipeView("side", RECIPE.content_hash)))


@given(score=SCORES, ok=SCORES, band=st.floats(0.0, 1.5))
def test_a_score_on_the_scale_of_the_part_gives_the_verdict_of_its_view(score: float, ok: float, band: float) -> None:
    limits = Limits(ok, min(ok + band, 2.0), 0.5)
    moved = on_part_scale(score, limits)
    assert 0.0 <= moved <= 1.0
    assert PART_LIMITS.verdict(moved) is limits.verdict(score)


@given(one=SCORES, other=SCORES, ok=SCORES, band=st.floats(0.0, 1.5))
def test_what_scores_higher_in_its_view_scores_no_lower_on_the_scale(
    one: float, other: float, ok: float, band: float
) -> None:
    limits = Limits(ok, ok + band, 0.5)
    low, high = sorted((one, other))
    assert on_part_scale(low, limits) <= on_part_scale(high, limits)


@pytest.mark.parametrize(
    ("verdicts", "part"),
    [
        ((Verdict.OK, Verdict.OK), Verdict.OK),
        ((Verdict.OK, Verdict.REVIEW), Verdict.REVIEW),
        ((Verdict.OK, Verdict.NOT_INSPECTED), Verdict.NOT_INSPECTED),
        ((Verdict.REVIEW, Verdict.NOT_INSPECTED), Verdict.NOT_INSPECTED),
        ((Verdict.NG, Verdict.NOT_INSPECTED), Verdict.NG),
        ((Verdict.REVIEW, Verdict.NG), Verdict.NG),
    ],
)
def test_the_worst_view_decides_and_a_missing_one_never_passes(verdicts: tuple[Verdict, ...], part: Verdict) -> None:
    assert worst_verdict(verdicts) is part


def _view(name: str, score: float, limits: Limits, shade: int) -> ViewInspection:
    own = replace(RECIPE, limits=limits)
    return ViewInspection(name, limits, make_inspection(own, shade, score))


def test_a_part_has_picture_and_score_of_the_view_that_is_worst_by_its_own_limits() -> None:
    strict = _view("top", 0.3, Limits(0.1, 0.2, 0.1), 1)
    mild = _view("side", 0.6, Limits(0.7, 0.8, 0.1), 2)
    found = part_inspection("part 1", (mild, strict), PART, time.perf_counter())
    assert (found.verdict, found.image_hash) == (Verdict.NG, strict.inspection.image_hash)
    assert found.prediction is not None
    assert found.prediction.image_score > PART_LIMITS.ng
    assert found.reason == "top: not good."
    assert deciding_view(found) is strict


def test_a_missing_view_is_said_with_its_reason() -> None:
    good = _view("top", 0.05, LIMITS, 1)
    gone = ViewInspection(
        "side", LIMITS, replace(make_refusal(RECIPE), reason="the camera is gone.", origin=Origin.LIVE)
    )
    found = part_inspection("part 1", (good, gone), PART, time.perf_counter())
    assert (found.verdict, found.reason, found.prediction) == (Verdict.NOT_INSPECTED, "side: the camera is gone.", None)


def test_two_parts_that_share_one_picture_are_two_parts() -> None:
    shared = _view("top", 0.05, LIMITS, 1)
    parts = [
        part_inspection("part", (shared, _view("side", 0.05, LIMITS, shade)), PART, time.perf_counter())
        for shade in (2, 3, 3)
    ]
    hashes = [part_hash_of(part) for part in parts]
    assert hashes[0] != hashes[1] == hashes[2]
    assert part_hash_of(shared.inspection) == ""


def test_a_recipe_without_views_has_the_hash_it_had_before_there_were_any() -> None:
    assert RECIPE.content_hash == "2ca1cb78d968a0399c6a74aa7f412606ac95b506ab588c3f3ca5903fc5a7a2bc"
    assert PART.content_hash != RECIPE.content_hash
    assert PART.scoring_hash != RECIPE.scoring_hash
