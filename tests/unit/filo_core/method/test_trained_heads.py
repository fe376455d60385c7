"""MDCI (eq. 2), linear layers, adapter (Algorithm 1), and which parameters each training stage reaches."""

import open_clip
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch.nn import functional

from filo_core.method.adapter import Adapter
from filo_core.method.head_settings import ALL_KERNELS, HeadSettings, kernels_for
from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.interaction import Interaction, ShapedKernel
from filo_core.method.interfaces import ImageFeatures
from filo_core.method.learned_prompts import encode_with_context, tokens_of
from filo_core.method.scoring import anomalous_probability, side_feature, side_shares, upsample
from filo_core.method.trained_heads import TrainedHeads

SETTINGS = HeadSettings(context_vectors=3, value_stages=(3, 4), first_value_block=2)
TOKENIZE = SimpleTokenizer(context_length=77)
GRID = (4, 4)
SIDE = 32


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


PROJECTION = noise(6, 5)
PATCHES = noise(1, 6, *GRID, seed=1)
NORMAL, ANOMALOUS = (functional.normalize(noise(5, seed=seed), dim=-1) for seed in (2, 3))


@pytest.fixture(scope="module")
def features(tiny_clip: open_clip.CLIP) -> ImageFeatures:
    encoder = OpenClipImageEncoder(tiny_clip, (1, 4), (0.5,) * 3, (0.25,) * 3, value_stages=(3, 4), first_value_block=2)
    seen = encoder.encode(noise(1, 3, SIDE, SIDE, seed=4))
    # Tensors of an inference pass take no part in autograd; training makes its own.
    return ImageFeatures(
        seen.image_embedding.clone(),
        tuple(stage.clone() for stage in seen.stages),
        seen.patch_embeddings.clone(),
        seen.grid,
        tuple(value.clone() for value in seen.values),
    )


@pytest.mark.parametrize("size", ALL_KERNELS)
@pytest.mark.parametrize("dense", [False, True])
def test_an_untrained_kernel_projects_the_mean_of_its_window(size: tuple[int, int], dense: bool) -> None:
    kernel = ShapedKernel(size, PROJECTION, deformable=True, dense=dense)
    pooled = functional.avg_pool2d(PATCHES, size, stride=1, padding=(size[0] // 2, size[1] // 2))
    expected = pooled.flatten(2)[0].T @ PROJECTION
    assert torch.allclose(kernel(PATCHES), expected, atol=1e-5)


def test_zero_offsets_make_a_deformable_kernel_a_plain_one_and_others_do_not() -> None:
    deformable = ShapedKernel((3, 3), PROJECTION, deformable=True)
    plain = ShapedKernel((3, 3), PROJECTION, deformable=False)
    assert torch.allclose(deformable(PATCHES), plain(PATCHES), atol=1e-5)
    assert deformable.offset is not None
    assert deformable.offset.bias is not None
    torch.nn.init.constant_(deformable.offset.bias, 0.7)
    assert not torch.allclose(deformable(PATCHES), plain(PATCHES), atol=1e-2)


def test_one_window_of_one_patch_is_the_two_way_softmax_of_equation_2() -> None:
    share = Interaction([(1, 1)], torch.eye(2), deformable=False, scale=1.0)
    # Unit patches (3/5, 4/5) and (0, 1) against the axes: shares 1 / (1 + e^(n - a)).
    patches = torch.tensor([[0.6, 0.8], [0.0, 2.0]]).T.reshape(1, 2, 1, 2)
    got = share(patches, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    assert got[:, 1].tolist() == pytest.approx([0.549834, 0.731059], abs=1e-5)
    assert got.sum(dim=1).tolist() == pytest.approx([1.0, 1.0])


def test_probabilities_are_averaged_over_kernels_and_features_summed_before_one_softmax() -> None:
    sizes = [(1, 1), (3, 3)]
    by_probability = Interaction(sizes, PROJECTION, deformable=False)
    by_feature = Interaction(sizes, PROJECTION, deformable=False, fusion="feature")
    outputs = [kernel(PATCHES) for kernel in by_probability.kernels]

    def share(joint: torch.Tensor) -> torch.Tensor:
        return side_shares(functional.normalize(joint, dim=-1), NORMAL, ANOMALOUS)

    assert torch.allclose(by_probability(PATCHES, NORMAL, ANOMALOUS), (share(outputs[0]) + share(outputs[1])) / 2)
    assert torch.allclose(by_feature(PATCHES, NORMAL, ANOMALOUS), share(outputs[0] + outputs[1]), atol=1e-5)


def test_table_4s_rows_choose_their_kernels() -> None:
    assert kernels_for(multi_shape=False, multi_scale=False) == ((3, 3),)
    assert kernels_for(multi_shape=True, multi_scale=False) == ((3, 3), (1, 5), (5, 1))
    assert kernels_for(multi_shape=False, multi_scale=True) == ((1, 1), (3, 3), (5, 5), (7, 7))
    assert kernels_for(multi_shape=True, multi_scale=True) == ALL_KERNELS


def test_dense_kernels_of_the_full_profile_cost_222_million_parameters() -> None:
    with torch.device("meta"):
        stages = [Interaction(ALL_KERNELS, torch.empty(1024, 768), deformable=False, dense=True) for _ in range(3)]
    assert sum(parameter.numel() for stage in stages for parameter in stage.parameters()) == 221_773_824


def test_an_untrained_adapter_is_the_identity_and_the_literal_one_is_algorithm_1() -> None:
    image = functional.normalize(noise(2, 6), dim=-1)
    assert torch.allclose(Adapter(6, 3)(image), image, atol=1e-6)
    literal = Adapter(2, 1, residual=False)
    for parameter, value in zip(literal.parameters(), (1.0, 0.0, 2.0, 0.0), strict=True):
        torch.nn.init.constant_(parameter, value)
    # ReLU(0.6 + 0.8) = 1.4, SiLU(2.8) on both axes: a unit vector along the diagonal.
    assert literal(torch.tensor([0.6, 0.8])).tolist() == pytest.approx([0.5**0.5] * 2, abs=1e-6)


def test_untrained_linear_layers_read_patches_as_clip_does(tiny_clip: open_clip.CLIP, features: ImageFeatures) -> None:
    heads = TrainedHeads(tiny_clip, (1, 4), SETTINGS)
    normal, anomalous = (functional.normalize(noise(16, seed=seed), dim=-1) for seed in (5, 6))
    maps = heads.stage_maps(features, normal, anomalous, SIDE)
    assert len(maps) == 2 + 2
    expected = anomalous_probability(features.patch_embeddings[0], normal, anomalous)
    assert torch.allclose(maps[1][1], upsample(expected.view(1, 1, *GRID), SIDE), atol=1e-5)
    assert torch.allclose(heads.fused_map(maps), sum(maps) / 4, atol=1e-6)


def test_equation_3_is_the_mean_over_linear_and_mdci_stages_alike(
    tiny_clip: open_clip.CLIP, features: ImageFeatures
) -> None:
    heads = TrainedHeads(tiny_clip, (1, 4), SETTINGS)
    normal, anomalous = (functional.normalize(noise(16, seed=seed), dim=-1) for seed in (5, 6))
    maps = heads.stage_maps(features, normal, anomalous, SIDE)
    assert len(maps) == len(features.stages) + len(features.values)
    fused = heads.fused_map(maps)
    assert torch.allclose(fused, sum(maps) / len(maps), atol=1e-6)
    assert torch.allclose(fused.sum(dim=0), torch.ones(SIDE, SIDE), atol=1e-5)


@pytest.mark.parametrize("stage", ["maps", "adapter"])
def test_gradient_reaches_exactly_what_a_stage_trains(
    stage: str, tiny_clip: open_clip.CLIP, features: ImageFeatures
) -> None:
    heads = TrainedHeads(tiny_clip, (1, 4), SETTINGS)
    trained = {name: item for group in heads.parameters_of(stage).values() for name, item in group.items()}
    for parameter in trained.values():
        parameter.requires_grad = True
    image = heads.adapter(features.image_embedding[0])
    sides = [
        side_feature(
            encode_with_context(tiny_clip, tokens_of([text, f"{text} part"], 3, TOKENIZE), prompts(image.detach()))
        )
        for text, prompts in zip(("flawless tile", "broken tile"), heads.prompts, strict=True)
    ]
    loss = anomalous_probability(image, *sides) + heads.fused_map(heads.stage_maps(features, *sides, SIDE))[1].mean()
    loss.backward()
    for name, parameter in heads.named_parameters():
        assert (parameter.grad is not None) == (name in trained), name
    assert all(parameter.grad is None for parameter in tiny_clip.parameters())


def test_the_two_stages_share_nothing_and_leave_out_only_the_frozen_norm(tiny_clip: open_clip.CLIP) -> None:
    heads = TrainedHeads(tiny_clip, (1, 4), SETTINGS)
    names = [name for stage in ("maps", "adapter") for group in heads.parameters_of(stage).values() for name in group]
    assert len(names) == len(set(names))
    assert {name for name, _ in heads.named_parameters()} - set(names) == {"norm.weight", "norm.bias"}


def test_without_class_conditioning_there_is_no_meta_net(tiny_clip: open_clip.CLIP) -> None:
    heads = TrainedHeads(tiny_clip, (1, 4), HeadSettings(conditional=False))
    assert {name for name, _ in heads.prompts.named_parameters()} == {"0.vectors", "1.vectors"}
    assert heads.prompts[0](noise(16)).shape == (12, 24)
