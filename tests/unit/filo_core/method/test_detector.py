"""How references enter the memory bank."""

import torch

from filo_core.method.detector import shifted


def test_a_shift_moves_the_picture_and_repeats_its_border() -> None:
    picture = torch.arange(9.0).view(1, 1, 3, 3)
    assert shifted(picture, 1, 0)[0, 0].tolist() == [[0, 0, 1], [3, 3, 4], [6, 6, 7]]
    assert shifted(picture, 0, -1)[0, 0].tolist() == [[3, 4, 5], [6, 7, 8], [6, 7, 8]]
    assert shifted(picture, -1, 1)[0, 0].tolist() == [[1, 2, 2], [1, 2, 2], [4, 5, 5]]


def test_no_shift_gives_the_picture_itself() -> None:
    picture = torch.rand(1, 3, 4, 4)
    assert shifted(picture, 0, 0) is picture
