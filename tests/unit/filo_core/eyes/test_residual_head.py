"""The head that reads how a patch differs from the good one nearest to it: what it computes, and what it refuses."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from filo_core.errors import ProfileError
from filo_core.eyes.bank import PatchBank
from filo_core.eyes.detector import EyesDetector
from filo_core.eyes.features import Features, unit
from filo_core.eyes.frames import frame_of
from filo_core.eyes.known_defects import map_of
from filo_core.eyes.loaded import LoadedEyes
from filo_core.eyes.residual_head import (
    CHANNELS,
    ResidualHead,
    ResidualSpread,
    pressed,
    read_residual_head,
    residuals_of,
)
from filo_core.learned_map import MapKind
from filo_core.learning.residual_training import write_residual_head
from filo_core.profiles.eyes_manifest import EyesProfile, HeadFile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.resources import resource_path
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import RECORD, TrunkStore, folder_name
from filo_core.types import AnomalyType, Eyes, Limits, ProductDescription, ProductDraft, Reference, Sight

SIDE = 64
MORE = 8
"""Channels of the features beside those that the head reads."""


def _head(channel: int = 3, weight: float = 4.0) -> ResidualHead:
    """One that answers to one sign of one channel alone."""
    first = np.zeros((CHANNELS + 1, 2), np.float32)
    first[channel, 0] = weight
    return ResidualHead(
        "", "a test", first, np.zeros(2, np.float32), np.array([1.0, 0.0], np.float32), np.zeros(1, np.float32)
    )


class _Sixteenths:
    """An eye of 8 x 8 cells: what a picture shows of each, in channels that are the same for every picture."""

    name, device = "lite0", "cpu"

    def features(self, pixels: np.ndarray) -> Features:
        cells = pixels.reshape(SIDE // 8, 8, SIDE // 8, 8, 3).mean((1, 3)).astype(np.float32) / 255
        turned = np.random.default_rng(1).standard_normal((3, CHANNELS + MORE)).astype(np.float32)
        return Features(unit(cells @ turned + 0.5), frame_of(SIDE, SIDE, SIDE, 8), 8)


def _pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [rng.integers(100, 140, (SIDE, SIDE, 3), dtype=np.uint8) for _ in range(count)]


def _detector(head: ResidualHead | None) -> EyesDetector:
    profile = read_any_manifest(resource_path("models", "compact"))
    assert isinstance(profile, EyesProfile)
    references = tuple(Reference(f"{n:064}", f"{n}.png") for n in range(3))
    draft = ProductDraft(
        ProductDescription("plate", "plate"), (AnomalyType("dent"),), references, eyes=Eyes(Sight.FAST)
    )
    detector = EyesDetector(draft.recipe(Limits(0.2, 0.4, 0.2), "a" * 64), profile, [_Sixteenths()], head=head)  # type: ignore[list-item]
    detector.set_references({f"{n:064}": picture for n, picture in enumerate(_pictures(3))})
    return detector


def test_an_answer_is_that_of_two_layers_over_pressed_residuals() -> None:
    head = replace(_head(), bias=np.array([-0.5], np.float32))
    head.first[-1, 1], head.second[1] = 2.0, 3.0
    residuals = np.zeros((3, CHANNELS), np.float32)
    residuals[:, 3] = (0.1, -0.1, 0.0)
    # 0.1 in units of 0.1 is pressed to a half, three deviations to three quarters.
    answers = head.logits(residuals, np.array([0.0, 0.0, 3.0], np.float32), 0.1)
    np.testing.assert_allclose(answers, [4.0 * 0.5 - 0.5, -0.5, 3.0 * 2.0 * 0.75 - 0.5], rtol=1e-6)
    again = head.deviations(residuals, np.array([0.0, 0.0, 3.0], np.float32), ResidualSpread(0.1, 0.5, 2.0))
    np.testing.assert_allclose(again, (answers - 0.5) / 2.0, rtol=1e-6)
    assert float(np.abs(pressed(np.array([1e9, -1e9], np.float32), 0.1)).max()) <= 1.0


def test_the_head_reads_the_last_channels_whatever_stands_before_them() -> None:
    patches = np.arange(2 * (CHANNELS + MORE), dtype=np.float32).reshape(2, -1)
    found = residuals_of(patches, np.zeros_like(patches))
    np.testing.assert_array_equal(found, patches[:, MORE:])


def test_good_parts_among_each_other_lie_around_zero_for_the_head_too() -> None:
    eye, head = _Sixteenths(), _head(weight=9.0)
    seen = [(str(number), [eye.features(picture)]) for number, picture in enumerate(_pictures(4))]
    bank = PatchBank()
    for key, features in seen:
        bank.add(key, [one.patches for one in features])
    bank.measure(seen, head)
    answers = []
    for key, features in seen:
        left, patches = bank.without(key), features[0].patches
        answers.append(left.learned(head, patches, *left.matched(0, patches)))
    assert float(np.concatenate(answers).mean()) == pytest.approx(0.0, abs=0.02)
    assert float(np.concatenate(answers).std()) == pytest.approx(1.0, abs=0.02)
    kept = PatchBank.from_arrays(bank.to_arrays())
    patches = eye.features(_pictures(5)[4]).patches
    ours, theirs = (one.learned(head, patches, *one.matched(0, patches)) for one in (bank, kept))
    np.testing.assert_array_equal(ours, theirs)


def test_a_detector_says_more_where_the_head_knows_the_difference_and_explains_it_as_before() -> None:
    marked = _pictures(4)[3]
    marked[24:32, 24:32] = (200, 60, 60)
    eye = _Sixteenths()
    patches, cell = eye.features(marked).patches, 3 * 8 + 3
    known = patches[cell, MORE:] - eye.features(_pictures(3)[0]).patches.mean(axis=0)[MORE:]
    channel = int(known.argmax())
    plain, knows, does_not = _detector(None), _detector(_head(channel, 20.0)), _detector(_head(channel, -20.0))
    before, after = plain.predict(marked), knows.predict(marked)
    assert after.image_score > does_not.predict(marked).image_score
    assert after.image_score != before.image_score
    row, column = np.unravel_index(after.anomaly_map.argmax(), after.anomaly_map.shape)
    assert (row // 32, column // 32) == (3, 3)
    place = before.regions[0].box
    assert plain.nearest(marked, place).distance == knows.nearest(marked, place).distance


def test_what_a_map_is_learnt_from_is_judged_as_a_picture_is_and_the_deep_trunk_alone_has_no_head() -> None:
    picture = _pictures(4)[3]
    detector = _detector(_head(weight=20.0))
    views = detector.trunk_views(picture)
    assert detector.score_of(map_of(MapKind.USUAL, views)) == detector.predict(picture).image_score
    both = [views[0], replace(views[0], standard=views[0].standard + 1.0, learned=None)]
    light, deep = map_of(MapKind.LIGHT, both), map_of(MapKind.DEEP, both)
    np.testing.assert_allclose(light, map_of(MapKind.USUAL, views), atol=1e-5)
    assert views[0].learned is not None
    np.testing.assert_allclose(deep, views[0].on_grid(views[0].standard + 1.0), atol=1e-5)
    usual = (2 * light + deep) / 3
    np.testing.assert_allclose(map_of(MapKind.USUAL, both), usual, atol=1e-4)


def test_a_file_comes_back_and_whatever_is_wrong_with_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "residuals.safetensors"
    written = write_residual_head(path, _head(), "a test")
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert written.identity == digest
    assert read_residual_head(path, digest).trained_by == "a test"
    np.testing.assert_array_equal(written.first, _head().first)
    with pytest.raises(ProfileError, match="SHA-256 differs"):
        read_residual_head(path, "0" * 64)
    path.write_bytes(content[:-9])
    with pytest.raises(ProfileError, match="no head for residuals"):
        read_residual_head(path)
    with pytest.raises(ProfileError, match="cannot be read"):
        read_residual_head(tmp_path / "none.safetensors")
    with pytest.raises(ProfileError, match="not numbers"):
        write_residual_head(path, replace(_head(), bias=np.array([np.nan], np.float32)), "a test")
    with pytest.raises(ProfileError, match="other shapes"):
        write_residual_head(path, replace(_head(), first=np.zeros((CHANNELS, 2), np.float32)), "a test")


def test_the_head_is_part_of_what_a_recipe_was_signed_off_for(tmp_path: Path) -> None:
    spec = next(spec for spec in shipped_trunks() if spec.name == "lite0")
    (tmp_path / folder_name(spec)).mkdir()
    (tmp_path / folder_name(spec) / RECORD).write_text("{}")
    profile = read_any_manifest(resource_path("models", "compact"))
    assert isinstance(profile, EyesProfile)
    several = [
        LoadedEyes(
            profile.model_copy(update={"residuals": residuals}), shipped_trunks(), TrunkStore(prepared=tmp_path), "cpu"
        )
        for residuals in (None, *(HeadFile(file="residuals.safetensors", sha256=one * 64) for one in "ab"))
    ]
    assert len({machine.model_hash_for(Eyes(Sight.FAST)) for machine in several}) == 3


def test_the_shipped_head_is_what_the_manifest_describes() -> None:
    folder = resource_path("models", "compact")
    profile = read_any_manifest(folder)
    assert isinstance(profile, EyesProfile)
    assert profile.residuals is not None
    head = read_residual_head(folder / profile.residuals.file, profile.residuals.sha256)
    assert "train-compact" in head.trained_by
