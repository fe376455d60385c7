from __future__ import annotations

from datetime import datetime

import pytest

from filo_core.sentence import Joined, Sentence
from filo_core.sentence_templates import Templates

TEMPLATES = Templates(
    [
        "{name} is missing.",
        "The folder {name} is missing.",
        "{name}: {reason}. {remedy}",
        "does not fit",
        "Close it.",
        "{share:.1f} % of {count} parts",
        "Begun {at:%Y-%m-%d %H:%M}.",
        "Up to {limit:,} bytes.",
        "{a} and {a} again",
    ]
)


def _template(text: str) -> str:
    found = TEMPLATES.recognised(text)
    return found.template if isinstance(found, Sentence) else ""


def test_english_is_found_again_by_the_template_that_says_most() -> None:
    assert _template("The folder x is missing.") == "The folder {name} is missing."
    assert _template("x is missing.") == "{name} is missing."
    assert _template("Nobody said this") == ""


def test_numbers_and_moments_are_numbers_and_moments_again() -> None:
    found = TEMPLATES.recognised("12.5 % of 3 parts")
    assert isinstance(found, Sentence)
    assert found.arguments == {"share": 12.5, "count": "3"}
    found = TEMPLATES.recognised("Begun 2026-11-30 09:05.")
    assert isinstance(found, Sentence)
    assert found.arguments == {"at": datetime(2026, 11, 30, 9, 5)}  # noqa: DTZ001 - as it was written
    assert _template("Up to 1,024 bytes.") == "Up to {limit:,} bytes."
    assert _template("Begun yesterday.") == ""
    assert _template("many % of 3 parts") == ""


def test_a_share_that_stands_in_a_place_is_a_number_again_with_its_digits() -> None:
    found = Templates(["Share: {share}, {version}"]).recognised("Share: 7.50 %, 1.2.3")
    assert isinstance(found, Sentence)
    share = found.arguments["share"]
    assert isinstance(share, Sentence)
    assert (share.arguments, share) == ({"share": 7.5}, "7.50 %")
    assert found.arguments["version"] == "1.2.3"


def test_a_name_that_stands_twice_is_the_same_twice() -> None:
    assert _template("x and x again") == "{a} and {a} again"
    assert _template("x and y again") == ""


def test_pieces_are_found_in_their_places() -> None:
    found = TEMPLATES.recognised("a.png: does not fit. Close it.")
    assert isinstance(found, Sentence)
    assert [getattr(value, "template", value) for value in found.arguments.values()] == [
        "a.png",
        "does not fit",
        "Close it.",
    ]


def test_a_template_without_a_word_is_none_of_other_text() -> None:
    assert _template("Note: the first. The second") == ""


def test_several_sentences_are_found_one_after_the_other() -> None:
    found = TEMPLATES.recognised("The folder x is missing. Close it. And more")
    assert isinstance(found, Joined)
    assert found == "The folder x is missing. Close it. And more"


@pytest.mark.parametrize("text", ["", " ", "{", "a" * 10_000])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert TEMPLATES.recognised(text) == text


def test_every_template_of_the_program_is_there() -> None:
    assert isinstance(Templates.shipped().recognised("Nobody reviews. Enter who decides."), Sentence)
