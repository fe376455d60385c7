"""Both training stages on a tiny CLIP: what learns, that it learns, and that a killed run goes on as if it was not."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from filo_core.errors import FiloError, ProfileError
from filo_core.learning.filo_checkpoint import load_run
from filo_core.learning.filo_losses import global_loss, local_loss
from filo_core.learning.filo_samples import TrainingSample
from filo_core.learning.filo_training import FiloTrainer, TrainingPlan
from tests.unit.filo_core.conftest import write_mask, write_part
from tests.unit.filo_core.learning.filo_making import new_learner, samples_in
from tests.unit.filo_core.learning.killed_trainer import PLAN, train

MakeCategory = Callable[..., Path]


@pytest.fixture
def samples(make_category: MakeCategory) -> list[TrainingSample]:
    return samples_in(make_category(good=2, spots=2))


def _copies(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def _changed(before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor]) -> set[str]:
    return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}


@pytest.mark.parametrize(("stage", "epochs"), [("maps", (1, 0)), ("adapter", (0, 1))])
def test_each_stage_changes_exactly_what_it_trains(
    stage: str, epochs: tuple[int, int], samples: list[TrainingSample], tmp_path: Path
) -> None:
    learner, heads, frozen = new_learner()
    before, clip = _copies(heads.state_dict()), _copies(frozen.model.state_dict())
    plan = TrainingPlan(map_epochs=epochs[0], adapter_epochs=epochs[1], adapter_rate=1e-3)
    list(FiloTrainer(learner, samples, plan, tmp_path / "run.safetensors").run())
    trained = {name for group in learner.parameters_of(stage).values() for name in group}
    assert _changed(before, heads.state_dict()) == trained
    assert _changed(clip, frozen.model.state_dict()) == set()
    assert not any(parameter.requires_grad for parameter in heads.parameters())


def test_a_gradient_reaches_every_parameter_of_stage_one(samples: list[TrainingSample]) -> None:
    learner, heads, _ = new_learner()
    heads.requires_grad_()
    local_loss(*learner.maps(samples[-1])).backward()
    groups = learner.parameters_of("maps")
    for name, parameter in {**groups["prompts"], **groups["maps"]}.items():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.abs().sum() > 0), name
    assert all(parameter.grad is None for parameter in heads.adapter.parameters())


def attainable(truth: torch.Tensor, grid: int, count: int) -> float:
    """Loss of ``count`` maps whose patches may each be anything: no head on this grid can do better."""
    patches = torch.zeros(count, 1, grid, grid, requires_grad=True)
    optimizer = torch.optim.Adam([patches], 0.2)
    loss = torch.zeros(())
    for _ in range(300):
        shares = torch.cat([1.0 - patches.sigmoid(), patches.sigmoid()], dim=1)
        maps = functional.interpolate(shares, size=truth.shape, mode="bilinear")
        loss = local_loss([(normal, anomalous) for normal, anomalous in maps], truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return float(loss.detach())


def test_stage_one_overfits_one_image_almost_to_what_its_patch_grid_allows(
    samples: list[TrainingSample], tmp_path: Path
) -> None:
    learner, _, _ = new_learner()
    (one,) = samples[-1:]
    # Two patches by two: a spot smaller than a patch cannot be outlined by any map of this grid.
    spot = (20, 15, 40, 30)
    write_part(one.test.path, 201, spot)
    assert one.test.mask is not None
    write_mask(one.test.mask, spot)
    plan = TrainingPlan(map_epochs=60, adapter_epochs=0, prompt_rate=1e-3, map_rate=1e-3)
    steps = list(FiloTrainer(learner, [one], plan, tmp_path / "run.safetensors").run())
    maps, truth = learner.maps(one)
    assert steps[0].loss > 20.0, "the start is sure and wrong"
    assert steps[-1].loss < 1.2 * attainable(truth, 4, len(maps))
    for _, anomalous in maps:
        assert float(anomalous[truth > 0].mean()) > float(anomalous[truth == 0].mean()) + 0.5


def test_stage_two_overfits_one_image(samples: list[TrainingSample], tmp_path: Path) -> None:
    learner, _, _ = new_learner()
    for one in (samples[0], samples[-1]):
        plan = TrainingPlan(map_epochs=0, adapter_epochs=60, adapter_rate=1e-2)
        steps = list(FiloTrainer(learner, [one], plan, tmp_path / f"{one.test.anomalous}.safetensors").run())
        assert steps[-1].loss < 0.2
        image, normal, anomalous = learner.sides(one)
        assert bool(image @ anomalous > image @ normal) is one.test.anomalous


def test_stage_two_looks_at_every_image_once_and_anew_after_stage_one(
    samples: list[TrainingSample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, heads, frozen = new_learner()
    looked: list[int] = []
    encode = frozen.backbone.encode
    monkeypatch.setattr(frozen.backbone, "encode", lambda batch: looked.append(1) or encode(batch))
    plan = TrainingPlan(map_epochs=0, adapter_epochs=3, adapter_rate=1e-2)
    losses = [step.loss for step in FiloTrainer(learner, samples, plan, tmp_path / "run.safetensors").run()]
    assert len(looked) == len(samples)
    assert len(set(losses)) > len(samples), "the adapter learns all the same"
    before = learner.sides(samples[0])[2]
    learner.maps(samples[0])
    with torch.no_grad():
        heads.prompts[1].vectors.add_(1.0)
    assert not torch.equal(learner.sides(samples[0])[2], before)


def test_an_anomaly_nobody_has_outlined_teaches_the_second_stage_only(
    make_category: MakeCategory, tmp_path: Path
) -> None:
    root = make_category(good=2, spots=2)
    (root / "ground_truth" / "spot" / "1_mask.png").unlink()
    learner, _, _ = new_learner()
    plan = TrainingPlan(map_epochs=1, adapter_epochs=1)
    stages = [step.stage for step in FiloTrainer(learner, samples_in(root), plan, tmp_path / "r.safetensors").run()]
    assert stages == ["maps"] * 3 + ["adapter"] * 4


def test_training_without_any_mask_is_refused(make_category: MakeCategory) -> None:
    with pytest.raises(FiloError, match="no map can be learned"):
        samples_in(make_category(masks=False))


@pytest.mark.slow
def test_a_killed_process_continues_to_the_very_same_weights(make_category: MakeCategory, tmp_path: Path) -> None:
    root = make_category(good=2, spots=2)
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    train(root, whole)
    command = [sys.executable, "-m", "tests.unit.filo_core.learning.killed_trainer", str(root), str(broken)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # Once in the first stage and once in the second, each time between two images of one step.
    for killed_after in (5, 15):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if int(line) == killed_after)
            os.kill(process.pid, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        _, moments, manifest = load_run(broken)
        assert moments
        assert manifest.place.index % 2 == 0 or manifest.place.index == len(samples_in(root))
    train(root, broken)
    expected, _, complete = load_run(whole)
    continued, _, _ = load_run(broken)
    assert complete.place.stage == 2
    assert _changed(expected, continued) == set()


def test_a_complete_run_has_nothing_left_to_do(samples: list[TrainingSample], tmp_path: Path) -> None:
    plan = TrainingPlan(map_epochs=1, adapter_epochs=1)
    path = tmp_path / "run.safetensors"
    steps = list(FiloTrainer(new_learner()[0], samples, plan, path).run())
    assert (steps[-1].done, steps[-1].total, steps[-1].seconds_left) == (8, 8, 0.0)
    assert list(FiloTrainer(new_learner()[0], samples, plan, path).run()) == []


def test_a_checkpoint_of_another_run_is_refused(samples: list[TrainingSample], tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    list(FiloTrainer(new_learner()[0], samples, replace(PLAN, map_epochs=1), path).run())
    with pytest.raises(ProfileError, match="belongs to another run"):
        FiloTrainer(new_learner()[0], samples, replace(PLAN, map_epochs=1, seed=6), path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04cos\nsystem\n", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes, samples: list[TrainingSample], tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match="is not a training checkpoint"):
        FiloTrainer(new_learner()[0], samples, PLAN, path)


def test_bfloat16_gives_the_loss_of_float32_to_two_per_cent(samples: list[TrainingSample]) -> None:
    learner, _, _ = new_learner()
    with torch.no_grad():
        exact = float(local_loss(*learner.maps(samples[-1])))
        with torch.autocast("cpu", torch.bfloat16):
            rounded = float(local_loss(*learner.maps(samples[-1])))
    assert rounded == pytest.approx(exact, rel=0.02)


def test_the_image_loss_of_an_untrained_adapter_is_that_of_the_image_itself(samples: list[TrainingSample]) -> None:
    learner, _, frozen = new_learner()
    image, normal, anomalous = learner.sides(samples[0])
    plain = frozen.backbone.encode(frozen.backbone.prepare(samples[0].read()[0])).image_embedding
    torch.testing.assert_close(image[None], plain)
    assert float(global_loss(image[None], normal[None], anomalous[None], torch.tensor([0]))) > 0.0
