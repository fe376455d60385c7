"""SPADE's and PatchCore's patch matching on a few vectors."""

import math

import pytest
import torch

from filo_core.benchmark.comparisons.patch_banks import (
    CoresetBank,
    PyramidBank,
    greedy_coreset,
    halved_euclidean,
    locally_pooled,
)
from filo_core.errors import RecipeError


def test_half_the_euclidean_distance_follows_from_the_cosine() -> None:
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.6, 0.8])
    expected = float(torch.dist(a, b)) / 2
    assert float(halved_euclidean(1.0 - torch.dot(a, b))) == pytest.approx(expected)


def test_spade_matches_all_stages_of_a_patch_in_one_vector() -> None:
    bank = PyramidBank()
    first, second = torch.eye(4)[:2], torch.eye(4)[2:]
    bank.add("a", [first, second])
    # The first stage is that of one patch and the second that of the other: no stored patch has both.
    (distance,) = bank.distances([first[:1], second[1:]])
    assert float(distance) == pytest.approx(math.sqrt(0.5 / 2))
    assert float(bank.distances([first[:1], second[:1]])[0]) == pytest.approx(0.0, abs=1e-3)


def test_pooling_counts_zeros_beyond_the_border_as_patchcores_authors_do() -> None:
    patches = torch.arange(9.0).view(9, 1)
    pooled = locally_pooled(patches)
    assert float(pooled[4]) == pytest.approx(4.0)
    assert float(pooled[0]) == pytest.approx((0 + 1 + 3 + 4) / 9)


def test_the_coreset_takes_the_farthest_patch_each_time() -> None:
    patches = torch.tensor([[0.0], [1.0], [10.0], [6.0], [0.1]])
    assert greedy_coreset(patches, 3).tolist() == [0, 2, 3]


def test_patchcore_keeps_the_share_that_it_is_told_and_chooses_anew_after_an_addition() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.randn(16, 6, generator=generator) for _ in range(2))
    bank = CoresetBank(share=1.0)
    bank.add("one", [one])
    far = float(bank.distances([other])[0].max())
    assert float(bank.distances([one])[0].max()) == pytest.approx(0.0, abs=1e-3)
    bank.add("other", [other])
    assert float(bank.distances([other])[0].max()) < 1e-3 < far
    thin = CoresetBank(share=0.1)
    thin.add("one", [one])
    assert float(thin.distances([one])[0].max()) > 1e-3, "two of sixteen patches do not cover all"


@pytest.mark.parametrize("bank", [PyramidBank(), CoresetBank()])
def test_an_empty_bank_is_a_sentence(bank: PyramidBank) -> None:
    with pytest.raises(RecipeError, match="No references"):
        bank.distances([torch.zeros(4, 3)])
