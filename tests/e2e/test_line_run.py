"""``line run`` as a plant engineer starts it, with the real model in its own process."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from filo_core.line.triggers.token import token_problem
from tests.e2e.conftest import Result
from workflows.line.doors import with_password
from workflows.line.making import line_wish
from workflows.settings.output_address import Output
from workflows.settings.secret_store import LINE, SecretStore
from workflows.settings.settings import Settings


@pytest.mark.slow
def test_a_line_answers_its_triggers_into_a_file_and_says_what_it_did(
    run: Callable[..., Result], product: str, category: Path, tmp_path: Path, filo_home: Path
) -> None:
    out = tmp_path / "out.csv"
    run("user", "add", "Grace", "--role", "admin", typed="740936\n")
    source = ("--source", category / "test" / "spot", "--user", "Grace")
    options = ("--output", f"csv:{out}", "--parts", 3, "--deadline", 20, "--json")
    done = run("line", "run", product, *source, *options, typed="740936\n")
    assert done.status == 0
    assert done.json["triggers"] == done.json["answers"] == sum(done.json["verdicts"].values())
    assert done.json["answers"] >= 3
    assert "NOT_INSPECTED" not in done.json["verdicts"]
    assert done.json["model_restarts"] == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == done.json["answers"]
    assert {row["product"] for row in rows} == {"plate"}
    with closing(sqlite3.connect(filo_home / "filo.sqlite")) as connection:
        assert connection.execute("SELECT DISTINCT operator FROM inspections").fetchall() == [("Grace",)]


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
    loaded: list[object] = []

    def load_at_once(detector: object) -> None:
        loaded.append(detector)

    monkeypatch.setattr("filo_core.line.supervised.SupervisedDetector.wait_ready", load_at_once)
    for options, words in (
        (("--trigger", "bell"), "no trigger"),
        (("--trigger", "http"), "needs a camera"),
        (("--source", "test://part", "--trigger", "http"), "main.py line token"),
        (("--source", "test://part", "--trigger", "modbus:0.0.0.0:5020"), "FILO_MODBUS_EVERYWHERE"),
        (("--source", "test://part", "--trigger", "modbus:host"), "names no port"),
        (("--source", "test://part?rate=x"), "test://part"),
        (("--output", "ftp://anna:geheim@host"), "is no output"),
        (("--output", "mqtt://anna@[host/line"), "names no host"),
        (("--output", "mqtt://host:99999/line"), "has no valid port"),
        (("--source", "rtsp://anna:geheim@[host/1", "--trigger", "modbus:host"), "names no port"),
    ):
        done = run("line", "run", product, *options)
        assert done.status == 1
        assert words in done.stderr
        assert "geheim" not in done.stderr
        assert bool(loaded) is (words in {"needs a camera", "main.py line token", "FILO_MODBUS_EVERYWHERE"}), options
        loaded.clear()


def test_the_password_of_an_output_is_the_one_that_the_settings_keep(tmp_path: Path) -> None:
    output = Output.of("http", "127.0.0.1:1/line", user="anna")
    SecretStore(tmp_path).set(output.secret_name, "geheim")
    assert with_password(output.address, SecretStore(tmp_path)) == "http://anna:geheim@127.0.0.1:1/line"


@pytest.mark.parametrize(
    ("typed", "outputs", "triggers", "plcs", "sinks"),
    [
        (["continuous"], ["modbus:127.0.0.1:5021", "csv:out.csv"], ["continuous"], ["127.0.0.1:5021"], 1),
        (["continuous"], ["csv:out.csv"], ["continuous"], [], 1),
        (["folder:drop"], None, ["folder"], ["127.0.0.1:5020"], 0),
        (None, None, ["modbus"], [], 0),
        (None, ["csv:out.csv"], ["modbus"], [], 1),
    ],
)
def test_a_modbus_output_is_read_beside_a_trigger_and_asks_where_there_is_none(
    tmp_path: Path, typed: list[str] | None, outputs: list[str] | None, triggers: list[str], plcs: list[str], sinks: int
) -> None:
    settings = Settings(home=tmp_path, outputs=(Output(address="modbus:127.0.0.1:5020"),))
    wanted = line_wish("", typed, outputs, None, 2.0, settings)
    assert [choice.kind for choice in wanted.triggers] == triggers
    assert [choice.place for choice in wanted.plcs] == plcs
    assert len(wanted.sinks) == sinks


def test_the_command_makes_one_token_and_prints_it_until_another_is_wished(
    run: Callable[..., Result], filo_home: Path
) -> None:
    first = run("line", "token").stdout.strip()
    assert token_problem(first) == ""
    assert run("line", "token").stdout.strip() == first == SecretStore(filo_home).get(LINE)
    second = run("line", "token", "--new").stdout.strip()
    assert second != first
    assert token_problem(second) == ""
