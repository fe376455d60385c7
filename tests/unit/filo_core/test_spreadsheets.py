from __future__ import annotations

import pytest

from filo_core.printable import without_controls
from filo_core.spreadsheets import harmless


@pytest.mark.parametrize(
    "text",
    ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201"],
)
def test_text_that_would_be_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + without_controls(text)


@pytest.mark.parametrize("cell", ["scratch", "", "a=b", -0.5, 3, None])
def test_everything_else_stays_as_it_is(cell: object) -> None:
    assert harmless(cell) == cell


def test_signs_that_steer_a_terminal_are_written_out() -> None:
    assert harmless("\x1b[31mpart\u202e.png") == "\\x1b[31mpart\\u202e.png"
    assert harmless("two\nlines") == "two\nlines"
