"""The V-V path (III-C) on a tiny network."""

import open_clip
import pytest
import torch

from filo_core.method.vv_attention import ValuePath, run_blocks, value_attention
from filo_core.profiles.seeded import fill_seeded


@pytest.fixture(scope="module")
def model() -> open_clip.CLIP:
    vision = {"image_size": 32, "patch_size": 8, "layers": 4, "width": 32, "head_width": 16}
    text = {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1}
    network = open_clip.CLIP(embed_dim=16, vision_cfg=vision, text_cfg=text).eval()
    fill_seeded(network, 3)
    return network


IMAGE = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def test_the_original_path_is_open_clips_own(model: open_clip.CLIP) -> None:
    states = run_blocks(model.visual, IMAGE, first_value_block=2)
    expected = model.visual.forward_intermediates(IMAGE, output_fmt="NLC", output_extra_tokens=True)
    for state, patches in zip(states, expected["image_intermediates"], strict=True):
        assert torch.allclose(state.output[:, 1:], patches, atol=1e-5)


@torch.inference_mode()
def test_the_value_path_begins_at_its_block_and_accumulates_on_new_tensors(model: open_clip.CLIP) -> None:
    states = run_blocks(model.visual, IMAGE, first_value_block=3)
    assert [state.value is None for state in states] == [True, True, False, False]
    third, fourth = states[2].value, states[3].value
    assert third is not None
    assert fourth is not None
    block = model.visual.transformer.resblocks[3]
    step = value_attention(block.attn, block.ln_1(states[2].output))
    assert torch.allclose(fourth, third + step, atol=1e-5)
    # The release adds in place and so hands out one tensor several times.
    assert not torch.equal(third, fourth)


@torch.inference_mode()
def test_value_attention_matches_the_definition_written_out(model: open_clip.CLIP) -> None:
    attention = model.visual.transformer.resblocks[0].attn
    normed = torch.randn(1, 5, 32, generator=torch.Generator().manual_seed(1))
    value = (normed @ attention.in_proj_weight[64:].T + attention.in_proj_bias[64:]).view(1, 5, 2, 16).transpose(1, 2)
    mixed = torch.softmax(value @ value.transpose(2, 3) / 16**0.5, dim=-1) @ value
    expected = attention.out_proj(mixed.transpose(1, 2).reshape(1, 5, 32))
    assert torch.allclose(value_attention(attention, normed), expected, atol=1e-6)


@torch.inference_mode()
def test_hooks_on_open_clips_own_forward_give_the_same_value_path(model: open_clip.CLIP) -> None:
    states = run_blocks(model.visual, IMAGE, first_value_block=2)
    with ValuePath(model.visual, 2, (2, 4)) as path:
        model.visual(IMAGE)
    for value, number in zip(path.values, (2, 4), strict=True):
        expected = states[number - 1].value
        assert expected is not None
        assert torch.allclose(value, expected, atol=1e-5)
    assert path.values[0].data_ptr() != path.values[1].data_ptr()
    assert not any(block.ln_1._forward_hooks for block in model.visual.transformer.resblocks)
