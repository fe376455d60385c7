"""A trunk of its own for each test: the real network with random weights, so that nothing is fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import timm
import torch

from filo_core.trunks.eager import published_names
from filo_core.trunks.specs import Network, Slot, TrunkSpec
from filo_core.trunks.store import TrunkStore


def spec_of(file: Path, network: Network = Network.LITE0, **changes: object) -> TrunkSpec:
    """A trunk that is made from ``file``."""
    content = {
        "name": "try-out",
        "slot": Slot.LIGHT if network is Network.LITE0 else Slot.DEEP,
        "network": network,
        "title": "Random weights",
        "file": file.name,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "licence": "none",
        "trained_on": "nothing",
        "url": "https://example.invalid/weights",
    }
    return TrunkSpec.model_validate(content | changes)


@pytest.fixture(scope="session")
def lite0_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as the package has it: a plain dictionary of tensors."""
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("lite0") / "lite0.pth"
    weights = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    torch.save({theirs: weights[ours] for ours, theirs in published_names(weights).items()}, path)
    return path


@pytest.fixture(scope="session")
def lite0_spec(lite0_file: Path) -> TrunkSpec:
    return spec_of(lite0_file)


@pytest.fixture
def store(tmp_path: Path) -> TrunkStore:
    return TrunkStore(tmp_path / "models", tmp_path / "prepared")
