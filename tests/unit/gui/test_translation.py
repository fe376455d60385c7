from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication

from filo_core.calibration.bad_parts import of_ten
from filo_core.errors import RecipeError
from filo_core.sentence import Joined, Sentence, sentences
from gui.background import sentence_of
from gui.languages import Languages
from gui.translation import in_language
from gui.wording import date_and_time
from storage.audit.problems import Problem
from workflows.people.access import AccessError
from workflows.people.rights import Right

ENGLISH = "Nobody reviews. Enter who decides."
SAID = {
    "en": ENGLISH,
    "de": "Niemand entscheidet. Geben Sie ein, wer entscheidet.",
    "zh_CN": "没有复核人。请输入由谁决定。",
}


@pytest.fixture(params=list(SAID))
def language(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    languages = Languages(qapp)
    languages.use(request.param)
    yield request.param
    languages.use("en")


def test_an_error_is_shown_in_the_language_of_the_window(language: str) -> None:
    assert sentence_of(RecipeError(ENGLISH)) == (SAID[language], "")


def test_a_sentence_that_the_record_kept_is_shown_in_the_language_of_the_window(language: str) -> None:
    assert in_language(ENGLISH) == SAID[language]
    assert in_language(sentences(ENGLISH, "Kept as it is.")) == f"{SAID[language]} Kept as it is."
    assert in_language(Sentence("{text}", text=ENGLISH)) == SAID[language]
    assert in_language("Nobody knows this text.") == "Nobody knows this text."


def test_numbers_lists_and_moments_are_written_as_the_language_does(language: str) -> None:
    comma = "," if language == "de" else "."
    assert (
        in_language(Sentence("{a:.1f} × {port} ({b:g})", a=12.34, port=50000, b=0.5))
        == f"12{comma}3 × 50000 (0{comma}5)"
    )
    assert in_language(Joined(["a", "b"])) == ("a、b" if language == "zh_CN" else "a, b")
    at = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)
    assert in_language(Sentence("{at:%Y-%m-%d}", at=at)) == date_and_time(at)


def test_what_a_check_of_the_record_finds_is_said_in_the_language_of_the_window(language: str) -> None:
    removed = Problem(7, "inspections", 3, Sentence("the row was removed"))
    assert removed.sentence == "inspections 3 (entry 7): the row was removed"
    said = {
        "en": removed.sentence,
        "de": "inspections 3 (Eintrag 7): die Zeile wurde entfernt",
        "zh_CN": "inspections 3 (条目 7): 该行被删除",
    }
    assert in_language(removed.sentence) == in_language(str(removed.sentence)) == said[language]


def test_so_many_of_ten_has_the_mark_of_the_language(language: str) -> None:
    assert in_language(of_ten(0.7076)) == ("7,1" if language == "de" else "7.1")


def test_what_a_person_may_not_do_and_whom_to_ask_is_said_in_the_language_of_the_window(language: str) -> None:
    right = Right.SIGN_OFF
    refused = AccessError("{name} may not {words}. Ask {who}.", name="Bo", words=right.words, who=right.who)
    said = {
        "en": "Bo may not sign a recipe off. Ask a supervisor.",
        "de": "Bo darf das nicht: ein Rezept freigeben. Fragen Sie einen Schichtleiter.",
    }
    text = in_language(str(refused))
    assert text == said.get(language, text)
    if language == "zh_CN":
        assert "签发配方" in text
        assert "supervisor" not in text
