"""Eq. (5): the distance of a patch to its nearest stored patch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from filo_core.errors import RecipeError
from filo_core.method import memory_bank
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


def _one_hot(cell: int, cells: int = 16) -> torch.Tensor:
    """A 4 x 4 grid that is alike everywhere but in one cell."""
    stage = torch.tensor([[1.0, 0.0]]).repeat(cells, 1)
    stage[cell] = torch.tensor([0.0, 1.0])
    return stage


def test_a_part_that_has_moved_is_found_only_within_a_window() -> None:
    bank = MemoryBank()
    bank.add("a", [_one_hot(0)])
    moved = [_one_hot(15)]
    assert float(bank.distances(moved)[0].max()) == pytest.approx(0.0, abs=1e-6)
    (bound,) = bank.distances(moved, windows=(0.25,))
    assert bound.argmax() == 15
    assert float(bound[15]) == pytest.approx(1.0)
    # A step of one cell is within a quarter of four cells.
    assert float(bank.distances([_one_hot(1)], windows=(0.25,))[0].max()) == pytest.approx(0.0, abs=1e-6)


def test_several_windows_are_averaged() -> None:
    bank = MemoryBank()
    bank.add("a", [_patches(1, 16)])
    query = [_patches(2, 16)]
    near, whole = bank.distances(query, windows=(0.25,))[0], bank.distances(query)[0]
    both = bank.distances(query, windows=(0.25, 1.0))[0]
    assert torch.allclose(both, (near + whole) / 2, atol=1e-6)
    assert bool((near >= whole - 1e-6).all())


def test_every_pass_of_a_reference_has_its_own_grid_and_loose_patches_match_anywhere() -> None:
    twice, loose = MemoryBank(), MemoryBank()
    twice.add("a", [torch.cat([_one_hot(0), _one_hot(15)])])
    assert float(twice.distances([_one_hot(15)], windows=(0.25,))[0].max()) == pytest.approx(0.0, abs=1e-6)
    loose.add("a", [_one_hot(0)])
    loose.add("taught", [torch.tensor([[0.0, 1.0]])])
    assert float(loose.distances([_one_hot(15)], windows=(0.25,))[0].max()) == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_adding_a_reference_never_raises_a_distance_within_windows_either(first: int, second: int) -> None:
    bank = MemoryBank()
    bank.add("a", [_patches(first, 16)])
    query = [_patches(first + second + 1, 16)]
    before = bank.distances(query, windows=(0.25, 0.5))[0]
    bank.add("b", [_patches(second, 16)])
    assert bool((bank.distances(query, windows=(0.25, 0.5))[0] <= before + 1e-6).all())


def test_the_nearest_patch_explains_all_stages_together_and_lies_within_the_window() -> None:
    axes = torch.eye(4)
    grid = torch.stack([axes[0], axes[0], axes[1], axes[2]])
    bank = MemoryBank()
    bank.add("a", [grid, grid])
    bank.add("b", [axes[3].repeat(4, 1), axes[0].repeat(4, 1)])
    query = axes[2].repeat(4, 1)
    far = bank.nearest([query, query], 0)
    assert (far.key, far.index, far.gridded) == ("a", 3, True)
    assert far.distance == pytest.approx(0.0, abs=1e-6)
    near = bank.nearest([query, query], 0, window=0.4)
    assert near.distance == pytest.approx(1.0)
    assert near.index == 0


def test_the_nearest_patch_may_be_a_taught_one_which_has_no_grid() -> None:
    bank = MemoryBank()
    bank.add("a", [torch.eye(4)[0].repeat(4, 1)])
    bank.add("b@1,2,3,4", [torch.eye(4)[2:3]])
    found = bank.nearest([torch.eye(4)[2].repeat(4, 1)], 1, window=0.4)
    assert (found.key, found.gridded) == ("b@1,2,3,4", False)


def test_an_empty_bank_says_what_to_do_before_a_nearest_patch() -> None:
    with pytest.raises(RecipeError, match="set_references"):
        MemoryBank().nearest([torch.eye(4)], 0)


def test_no_product_is_larger_than_a_picture_against_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    best_of = memory_bank._best_of

    def counted(stored: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
        compared.append(len(stored))
        return best_of(stored, query)

    monkeypatch.setattr(memory_bank, "_best_of", counted)
    bank, query = MemoryBank(), torch.randn(16, 6, generator=torch.Generator().manual_seed(1))
    passes = torch.randn(9 * 16, 6, generator=torch.Generator().manual_seed(2))
    bank.add("nine passes", [passes])
    (found,) = bank.distances([query])
    assert compared == [16] * 9
    units = [torch.nn.functional.normalize(rows, dim=-1) for rows in (query, passes)]
    assert torch.allclose(found, 1.0 - (units[0] @ units[1].T).amax(dim=1), atol=1e-6)
