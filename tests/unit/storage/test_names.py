from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from filo_core.errors import ProductError
from storage.columns import LONGEST_NAME, storable
from storage.names import name_key, product_name, tidy_name


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  metal \t nut\n", "metal nut"),
        ("Robert'); DROP TABLE products;--", "Robert'); DROP TABLE products;--"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("C:\\nul", "C:\\nul"),
        ("a\u00a0b", "a b"),
        ("e\u0301tau", "étau"),
        ("\u0646\u0645\u06cc\u200c\u062e", "\u0646\u0645\u06cc\u200c\u062e"),
        ("部品 3 🔩", "部品 3 🔩"),
    ],
)
def test_a_name_is_kept_as_it_was_meant(typed: str, stored: str) -> None:
    assert product_name(typed) == stored


@pytest.mark.parametrize("typed", ["", "  \n", "\u200d"])
def test_an_empty_name_is_refused(typed: str) -> None:
    with pytest.raises(ProductError, match="has no name"):
        product_name(typed)


def test_a_name_of_the_greatest_length_is_taken_and_a_longer_one_refused() -> None:
    assert product_name("x" * LONGEST_NAME) == "x" * LONGEST_NAME
    with pytest.raises(ProductError, match=r"has 500 characters, more than the 120 allowed\. Shorten it") as refused:
        product_name("x" * 500)
    assert len(str(refused.value)) < LONGEST_NAME


@pytest.mark.parametrize("typed", ["nut\0", "nut\x1b[31m", "nut\u202e", "nut\udcff", "nut\u200b"])
def test_characters_that_cannot_be_seen_are_refused(typed: str) -> None:
    with pytest.raises(ProductError, match="cannot be seen") as refused:
        tidy_name(typed, "class name")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(("one", "other"), [("Nut", "nut "), ("STRASSE", "straße"), ("É", "e\u0301")])
def test_case_and_blanks_make_no_other_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")), min_size=1, max_size=60))
def test_a_name_that_is_taken_is_found_by_what_was_typed(typed: str) -> None:
    assume(typed.strip())
    name = product_name(typed)
    assert product_name(name) == name
    assert name_key(name) == name_key(typed)
    assert len(name_key(name)) <= 3 * LONGEST_NAME


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_text_can_be_stored(text: str) -> None:
    stored = storable(text)
    assert "\0" not in stored
    assert stored.encode("utf-8").decode("utf-8") == stored
    assert storable(stored) == stored
