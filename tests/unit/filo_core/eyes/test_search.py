"""The nearest of stored patches: all are looked at while they are few, likely ones when they are many."""

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.eyes import search
from filo_core.eyes.features import unit
from filo_core.eyes.search import PatchSearch

Floats = NDArray[np.float32]


def _by_hand(query: Floats, stored: Floats) -> tuple[Floats, NDArray[np.int64]]:
    similar = query.astype(np.float64) @ stored.T.astype(np.float64)
    return (1 - similar.max(1)).astype(np.float32), similar.argmax(1)


def _patches(seed: int, count: int, width: int = 16) -> Floats:
    """Patches of parts that look alike: around a few directions, as those of pictures are."""
    rng = np.random.default_rng(seed)
    around = np.random.default_rng(0).normal(size=(60, width))
    return unit((around[rng.integers(0, 60, count)] + 0.3 * rng.normal(size=(count, width))).astype(np.float32))


def test_among_few_the_nearest_of_all_is_found_whatever_the_blocks() -> None:
    query, parts = _patches(1, 1100), [_patches(seed, size) for seed, size in ((2, 700), (3, 3), (4, 400))]
    distances, index = PatchSearch(parts).nearest(query)
    truth, truth_index = _by_hand(query, np.concatenate(parts))
    np.testing.assert_allclose(distances, truth, atol=1e-5)
    np.testing.assert_array_equal(index, truth_index)


def test_among_many_nothing_is_nearer_than_the_nearest_and_most_are_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 1)
    query, parts = _patches(1, 900), [_patches(seed, 4000) for seed in range(2, 5)]
    distances, index = PatchSearch(parts).nearest(query)
    stored = np.concatenate(parts)
    truth, truth_index = _by_hand(query, stored)
    assert (distances >= truth - 1e-5).all()
    assert float((index == truth_index).mean()) > 0.9
    # Whatever was found is as near as is said.
    np.testing.assert_allclose(distances, 1 - np.einsum("nc,nc->n", query, stored[index]), atol=1e-5)


def test_what_stands_out_is_compared_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 1)
    query, parts = _patches(1, 900), [_patches(seed, 4000) for seed in range(2, 5)]
    strange = unit(np.random.default_rng(8).normal(size=(20, 16)).astype(np.float32))
    query[100:120] = strange
    distances, index = PatchSearch(parts).nearest(query)
    truth, truth_index = _by_hand(query, np.concatenate(parts))
    highest = np.argsort(truth)[-10:]
    np.testing.assert_allclose(distances[highest], truth[highest], atol=1e-5)
    np.testing.assert_array_equal(index[highest], truth_index[highest])


def test_one_patch_of_a_picture_is_compared_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 1)
    stored = _patches(2, 50)
    distances, index = PatchSearch([stored]).nearest(stored[17:18])
    assert int(index[0]) == 17
    assert float(distances[0]) == pytest.approx(0.0, abs=1e-5)


def test_copies_of_one_patch_are_found_although_heads_lie_under_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", 1)
    one = _patches(2, 1)
    distances, _ = PatchSearch([np.repeat(one, 300, axis=0)]).nearest(np.repeat(one, 5, axis=0))
    np.testing.assert_allclose(distances, 0.0, atol=1e-5)


def test_two_searches_over_the_same_patches_agree_to_the_bit() -> None:
    query, parts = _patches(1, 300), [_patches(seed, 4000) for seed in (2, 3)]
    first, second = (PatchSearch(parts).nearest(query) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
