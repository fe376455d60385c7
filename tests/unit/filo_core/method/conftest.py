"""A tiny CLIP with reproducible noise as weights: every module runs at any size."""

import open_clip
import pytest

from filo_core.profiles.seeded import fill_seeded

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 4, "width": 32, "head_width": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 24, "heads": 2, "layers": 2},
    "quick_gelu": True,
}


@pytest.fixture(scope="session")
def tiny_clip() -> open_clip.CLIP:
    network = open_clip.CLIP(**TINY).eval()
    fill_seeded(network, 3)
    return network.requires_grad_(requires_grad=False)
