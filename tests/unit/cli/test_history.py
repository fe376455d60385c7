"""``main.py history``: all pictures of a part, from a record with parts that were named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.options import wanted_identity
from filo_core.errors import IdentityError, SettingsError
from filo_core.identity import Identity
from filo_core.types import Origin
from program import command_line
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.unit.storage.making import make_inspection, sign_product


@pytest.fixture
def record(filo_home: Path) -> Path:
    filo_home.mkdir()
    with open_storage(sqlite_url(filo_home / "filo.sqlite"), filo_home / "images") as storage:
        recipe, recorder = sign_product(storage), Recorder(storage, "metal nut")
        for shade, identity in enumerate((Identity("A-1", "L7"), Identity("A-2", "L7", field_1="P9"), Identity("A-1"))):
            made = make_inspection(recipe, shade, 0.9 if shade else 0.1, origin=Origin.LIVE)
            recorder.record_one(replace(made, identity=identity))
    return filo_home


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        command_line(["history", *arguments, "--json"])(["history", *arguments, "--json"])
    assert ended.value.code == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out.splitlines()[-1])["inspections"]
    return found


def test_all_pictures_of_a_serial_come_newest_first(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, "metal nut", "--serial", "A-1")
    assert [(one["serial"], one["lot"], one["final_verdict"]) for one in found] == [
        ("A-1", "", "NG"),
        ("A-1", "L7", "OK"),
    ]


def test_a_lot_and_a_field_of_ones_own_find_theirs(
    record: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [one["serial"] for one in asked(capsys, "--lot", "L7")] == ["A-2", "A-1"]
    monkeypatch.setenv("FILO_IDENTITY_FIELDS", "pallet")
    assert [one["serial"] for one in asked(capsys, "--field", "pallet=P9")] == ["A-2"]
    assert [one["serial"] for one in asked(capsys, "--part", "a-2")] == ["A-2"]


def test_a_field_that_nobody_named_and_a_serial_that_none_has_are_refused() -> None:
    with pytest.raises(SettingsError, match="names no field"):
        wanted_identity("", "", "", ["nest=3"], ["pallet"])
    with pytest.raises(IdentityError, match="5000 characters"):
        wanted_identity("x" * 5000, "", "")
