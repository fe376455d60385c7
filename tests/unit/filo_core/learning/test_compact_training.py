"""Training the compact profile: the loss is eq. (5), runs continue where they were killed, and something is learned."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from filo_core.errors import ProfileError
from filo_core.learning.anomaly_lexicon import vocabulary
from filo_core.learning.caption_training import CLASSES, caption_pool, teach_captions
from filo_core.learning.compact_export import export_profile
from filo_core.learning.compact_model import new_model
from filo_core.learning.compact_training import CompactTrainer, TrainingSettings
from filo_core.learning.matching_loss import (
    MatchingLoss,
    balanced_cross_entropy,
    dice,
    focal,
    group_distances,
    region_features,
    type_loss,
    within_window,
)
from filo_core.learning.training_checkpoint import TrainingProgress, read_checkpoint, write_checkpoint
from filo_core.learning.training_pairs import VIEWS
from filo_core.method.conv_encoder import read_tower
from filo_core.method.memory_bank import MemoryBank
from filo_core.method.word_tokenizer import WordTokenizer
from filo_core.profiles.builder import load_profile
from filo_core.profiles.manifest import ModelProfile, read_manifest
from tests.small_network import SMALL

TINY: dict[str, Any] = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 64, "timm_model_name": "test_convnext", "timm_pool": "avg", "timm_proj": "linear"},
    "text_cfg": {
        "context_length": 24,
        "vocab_size": WordTokenizer(vocabulary(), 24).vocabulary_size,
        "width": 16,
        "heads": 2,
        "layers": 1,
    },
}


@pytest.fixture
def profile() -> ModelProfile:
    return read_manifest(SMALL).model_copy(update={"stages": (1, 2), "patch_head": 8})


@pytest.fixture
def settings(tmp_path: Path) -> TrainingSettings:
    rng = np.random.default_rng(0)
    for folder in ("clothing", "surfaces"):
        (tmp_path / "images" / folder).mkdir(parents=True)
        for index in range(21):
            coarse = Image.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8))
            coarse.resize((80, 80)).save(tmp_path / "images" / folder / f"{index:02d}.png")
    return TrainingSettings(
        images=tmp_path / "images",
        checkpoint=tmp_path / "run.safetensors",
        minutes=0.03,
        shards=1,
        groups=1,
        workers=0,
        sides=(32, 64),
        warmup_steps=1,
        held_out_groups=2,
    )


def test_the_stages_are_open_clips_own_brought_to_one_grid() -> None:
    visual = new_model(TINY, 1, None).visual.eval()
    batch = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        stages, joint, image = read_tower(visual, batch, (1, 2, 3))
        own = visual.forward_intermediates(batch)
    assert torch.allclose(stages[1], own["image_intermediates"][1].flatten(2).transpose(1, 2), atol=1e-5)
    assert {stage.shape[1] for stage in stages} == {64}
    assert torch.allclose(image, functional.normalize(own["image_features"], dim=-1), atol=1e-5)
    assert joint.shape == (2, 16, 2, 2)


def test_steady_groups_are_matched_within_the_window_and_others_everywhere() -> None:
    allowed = within_window(torch.tensor([True, False]), 16, 1)
    assert allowed[0].sum(dim=1).tolist()[:2] == [4, 6]
    assert bool(allowed[1].all())
    stage = torch.randn(2, VIEWS, 16, 8)
    bound, free = group_distances(stage, allowed), group_distances(stage)
    assert torch.equal(bound[1], free[1])
    assert bool((bound[0] >= free[0]).all())
    assert not torch.equal(bound[0], free[0])


def test_captions_of_a_kind_come_together_before_any_picture_is_seen() -> None:
    model = new_model(TINY, 1)
    tokenize = WordTokenizer(vocabulary(), 24)
    vision = {name: tensor.clone() for name, tensor in model.visual.state_dict().items()}
    assert teach_captions(model, tokenize, 1, steps=40) < 1.0
    pool = caption_pool(model, tokenize, 2, each=4)
    means = functional.normalize(pool.mean(dim=1), dim=-1)
    nearest = (pool.flatten(0, 1) @ means.T).argmax(dim=1)
    assert float((nearest == torch.arange(CLASSES).repeat_interleave(4)).float().mean()) > 0.8
    assert all(torch.equal(tensor, vision[name]) for name, tensor in model.visual.state_dict().items())


def test_group_distances_are_those_of_the_memory_bank() -> None:
    stage = torch.randn(2, VIEWS, 9, 8)
    found = group_distances(stage)
    for group in range(2):
        bank = MemoryBank()
        bank.add("0", [stage[group, 0]])
        alone = bank.distances([stage[group, 1]])[0]
        bank.add("1", [stage[group, 1]])
        assert torch.allclose(found[group, 1], alone, atol=1e-5)
        for view in (2, 3):
            assert torch.allclose(found[group, view], bank.distances([stage[group, view]])[0], atol=1e-5)


def test_the_loss_is_smaller_when_the_map_shows_the_anomaly() -> None:
    masks = torch.zeros(1, VIEWS, 32, 32, dtype=torch.bool)
    masks[:, 2:, 8:16, 8:16] = True
    right = functional.avg_pool2d(masks.flatten(0, 1)[:, None].float(), 8).view(1, VIEWS, 16)
    loss = MatchingLoss(1)
    good, _ = loss([right], masks)
    bad, _ = loss([1.0 - right], masks)
    assert float(good.detach()) < float(bad.detach())


def test_focal_and_dice_vanish_for_certain_right_answers() -> None:
    truth = torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
    logits = 40.0 * (truth - 0.5)
    assert float(focal(logits, truth)) == pytest.approx(0.0, abs=1e-6)
    assert float(dice(logits, truth)) == pytest.approx(0.0, abs=1e-6)
    assert float(dice(-logits, truth)) > 0.5
    assert float(dice(logits, torch.zeros_like(truth))) == 0.0


def test_a_region_feature_is_the_mean_of_the_patches_under_its_mask() -> None:
    patches = functional.normalize(torch.randn(1, 4, 8), dim=-1)
    mask = torch.zeros(1, 8, 8, dtype=torch.bool)
    mask[:, :4, 4:] = True
    assert torch.allclose(region_features(patches, mask)[0], patches[0, 1], atol=1e-6)


def test_training_reports_its_curve_and_ends_with_figures_on_held_out_pictures(
    profile: ModelProfile, settings: TrainingSettings
) -> None:
    points = list(CompactTrainer(TINY, profile, settings).run())
    last = points[-1]
    assert last.progress.step > 0
    assert last.progress.pairs >= VIEWS * last.progress.step
    assert last.held_out is not None
    assert last.held_out.pixel_auroc is not None
    assert last.losses.keys() == {"image", "map", "type", "zero_shot_image", "zero_shot_patch"}
    assert all(np.isfinite(value) for point in points for value in point.losses.values())


def test_both_sides_of_patches_count_the_same_and_those_on_the_rim_for_neither() -> None:
    share = torch.zeros(1, 4, 4)
    share[0, 0, 0], share[0, 1, 1] = 1.0, 0.1
    logits = torch.zeros(1, 2, 4, 4)
    even = float(balanced_cross_entropy(logits, share))
    assert even == pytest.approx(float(torch.tensor(2.0).log()))
    logits[0, 1, 1, 1] = 50.0
    assert float(balanced_cross_entropy(logits, share)) == pytest.approx(even)
    logits[0, 1, 0, 0] = 50.0
    assert float(balanced_cross_entropy(logits, share)) == pytest.approx(even / 2, rel=1e-3)
    assert float(balanced_cross_entropy(logits, torch.zeros(1, 4, 4))) > even


def test_a_run_may_begin_with_an_image_tower_and_teaches_its_own_words(
    profile: ModelProfile, settings: TrainingSettings
) -> None:
    given = new_model(TINY, 9).state_dict()
    trainer = CompactTrainer(TINY, profile, settings, given)
    own = trainer.model.state_dict()
    assert torch.equal(own["visual.trunk.stem.0.weight"], given["visual.trunk.stem.0.weight"])
    assert not torch.equal(own["token_embedding.weight"], given["token_embedding.weight"])
    assert "visual.patch_head.patch.weight" in own


def test_a_killed_run_continues_with_its_weights_its_optimiser_and_its_counts(
    profile: ModelProfile, settings: TrainingSettings
) -> None:
    first = CompactTrainer(TINY, profile, settings)
    list(first.run())
    second = CompactTrainer(TINY, profile, settings)
    assert second.progress == first.progress
    stored, _ = read_checkpoint(settings.checkpoint)
    second.save()
    again, _ = read_checkpoint(settings.checkpoint)
    assert stored.keys() == again.keys()
    assert any(name.startswith("exp_avg_sq.") for name in stored)
    assert all(torch.equal(stored[name], again[name]) for name in stored)
    list(second.run())
    assert second.progress.pieces == 2
    assert second.progress.step > first.progress.step


def test_the_same_seed_starts_from_the_same_weights_and_learns_only_what_it_should(
    profile: ModelProfile, settings: TrainingSettings
) -> None:
    trainer = CompactTrainer(TINY, profile, settings)
    before = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}
    twin = CompactTrainer(
        TINY, profile, replace(settings, checkpoint=settings.checkpoint.with_name("twin.safetensors"))
    )
    assert all(torch.equal(tensor, twin.model.state_dict()[name]) for name, tensor in before.items())
    list(trainer.run())
    after = trainer.model.state_dict()
    assert torch.equal(before["token_embedding.weight"], after["token_embedding.weight"])
    assert not torch.equal(before["visual.trunk.stem.0.weight"], after["visual.trunk.stem.0.weight"])


def test_a_checkpoint_is_whole_or_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    write_checkpoint(path, {"a": torch.ones(2)}, TrainingProgress(step=1))
    write_checkpoint(path, {"a": torch.zeros(2)}, TrainingProgress(step=2, pairs=8))
    tensors, progress = read_checkpoint(path)
    assert progress == TrainingProgress(step=2, pairs=8)
    assert float(tensors["a"].sum()) == 0.0
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


def test_a_file_that_is_no_checkpoint_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(b"cut off")
    with pytest.raises(ProfileError, match=r"run\.safetensors is not a training checkpoint"):
        read_checkpoint(path)


def test_an_exported_profile_loads_as_trained_with_the_weights_it_was_given(
    profile: ModelProfile, tmp_path: Path
) -> None:
    model = new_model(TINY, 3, profile.patch_head)
    written = export_profile(tmp_path, profile, TINY, model, "nothing: a test")
    loaded = load_profile(tmp_path, "cpu")
    assert loaded.profile == written
    assert loaded.profile.trained
    assert json.loads((tmp_path / "architecture.json").read_text()) == TINY
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    features = loaded.backbone.encode(loaded.backbone.prepare(pixels))
    batch = loaded.backbone.prepare(pixels)
    own = read_tower(model.visual.eval().half().float(), batch, (1, 2))[0]
    assert torch.allclose(features.stages[1], own[1], atol=1e-3)
    assert features.patch_embeddings.shape == (1, *own[0].shape[1:2], 16)


def test_weights_that_are_not_numbers_are_not_shipped(profile: ModelProfile, tmp_path: Path) -> None:
    model = new_model(TINY, 3)
    with torch.no_grad():
        model.visual.trunk.stem[0].weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(ProfileError, match=r"not numbers in visual\.trunk\.stem\.0\.weight"):
        export_profile(tmp_path, profile, TINY, model, "nothing: a test")
    assert not list(tmp_path.iterdir())


def test_a_batch_of_good_views_alone_has_no_types_to_learn_and_its_loss_is_still_a_number() -> None:
    logits = torch.zeros(0, 5, requires_grad=True)
    assert float(type_loss(logits, torch.zeros(0, dtype=torch.long)).detach()) == 0.0
    certain = torch.tensor([[9.0, 0.0, 0.0]])
    assert float(type_loss(certain, torch.tensor([0]))) < float(type_loss(certain, torch.tensor([1])))
