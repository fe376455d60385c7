"""Runtime prompt filtering (III-B3) on distances worked out by hand."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from filo_core.method.filtering import filter_prompts

IMAGE = torch.tensor([1.0, 0.0])


def at(*cosines: float) -> Tensor:
    first = torch.tensor(cosines)
    return torch.stack([first, (1.0 - first**2).sqrt()], dim=-1)


def test_the_overlap_is_dropped_its_ends_included() -> None:
    # D_n = 0.1 0.3 0.5, D_a = 0.3 0.5 0.7: the overlap is [0.3, 0.5].
    kept = filter_prompts(IMAGE, at(0.9, 0.7, 0.5), at(0.7, 0.5, 0.3))
    assert kept.normal.tolist() == [True, False, False]
    assert kept.anomalous.tolist() == [False, False, True]
    assert kept.unfiltered == ()


def test_disjoint_ranges_drop_nothing() -> None:
    kept = filter_prompts(IMAGE, at(0.9, 0.8), at(0.3, 0.2))
    assert kept.normal.all()
    assert kept.anomalous.all()


def test_a_side_that_would_be_emptied_stays_whole_and_is_named() -> None:
    kept = filter_prompts(IMAGE, at(0.6, 0.5), at(0.9, 0.55, 0.1))
    assert kept.unfiltered == ("normal",)
    assert kept.normal.all()
    assert kept.anomalous.tolist() == [True, False, True]


cosines = st.lists(st.floats(-1.0, 1.0, width=32), min_size=1, max_size=20)


@given(cosines, cosines)
def test_filtering_never_empties_a_side(normal: list[float], anomalous: list[float]) -> None:
    kept = filter_prompts(IMAGE, at(*normal), at(*anomalous))
    assert kept.normal.any()
    assert kept.anomalous.any()


@given(cosines, cosines, st.randoms(use_true_random=False))
def test_the_order_of_prompts_changes_nothing(normal: list[float], anomalous: list[float], chance: object) -> None:
    order = list(range(len(anomalous)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    straight = filter_prompts(IMAGE, at(*normal), at(*anomalous))
    shuffled = filter_prompts(IMAGE, at(*normal), at(*(anomalous[i] for i in order)))
    assert torch.equal(straight.anomalous[order], shuffled.anomalous)
    assert straight.unfiltered == shuffled.unfiltered
