"""The convolutional encoder: all stages on one grid, embeddings of unit length, the same numbers as open_clip's own."""

import copy

import numpy as np
import open_clip
import pytest
import torch

from filo_core.method.conv_encoder import ConvImageEncoder
from filo_core.method.patch_head import attach_patch_head
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


def test_a_patch_head_embeds_every_cell_of_the_grid_and_leaves_the_stages_as_they_are(model: open_clip.CLIP) -> None:
    plain = ConvImageEncoder(model, (1, 2, 3), _HALF, _HALF)
    pixels = np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8)
    batch = plain.prepare(pixels)
    before = plain.encode(batch)
    headed = copy.deepcopy(model)
    attach_patch_head(headed, 8)
    fill_seeded(headed.visual.patch_head, 2)
    after = ConvImageEncoder(headed, (1, 2, 3), _HALF, _HALF).encode(batch)
    assert all(torch.equal(one, other) for one, other in zip(before.stages, after.stages, strict=True))
    assert after.patch_embeddings.shape == (1, 64, 16)
    for embedding in (after.patch_embeddings, after.image_embedding):
        assert torch.allclose(embedding.norm(dim=-1), torch.ones(embedding.shape[:-1]), atol=1e-5)
    neighbours = after.patch_embeddings[0, 9] @ after.patch_embeddings[0, 10]
    assert float(neighbours) < 0.9999, "every cell has an embedding of its own"


def test_a_neighbourhood_is_the_mean_of_the_unit_features_around_every_other_patch(model: open_clip.CLIP) -> None:
    encoder = ConvImageEncoder(model, (1, 2), _HALF, _HALF, neighbourhoods=((1, 2), (2, 4)))
    features = encoder.encode(encoder.prepare(np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8)))
    assert [tuple(patches.shape[:2]) for patches in features.matched] == [(1, 64), (1, 64), (1, 16), (1, 16)]
    units = torch.nn.functional.normalize(features.stages[0][0], dim=-1)
    assert torch.allclose(features.neighbourhoods[0][0, 0], units[[0, 1, 8, 9]].mean(dim=0), atol=1e-6)
    deeper = torch.nn.functional.normalize(features.stages[1][0], dim=-1).view(8, 8, -1)
    assert torch.allclose(features.neighbourhoods[1][0, 5], deeper[1:5, 1:5].mean(dim=(0, 1)), atol=1e-6)


@pytest.mark.parametrize("stages", [(), (2, 1), (0, 1), (1, 5)])
def test_stages_that_the_tower_does_not_have_are_refused(model: open_clip.CLIP, stages: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"stages must ascend within 1\.\.4"):
        ConvImageEncoder(model, stages, _HALF, _HALF)
