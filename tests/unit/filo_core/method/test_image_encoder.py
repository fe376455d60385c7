"""The image encoder: a batch, and bfloat16, against eager float32 of one image."""

from collections.abc import Iterator

import open_clip
import pytest
import torch

from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.interfaces import ImageFeatures

BATCH_TOLERANCE = 1e-5
BFLOAT16_TOLERANCE = 0.02
"""Largest relative difference of a stage, in the norm; bfloat16 keeps eight bits, which is 0.004 a step."""
IMAGES = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(11))


@pytest.fixture(scope="module")
def encoder(tiny_clip: open_clip.CLIP) -> OpenClipImageEncoder:
    return OpenClipImageEncoder(tiny_clip, (1, 2, 4), (0.5,) * 3, (0.25,) * 3, value_stages=(3, 4), first_value_block=2)


def parts(features: ImageFeatures) -> Iterator[torch.Tensor]:
    yield features.image_embedding
    yield features.patch_embeddings
    yield from features.stages
    yield from features.values


@pytest.mark.parametrize("stages", [(4, 3), (3, 3), (1, 3), (3, 5)])
def test_value_stages_out_of_order_or_beyond_the_path_are_refused(
    tiny_clip: open_clip.CLIP, stages: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"must ascend within 2\.\.4"):
        OpenClipImageEncoder(tiny_clip, (1,), (0.5,) * 3, (0.25,) * 3, value_stages=stages, first_value_block=2)


def test_a_batch_of_one_gives_what_a_batch_of_many_gives(encoder: OpenClipImageEncoder) -> None:
    together = encoder.encode(IMAGES)
    for number in range(len(IMAGES)):
        alone = encoder.encode(IMAGES[number : number + 1])
        assert alone.grid == together.grid
        for one, many in zip(parts(alone), parts(together), strict=True):
            assert torch.allclose(one[0], many[number], rtol=BATCH_TOLERANCE, atol=BATCH_TOLERANCE)


def test_the_order_of_images_in_a_batch_changes_none_of_them(encoder: OpenClipImageEncoder) -> None:
    for one, other in zip(parts(encoder.encode(IMAGES)), parts(encoder.encode(IMAGES.flip(0))), strict=True):
        assert torch.allclose(one, other.flip(0), rtol=BATCH_TOLERANCE, atol=BATCH_TOLERANCE)


def test_bfloat16_on_the_cpu_equals_float32_within_two_per_cent(encoder: OpenClipImageEncoder) -> None:
    exact = encoder.encode(IMAGES)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fast = encoder.encode(IMAGES)
    differences = [
        float((quick.float() - slow).norm() / slow.norm())
        for quick, slow in zip(parts(fast), parts(exact), strict=True)
    ]
    assert max(differences) < BFLOAT16_TOLERANCE
    # Equal to the last bit would mean that nothing was computed in bfloat16.
    assert min(differences) > 0.0


def test_bfloat16_hands_out_float32(encoder: OpenClipImageEncoder) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert {part.dtype for part in parts(encoder.encode(IMAGES))} == {torch.float32}
