"""Limits by region: each its own, one scale for all, and one promise that they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filo_core.calibration.conformal import GoodParts
from filo_core.calibration.known_parts import ScoredParts
from filo_core.calibration.limits import GUESSED
from filo_core.calibration.zone_limits import ZoneEvidence, calibrated_parts, on_one_scale, zone_limits
from filo_core.errors import EvidenceError
from filo_core.proof import JudgedPart
from filo_core.types import Verdict, ZoneScore
from filo_core.zones import Zone, ZoneKind, on_scale

_ZONES = (
    Zone("rim", ((0.0, 0.0), (0.5, 0.5))),
    Zone("print", ((0.5, 0.0), (1.0, 0.5)), kind=ZoneKind.IGNORE),
    Zone("hole", ((0.5, 0.5), (1.0, 1.0))),
)


def _scored(rng: np.random.Generator, references: int, outside: int = 0, bad: int = 0) -> ScoredParts:
    """Scores of a quiet zone and of a loud one."""
    zones = {}

    def parts(kind: str, count: int, more: float = 0.0) -> tuple[JudgedPart, ...]:
        found = []
        for number in range(count):
            quiet, loud = 0.1 + 0.02 * rng.random() + more, 0.5 + 0.1 * rng.random()
            key = f"{kind}{number}"
            zones[key] = (ZoneScore("rim", quiet, quiet), ZoneScore("hole", loud, loud))
            found.append(JudgedPart(key, key, max(quiet, loud)))
        return tuple(found)

    own, others, shown = parts("r", references), parts("o", outside), parts("b", bad, more=0.2)
    return ScoredParts(own, tuple(part.score for part in own), others, shown, zones=zones)


def test_a_quiet_region_finds_what_the_loud_one_would_hide() -> None:
    scored = _scored(np.random.default_rng(3), 8, bad=3)
    found = calibrated_parts(scored, _ZONES, 0.01, model_hash="m", trained=True)
    assert found.proof is not None
    assert found.proof.missed == ()
    assert min(part.score for part in found.proof.bad) > max(part.score for part in found.proof.good)
    whole = calibrated_parts(scored, (), 0.01, model_hash="m", trained=True)
    assert whole.proof is not None
    assert len(whole.proof.missed) >= 1


def test_each_region_has_its_own_limit_on_one_scale() -> None:
    rng = np.random.default_rng(4)
    evidence = [
        ZoneEvidence(zone, GoodParts(tuple(base + 0.05 * rng.random(20))), tuple(base + 0.05 * rng.random(20)))
        for zone, base in ((_ZONES[0], 0.1), (_ZONES[2], 0.5))
    ]
    found = zone_limits(evidence, 0.5)
    moved, limits = on_one_scale(found)
    for one, zone in zip(found, moved, strict=True):
        assert on_scale(zone, one.limits.ok) == pytest.approx(limits.ok)
        assert on_scale(zone, one.limits.ng) == pytest.approx(limits.ng)
    assert found[0].limits.ok < 0.2 < found[1].limits.ok


def test_the_promise_is_shared_and_says_so() -> None:
    found = calibrated_parts(_scored(np.random.default_rng(5), 8), _ZONES, 0.01, model_hash="m", trained=True)
    assert found.promise == pytest.approx(2 / 9)
    assert found.refused_as is Verdict.NG
    assert found.needed_for_alpha == 199 - 8
    assert "2 regions, which share the promise" in found.sentence
    enough = calibrated_parts(_scored(np.random.default_rng(5), 4, 60), _ZONES, 0.1, model_hash="m", trained=True)
    assert enough.promise == pytest.approx(0.1)
    assert enough.refused_as is Verdict.REVIEW
    assert [zone.name for zone in enough.zones] == ["rim", "print", "hole"]


def test_a_limit_by_hand_decides_and_takes_nothing_from_what_ng_promises() -> None:
    by_hand = (Zone("rim", _ZONES[0].points, limit=0.05), _ZONES[2])
    scored = _scored(np.random.default_rng(6), 10)
    found = calibrated_parts(scored, by_hand, 0.01, model_hash="m", trained=True)
    assert found.proof is not None
    assert len(found.proof.doubtful) == 10
    assert found.proof.refused == ()
    assert "Set by hand, so nothing is promised of what they doubt: rim." in found.sentence


def test_a_part_that_has_one_score_from_before_is_left_out() -> None:
    scored = _scored(np.random.default_rng(7), 4, 3)
    old = JudgedPart("old", "old", 0.9)
    more = ScoredParts(scored.references, scored.peaks, (*scored.outside, old), (), zones=scored.zones)
    found = calibrated_parts(more, _ZONES, 0.01, model_hash="m", trained=True)
    assert len(found.confirmed_scores) == 3
    of_one = replace(more, zones={key: scores[:1] for key, scores in scored.zones.items()})
    by_hand = calibrated_parts(of_one, [replace(_ZONES[0], limit=0.3)], 0.01, model_hash="m", trained=True)
    assert by_hand.confirmed_scores[-1] == 0.9, "of one region it is known"


def test_one_region_without_a_limit_of_its_own_is_what_a_whole_picture_is() -> None:
    scored = _scored(np.random.default_rng(8), 6)
    one = calibrated_parts(scored, _ZONES[:2], 0.01, model_hash="m", trained=True)
    none = calibrated_parts(scored, (), 0.01, model_hash="m", trained=True)
    assert one.limits == none.limits
    assert one.sentence == none.sentence
    assert one.zones == _ZONES[:2]


def test_what_several_regions_doubt_is_shared_too() -> None:
    rng = np.random.default_rng(11)
    alone, shared = [], []
    for _ in range(300):
        # Log-odds that are normal, as the limit takes them to be.
        scores = 1.0 / (1.0 + np.exp(2.0 - 0.3 * rng.normal(size=(12, 4))))
        parts = [GoodParts(tuple(scores[:, zone])) for zone in range(4)]
        evidence = [ZoneEvidence(_ZONES[0], one, one.references) for one in parts]
        fresh = 1.0 / (1.0 + np.exp(2.0 - 0.3 * rng.normal(size=(50, 4))))
        each = [zone_limits([one], 0.01)[0].limits.ok for one in evidence]
        together = [one.limits.ok for one in zone_limits(evidence, 0.01)]
        alone.append(float((fresh[:, 0] > each[0]).mean()))
        shared.append(float((fresh > np.array(together)).any(axis=1).mean()))
        assert all(more >= less for more, less in zip(together, each, strict=True))
    assert np.mean(shared) < 2.5 * np.mean(alone)


def test_one_pair_of_limits_says_what_each_region_would_by_its_own() -> None:
    rng = np.random.default_rng(12)
    evidence = [
        ZoneEvidence(zone, GoodParts(tuple(base + wide * rng.random(9))), tuple(base + wide * rng.random(9)))
        for zone, base, wide in ((_ZONES[0], 0.1, 0.02), (_ZONES[2], 0.5, 0.2))
    ]
    found = zone_limits(evidence, 0.01)
    moved, limits = on_one_scale(found)
    for one, zone in zip(found, moved, strict=True):
        for score in np.linspace(0.01, 0.99, 197):
            if min(abs(score - one.limits.ok), abs(score - one.limits.ng)) > 1e-6:
                assert limits.verdict(on_scale(zone, float(score))) is one.limits.verdict(float(score))


_AS_A_WHOLE = (Zone("rim", ((0.0, 0.0), (1.0, 1.0))), Zone("hole", ((0.0, 0.0), (1.0, 1.0)), kind=ZoneKind.WHOLE))


def test_a_part_as_a_whole_takes_one_share_and_has_a_limit_of_its_own() -> None:
    scored = _scored(np.random.default_rng(7), 8)
    found = calibrated_parts(scored, _AS_A_WHOLE, 0.01, model_hash="m", trained=True)
    assert found.promise == pytest.approx(2 / 9)
    rim, whole = found.zones
    good = [scores[1].score for scores in scored.zones.values()]
    assert on_scale(whole, max(good) + 0.1) > found.limits.ok
    assert on_scale(whole, min(good)) < found.limits.ok
    assert rim.ease != whole.ease


def test_of_fewer_than_eight_good_images_it_is_off_takes_no_share_and_says_so() -> None:
    scored = _scored(np.random.default_rng(7), 7)
    found = calibrated_parts(scored, _AS_A_WHOLE, 0.01, model_hash="m", trained=True)
    assert found.promise == pytest.approx(1 / 8)
    assert found.zones == _AS_A_WHOLE
    assert "Region hole is to be looked at as a whole, which needs 8 good images. There are 7: it is off." in (
        found.sentence
    )


def test_nothing_but_parts_as_a_whole_and_too_few_of_them_is_refused() -> None:
    scored = _scored(np.random.default_rng(7), 7)
    with pytest.raises(EvidenceError, match="Nothing but region hole is looked at, as a whole"):
        calibrated_parts(scored, _AS_A_WHOLE[1:], 0.01, model_hash="m", trained=True)


def test_where_no_good_image_is_needed_limits_of_regions_are_guessed_and_promise_nothing() -> None:
    scored = _scored(np.random.default_rng(7), 0)
    found = calibrated_parts(scored, _ZONES, 0.01, model_hash="m", trained=True)
    assert (found.limits.ok, found.limits.ng) == (0.5, 0.75)
    assert found.promise is None
    assert found.sentence.startswith(GUESSED)
    assert [zone.ease for zone in found.zones] == [0.0, 0.0, 0.0]
