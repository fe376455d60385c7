"""``line run`` as a plant engineer starts it, with the real model in its own process."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Result


@pytest.mark.slow
def test_a_line_answers_its_triggers_into_a_file_and_says_what_it_did(
    run: Callable[..., Result], product: str, category: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    source = category / "test" / "spot"
    done = run(
        "line", "run", product, "--source", source, "--output", f"csv:{out}", "--parts", 3, "--deadline", 20, "--json"
    )
    assert done.status == 0
    assert done.json["triggers"] == done.json["answers"] == sum(done.json["verdicts"].values())
    assert done.json["answers"] >= 3
    assert "NOT_INSPECTED" not in done.json["verdicts"]
    assert done.json["model_restarts"] == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == done.json["answers"]
    assert {row["product"] for row in rows} == {"plate"}


@pytest.mark.slow
def test_a_file_in_the_watched_folder_is_answered_once_over_two_starts(
    run: Callable[..., Result], product: str, category: Path, tmp_path: Path
) -> None:
    watched = f"folder:{category / 'test' / 'good'}"
    arguments = ("line", "run", product, "--trigger", watched, "--deadline", "20", "--parts", "3", "--json")
    first = run(*arguments)
    assert (first.json["answers"], first.json["repeated"]) == (3, 0)
    (category / "test" / "good" / "torn.png").write_bytes(b"\x89PNG torn")
    again = run(*(word if word != "3" else "1" for word in arguments))
    assert (again.json["answers"], again.json["verdicts"]) == (1, {"NOT_INSPECTED": 1})


@pytest.mark.slow
def test_what_cannot_work_is_said_in_a_sentence(
    run: Callable[..., Result], product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Loading takes seconds, and has nothing to do with what was typed.
    monkeypatch.setattr("filo_core.line.supervised.SupervisedDetector.wait_ready", lambda _: None)
    for options, words in (
        (("--trigger", "bell"), "no trigger"),
        (("--trigger", "http"), "needs a camera"),
        (("--source", "test://part", "--trigger", "modbus:host"), "names no port"),
        (("--source", "test://part?rate=x"), "test://part"),
        (("--output", "ftp://anna:geheim@host"), "is no output"),
    ):
        done = run("line", "run", product, *options)
        assert done.status == 1
        assert words in done.stderr
        assert "geheim" not in done.stderr
