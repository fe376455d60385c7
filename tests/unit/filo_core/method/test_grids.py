"""Feature maps of several resolutions on one grid."""

import torch

from filo_core.method.grids import grid_of, on_grid


def test_a_finer_map_is_averaged_and_a_coarser_one_interpolated() -> None:
    fine = torch.arange(16.0).view(1, 1, 4, 4)
    assert on_grid(fine, (2, 2)).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    coarse = torch.tensor([[[[0.0, 4.0]] * 2]])
    assert on_grid(coarse, (4, 4))[0, 0, 0].tolist() == [0.0, 1.0, 3.0, 4.0]
    same = torch.rand(1, 2, 3, 3)
    assert torch.equal(on_grid(same, (3, 3)), same)


def test_the_grid_of_fewer_patches_is_as_many_times_coarser_both_ways() -> None:
    assert grid_of(torch.zeros(24), (4, 6)) == (4, 6)
    assert grid_of(torch.zeros(6, 9), (4, 6)) == (2, 3)
