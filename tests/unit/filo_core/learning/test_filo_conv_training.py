"""Training beside a convolutional tower: the compact profile's network on small pictures, its heads from noise."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from filo_core.benchmark.categories import Category
from filo_core.benchmark.datasets import load_category
from filo_core.imaging import read_image
from filo_core.learning.filo_export import export_heads
from filo_core.learning.filo_run import PreparedRun, prepare_run
from filo_core.learning.filo_training import TrainingPlan
from filo_core.method.head_settings import HeadSettings
from filo_core.method.trained_heads import TrainedHeads
from filo_core.profiles.builder import load_profile
from filo_core.types import AnomalyType, Limits, ProductDescription, ProductDraft
from tests.small_network import SMALL
from tests.unit.filo_core.conftest import write_mask, write_part

MakeCategory = Callable[..., Path]
SPOT = (20, 15, 40, 30)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The compact profile's folder with 64 px pictures and seeded weights."""
    compact, folder = SMALL, tmp_path / "small"
    folder.mkdir()
    manifest = json.loads((compact / "manifest.json").read_text())
    manifest |= {
        "name": "small",
        "trained": False,
        "weights": None,
        "match_windows": [1.0],
        "reference_offsets_px": [0],
    }
    architecture = json.loads((compact / "architecture.json").read_text())
    architecture["vision_cfg"]["image_size"] = 64
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "architecture.json").write_text(json.dumps(architecture))
    (folder / "vocabulary.json").write_bytes((compact / "vocabulary.json").read_bytes())
    return folder


@pytest.fixture
def plate(make_category: MakeCategory) -> Category:
    """One good and one anomalous image whose spot covers whole patches."""
    root = make_category(references=1, good=1, spots=1)
    write_part(root / "test" / "spot" / "0.png", 201, SPOT)
    write_mask(root / "ground_truth" / "spot" / "0_mask.png", SPOT)
    return load_category(root)


def trained(small: Path, plate: Category, checkpoint: Path, configuration: str = "filo++") -> PreparedRun:
    plan = TrainingPlan(map_epochs=15, adapter_epochs=5, prompt_rate=1e-3, map_rate=3e-3, adapter_rate=1e-3)
    return prepare_run(str(small), "cpu", [plate], plan, checkpoint, configuration, types=2)


def test_heads_beside_a_convolutional_tower_learn_their_two_images_and_are_judged_with(
    small: Path, plate: Category, tmp_path: Path
) -> None:
    run = trained(small, plate, tmp_path / "run.safetensors", "multi-shape")
    steps = list(run.trainer.run())
    maps = [step.loss for step in steps if step.stage == "maps"]
    images = [step.loss for step in steps if step.stage == "adapter"]
    assert sum(maps[-2:]) < 0.25 * sum(maps[:2])
    assert sum(images[-2:]) < sum(images[:2])
    target = tmp_path / "exported"
    export_heads(run.folder, run.profile, run.heads, target, "two images")
    loaded = load_profile(target, "cpu")
    draft = ProductDraft(ProductDescription("plate", "plate"), (AnomalyType("scratch"),))
    detector = loaded.detector(draft.recipe(Limits(0.1, 0.2, 0.1), loaded.model_hash))
    anomaly_map = detector.predict(read_image(tmp_path / "plate" / "test" / "spot" / "0.png").pixels).anomaly_map
    inside = np.zeros((64, 64), bool)
    inside[16:48, 16:48] = True
    assert float(anomaly_map[inside].mean()) > float(anomaly_map[~inside].mean()) + 0.5


def test_every_stage_has_heads_of_its_own_width_and_mdci_reads_all_but_the_first(small: Path, plate: Category) -> None:
    run = trained(small, plate, small / "run.safetensors")
    assert [layer.in_features for layer in run.heads.linear] == [32, 64, 128]
    assert [part.kernels[0].project.in_features for part in run.heads.interaction] == [64, 128]
    assert run.heads.settings.context_vectors == 6, "of 24 places, most are kept for the words"


def test_what_begins_as_noise_is_the_seeds(small: Path) -> None:
    model = load_profile(small, "cpu").model
    first, again, other = (TrainedHeads(model, (2, 3), HeadSettings(kernels=()), seed).linear for seed in (0, 0, 1))
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)
