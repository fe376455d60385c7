"""Rows that are called after other methods against their authors' formulas, written out anew, on random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import open_clip
import pytest
import torch
from torch.nn import functional

from filo_core.benchmark.comparisons import anomaly_dino
from filo_core.benchmark.comparisons.anomaly_dino import AnomalyDino, object_mask, top_mean
from filo_core.benchmark.comparisons.patch_banks import CoresetBank
from filo_core.benchmark.comparisons.plain import winclip_prompts
from filo_core.benchmark.comparisons.windows import WindowBackbone, window_indices
from filo_core.benchmark.configurations import CONFIGURATIONS, head_settings_of
from filo_core.benchmark.configured import configured_maker
from filo_core.benchmark.datasets import find_categories, load_category
from filo_core.benchmark.measuring import BenchmarkResult, benchmark
from filo_core.benchmark.named_methods import anomaly_dino_maker
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.imaging import read_image
from filo_core.method.ensembles import APRIL_GAN_TEMPLATES, fixed_family
from filo_core.method.interfaces import ImageFeatures
from filo_core.method.learned_prompts import LearnedPrompts, tokens_of
from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES
from filo_core.method.trained_heads import TrainedHeads
from filo_core.profiles.builder import image_encoder, load_profile
from filo_core.profiles.seeded import fill_seeded
from filo_core.types import Position
from tests.unit.filo_core.conftest import MakeCategory, write_part
from tests.unit.filo_core.learning.filo_making import write_tiny_profile


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_patchcores_features_distances_and_weighted_score_are_the_papers() -> None:
    reference, image = noise(16, 5, seed=1), noise(16, 5, seed=2) * 1.7
    bank = CoresetBank(share=1.0)
    bank.add("a", [reference])

    def pooled(stage: torch.Tensor) -> torch.Tensor:
        # patchcore-inspection: unfold 3 x 3 with zeros around, then the mean of the nine.
        windows = functional.unfold(stage.T.reshape(1, 5, 4, 4), 3, padding=1).reshape(5, 9, 16)
        return windows.mean(dim=1).T

    stored, seen = pooled(reference), pooled(image)
    away = torch.cdist(seen, stored)
    nearest, which = away.min(dim=1)
    far = int(nearest.argmax())
    around = torch.cdist(stored[which[far]][None], stored)[0].topk(9, largest=False).indices
    weight = 1.0 - torch.exp(nearest[far]) / torch.exp(away[far, around]).sum()
    scale = 4.0 * float(stored.norm(dim=1).max())
    (distances,) = bank.distances([image])
    torch.testing.assert_close(distances * scale, nearest)
    assert bank.weighted_peak([image]) * scale == pytest.approx(float(weight * nearest[far]), rel=1e-5)


def test_winclips_prompts_are_seven_and_four_states_in_its_twenty_two_templates() -> None:
    normal, anomalous = winclip_prompts("nut")
    assert (len(normal), len(anomalous)) == (7 * 22, 4 * 22)
    assert "a cropped photo of the flawless nut." in normal
    assert "a photo of a nut with defect for visual inspection." in anomalous
    assert "a photo of the large damaged nut." in anomalous
    assert not any("broken" in prompt for prompt in anomalous)


def test_winclip_scores_an_image_by_p_and_the_peak_of_the_few_shot_map_alone(
    make_category: MakeCategory, tmp_path: Path
) -> None:
    loaded = load_profile(write_tiny_profile(tmp_path / "tiny"), "cpu")
    category = load_category(make_category(references=1, good=1, spots=1))
    maker = configured_maker(CONFIGURATIONS["winclip-few-shot"], loaded, AnomalyLibrary.load())
    found = maker(category.references, category).predict(read_image(category.tests[0].path).pixels)

    encoder = WindowBackbone(loaded.backbone, loaded.model.visual)
    stored, seen = (
        encoder.encode(encoder.prepare(read_image(path).pixels))
        for path in (category.references[0], category.tests[0].path)
    )
    sides = [
        functional.normalize(loaded.text_encoder.encode(prompts).mean(dim=0), dim=0)
        for prompts in winclip_prompts("plate")
    ]
    p = float((100.0 * seen.image_embedding[0] @ torch.stack(sides).T).softmax(dim=0)[1])
    maps = []
    for scale, (one, other) in enumerate(zip(seen.stages, stored.stages, strict=True)):
        away = (1.0 - functional.normalize(one[0], dim=-1) @ functional.normalize(other[0], dim=-1).T).amin(dim=1) / 2
        if scale:
            windows = window_indices(seen.grid, scale + 1)
            inside = [(windows == patch).any(dim=1) for patch in range(16)]
            away = torch.stack([1.0 / (1.0 / away[lies].clamp_min(1e-6)).mean() for lies in inside])
        maps.append(away)
    assert found.image_score == pytest.approx((p + float(torch.stack(maps).mean(dim=0).max())) / 2, abs=1e-5)


def test_april_gans_ensemble_and_layers_are_its_own() -> None:
    normal, anomalous = fixed_family(head_settings_of("april-gan", (1, 2)), "nut", ())
    assert len(APRIL_GAN_TEMPLATES) == len(set(APRIL_GAN_TEMPLATES)) == 35
    assert len(normal) == 35 * len(NORMAL_STATES)
    assert len(anomalous) == 35 * len(GENERIC_ANOMALOUS_STATES)
    assert {"a bad photo of the perfect nut.", "there is a nut without flaw in the scene."} <= set(normal)
    assert "this is one broken nut in the scene." in anomalous


@torch.inference_mode()
def test_april_gans_map_is_the_softmax_over_linear_layers_on_raw_tokens(tmp_path: Path) -> None:
    loaded = load_profile(write_tiny_profile(tmp_path / "tiny"), "cpu")
    heads = TrainedHeads(loaded.model, (1, 2), head_settings_of("april-gan", (1, 2)), seed=4)
    assert heads.parameters_of("adapter") == {}
    stages = (noise(1, 16, 64, seed=1), noise(1, 16, 64, seed=2))
    normal, anomalous = functional.normalize(noise(2, 16, seed=3), dim=-1)
    features = ImageFeatures(normal[None], stages, normal.expand(1, 16, 16), (4, 4))
    expected = []
    for layer, tokens in zip(heads.linear, stages, strict=True):
        joint = tokens[0] @ layer.weight.T + layer.bias
        joint = joint / joint.norm(dim=-1, keepdim=True)
        shares = (100.0 * joint @ torch.stack([normal, anomalous]).T).softmax(dim=-1)[:, 1]
        expected.append(functional.interpolate(shares.reshape(1, 1, 4, 4), size=32, mode="bilinear")[0, 0])
    found = heads.fused_map(heads.stage_maps(features, normal, anomalous, 32))[1]
    torch.testing.assert_close(found, torch.stack(expected).mean(dim=0), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_anomalyclips_deep_tokens_states_and_projected_values_are_its_own() -> None:
    clip = open_clip.CLIP(
        embed_dim=16,
        vision_cfg={"image_size": 32, "patch_size": 8, "layers": 4, "width": 32, "head_width": 16},
        text_cfg={"context_length": 40, "vocab_size": 49408, "width": 24, "heads": 2, "layers": 4},
    ).eval()
    fill_seeded(clip, 2)
    tokenize = open_clip.tokenizer.SimpleTokenizer(context_length=40)
    settings = head_settings_of("anomalyclip", (2, 3, 4))
    heads = TrainedHeads(clip, (2, 3, 4), replace(settings, deep_blocks=2), seed=5)
    learned = LearnedPrompts(clip, heads, "nut", ["dent"], tokenize)
    normal, anomalous = learned.encode(functional.normalize(noise(16), dim=-1), list(Position))
    assert (len(normal), len(anomalous)) == (1, 1 + 9)

    def released(text: str, context: torch.Tensor) -> torch.Tensor:
        """AnomalyCLIP's encode_text_learn: before the blocks from the second on, its tokens replace places 1 to 4."""
        tokens = tokens_of([text], 12, tokenize)
        embedded = clip.token_embedding(tokens)
        x = torch.cat([embedded[:, :1], context[None], embedded[:, 13:]], dim=1) + clip.positional_embedding
        for number, block in enumerate(clip.transformer.resblocks):
            if 1 <= number <= 2:
                x = torch.cat([x[:, :1], heads.deep[number - 1][None], x[:, 5:]], dim=1)
            x = block(x, attn_mask=clip.attn_mask)
        joint = clip.ln_final(x)[0, tokens.argmax()] @ clip.text_projection
        return joint / joint.norm()

    torch.testing.assert_close(normal[0], released("object", heads.prompts[0].vectors), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(anomalous[0], released("damaged object", heads.prompts[1].vectors), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_anomalyclips_map_is_the_mean_of_projected_v_v_stages_at_its_temperature(tmp_path: Path) -> None:
    loaded = load_profile(write_tiny_profile(tmp_path / "tiny"), "cpu")
    settings = head_settings_of("anomalyclip", (1, 2))
    assert (settings.value_stages, settings.first_value_block) == ((1, 2), 1)
    heads = TrainedHeads(loaded.model, (1, 2), settings)
    encoder = image_encoder(loaded.model, loaded.profile, settings, "cpu")
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    features = encoder.encode(encoder.prepare(pixels))
    visual = loaded.model.visual
    normal, anomalous = functional.normalize(noise(2, 16, seed=3), dim=-1)
    expected = []
    for value in features.values:
        joint = functional.normalize(visual.ln_post(value[0]) @ visual.proj, dim=-1)
        shares = (joint @ torch.stack([normal, anomalous]).T / 0.07).softmax(dim=-1)
        both = functional.interpolate(shares.T.reshape(1, 2, 4, 4), size=32, mode="bilinear")[0]
        expected.append((both[1] + 1 - both[0]) / 2)
    found = heads.fused_map(heads.stage_maps(features, normal, anomalous, 32))
    torch.testing.assert_close((found[1] + 1 - found[0]) / 2, torch.stack(expected).mean(dim=0), atol=1e-5, rtol=1e-4)


class _Cells:
    """Features of a patch are the mean colour of each of its quarters."""

    trained = False

    def patches(self, pixels: np.ndarray) -> np.ndarray:
        rows, columns = pixels.shape[0] // 14, pixels.shape[1] // 14
        quarters = pixels.reshape(rows, 2, 7, columns, 2, 7, 3).mean(axis=(2, 5))
        return np.ascontiguousarray(quarters.transpose(0, 2, 1, 3, 4).reshape(rows, columns, 12), dtype=np.float32)


def test_anomalydino_is_the_top_hundredth_of_cosine_distances_to_turned_references() -> None:
    generator = np.random.default_rng(1)
    good = generator.integers(0, 255, (140, 154, 3), dtype=np.uint8)
    marked = good.copy()
    marked[28:42, 56:84] = (255, 0, 0)
    judge = AnomalyDino(_Cells(), [good], 140, masked=False)
    assert judge.predict(good).image_score == pytest.approx(0.0, abs=1e-6)
    found = judge.predict(marked)
    row, column = np.unravel_index(found.anomaly_map.argmax(), found.anomaly_map.shape)
    assert found.anomaly_map.shape == (140, 154)
    assert 28 <= row <= 42
    assert 56 <= column <= 84
    assert top_mean(np.arange(1, 301, dtype=np.float32)) == pytest.approx(np.mean([298, 299, 300]))
    # Of few patches the farthest alone counts.
    assert top_mean(np.array([0.1, 0.5], np.float32)) == pytest.approx(0.5)


def test_anomalydino_knows_a_part_that_was_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = np.random.default_rng(1).integers(0, 255, (5, 5, 3), dtype=np.uint8)
    part = cv2.resize(colours, (140, 140), interpolation=cv2.INTER_CUBIC)
    reference = np.ascontiguousarray(np.rot90(part))
    turned = AnomalyDino(_Cells(), [reference], 140, masked=False).predict(part).image_score
    monkeypatch.setattr(anomaly_dino, "_TURNS", 1)
    assert turned < 0.5 * AnomalyDino(_Cells(), [reference], 140, masked=False).predict(part).image_score


def test_anomalydinos_mask_is_the_first_component_on_the_side_that_fills_the_middle() -> None:
    patches = np.zeros((12, 12, 3), np.float32)
    patches[3:9, 3:9] = (40.0, 0.0, 0.0)
    patches += np.random.default_rng(0).normal(size=patches.shape).astype(np.float32)
    mask = object_mask(patches.reshape(-1, 3), (12, 12)).reshape(12, 12)
    assert mask[3:9, 3:9].all()
    # Grown by one patch.
    assert mask[2, 2]
    assert not mask[0].any()
    assert not mask[:, 0].any()


def test_anomalydino_runs_by_name_on_both_layouts_and_masks_what_its_authors_mask(
    make_category: MakeCategory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked: list[bool] = []
    real = anomaly_dino.AnomalyDino.__init__

    def noted(self: AnomalyDino, *args: Any, **changes: Any) -> None:
        masked.append(changes["masked"])
        real(self, *args, **changes)

    monkeypatch.setattr(anomaly_dino.AnomalyDino, "__init__", noted)
    make_category("data/mvtec/bottle", references=1, good=1, spots=1)
    for index in range(11):
        write_part(tmp_path / "data" / "visa" / "candle" / "Data" / "Images" / "Normal" / f"{index:03}.png", index)
    write_part(tmp_path / "data" / "visa" / "candle" / "Data" / "Images" / "Anomaly" / "0.png", 99, (10, 20, 12, 10))
    categories = find_categories(tmp_path / "data")
    events = list(benchmark(categories, anomaly_dino_maker(_Cells(), 112), shots=1, seeds=(0,)))
    result = events[-1]
    assert isinstance(result, BenchmarkResult)
    assert [category.name for category in result.categories] == ["mvtec/bottle", "visa/candle"]
    assert masked == [False, True]
