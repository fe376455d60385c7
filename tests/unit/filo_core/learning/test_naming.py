"""From synthetic anomalies to a head that names regions: gathered in pieces, trained, calibrated, written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from filo_core.errors import FolderError, ProfileError
from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import frame_of
from filo_core.learning.anomaly_lexicon import AnomalyKind
from filo_core.learning.named_regions import KINDS, NONE, find_parts, named_regions, noise_regions
from filo_core.learning.naming_looks import Looks, gather, read_looks
from filo_core.learning.naming_measures import calibration_error
from filo_core.learning.naming_training import (
    GROUPS,
    LARGEST_HEAD_BYTES,
    figures_of,
    meanings_of,
    shares_of,
    train_head,
    write_head,
)
from filo_core.naming.region_look import CHANNELS, PARTS, SHAPES

SIZE = 384
WIDE = len(PARTS) * CHANNELS + len(SHAPES)


class SmallEye:
    """Colours and edges of squares in place of a trunk's features."""

    side = 96

    def features(self, pixels: np.ndarray) -> Features:
        frame = frame_of(pixels.shape[1], pixels.shape[0], self.side, 8)
        small = cv2.resize(pixels, (frame.width, frame.height)).astype(np.float32) / 255.0
        cells = cv2.resize(small, (frame.width // 8, frame.height // 8), interpolation=cv2.INTER_AREA)
        turned = np.random.default_rng(1).standard_normal((3, CHANNELS)).astype(np.float32)
        return Features(unit(cells @ turned + 0.1), frame, 8)


class SpokenWords:
    """A direction for every phrase."""

    def meanings(self, phrases: Sequence[str]) -> np.ndarray:
        rows = []
        for phrase in phrases:
            seed = int.from_bytes(hashlib.sha256(phrase.encode()).digest()[:4], "little")
            rows.append(np.random.default_rng(seed).standard_normal(SIZE))
        return unit(np.array(rows, np.float32))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(3)
    for folder in ("surfaces", "things"):
        (root / folder).mkdir()
        for number in range(5):
            pixels = cv2.resize(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), (128, 128))
            cv2.imwrite(str(root / folder / f"{number}.png"), pixels)
    return root


def looks(parts: int = 32) -> Looks:
    """Each kind, and good parts, in a direction of their own, with noise."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((NONE + 1, WIDE))
    kinds = np.tile(np.arange(NONE + 1), parts)
    found = directions[kinds] + 1.5 * rng.standard_normal((len(kinds), WIDE))
    return Looks(found.astype(np.float16), kinds, kinds != NONE, np.repeat(np.arange(parts), NONE + 1))


def test_pictures_that_are_held_out_are_never_trained_on(images: Path) -> None:
    trained, held = (find_parts(images, held_out=held_out) for held_out in (False, True))
    assert len(trained.things) == len(trained.textures) == 4
    assert not {*trained.things, *trained.textures} & {*held.things, *held.textures}
    with pytest.raises(FolderError, match="no images to train on"):
        find_parts(images / "none", held_out=False)


def test_made_up_parts_come_back_with_their_seed_and_have_named_and_good_regions(images: Path) -> None:
    eye = SmallEye()
    one, again = (
        [
            region
            for part in islice(named_regions(find_parts(images, held_out=False), [eye], [96], (5,)), 6)
            for region in part
        ]  # type: ignore[list-item]
        for _ in range(2)
    )
    assert [region.kind for region in one] == [region.kind for region in again]
    assert all(np.array_equal(a.look, b.look) for a, b in zip(one, again, strict=True))
    assert {region.look.shape for region in one} == {(WIDE,)}
    assert all(np.isfinite(region.look).all() for region in one)
    assert NONE in {region.kind for region in one}
    assert len({region.kind for region in one if region.true_mask}) > 4
    assert not any(region.true_mask for region in one if region.kind == NONE)


def test_regions_of_noise_are_of_no_kind(images: Path) -> None:
    drawn = noise_regions(find_parts(images, held_out=True), SmallEye(), 96, (2,))  # type: ignore[arg-type]
    assert {region.kind for part in islice(drawn, 2) for region in part} == {NONE}


def test_gathering_goes_on_where_it_stopped_and_says_what_is_damaged(images: Path, tmp_path: Path) -> None:
    folder = tmp_path / "looks"
    with pytest.raises(FolderError, match="holds no looks"):
        read_looks(folder, held_out=False)
    eyes, sides = [SmallEye()], [96]
    assert list(gather(folder, images, eyes, sides, 1, 5, held_out=False)) == [5]  # type: ignore[arg-type]
    first = next(folder.iterdir())
    before = first.stat().st_mtime_ns
    assert list(gather(folder, images, eyes, sides, 1, 6, held_out=False)) == [5, 10]  # type: ignore[arg-type]
    assert first.stat().st_mtime_ns == before
    assert set(read_looks(folder, held_out=False).parts.tolist()) == set(range(10))
    first.write_bytes(first.read_bytes()[:100])
    with pytest.raises(FolderError, match="Delete it and gather again"):
        read_looks(folder, held_out=False)


def test_a_head_learns_kinds_that_look_different_and_its_shares_are_honest(tmp_path: Path) -> None:
    head, figures = train_head(looks(), SpokenWords(), 3)  # type: ignore[arg-type]
    assert figures.first > 0.8
    assert figures.first_three > 0.9
    assert figures.calibration_error < 0.15
    assert figures.good_named <= 0.25
    written = write_head(tmp_path / "names.safetensors", head, "a test")
    assert (tmp_path / "names.safetensors").stat().st_size <= LARGEST_HEAD_BYTES
    one = looks().looks[7]
    assert np.allclose(written.shares(one.astype(np.float32)), shares_of(head, one[None])[0], atol=1e-4)
    assert meanings_of(written, one[None]).shape == (1, SIZE)
    assert figures_of(written, looks(8)).first > 0.8


def test_too_few_parts_are_refused() -> None:
    with pytest.raises(FolderError, match="Gather more"):
        train_head(looks(4), SpokenWords(), 3)  # type: ignore[arg-type]


def test_a_head_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filo_core.learning.naming_training.LARGEST_HEAD_BYTES", 1000)
    head, _ = train_head(looks(8), SpokenWords(), 3)  # type: ignore[arg-type]
    with pytest.raises(ProfileError, match="more than the 1000"):
        write_head(tmp_path / "names.safetensors", head, "a test")


def test_every_kind_belongs_to_one_broad_kind() -> None:
    assert sorted(kind for own in GROUPS.values() for kind in own) == sorted(AnomalyKind)
    assert len(KINDS) >= 18


def test_calibration_error_is_the_distance_of_share_and_rate() -> None:
    shares = np.full(100, 0.75, np.float32)
    right = np.arange(100) < 75
    assert calibration_error(shares, right) == pytest.approx(0.0, abs=1e-6)
    assert calibration_error(shares, np.zeros(100, bool)) == pytest.approx(0.75)
    assert calibration_error(shares[:0], right[:0]) == 0.0
