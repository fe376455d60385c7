"""Multiply-adds of the text tower in the full profile."""

import pytest

from filo_core.method.text_work import TextWork
from filo_core.profiles.text_report import full_text_work


@pytest.fixture(scope="module")
def works() -> list[TextWork]:
    return full_text_work(12)


def test_text_work_per_image_is_at_least_ten_times_less_even_without_a_box(works: list[TextWork]) -> None:
    assert [work.positions for work in works] == [1, 2, 9]
    assert all(work.whole >= 10 * work.placed for work in works)
    assert works[0].placed < works[1].placed < works[2].placed


def test_the_count_of_the_slow_way_is_the_towers_own_arithmetic(works: list[TextWork]) -> None:
    # 14 normal, 10 generic and 12 * 9 * 2 named fixed prompts; 7, 5 and 12 * 9 learnable ones.
    prompts, tokens, width, layers = 14 + 10 + 216 + 7 + 5 + 108, 77, 768, 12
    linear = 12 * width * width * tokens
    attention = 2 * tokens * tokens * width
    assert works[0].whole == prompts * layers * (linear + attention)
