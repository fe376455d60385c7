"""Manifests, seeded weights, and weights from a safetensors file."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from filo_core.errors import ProfileError
from filo_core.profiles.builder import choose_device, load_profile
from filo_core.profiles.folders import profile_folder
from filo_core.profiles.seeded import fill_seeded
from tests.small_network import SMALL

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 2, "width": 32, "head_width": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny profile with a weights file that the test wrote."""
    model = open_clip.CLIP(**TINY)
    fill_seeded(model, 5)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, tmp_path / "w.safetensors")
    digest = hashlib.sha256((tmp_path / "w.safetensors").read_bytes()).hexdigest()
    manifest = json.loads((SMALL / "manifest.json").read_text())
    manifest |= {
        "trained": True,
        "stages": [1, 2],
        "vocabulary": None,
        "patch_head": None,
        "neighbourhoods": [],
        "weights": {"file": "w.safetensors", "sha256": digest},
        "trained_on": "nothing: a test",
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "architecture.json").write_text(json.dumps(TINY))
    return tmp_path


def _change(folder: Path, **values: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_an_unknown_word_is_told_from_a_known_one_by_the_shipped_text_tower() -> None:
    encoder = load_profile(SMALL, "cpu").text_encoder
    assert encoder.knows("bent tooth")
    assert not encoder.knows("zorbed flange")
    # Unknown words are one token: no two of them can be told apart.
    first, second = encoder.encode(["part with zorb", "part with quux"])
    assert torch.allclose(first, second)


def test_a_vocabulary_of_another_size_than_the_network_is_refused(folder: Path) -> None:
    (folder / "vocabulary.json").write_text(json.dumps({"words": ["crack"], "naming": ["crack"]}))
    _change(folder, vocabulary="vocabulary.json")
    with pytest.raises(ProfileError, match="vocabulary has 4 tokens"):
        load_profile(folder)


def test_a_manifest_names_its_encoder_and_one_from_before_it_did_gets_what_its_network_is(folder: Path) -> None:
    assert load_profile(folder, "cpu").profile.encoder == "transformer"
    assert load_profile(SMALL, "cpu").profile.encoder == "convolution"
    _change(folder, encoder="convolution")
    with pytest.raises(ProfileError, match='Write "encoder": "transformer" into the manifest'):
        load_profile(folder, "cpu")


def test_seeded_weights_are_the_same_on_every_start() -> None:
    first, second = open_clip.CLIP(**TINY), open_clip.CLIP(**TINY)
    fill_seeded(first, 7)
    fill_seeded(second, 7)
    other = open_clip.CLIP(**TINY)
    fill_seeded(other, 8)
    name = "visual.conv1.weight"
    assert torch.equal(first.state_dict()[name], second.state_dict()[name])
    assert not torch.equal(first.state_dict()[name], other.state_dict()[name])


def test_the_models_hash_is_recorded_and_stable_across_loads() -> None:
    first, second = (load_profile(SMALL, "cpu") for _ in range(2))
    assert first.model_hash == second.model_hash
    assert len(first.model_hash) == 64


def test_weights_from_a_file_compute_what_the_same_weights_computed_before_saving(folder: Path) -> None:
    loaded = load_profile(folder, "cpu")
    model = open_clip.CLIP(**TINY).eval()
    fill_seeded(model, 5)
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    batch = loaded.backbone.prepare(pixels)
    features = loaded.backbone.encode(batch)
    expected = torch.nn.functional.normalize(model.encode_image(batch), dim=-1)
    assert torch.allclose(features.image_embedding, expected, atol=1e-6)
    assert [tuple(stage.shape) for stage in features.stages] == [(1, 16, 32), (1, 16, 32)]
    assert features.patch_embeddings.shape == (1, 16, 16)


def test_a_weights_file_that_was_altered_is_refused(folder: Path) -> None:
    with (folder / "w.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ProfileError, match="SHA-256 differs"):
        load_profile(folder)


def test_a_truncated_weights_file_with_a_matching_hash_is_refused(folder: Path) -> None:
    content = (folder / "w.safetensors").read_bytes()[:5000]
    (folder / "w.safetensors").write_bytes(content)
    _change(folder, weights={"file": "w.safetensors", "sha256": hashlib.sha256(content).hexdigest()})
    with pytest.raises(ProfileError, match="does not fit"):
        load_profile(folder)


def test_weights_of_another_architecture_are_refused(folder: Path) -> None:
    wider = TINY | {"embed_dim": 24}
    (folder / "architecture.json").write_text(json.dumps(wider))
    with pytest.raises(ProfileError, match="does not fit"):
        load_profile(folder)


def test_a_pickled_checkpoint_is_never_opened(folder: Path) -> None:
    shutil.move(folder / "w.safetensors", folder / "w.pth")
    _change(folder, weights={"file": "w.pth", "sha256": "0" * 64})
    with pytest.raises(ProfileError, match="not a safetensors file"):
        load_profile(folder)


def test_weights_outside_the_profiles_folder_are_refused(folder: Path) -> None:
    _change(folder, weights={"file": "../w.safetensors", "sha256": "0" * 64})
    with pytest.raises(ProfileError, match="inside"):
        load_profile(folder)


def test_a_profile_cannot_call_itself_trained_without_weights(folder: Path) -> None:
    _change(folder, weights=None)
    with pytest.raises(ProfileError, match="cannot be called trained"):
        load_profile(folder)


@pytest.mark.parametrize("stages", [[2, 1], [0, 1], [1, 3], [1, 1]])
def test_stages_that_the_network_does_not_have_are_refused(folder: Path, stages: list[int]) -> None:
    _change(folder, stages=stages)
    with pytest.raises(ProfileError, match="stages must ascend"):
        load_profile(folder)


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(ProfileError, match="compact"):
        profile_folder("enormous")


@pytest.mark.parametrize("wish", ["tpu", "", "cuda:x", "CPU", "mps"])
def test_a_device_that_is_none_is_refused(wish: str) -> None:
    with pytest.raises(ProfileError, match=r"is no device\. Use auto, cpu or cuda"):
        choose_device(wish)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_asking_for_cuda_where_there_is_none_says_what_to_do() -> None:
    with pytest.raises(ProfileError, match="--device cpu"):
        choose_device("cuda")
