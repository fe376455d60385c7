"""WinCLIP's windows on a small random CLIP."""

import open_clip
import pytest
import torch
from torch.nn import functional

from filo_core.benchmark.comparisons.windows import WindowBank, harmonic_map, window_embeddings, window_indices
from filo_core.profiles.seeded import fill_seeded


def test_windows_lie_one_patch_apart_and_hold_their_patches() -> None:
    windows = window_indices((3, 4), 2)
    assert windows.shape == (6, 4)
    assert windows[0].tolist() == [0, 1, 4, 5]
    assert windows[-1].tolist() == [6, 7, 10, 11]


def test_the_harmonic_mean_is_over_the_windows_of_a_patch() -> None:
    windows = window_indices((2, 3), 2)
    patches = harmonic_map(torch.tensor([0.2, 0.8]), windows, 6).view(2, 3)
    assert patches[0, 0] == pytest.approx(0.2)
    assert patches[0, 1] == pytest.approx(2 / (1 / 0.2 + 1 / 0.8))
    assert patches[1, 2] == pytest.approx(0.8)


def test_a_window_of_all_patches_is_the_whole_image() -> None:
    visual = open_clip.model.VisionTransformer(
        image_size=32, patch_size=8, width=32, layers=2, heads=2, mlp_ratio=2.0, output_dim=16
    ).eval()
    fill_seeded(visual, 1)
    batch = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    (whole,) = window_embeddings(visual, batch, torch.arange(16)[None])
    with torch.inference_mode():
        expected = functional.normalize(visual(batch)[0], dim=-1)
    torch.testing.assert_close(whole, expected, atol=1e-5, rtol=1e-5)
    corner = window_embeddings(visual, batch, window_indices((4, 4), 2)[:1])[0]
    assert not torch.allclose(corner, whole, atol=1e-3)


def test_the_window_memory_has_nothing_to_say_about_its_own_reference() -> None:
    generator = torch.Generator().manual_seed(0)
    stages = [torch.randn(count, 8, generator=generator) for count in (16, 9, 4)]
    bank = WindowBank()
    bank.add("a", stages)
    distances = bank.distances(stages)
    assert [len(distance) for distance in distances] == [16, 16, 16]
    assert all(float(distance.max()) < 1e-5 for distance in distances)
