"""Synthetic anomalies: every kind can be seen, stays where its mask says, and comes back with its seed."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.learning.anomaly_lexicon import LEXICON, AnomalyKind
from filo_core.learning.procedural_scenes import change_scene, draw_scene, random_scene
from filo_core.learning.surface_anomalies import blob
from filo_core.learning.synthetic_anomalies import PAINTERS, SyntheticAnomaly, paint_anomaly, visible_change


def _picture(seed: int, side: int = 96) -> NDArray[np.uint8]:
    """A drawn assembly, which has contours and parts for every kind to work on."""
    rng = np.random.default_rng(seed)
    return draw_scene(random_scene(rng), side, 0)


def _painted(kind: AnomalyKind, seed: int = 0) -> tuple[NDArray[np.uint8], SyntheticAnomaly]:
    pixels = _picture(3)
    anomaly = paint_anomaly(pixels, np.random.default_rng(seed), _picture(4), [kind])
    assert anomaly is not None
    return pixels, anomaly


def test_there_are_at_least_fifteen_kinds_each_with_a_painter_and_words() -> None:
    assert len(AnomalyKind) >= 15
    assert set(PAINTERS) == set(AnomalyKind) == set(LEXICON)


def test_no_word_belongs_to_two_kinds() -> None:
    words = [word for synonyms in LEXICON.values() for word in synonyms]
    assert len(words) == len(set(words))


def test_every_kind_is_listed_first_under_its_own_name() -> None:
    assert [synonyms[0].format("part") for synonyms in LEXICON.values()] == [kind.value for kind in LEXICON]


@pytest.mark.parametrize("kind", list(AnomalyKind))
def test_every_kind_changes_visibly_what_its_mask_covers_and_leaves_the_rest(kind: AnomalyKind) -> None:
    pixels, anomaly = _painted(kind)
    difference = np.abs(anomaly.pixels.astype(int) - pixels.astype(int)).max(axis=2)
    assert anomaly.kind is kind
    assert 12 <= anomaly.mask.sum() <= 0.35 * anomaly.mask.size
    assert difference[anomaly.mask].mean() > 10
    far = ~anomaly.mask
    assert (difference[far] > 30).mean() < 0.01


@pytest.mark.parametrize("kind", list(AnomalyKind))
def test_the_same_seed_paints_the_same_anomaly(kind: AnomalyKind) -> None:
    first, second = _painted(kind, seed=9)[1], _painted(kind, seed=9)[1]
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.mask, second.mask)


def test_painting_leaves_the_picture_it_was_given_alone() -> None:
    pixels = _picture(3)
    before = pixels.copy()
    paint_anomaly(pixels, np.random.default_rng(0), _picture(4))
    assert np.array_equal(pixels, before)


def test_nothing_is_called_an_anomaly_on_a_plain_ground_where_parts_could_be_missing() -> None:
    plain = np.full((96, 96, 3), 128, np.uint8)
    assert paint_anomaly(plain, np.random.default_rng(0), plain, [AnomalyKind.MISSING_PART]) is None


def test_gaps_of_an_anomaly_are_closed_and_faint_changes_are_not_seen() -> None:
    before = np.zeros((20, 20, 3), np.float32)
    after = before.copy()
    after[5, [3, 5, 7]] = 50.0
    after[15, 15] = 10.0
    mask = visible_change(before, after)
    assert mask[5, 3:8].all()
    assert not mask[15].any()


def test_a_blob_is_an_alpha_around_where_it_was_asked_for() -> None:
    alpha = blob((64, 64), np.random.default_rng(0), 8.0)
    assert alpha.min() >= 0.0
    assert 0.9 < alpha.max() <= 1.0
    assert alpha.mean() < 0.3


def _in(phrase: str, sentence: str) -> bool:
    """Whether a sentence has the phrase, with any thing where the phrase leaves room for one."""
    return re.search(r"\b" + re.escape(phrase).replace(r"\{\}", r"\w+") + r"\b", sentence) is not None


def test_two_pieces_of_a_scene_differ_less_than_a_changed_one() -> None:
    rng = np.random.default_rng(5)
    scene = random_scene(rng)
    changed, kind = change_scene(scene, rng)
    piece, other = draw_scene(scene, 128, 0).astype(float), draw_scene(scene, 128, 1).astype(float)
    altered = draw_scene(changed, 128, 0).astype(float)
    assert kind in set(AnomalyKind)
    assert np.abs(altered - piece).max() > 40
    # Within one piece everything but the changed part is the same to the last bit.
    assert (np.abs(altered - piece).max(axis=2) == 0).mean() > 0.5
    assert (np.abs(other - piece).max(axis=2) == 0).mean() < 0.5


def test_a_scene_draws_the_same_piece_again() -> None:
    scene = random_scene(np.random.default_rng(6))
    assert np.array_equal(draw_scene(scene, 96, 3), draw_scene(scene, 96, 3))
