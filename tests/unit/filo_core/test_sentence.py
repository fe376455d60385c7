from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.sentence import Joined, Sentence, one_or_many, said, sentences
from filo_core.types import Verdict

GERMAN = {
    "{name} has {share:.1f} % of {what}": "{share:.1f} % {what} hat {name}",
    "the parts": "der Teile",
    "One.": "Eins.",
    "{count} parts": "{count} Teile",
    ", ": " und ",
}


def _german(text: str) -> str:
    return said(text, lambda template: GERMAN.get(template, template), _write)


def _write(value: object, spec: str) -> str:
    return format(value, spec).replace(".", ",")


def test_a_sentence_is_its_english_and_can_be_said_in_another_language() -> None:
    sentence = Sentence("{name} has {share:.1f} % of {what}", name="A {b}", share=12.34, what=Sentence("the parts"))
    assert sentence == "A {b} has 12.3 % of the parts"
    assert type(str(sentence)) is str
    assert _german(sentence) == "12,3 % der Teile hat A {b}"


def test_a_sentence_travels_between_processes_with_its_template() -> None:
    sentence = Sentence("{name} has {share:.1f} % of {what}", name="A", share=1.0, what=Sentence("the parts"))
    for one in (sentence, sentences("One.", sentence)):
        back = pickle.loads(pickle.dumps(one))
        assert type(back) is type(one)
        assert back == one
        assert _german(back) == _german(one)
    error = pickle.loads(pickle.dumps(FolderError("{count} parts", count=3)))
    assert _german(error.sentence) == "3 Teile"


def test_in_json_a_sentence_is_its_english() -> None:
    assert json.dumps({"reason": Sentence("{count} parts", count=2)}) == '{"reason": "2 parts"}'


def test_without_arguments_braces_are_text() -> None:
    assert Sentence("{not a place}") == "{not a place}"
    assert FolderError(str(Sentence("{x}", x="{y}"))).sentence == "{y}"


def test_what_cannot_travel_is_kept_as_its_text() -> None:
    held = Sentence(
        "{a} {b} {c} {d} {e:.1f}", a=Verdict.NG, b=OSError("gone"), c=True, d=np.int64(3), e=np.float32(0.5)
    )
    assert held == "NG gone True 3 0.5"
    assert [type(value) for value in held.arguments.values()] == [str, str, str, int, float]


def test_an_error_in_a_sentence_is_said_in_the_same_language() -> None:
    inner = FolderError("{count} parts", count=2)
    assert str(FolderError("Stopped: {error}", error=inner)) == "Stopped: 2 parts"
    assert _german(FolderError("Stopped: {error}", error=inner).sentence) == "Stopped: 2 Teile"
    raised_again = FolderError(inner.sentence)
    assert _german(raised_again.sentence) == "2 Teile"


def test_an_unreadable_image_says_reason_and_remedy_in_another_language() -> None:
    error = UnreadableImageError("a.png", Sentence("the parts"), Sentence("One."))
    assert str(error) == "a.png: the parts. One."
    assert _german(error.sentence) == "a.png: der Teile. Eins."


def test_one_and_many_are_two_templates() -> None:
    assert [one_or_many(count, "one part", "{count} parts") for count in (0, 1, 2)] == [
        "0 parts",
        "one part",
        "2 parts",
    ]


def test_joined_texts_are_said_one_by_one() -> None:
    joined = Joined([one_or_many(2, "one part", "{count} parts"), "b"])
    assert joined == "2 parts, b"
    assert _german(joined) == "2 Teile und b"
    assert _german(sentences("One.", "", Sentence("One."))) == "One. Eins."
    assert sentences() == ""


@pytest.mark.parametrize("wrong", ["{nobody}", "{count:.1q}", "{0}"])
def test_a_translation_with_a_wrong_place_is_said_in_english(wrong: str) -> None:
    assert said(Sentence("{count} parts", count=2), lambda _: wrong) == "2 parts"
