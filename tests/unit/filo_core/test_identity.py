from __future__ import annotations

from datetime import UTC, datetime

import pytest

from filo_core.errors import IdentityError
from filo_core.identifying import identity_of
from filo_core.identity import LONGEST_FIELD, MOST_TIMES, NOBODY, Identity, SeenBefore


def test_what_is_not_said_is_empty_and_other_names_are_not_looked_at() -> None:
    assert identity_of({"id": "7", "serial": " A-1 ", "lot": None}) == Identity(serial="A-1")
    assert identity_of({"repeat": True}) == NOBODY
    assert not NOBODY


def test_a_whole_number_is_taken_as_it_is_written() -> None:
    assert identity_of({"serial": 4711, "order": "0815"}) == Identity(serial="4711", order="0815")


def test_a_customers_own_name_means_its_field() -> None:
    said = {"pallet": "P7", "field_2": "nest 3"}
    assert identity_of(said, ("pallet", "", "shift")) == Identity(field_1="P7", field_2="nest 3")


def test_letters_with_marks_have_one_spelling() -> None:
    assert identity_of({"serial": "U\u0308-1"}) == identity_of({"serial": "\u00dc-1"})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x" * 5000, f"has 5000 characters, more than the {LONGEST_FIELD} allowed"),
        ("A\x1e1", "holds \\x1e, which cannot be seen"),
        ("A\x001", "holds \\x00, which cannot be seen"),
        ("1\u202e2", "holds \\u202e, which cannot be seen"),
        ("A\u200b1", "holds \\u200b, which cannot be seen"),
        ("A\ufffd1", "another encoding than UTF-8"),
        ("A\udcff1", "cannot be seen"),
        ("\u0410B1", "mixes Cyrillic and Latin letters"),
        (1.5, "is no text"),
        (True, "is no text"),
        (["A"], "is no text"),
    ],
)
def test_what_cannot_be_read_in_one_way_only_is_refused_in_a_sentence(value: object, said: str) -> None:
    with pytest.raises(IdentityError, match="The serial") as refused:
        identity_of({"serial": value})
    assert said in str(refused.value)


def test_a_serial_in_one_script_of_any_language_is_taken() -> None:
    for serial in (
        "\u5de5\u5355 A-17",
        "\u0411\u0416-4",
        "Größe 3",
        "10k\u03a9",
        "5 \u00b5m",
        "\u0394T \u2264 2 \u00b0C",
    ):
        assert identity_of({"serial": serial}).serial == serial
    assert identity_of({"serial": "\u2126 10"}).serial == "\u03a9 10", "the ohm sign and the letter are one"


def test_the_separator_of_a_gs1_code_can_be_seen_and_says_nothing_at_the_ends() -> None:
    seen = identity_of({"serial": "\x1d0109501101020917\x1d10ABC\x1d"}).serial
    assert seen == "0109501101020917\u241d10ABC"
    assert identity_of({"serial": seen}).serial == seen


def test_what_two_say_is_put_together_and_a_contradiction_is_named() -> None:
    scanned, read = Identity(serial="A", lot="L"), Identity(serial="B", order="O")
    assert scanned.completed(read) == Identity(serial="A", lot="L", order="O")
    assert scanned.contradicted(read) == ("serial",)
    assert scanned.contradicted(Identity(serial="A")) == ()


def test_how_often_a_serial_was_seen_is_said_and_ends_somewhere() -> None:
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert "inspected once, as NG at 2026-03-04 05:06:07." in SeenBefore(1, "NG", at, 3).sentence
    assert "100 times or more, last" in SeenBefore(MOST_TIMES, "OK", at, 3).sentence
