"""The convolutional encoder: all stages on one grid, embeddings of unit length, the same numbers as open_clip's own."""

import numpy as np
import open_clip
import pytest
import torch

from filo_core.method.conv_encoder import ConvImageEncoder, on_grid
from filo_core.profiles.seeded import fill_seeded

_NETWORK = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 64, "timm_model_name": "test_convnext", "timm_pool": "avg", "timm_proj": "linear"},
    "text_cfg": {"context_length": 8, "vocab_size": 32, "width": 16, "heads": 2, "layers": 1},
}
_HALF = (0.5, 0.5, 0.5)


@pytest.fixture(scope="module")
def model() -> open_clip.CLIP:
    made = open_clip.CLIP(**_NETWORK)
    fill_seeded(made, 1)
    return made.eval()


def test_every_stage_lies_on_the_grid_of_eight_pixels(model: open_clip.CLIP) -> None:
    encoder = ConvImageEncoder(model, (1, 2, 3), _HALF, _HALF)
    pixels = np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8)
    batch = encoder.prepare(pixels)
    assert batch.shape == (1, 3, 64, 64)
    features = encoder.encode(batch)
    assert features.grid == (8, 8)
    assert [stage.shape[:2] for stage in features.stages] == [(1, 64)] * 3
    assert features.patch_embeddings.shape == (1, 64, 16)
    for embedding in (features.patch_embeddings, features.image_embedding):
        assert torch.allclose(embedding.norm(dim=-1), torch.ones(embedding.shape[:-1]), atol=1e-5)
    own = torch.nn.functional.normalize(model.encode_image(batch), dim=-1)
    assert torch.allclose(features.image_embedding, own, atol=1e-5)


def test_a_finer_map_is_averaged_and_a_coarser_one_interpolated() -> None:
    fine = torch.arange(16.0).view(1, 1, 4, 4)
    assert on_grid(fine, (2, 2))[0, :, 0].tolist() == [2.5, 4.5, 10.5, 12.5]
    coarse = torch.tensor([[[[0.0, 4.0]] * 2]])
    assert on_grid(coarse, (4, 4))[0, :4, 0].tolist() == [0.0, 1.0, 3.0, 4.0]


@pytest.mark.parametrize("stages", [(), (2, 1), (0, 1), (1, 5)])
def test_stages_that_the_tower_does_not_have_are_refused(model: open_clip.CLIP, stages: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"stages must ascend within 1\.\.4"):
        ConvImageEncoder(model, stages, _HALF, _HALF)
