"""Features of a region: the patches under its mask, what the nearest good patch lacks, its size and shape."""

from __future__ import annotations

import time

import numpy as np
import pytest

from filo_core.eyes.features import unit
from filo_core.method.regions import MAX_REGIONS
from filo_core.naming.region_features import (
    EMBEDDING_SIZE,
    Nearest,
    TrunkLook,
    region_features,
    shape_of,
    space_of,
)

SIDE = 64


def _look(seed: int, rows: int = 16, columns: int = 16, width: int = 40) -> tuple[TrunkLook, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    patches = unit(rng.normal(size=(rows, columns, width)).astype(np.float32))
    stored = [unit(rng.normal(size=(n, width)).astype(np.float32)) for n in (30, 1, 50)]
    index = rng.integers(0, 81, rows * columns)
    return TrunkLook(patches, Nearest(stored, index)), patches.reshape(-1, width), np.concatenate(stored)[index]


def _mask(top: int, left: int, height: int, width: int) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_mean_and_residual_are_those_of_the_patches_under_the_mask_alone() -> None:
    look, patches, nearest = _look(1)
    (found,) = region_features(_mask(0, 4, 4, 8), [look]).trunks
    under = [1, 2]
    np.testing.assert_allclose(found.mean, patches[under].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.residual, (patches - nearest)[under].mean(axis=0), atol=1e-6)


def test_a_patch_that_is_half_covered_counts_half() -> None:
    look, patches, _ = _look(2)
    (found,) = region_features(_mask(0, 0, 4, 6), [look]).trunks
    np.testing.assert_allclose(found.mean, (patches[0] + 0.5 * patches[1]) / 1.5, atol=1e-6)


def test_a_region_smaller_than_a_patch_has_features_of_that_patch() -> None:
    look, patches, _ = _look(3)
    (found,) = region_features(_mask(63, 63, 1, 1), [look]).trunks
    np.testing.assert_allclose(found.mean, patches[-1], atol=1e-6)


@pytest.mark.parametrize("widths", [(24,), (300,), (280, 1152)])
def test_an_embedding_has_one_size_and_length_whatever_the_trunks_and_keeps_angles(widths: tuple[int, ...]) -> None:
    def embedding(seed: int) -> np.ndarray:
        looks = [_look(seed + 100 * n, width=width)[0] for n, width in enumerate(widths)]
        return region_features(_mask(10, 10, 20, 20), looks).embedding()

    first, again, other = embedding(5), embedding(5), embedding(6)
    assert first.shape == (EMBEDDING_SIZE,)
    assert np.linalg.norm(first) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(first, again)
    assert float(first @ other) < 0.9


def test_folding_keeps_how_near_two_regions_are() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=1152)
    near = base + 0.3 * rng.normal(size=1152)
    far = rng.normal(size=1152)

    def embedding(values: np.ndarray) -> np.ndarray:
        patches = unit(np.broadcast_to(values, (4, 4, 1152)).astype(np.float32).copy())
        stored = [np.zeros((1, 1152), np.float32)]
        look = TrunkLook(patches, Nearest(stored, np.zeros(16, np.int64)))
        return region_features(_mask(0, 0, SIDE, SIDE), [look]).embedding()

    anchor = embedding(base)
    cosine = float(base @ near / np.linalg.norm(base) / np.linalg.norm(near))
    assert float(anchor @ embedding(near)) == pytest.approx(cosine, abs=0.08)
    assert abs(float(anchor @ embedding(far))) < 0.2


def test_a_line_is_long_and_a_square_is_not() -> None:
    line, square = shape_of(_mask(10, 2, 1, 60)), shape_of(_mask(10, 10, 20, 20))
    assert line.elongation == pytest.approx(60.0, rel=0.01)
    assert square.elongation == pytest.approx(1.0, abs=0.01)
    assert (square.fill, square.solidity) == (1.0, 1.0)
    assert square.area == pytest.approx(400 / SIDE**2)
    ring = _mask(10, 10, 20, 20) & ~_mask(12, 12, 16, 16)
    assert shape_of(ring).solidity < 0.5
    assert shape_of(_mask(5, 5, 1, 1)).as_array().shape == (6,)


def test_embeddings_of_other_eyes_are_in_another_space() -> None:
    assert space_of("a" * 64) != space_of("b" * 64)
    assert space_of("") == ""


@pytest.mark.timed
def test_a_region_costs_two_milliseconds_at_most() -> None:
    looks = [_look(1, 64, 64, 300)[0], _look(2, 24, 24, 1152)[0]]
    masks = [_mask(2 * n % 40, 3 * n % 40, 12, 12) for n in range(MAX_REGIONS)]
    region_features(masks[0], looks).embedding()
    started = time.process_time()
    for mask in masks:
        region_features(mask, looks).embedding()
    assert (time.process_time() - started) / len(masks) < 0.002
