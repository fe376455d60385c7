from __future__ import annotations

import json
import unicodedata

import pytest

from filo_core.printable import json_without_controls, printable_name, without_controls


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\x1b[2Jpart.png", "\\x1b[2Jpart.png"),
        ("a\nb\rc\td.png", "a\\nb\\rc\\td.png"),
        ("gnp\u202e.exe", "gnp\\u202e.exe"),
        ("\x9b31mpart.png", "\\x9b31mpart.png"),
        ("a\u2028b\ufeff", "a\\u2028b\\ufeff"),
        ("a\udcffb", "a\ufffdb"),
        ("Teil 7 – groß 部品\u3000ن\u200cم.png", "Teil 7 – groß 部品\u3000ن\u200cم.png"),
    ],
)
def test_signs_that_are_not_seen_are_written_out(name: str, shown: str) -> None:
    assert printable_name(name) == shown


def test_no_control_sign_of_unicode_gets_into_a_shown_name() -> None:
    every = "".join(chr(code) for code in range(0x11_0000) if not 0xD800 <= code < 0xE000)

    kinds = {unicodedata.category(sign) for sign in printable_name(every) if sign not in "\u200c\u200d"}

    assert kinds.isdisjoint({"Cc", "Cf", "Zl", "Zp"})


def test_a_sentence_keeps_its_line_breaks_and_loses_what_steers_a_terminal() -> None:
    assert without_controls("one\n\ttwo\x1b[31m\x07") == "one\n\ttwo\\x1b[31m\\x07"


def test_json_says_the_same_with_every_such_sign_written_out() -> None:
    content = {"name": "\x1b[2J\x7f\x9b31m\u202epart\U000e0001 部品\u200c.png", "count": 3}

    text = json_without_controls(json.dumps(content, ensure_ascii=False) + "\n")

    assert json.loads(text) == content
    assert "部品" in text
    assert not any(unicodedata.category(sign) in {"Cc", "Cf"} for sign in text if sign not in "\n\u200c")
