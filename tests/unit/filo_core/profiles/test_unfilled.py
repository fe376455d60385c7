"""Networks built without a random start are the same ones once they are filled."""

import open_clip
import pytest
import torch
from torch import nn

from filo_core.method.grounding_dino import build_grounding_dino
from filo_core.method.grounding_settings import GroundingSettings
from filo_core.profiles.seeded import fill_seeded
from filo_core.profiles.unfilled import Unfilled

CLIP = {
    "embed_dim": 8,
    "vision_cfg": {"image_size": 16, "patch_size": 8, "layers": 1, "width": 16, "head_width": 8},
    "text_cfg": {"context_length": 16, "vocab_size": 100, "width": 16, "heads": 2, "layers": 1},
}


def assert_same(one: nn.Module, other: nn.Module) -> None:
    assert one.state_dict().keys() == other.state_dict().keys()
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    for (name, buffer), (_, theirs) in zip(one.named_buffers(), other.named_buffers(), strict=True):
        assert torch.equal(buffer, theirs), name


@pytest.mark.parametrize("make", [lambda: nn.Linear(9, 9), lambda: nn.Conv2d(3, 4, 3), lambda: nn.Embedding(9, 3)])
def test_nothing_is_drawn(make: object) -> None:
    before = torch.random.get_rng_state()
    with Unfilled():
        make()  # type: ignore[operator]
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_seeded_clip_is_the_same_with_and_without_its_random_start() -> None:
    usual = open_clip.CLIP(**CLIP)
    with Unfilled():
        quick = open_clip.CLIP(**CLIP)
    for network in (usual, quick):
        fill_seeded(network, 5)
    assert_same(usual, quick)


def test_a_seeded_grounding_dino_is_the_same_with_and_without_its_random_start(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    words = tmp_path_factory.mktemp("words") / "vocab.txt"
    words.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *"abc"]))
    small = {"dim_feedforward": 64, "enc_layers": 1, "dec_layers": 1, "num_queries": 9}
    bert = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    settings = GroundingSettings(changes=small)
    usual = build_grounding_dino(settings, bert, words)
    with Unfilled():
        quick = build_grounding_dino(settings, bert, words)
    for network in (usual, quick):
        fill_seeded(network, 5)
    assert_same(usual, quick)
