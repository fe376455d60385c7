from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filo_core.descriptions.cleaning import MAX_LENGTH, MAX_PHRASES, clean_phrases, normalise_name, phrase_key, singular


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("Missing Screw", "missing screw"),
        ("  bent\t pin \n", "bent pin"),
        ("1. **Scratches**: thin lines on the face", "scratches"),
        ("- dent", "dent"),
        ("a) burr", "burr"),
        ("The possible crack", "crack"),
        ("oil stain (on the left side)", "oil stain"),
        ("cross\u2011threaded hole", "cross-threaded hole"),
        ("operator\u2019s mark", "operator's mark"),
        ("scratch/dent", "scratch or dent"),
        ("🔥burn mark🔥", "burn mark"),
        ("pin\u202e be\u200bnt\x00", "pin bent"),
        ("\uff42\uff55\uff52\uff52", "burr"),
        ("&lt;b&gt;crack&lt;/b&gt;", "crack"),
        ("\x1b[31mrust\x1b[0m", "rust"),
        ("no label", "no label"),
        ("heavy rust", "heavy rust"),
        ("crescent mark", "crescent mark"),
        ("torque mark missing", "torque mark missing"),
        ("surface scratch", "surface scratch"),
    ],
)
def test_a_visible_phrase_is_kept_as_short_plain_lower_case_words(raw: str, cleaned: str) -> None:
    assert clean_phrases([raw]) == (cleaned,)


@pytest.mark.parametrize(
    "phrase",
    [
        "bad odour",
        "burnt smell",
        "wrong weight",
        "underweight part",
        "low hardness",
        "rattling noise",
        "clicking sound",
        "sour taste",
        "high electrical resistance",
        "electrical failure",
        "overheating",
        "internal crack",
        "reduced tensile strength",
        "functional failure",
    ],
)
def test_what_no_camera_sees_is_dropped(phrase: str) -> None:
    assert clean_phrases([phrase]) == ()


@pytest.mark.parametrize(
    "phrase",
    ["muffiger Geruch", "zu hohes Gewicht", "Kurzschluss", "innerer Riss", "Überhitzung", "Funktionsstörung",
     "Vibration", "异味", "重量不足", "内部裂纹", "短路", "噪音过大", "硬度不够", "功能失灵"],
)  # fmt: skip
def test_what_no_camera_sees_is_dropped_in_german_and_chinese(phrase: str) -> None:
    assert clean_phrases([phrase]) == ()


@pytest.mark.parametrize(
    "phrase",
    ["kratzer", "leichter kratzer", "schwerer kratzer", "verbogener stift", "fehlender widerstand", "spannungsriss",
     "划痕", "缺失电阻", "弯针", "油污", "表面裂纹"],
)  # fmt: skip
def test_what_a_camera_sees_is_kept_in_german_and_chinese(phrase: str) -> None:
    assert clean_phrases([phrase]) == (phrase,)


@pytest.mark.parametrize("phrase", ["defect", "surface damage", "no defects", "none", "N/A", "unknown", "other issues"])
def test_words_that_only_say_that_something_is_wrong_are_dropped(phrase: str) -> None:
    assert clean_phrases([phrase]) == ()


@pytest.mark.parametrize(
    "phrase",
    [
        "",
        "   ",
        "...",
        "42",
        "🔥",
        "the part shows a long scratch that runs across it",
        "incomprehensibilities counterrevolutionaries electroencephalograph",
        "see https://evil.example/scratch",
        "mail me@evil.example",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)",
        "{{7*7}}",
        "x" * 1_000_000,
    ],
)
def test_what_is_no_short_phrase_is_dropped(phrase: str) -> None:
    assert clean_phrases([phrase]) == ()


def test_duplicates_in_singular_plural_and_hyphens_count_once_and_the_first_wins() -> None:
    phrases = ["Scratches", "scratch", "scratched", "missing screws", "Missing Screw", "cross-threaded hole"]
    expected = ("scratches", "scratched", "missing screws", "cross-threaded hole")
    assert clean_phrases([*phrases, "cross threaded holes"]) == expected


def test_more_than_twenty_phrases_are_cut_in_order() -> None:
    phrases = [f"mark {first}{second}x" for first in "abcdef" for second in "abcdef"]
    assert clean_phrases(phrases) == tuple(phrases[:MAX_PHRASES])


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("scratches", "scratch"),
        ("holes", "hole"),
        ("batteries", "battery"),
        ("boxes", "box"),
        ("glass", "glass"),
        ("glasses", "glass"),
        ("axis", "axis"),
        ("gas", "gas"),
        ("nut", "nut"),
    ],
)
def test_the_singular_follows_the_rules_of_english(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_a_persons_name_is_normalised_but_not_judged() -> None:
    assert normalise_name("  Bad  ODOUR! ") == "bad odour"
    assert normalise_name("<b>Defect</b> #7") == "defect 7"


def test_a_persons_long_name_is_cut_between_words() -> None:
    assert normalise_name("word " * 40) == " ".join(["word"] * 12)
    assert normalise_name("w" * 200) == "w" * MAX_LENGTH


@pytest.mark.parametrize("name", ["", " ", "?!", "unknown", " UNKNOWN. "])
def test_an_empty_name_and_the_reserved_one_are_refused(name: str) -> None:
    assert normalise_name(name) == ""


def test_at_most_two_marks_stand_on_one_letter() -> None:
    assert normalise_name("z" + "\u0353" * 50) == "z\u0353\u0353"


@given(st.lists(st.text(max_size=80), max_size=30))
def test_whatever_comes_in_what_comes_out_is_plain_short_and_stable(phrases: list[str]) -> None:
    cleaned = clean_phrases(phrases)
    assert len(cleaned) <= MAX_PHRASES
    assert len({phrase_key(phrase) for phrase in cleaned}) == len(cleaned)
    for phrase in cleaned:
        assert 0 < len(phrase) <= MAX_LENGTH
        assert all(unicodedata.category(character)[0] in "LMN" or character in " -'" for character in phrase)
        assert normalise_name(phrase) == phrase


@given(st.text(max_size=200))
def test_normalising_a_name_twice_changes_nothing(name: str) -> None:
    once = normalise_name(name)
    assert len(once) <= MAX_LENGTH
    assert normalise_name(once) == once
