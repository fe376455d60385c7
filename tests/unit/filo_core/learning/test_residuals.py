"""From made-up products to a head that reads residuals: sources apart, gathered in pieces, trained, kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from filo_core.errors import FolderError, ProfileError
from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import frame_of
from filo_core.eyes.residual_head import CHANNELS, ResidualHead, read_residual_head
from filo_core.learning import residual_run
from filo_core.learning.made_up_products import ViewCounts, find_sources, made_up_product
from filo_core.learning.residual_run import RESIDUALS_NAME, keep_residual_head, try_residual_head
from filo_core.learning.residual_samples import Residuals, gather_residuals, read_residuals
from filo_core.learning.residual_training import train_residual_head, write_residual_head
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.resources import resource_path
from filo_core.types import Eyes, Sight


class _CoarseEye:
    """Colours of squares in place of a trunk's features."""

    name, device, side = "lite0", "cpu", 96

    def features(self, pixels: np.ndarray) -> Features:
        frame = frame_of(pixels.shape[1], pixels.shape[0], self.side, 8)
        small = cv2.resize(pixels, (frame.width, frame.height)).astype(np.float32) / 255.0
        cells = cv2.resize(small, (frame.width // 8, frame.height // 8), interpolation=cv2.INTER_AREA)
        turned = np.random.default_rng(1).standard_normal((3, CHANNELS)).astype(np.float32)
        return Features(unit(cells @ turned + 0.1), frame, 8)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sources")
    rng = np.random.default_rng(3)
    for folder, names in (
        ("surfaces", ("cork_01", "cork_02", "metal_01", "wood_01", "wood_02")),
        ("textures", ("brick",)),
        ("cards", ("ace",)),
        ("clothing", ("shirt", "coat")),
    ):
        (root / folder).mkdir()
        for name in names:
            pixels = cv2.resize(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), (128, 128))
            cv2.imwrite(str(root / folder / f"{name}.png"), pixels)
    return root


def _separable(count: int = 24_000) -> Residuals:
    """Anomalies push one channel up, nuisances others."""
    rng = np.random.default_rng(0)
    anomalous = rng.random(count) < 0.3
    values = 0.2 * rng.standard_normal((count, CHANNELS))
    values[:, 5] += 0.5 * anomalous
    values[:, 9] += 0.5 * ~anomalous
    standard = 0.3 * rng.standard_normal(count).astype(np.float32)
    return Residuals(values.astype(np.float16), standard, anomalous, np.arange(count) % 8)


def _trained(residuals: Residuals, seed: int) -> ResidualHead:
    *losses, head = train_residual_head(residuals, seed)
    assert isinstance(head, ResidualHead)
    assert losses[-1] < losses[0]
    return head


def test_sources_and_materials_that_are_held_out_are_never_trained_on(sources: Path) -> None:
    seen, held = (find_sources(sources, held_out=held_out) for held_out in (False, True))
    assert {path.stem for path in seen.things} == {"shirt", "coat"}
    assert {path.stem for path in held.things} == {"ace"}
    assert {path.stem for path in seen.textures} == {"cork_01", "cork_02", "wood_01", "wood_02"}
    assert {path.stem for path in held.textures} == {"metal_01", "brick"}
    with pytest.raises(FolderError, match="no images to train on"):
        find_sources(sources / "none", held_out=False)


def test_a_made_up_product_comes_back_with_its_seed_and_only_its_bad_views_have_masks(sources: Path) -> None:
    pictures = find_sources(sources, held_out=False)
    for seed in range(4):
        one, again = (made_up_product(pictures, ViewCounts(2, 1, 2, 2), np.random.default_rng(seed)) for _ in range(2))
        views = [*one.references, *one.good, *(view for view, _ in one.bad)]
        assert len(one.references) == 2
        assert len(one.good) == 1
        assert len({view.shape for view in views}) == 1
        assert all(mask.any() and mask.shape == view.shape[:2] for view, mask in one.bad)
        assert all(np.array_equal(a, b) for a, b in zip(one.references, again.references, strict=True))
        assert all(np.array_equal(a[1], b[1]) for a, b in zip(one.bad, again.bad, strict=True))


def test_gathering_goes_on_where_it_stopped_and_says_what_is_damaged(sources: Path, tmp_path: Path) -> None:
    folder = tmp_path / "residuals"
    with pytest.raises(FolderError, match="holds no residuals"):
        read_residuals(folder, 1, 5)
    eyes = [_CoarseEye()]
    assert list(gather_residuals(folder, sources, eyes, 1, 5)) == [5]  # type: ignore[arg-type]
    first = next(folder.iterdir())
    before = first.stat().st_mtime_ns
    assert list(gather_residuals(folder, sources, eyes, 1, 6)) == [5, 10]  # type: ignore[arg-type]
    assert first.stat().st_mtime_ns == before
    found = read_residuals(folder, 1, 10)
    assert set(found.products.tolist()) == set(range(10))
    assert 0.0 < float(found.anomalous.mean()) < 0.6
    assert float(np.abs(found.residuals).max()) <= 1.0
    assert set(read_residuals(folder, 1, 5).products.tolist()) == set(range(5))
    first.write_bytes(first.read_bytes()[:100])
    with pytest.raises(FolderError, match="Delete it and gather again"):
        read_residuals(folder, 1, 10)


def test_a_head_tells_an_anomaly_from_a_nuisance_of_the_same_size_and_comes_back_with_its_seed(tmp_path: Path) -> None:
    head, again = (_trained(_separable(), 3) for _ in range(2))
    np.testing.assert_array_equal(head.first, again.first)
    written = write_residual_head(tmp_path / RESIDUALS_NAME, head, "a test")
    residuals = np.zeros((2, CHANNELS), np.float32)
    residuals[0, 5] = residuals[1, 9] = 1.0
    bad, nuisance = written.logits(residuals, np.zeros(2, np.float32), 1.0)
    assert bad > nuisance + 1.0


def test_too_few_residuals_are_refused() -> None:
    with pytest.raises(FolderError, match="Gather those of more products"):
        next(train_residual_head(_separable(200), 3))
    good = _separable()
    with pytest.raises(FolderError, match="Gather those of more products"):
        next(train_residual_head(Residuals(good.residuals, good.standard, good.anomalous & False, good.products), 3))


def test_a_head_is_tried_beside_distances_alone_on_what_was_held_out(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [(Eyes(Sight.FAST), [_CoarseEye()])]
    monkeypatch.setattr(residual_run, "tried_eyes", lambda models: kinds)
    first, second, trial = try_residual_head(tmp_path, sources, _trained(_separable(), 3), 1, 2)
    assert (first, second) == (1, 2)
    assert not isinstance(trial, int)
    assert trial.products == 2
    assert 0.0 <= trial.distances.image <= 1.0
    assert trial.trained != trial.distances


def test_a_profile_names_the_head_it_is_given_and_another_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "compact"
    shutil.copytree(resource_path("models", "compact"), folder)
    keep_residual_head(folder, _trained(_separable(), 3), "a test")
    profile = read_any_manifest(folder)
    assert isinstance(profile, EyesProfile)
    assert profile.residuals is not None
    assert read_residual_head(folder / RESIDUALS_NAME, profile.residuals.sha256).trained_by == "a test"
    assert json.loads((folder / "manifest.json").read_text())["names"]
    with pytest.raises(ProfileError):
        keep_residual_head(tmp_path, _trained(_separable(), 3), "a test")
