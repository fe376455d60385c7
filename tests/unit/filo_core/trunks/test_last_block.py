"""The published DINOv2 to its last norm, and AnomalyDINO set up by name on it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from filo_core.benchmark import named_methods
from filo_core.benchmark.named_methods import encoder_of, named_contenders
from filo_core.errors import FiloError, ProfileError
from filo_core.profiles.seeded import fill_seeded
from filo_core.trunks.last_block import published_last_block
from filo_core.trunks.specs import Network, Slot, TrunkSpec
from filo_core.trunks.store import RECORD, TrunkStore, folder_name


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    made = timm.create_model("vit_small_patch14_dinov2", pretrained=False, num_classes=0).eval()
    fill_seeded(made, 3)
    return made


@pytest.fixture
def kept(network: torch.nn.Module, tmp_path: Path) -> tuple[TrunkStore, TrunkSpec]:
    """A store with the published file of a trunk in it."""
    file = tmp_path / "model.safetensors"
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, file)
    spec = TrunkSpec(
        name="dino", title="DINO", file=file.name, sha256=hashlib.sha256(file.read_bytes()).hexdigest(), licence="-",
        trained_on="-", url="https://somewhere/model.safetensors", slot=Slot.DEEP, network=Network.DINOV2_S,
    )  # fmt: skip
    store = TrunkStore(tmp_path, tmp_path / "nothing")
    folder = tmp_path / "trunks" / folder_name(spec)
    folder.mkdir(parents=True)
    (folder / RECORD).touch()
    file.rename(folder / spec.file)
    return store, spec


def test_patches_are_those_of_the_whole_network_behind_its_last_norm(
    kept: tuple[TrunkStore, TrunkSpec], network: torch.nn.Module
) -> None:
    pixels = np.random.default_rng(0).random((518, 518, 3), dtype=np.float32)
    found = published_last_block(*kept, "cpu").patches(pixels)
    assert found.shape == (37, 37, 384)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    batch = ((torch.from_numpy(pixels) - mean) / std).permute(2, 0, 1)[None]
    with torch.inference_mode():
        expected = network.forward_features(batch)[0, 1:].reshape(37, 37, 384)
    np.testing.assert_allclose(found, expected.numpy(), atol=2e-4, rtol=1e-3)


def test_another_file_in_its_place_is_refused(kept: tuple[TrunkStore, TrunkSpec]) -> None:
    store, spec = kept
    file = store.published_file(spec)
    assert file is not None
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ProfileError, match="SHA-256 differs"):
        published_last_block(store, spec, "cpu")


def test_the_published_file_is_taken_where_it_is_and_nothing_is_called_after_it_where_not(
    kept: tuple[TrunkStore, TrunkSpec], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store, spec = kept
    monkeypatch.setattr(named_methods, "shipped_trunks", lambda: (spec,))
    encoder, note = encoder_of(store, "cpu")
    assert note == ""
    assert encoder.trained
    with pytest.raises(ProfileError, match="models install eyes"):
        encoder_of(TrunkStore(tmp_path / "empty", tmp_path / "nothing"), "cpu")


def test_a_method_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(FiloError, match=r"no method 'dino' to measure by name. There are anomalydino-448"):
        named_contenders("dino", "cpu")
    assert named_contenders(" , ", "cpu") == ()
