"""Scores by region: what happens elsewhere, or under a mask, changes nothing; without regions nothing changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import FittedFrame
from filo_core.eyes.zoned import map_found, smoothed_within, zone_scores
from filo_core.judging import decided_by
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.resources import resource_path
from filo_core.types import Box, Limits
from filo_core.zones import Zone, ZoneKind, on_scale
from tests.unit.filo_core.eyes.test_detector_bank import _Counting, _detector, _parts, _recipe

_LEFT, _RIGHT = Zone("left", ((0.0, 0.0), (0.5, 1.0))), Zone("right", ((0.5, 0.0), (1.0, 1.0)))
_MASK = Zone("print", ((0.0, 0.0), (0.25, 0.25)), kind=ZoneKind.IGNORE)


class _AnySize(_Counting):
    """Sees the colours of 8 x 8 cells of a picture of any size."""

    def features(self, pixels: np.ndarray) -> Features:
        height, width = pixels.shape[:2]
        cells = pixels.reshape(height // 8, 8, width // 8, 8, 3).mean((1, 3))
        return Features(unit(cells.astype(np.float32) + 1), FittedFrame(height, width, height, width), 8)


def _profile() -> EyesProfile:
    profile = read_any_manifest(resource_path("models", "compact"))
    assert isinstance(profile, EyesProfile)
    return profile


def _noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(64, 64)).astype(np.float32)


def test_a_score_and_a_map_of_before_are_the_same_to_the_bit(tmp_path: Path) -> None:
    detector = _detector(_recipe(3), _Counting(), tmp_path)
    detector.set_references(_parts(3))
    found = detector.predict(_parts(4)[f"{3:064}"])
    assert found.image_score == pytest.approx(0.07994723160191217, rel=1e-6)
    assert float(found.anomaly_map.sum()) == pytest.approx(5224.49658203125, rel=1e-6)
    assert found.zones == ()


def test_one_region_scores_like_the_rectangle_of_before(tmp_path: Path) -> None:
    box = replace(_recipe(3), region_of_interest=Box(0, 0, 64, 32))
    drawn = replace(_recipe(3), zones=(Zone("top", ((0.0, 0.0), (1.0, 0.5))),))
    scores = []
    for recipe in (box, drawn):
        detector = _detector(recipe, _AnySize(), tmp_path)
        detector.set_references(_parts(3))
        scores.append(detector.predict(_parts(4)[f"{3:064}"]).image_score)
    assert scores[0] == scores[1]


def test_what_is_outside_of_a_region_or_under_a_mask_changes_no_score() -> None:
    quiet = _noise()
    loud_left, masked = quiet.copy(), quiet.copy()
    loud_left[:, :32] += 50.0
    masked[:16, :16] += 50.0
    zones, profile = (_LEFT, _RIGHT, _MASK), _profile()
    before = map_found(quiet, profile, zones)
    assert zone_scores(loud_left, profile, zones)[1] == zone_scores(quiet, profile, zones)[1]
    assert zone_scores(loud_left, profile, zones)[0] > 2 * zone_scores(quiet, profile, zones)[0]
    after = map_found(masked, profile, zones)
    assert after.score == before.score
    assert np.array_equal(after.view_map, before.view_map)
    assert not after.view_map[:60, :60].any()
    alone = map_found(masked, profile, (_MASK,))
    assert alone.zones[0].name == ""
    assert alone.score == map_found(quiet, profile, (_MASK,)).score


def test_the_worst_region_decides_by_its_own_limit_and_is_named() -> None:
    loud = _noise()
    loud[20:30, 40:50] += 9.0
    strict = replace(_LEFT, ease=1.5, stretch=2.0)
    found = map_found(loud, _profile(), (strict, _RIGHT))
    plain = zone_scores(loud, _profile(), (_LEFT, _RIGHT))
    assert [one.score for one in found.zones] == pytest.approx([on_scale(strict, plain[0]), plain[1]])
    assert found.score == max(one.score for one in found.zones)
    prediction = type("P", (), {"zones": found.zones})()
    assert decided_by(prediction, Limits(0.9, 0.95, 0.5)) == ""
    both = decided_by(prediction, Limits(0.0, 0.95, 0.5))
    worst = max(found.zones, key=lambda one: one.score)
    assert both.startswith(f"Region {worst.name} decided, then ")


def test_smoothing_within_a_mask_keeps_a_flat_map_flat() -> None:
    mask = np.zeros((32, 32), np.bool_)
    mask[8:20, 5:9] = True
    smooth = smoothed_within(np.where(mask, np.float32(3.0), np.float32(77.0)), mask, 2.0)
    assert np.allclose(smooth, 3.0, atol=1e-5)


def test_what_lies_under_a_mask_says_nothing_of_how_good_parts_vary(tmp_path: Path) -> None:
    parts = {key: pixels.copy() for key, pixels in _parts(4).items()}
    wild = {key: pixels.copy() for key, pixels in parts.items()}
    rng = np.random.default_rng(5)
    for pixels in wild.values():
        pixels[:8, :8] = rng.integers(0, 255, 3, dtype=np.uint8)
    recipe = replace(_recipe(4), zones=(_MASK,))
    scores = []
    for number, shown in enumerate((parts, wild)):
        detector = _detector(recipe, _Counting(), tmp_path / str(number))
        detector.set_references(shown)
        scores.append(detector.memory_bank.to_arrays()["spreads"])
    # Their patches stay in the bank, so another place may come to lie nearer to one of them; no more than that.
    assert np.allclose(scores[0], scores[1], rtol=0.05)
