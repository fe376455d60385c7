"""Eq. (5): the distance of a patch to its nearest stored patch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from filo_core.errors import RecipeError
from filo_core.method.memory_bank import MemoryBank


def _patches(seed: int, count: int = 5, width: int = 4) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def test_distances_match_a_case_computed_by_hand() -> None:
    bank = MemoryBank()
    bank.add("a", [torch.tensor([[1.0, 0.0], [0.0, 2.0]])])
    # Directions 0°, 45° and 180° against stored 0° and 90°: 1 - cos of the smaller angle.
    (distances,) = bank.distances([torch.tensor([[3.0, 0.0], [1.0, 1.0], [-1.0, 0.0]])])
    assert distances.tolist() == pytest.approx([0.0, 1.0 - 2.0**-0.5, 1.0], abs=1e-6)


def test_an_empty_bank_says_what_to_do() -> None:
    with pytest.raises(RecipeError, match=r"set_references\(\)"):
        MemoryBank().distances([_patches(0)])


def test_references_with_other_stages_are_refused() -> None:
    bank = MemoryBank()
    bank.add("a", [_patches(0), _patches(1)])
    with pytest.raises(ValueError, match="holds 2 stages, this reference has 1"):
        bank.add("b", [_patches(2)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_adding_a_reference_never_raises_a_distance(first: int, second: int) -> None:
    bank = MemoryBank()
    bank.add("a", [_patches(first)])
    query = [_patches(first + second + 1, count=7)]
    before = bank.distances(query)[0]
    bank.add("b", [_patches(second)])
    assert (bank.distances(query)[0] <= before + 1e-6).all()


def test_removing_and_leaving_out_a_reference_agree_with_never_having_added_it() -> None:
    alone, both = MemoryBank(), MemoryBank()
    alone.add("a", [_patches(1)])
    both.add("a", [_patches(1)])
    both.add("b", [_patches(2)])
    query = [_patches(3)]
    expected = alone.distances(query)[0]
    assert torch.equal(both.without("b").distances(query)[0], expected)
    both.remove("b")
    assert torch.equal(both.distances(query)[0], expected)
    assert len(both) == 1


def test_a_stored_patch_lies_at_distance_zero_and_never_below() -> None:
    bank = MemoryBank()
    patches = _patches(4, count=50, width=33)
    bank.add("a", [patches])
    (distances,) = bank.distances([patches * 3.7])
    assert distances.max() < 1e-6
    assert distances.min() >= 0.0
