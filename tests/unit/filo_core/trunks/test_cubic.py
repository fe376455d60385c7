"""The table of positions is stretched as torch stretches it, by two small products."""

import pytest
import torch
from torch.nn import functional

from filo_core.trunks.eager import cubic_weights


@pytest.mark.parametrize("size", [(24, 24), (16, 40), (37, 37), (12, 60), (1, 5), (90, 3)])
def test_values_are_stretched_as_bicubic_interpolation_does(size: tuple[int, int]) -> None:
    known = torch.randn(2, 3, 37, 37, generator=torch.Generator().manual_seed(1))
    down, across = (cubic_weights(cells, 37) for cells in size)
    expected = functional.interpolate(known, size=size, mode="bicubic", align_corners=False)
    torch.testing.assert_close(down @ known @ across.T, expected, atol=1e-5, rtol=0.0)
