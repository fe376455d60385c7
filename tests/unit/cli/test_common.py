from __future__ import annotations

import json

import pytest
from rich.table import Table

from cli.common import add_row, console, print_json, say, warn

NAME = "\x1b]0;owned\x07\x9b2J\u202egnp.part"
SHOWN = r"\x1b]0;owned\x07\x9b2J\u202egnp.part"


def test_no_name_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Name")
    add_row(table, NAME)

    say(f"{NAME}: judged")
    warn(f"{NAME}: left out")
    console.print(table)

    out, err = capsys.readouterr()
    assert SHOWN in out.splitlines()[0]
    assert SHOWN in err
    assert not set("\x1b\x07\x9b\u202e") & set(out + err)


def test_json_is_the_same_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": NAME})

    out = capsys.readouterr().out
    assert not set("\x1b\x07\x9b\u202e") & set(out)
    assert json.loads(out) == {"name": NAME}
