"""Trained heads as a profile folder that the engine loads, and the same prompts in training and at work."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer

from filo_core.engine import Engine
from filo_core.errors import ProfileError
from filo_core.imaging import read_image
from filo_core.learning.filo_export import export_heads
from filo_core.learning.training_side import TrainingSide
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.method.text_side import TextSide
from filo_core.profiles.builder import load_profile
from filo_core.profiles.manifest import read_manifest
from tests.unit.filo_core.learning.filo_making import ARCHITECTURE, MEAN, SETTINGS, STAGES, STD, new_learner, samples_in


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tiny untrained profile without heads."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    manifest = {
        "name": "tiny", "trained": False, "architecture": "architecture.json", "seed": 3, "stages": STAGES,
        "mean": MEAN, "std": STD, "gaussian_sigma_px": 1.0, "vision_language_weight": 0.0, "text_score": False,
        "licence": "-", "trained_on": "nothing",
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "architecture.json").write_text(json.dumps(ARCHITECTURE))
    return folder


def test_exported_heads_are_loaded_and_judge_an_image_without_any_reference(
    source: Path, make_category: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_category(good=1, spots=1)
    _, heads, _ = new_learner()
    heads.adapter.up.weight.data.add_(0.01)
    target = tmp_path / "trained"
    export_heads(source, read_manifest(source), heads, target, "a test")
    loaded = load_profile(target, "cpu")
    assert loaded.heads is not None
    assert all(torch.equal(tensor, loaded.heads.state_dict()[name]) for name, tensor in heads.state_dict().items())
    assert loaded.profile.heads is not None
    assert loaded.profile.heads.score_scale == pytest.approx(1 / 0.07)
    assert loaded.profile.trained_on.endswith("heads: a test")
    assert loaded.model_hash != load_profile(source, "cpu").model_hash
    engine = Engine(loaded)
    recipe = replace(samples_in(root)[0].recipe, model_hash=engine.model_hash)
    prediction = engine.detector(recipe, []).predict(read_image(root / "test" / "spot" / "0.png").pixels)
    assert prediction.anomaly_map.shape == (32, 32)
    assert 0.0 < prediction.image_score < 1.0
    assert not prediction.trained, "the frozen model is seeded noise, and says so"
    assert np.ptp(prediction.anomaly_map) > 0.0


def test_damaged_heads_are_refused(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "trained"
    export_heads(source, read_manifest(source), new_learner()[1], target, "a test")
    path = target / "heads.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ProfileError, match="SHA-256 differs"):
        load_profile(target, "cpu")


def test_heads_that_are_not_numbers_are_not_exported(source: Path, tmp_path: Path) -> None:
    _, heads, _ = new_learner()
    heads.prompts[0].vectors.data[0, 0] = float("nan")
    with pytest.raises(ProfileError, match=r"not numbers in prompts\.0\.vectors"):
        export_heads(source, read_manifest(source), heads, tmp_path / "trained", "a test")
    assert not (tmp_path / "trained").exists()


def test_the_profile_that_was_trained_on_is_not_overwritten(source: Path) -> None:
    with pytest.raises(ProfileError, match="Export to another folder"):
        export_heads(source, read_manifest(source), new_learner()[1], source, "a test")


@pytest.mark.parametrize(
    "switches",
    [{}, {"fixed_templates": False}, {"learned_prompts": False}, {"described": False}, {"class_name": False}],
)
def test_training_and_work_see_the_same_sides(switches: dict[str, bool], make_category: Callable[..., Path]) -> None:
    settings = replace(SETTINGS, filtering=False, **switches)
    _, heads, frozen = new_learner(settings)
    sample = samples_in(make_category(good=1, spots=1))[0]
    features = frozen.backbone.encode(frozen.backbone.prepare(sample.read()[0]))
    encoder = OpenClipTextEncoder(frozen.model, SimpleTokenizer(context_length=32))
    with torch.inference_mode():
        trained = TrainingSide(sample.recipe, frozen.model, encoder, heads).sides(features.image_embedding[0])
        sides = TextSide(sample.recipe, encoder, heads, frozen.model).sides(features, ())
    torch.testing.assert_close(trained[0], sides.normal, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(trained[1], sides.anomalous, atol=1e-5, rtol=1e-4)
