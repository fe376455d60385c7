"""The frame of the audit's attacks: a fresh home each, and no attack that breaks counts as held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.audit_attacks import __main__ as command
from tools.audit_attacks import line
from tools.audit_attacks.frame import Attack, Finding, NotHereError, run_all, run_attack, surroundings


def _held(home: Path) -> Finding:
    """Something that is held."""
    (home / "left").write_text("behind", encoding="utf-8")
    return Finding("held", held=True, how="by nothing")


def _lost(_: Path) -> Finding:
    """Something that is not."""
    return Finding("lost", held=False, how="a PASS was read")


def _broken(_: Path) -> Finding:
    """An attack that breaks."""
    raise ValueError("nothing to attack")


def _elsewhere(_: Path) -> Finding:
    """An attack on a database that is not installed."""
    raise NotHereError("There is no PostgreSQL here.")


def test_each_attack_gets_an_empty_home_of_its_own() -> None:
    seen: list[Path] = []

    def look(home: Path) -> Finding:
        seen.append(home)
        return Finding("looked", held=not list(home.iterdir()), how="")

    rows = run_all({"line": [_held, look, look]})
    assert [row.held for row in rows] == [True, True, True]
    assert len(set(seen)) == 2
    assert not any(home.exists() for home in seen)


def test_an_attack_that_breaks_is_not_held_and_one_that_cannot_run_is_neither() -> None:
    broken, elsewhere = run_attack("line", _broken), run_attack("line", _elsewhere)
    assert (broken.name, broken.held) == ("An attack that breaks", False)
    assert "nothing to attack" in broken.how
    assert (elsewhere.held, elsewhere.how) == (None, "There is no PostgreSQL here.")


@pytest.mark.parametrize(("attacks", "status"), [([_held], 0), ([_held, _lost], 1), ([_held, _elsewhere], 0)])
def test_the_status_is_1_as_soon_as_one_attack_is_not_held(
    attacks: list[object], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "SECTIONS", {"line": attacks})
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert command.main([]) == status
    assert ("NOT HELD" in capsys.readouterr().out) == (status == 1)


def test_what_the_user_has_set_for_the_program_reaches_no_attack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FILO_OPERATOR", "anna")
    found = surroundings(tmp_path)
    assert "FILO_OPERATOR" not in found
    assert found["FILO_HOME"] == str(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("attack", line.ATTACKS, ids=lambda attack: attack.__name__)
def test_the_attacks_on_the_line_are_held(attack: Attack) -> None:
    row = run_attack("line", attack)
    assert row.held, row.how
