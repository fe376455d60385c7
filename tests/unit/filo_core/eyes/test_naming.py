"""Names from words in the compact profile: they come beside the scores, and nothing about them changes a score."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from filo_core.eyes.loaded import LoadedEyes, load_eyes
from filo_core.naming.region_look import CHANNELS, PARTS, SHAPES
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import MANIFEST_NAME, read_any_manifest
from filo_core.resources import resource_path
from filo_core.trunks.store import TrunkStore
from filo_core.types import UNKNOWN_TYPE, AnomalyType, Eyes, Limits, Prediction, ProductDescription, ProductDraft, Sight
from filo_core.words.specs import shipped_words
from filo_core.zones import Zone

EYES = Eyes(Sight.FAST, 256)
SIZE = 384


def head_content(floor: float = 0.0) -> bytes:
    """A head that takes every region for the first of two kinds, whatever it looks like."""
    wide = len(PARTS) * CHANNELS + len(SHAPES)
    rng = np.random.default_rng(5)
    captions = np.linalg.qr(rng.standard_normal((SIZE, 3)))[0].T.astype(np.float16)
    tensors = {
        "mean": np.zeros(wide, np.float16),
        "scale": np.ones(wide, np.float16),
        "first": np.zeros((wide, 4), np.float16),
        "first_bias": np.ones(4, np.float16),
        "second": np.tile(captions[0], (4, 1)),
        "second_bias": np.zeros(SIZE, np.float16),
        "captions": captions,
        "bias": np.zeros(3, np.float16),
        "spoken": captions[:2],
    }
    about = {
        "kinds": ["crack", "stain"],
        "groups": ["crack-like", "stain-like"],
        "words": [["crack"], ["stain"]],
        "sharpness": 10.0,
        "floor": floor,
    }
    return save(tensors, {"about": json.dumps(about)})


def profile_with(folder: Path, head: bytes | None) -> LoadedEyes:
    """The shipped profile with another head, or with none."""
    shutil.copytree(resource_path("models", "compact"), folder)
    manifest = json.loads((folder / MANIFEST_NAME).read_bytes())
    manifest.pop("names", None)
    if head is not None:
        (folder / "names.safetensors").write_bytes(head)
        manifest["names"] = {"file": "names.safetensors", "sha256": hashlib.sha256(head).hexdigest()}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest))
    profile = read_any_manifest(folder)
    assert isinstance(profile, EyesProfile)
    return load_eyes(folder, profile, "cpu")


def picture(seed: int, *, spoiled: bool = False) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(90, 110, (120, 160, 3), dtype=np.uint8)
    if spoiled:
        pixels[40:70, 60:100] = (200, 30, 30)
    return pixels


def predicted(loaded: LoadedEyes, *names: str, zones: tuple[Zone, ...] = ()) -> Prediction:
    types = tuple(AnomalyType(name) for name in names)
    draft = ProductDraft(ProductDescription("p", "plate"), types, eyes=EYES, zones=zones)
    detector = loaded.detector(draft.recipe(Limits(0.3, 0.4, 0.3), loaded.model_hash_for(EYES)))
    detector.set_references({"a": picture(1), "b": picture(2)})
    return detector.predict(picture(3, spoiled=True))


@pytest.fixture(autouse=True)
def _words_are_here() -> None:
    if TrunkStore().folder(shipped_words()) is None:
        pytest.skip("the sentence encoder is not on this machine: main.py models prepare")


def test_a_head_brings_names_and_changes_no_score_and_no_model(tmp_path: Path) -> None:
    without, with_head = profile_with(tmp_path / "a", None), profile_with(tmp_path / "b", head_content())
    assert with_head.model_hash_for(EYES) == without.model_hash_for(EYES)
    assert not without.profile.names_types
    assert with_head.profile.names_types
    plain, named = predicted(without, "scratch", "stain"), predicted(with_head, "scratch", "stain")
    assert plain.image_score == named.image_score
    assert np.array_equal(plain.anomaly_map, named.anomaly_map)
    assert [region.box for region in plain.regions] == [region.box for region in named.regions] != []
    assert {region.anomaly_type for region in plain.regions} == {UNKNOWN_TYPE}
    assert all(len(region.type_shares) == 2 for region in named.regions)
    assert plain.anomaly_types == ()
    assert [one.name for one in named.anomaly_types] == [one.name for one in named.regions[0].type_shares]


def test_what_is_found_in_a_region_goes_by_its_own_list_and_elsewhere_by_the_products(tmp_path: Path) -> None:
    loaded = profile_with(tmp_path / "a", head_content())
    upper, all_of_it = Zone("upper", ((0.0, 0.0), (1.0, 0.7))), Zone("all", ((0.0, 0.0), (1.0, 1.0)))
    plain = predicted(loaded, "scratch", "stain", "rust", zones=(upper, all_of_it))
    listing = predicted(
        loaded, "scratch", "stain", "rust", zones=(replace(upper, anomalies=("stain", "rust")), all_of_it)
    )
    elsewhere = predicted(
        loaded,
        "scratch",
        "stain",
        "rust",
        zones=(replace(upper, points=((0.0, 0.8), (1.0, 1.0)), anomalies=("rust",)), all_of_it),
    )
    worst = plain.regions[0]
    assert {one.name for one in worst.type_shares} == {"scratch", "stain", "rust"}
    assert {one.name for one in listing.regions[0].type_shares} == {"stain", "rust"}
    assert listing.regions[0].listed == ("stain", "rust")
    assert {one.name for one in elsewhere.regions[0].type_shares} == {"scratch", "stain", "rust"}
    assert listing.image_score == plain.image_score
    assert listing.regions[0].box == worst.box


def test_a_high_floor_leaves_regions_unknown_and_keeps_their_shares(tmp_path: Path) -> None:
    prediction = predicted(profile_with(tmp_path / "a", head_content(floor=1.0)), "scratch", "stain")
    regions = prediction.regions
    assert {(region.anomaly_type, region.type_confidence) for region in regions} == {(UNKNOWN_TYPE, 0.0)}
    assert all(region.type_shares for region in regions)


def test_without_words_everything_works_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = profile_with(tmp_path / "a", head_content())
    assert loaded.names_note == ""
    monkeypatch.setattr(TrunkStore, "folder", _without_words(TrunkStore.folder))
    assert "minilm-l6" in loaded.names_note
    assert "models prepare" in loaded.names_note
    assert {region.anomaly_type for region in predicted(loaded, "scratch").regions} == {UNKNOWN_TYPE}


def test_an_altered_head_leaves_regions_unknown_and_is_said(tmp_path: Path) -> None:
    loaded = profile_with(tmp_path / "a", head_content())
    path = tmp_path / "a" / "names.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert {region.anomaly_type for region in predicted(loaded, "scratch").regions} == {UNKNOWN_TYPE}
    assert "SHA-256 differs" in loaded.names_note


def test_a_profile_without_a_head_says_so(tmp_path: Path) -> None:
    assert "no head" in profile_with(tmp_path / "a", None).names_note


def _without_words(folder: object) -> object:
    def without(store: TrunkStore, spec: object) -> Path | None:
        return None if spec == shipped_words() else folder(store, spec)  # type: ignore[operator,no-any-return]

    return without
