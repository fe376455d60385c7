"""A picture in tiles gives what it gives whole, on one grid, with the memory of a tile."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from filo_core.eyes.features import Eye
from filo_core.eyes.tiles import TILE_PX, spans_of, stages_in_tiles
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.session import open_trunk
from filo_core.trunks.specs import Slot
from filo_core.trunks.store import TrunkStore

MULTIPLE = 16


@pytest.mark.parametrize("length", [16, 768, 784, 1152, 1536, 2000 // 16 * 16, 3072])
def test_spans_cover_a_side_once_and_overlap_by_a_quarter(length: int) -> None:
    spans = spans_of(length, MULTIPLE)
    assert (spans[0].first, spans[-1].last) == (0, length)
    assert all(one.last == other.first for one, other in itertools.pairwise(spans))
    for span in spans:
        assert span.end - span.begin <= TILE_PX
        assert span.begin <= span.first < span.last <= span.end <= length
        assert all(bound % MULTIPLE == 0 for bound in (span.begin, span.end, span.first, span.last))
    assert all(one.end - other.begin >= TILE_PX // 4 - MULTIPLE for one, other in itertools.pairwise(spans))


def test_what_sees_no_farther_than_the_overlap_gives_the_same_in_tiles() -> None:
    picture = np.random.default_rng(1).random((1200, 1600, 3), np.float32)
    sizes = []

    def look(tile: np.ndarray) -> list[np.ndarray]:
        sizes.append(tile.shape[:2])
        return [np.ascontiguousarray(tile[::stride, ::stride]) for stride in (8, 16)]

    found = stages_in_tiles(look, picture, (8, 16), MULTIPLE)
    for stage, stride in zip(found, (8, 16), strict=True):
        assert np.array_equal(stage, picture[::stride, ::stride])
    assert len(sizes) == 6
    assert max(max(size) for size in sizes) <= TILE_PX


def test_the_light_trunk_sees_a_large_picture_in_tiles_as_it_does_whole() -> None:
    spec = next(spec for spec in shipped_trunks() if spec.slot is Slot.LIGHT)
    if TrunkStore().folder(spec) is None:
        pytest.skip("the light trunk is not on this machine: main.py models prepare")
    session = open_trunk(TrunkStore(), spec)
    pixels = np.random.default_rng(2).integers(0, 255, (900, 1100, 3), dtype=np.uint8)
    pixels[200:700, 300:800] //= 3
    eye = Eye(session, 1536)
    seen = []
    run = session.stages
    session.stages = lambda picture, outputs: seen.append(picture.shape) or run(picture, outputs)  # type: ignore[method-assign]
    tiled = eye.features(pixels)
    assert len(seen) > 1
    eye.side, seen[:] = TILE_PX, []
    smaller = eye.features(pixels)
    assert len(seen) == 1, "what fits in one piece is looked at in one"
    assert tiled.grid.shape[0] == pytest.approx(2 * smaller.grid.shape[0], abs=2)
    whole = run_whole(eye, session, pixels)
    away = 1.0 - np.einsum("...c,...c->...", tiled.grid, whole)
    assert float(away.max()) < 0.02
    assert float(away.mean()) < 1e-4


def run_whole(eye: Eye, session, pixels: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    eye.side = 1536
    eye._stages = lambda picture: session.stages(picture, eye.reading.outputs)  # type: ignore[method-assign]
    return eye.features(pixels).grid
