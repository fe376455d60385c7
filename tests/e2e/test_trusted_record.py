"""The commands around the record: users, audit, backup and restore, as they are typed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from filo_core.types import EventKind
from program import cli
from storage.engine import sqlite_url
from storage.instance_lock import InstanceLock
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.e2e.conftest import ROOT, Result, environment
from tests.unit.storage.making import make_inspection, sign_product

Run = Callable[..., Result]


@pytest.fixture
def database(filo_home: Path) -> Path:
    """A record with a signed product and two verdicts, where the commands look for it."""
    path = filo_home / "filo.sqlite"
    with open_storage(sqlite_url(path), filo_home / "images") as storage:
        recipe = sign_product(storage)
        for shade in range(2):
            Recorder(storage, "metal nut").record_one(make_inspection(recipe, shade))
    return path


def typed(home: Path, lines: str, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, list(arguments), input=lines, env={"FILO_HOME": str(home)})
    return Result(done.exit_code, done.stdout, done.stderr)


def test_an_intact_record_is_confirmed_and_a_changed_one_is_named(run: Run, database: Path) -> None:
    told = run("audit", "verify", "--json").json
    assert (told["intact"], told["entries"], told["problems"]) == (True, 4, [])
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE inspections SET verdict = 'NG' WHERE id = 2")
    refused = run("audit", "verify")
    assert refused.status == 1
    assert "inspections 2 (entry 3): the row was changed" in refused.stderr
    assert run("audit", "verify", "--json").json["first"] == "inspections 2 (entry 3): the row was changed"


def test_the_head_of_an_earlier_day_finds_what_was_taken_off(run: Run, database: Path, filo_home: Path) -> None:
    head = run("audit", "verify", "--json").json["head"]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM inspections WHERE id = 2")
        connection.execute("DELETE FROM events")
        connection.execute("DELETE FROM audit_chain WHERE sequence > 2")
    # The data folder remembers the head it saw last; whoever can write there can make it forget.
    found = run("audit", "verify", "--json")
    assert (found.status, found.json["intact"]) == (1, True)
    assert "entries were taken off its end" in found.json["alarms"][0]
    (filo_home / "installation.json").unlink()
    assert run("audit", "verify", "--head", head).status == 1
    assert "is no head" in run("audit", "verify", "--head", "nonsense").stderr


def test_events_are_shown_newest_first_as_they_were_written(run: Run) -> None:
    run("user", "add", "Ada[b]", "--role", "admin", typed="607385\n607385\n")
    event, told = run("audit", "events", "--json").json["events"]
    assert (event["kind"], event["subject"]) == ("user changed", "Ada[b]")
    assert told["kind"] == "installation told"
    assert "user changed" in run("audit", "events", "--limit", "1").stdout


def test_an_auditor_checks_the_export_without_the_program(run: Run, database: Path, tmp_path: Path) -> None:
    archive = tmp_path / "audit.zip"
    assert run("audit", "export", archive).status == 0
    checker = Path(__file__).resolve().parents[2] / "tools" / "check_audit.py"
    done = subprocess.run([sys.executable, "-I", "-S", checker, archive], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "5 entries, intact" in done.stdout


def test_a_record_is_backed_up_and_restored_by_command(run: Run, database: Path, tmp_path: Path) -> None:
    assert "2 inspections were copied" in run("backup", tmp_path / "monday").stdout
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE inspections SET verdict = 'NG'")
    restored = run("restore", tmp_path / "monday")
    assert "2 inspections were restored" in restored.stdout
    assert "is now" in restored.stdout
    assert run("audit", "verify").status == 0


def test_a_record_that_is_in_use_is_not_replaced(run: Run, database: Path, filo_home: Path, tmp_path: Path) -> None:
    run("backup", tmp_path / "monday.sqlite")
    with InstanceLock(sqlite_url(database), filo_home / "images"):
        assert "already open in another window" in run("restore", tmp_path / "monday.sqlite").stderr
    with open_storage(sqlite_url(database), filo_home / "images"):
        assert "Another program is working" in run("restore", tmp_path / "monday.sqlite").stderr


def test_users_are_managed_with_pins_from_stdin_only(filo_home: Path, database: Path) -> None:
    assert "nobody has to sign in" in typed(filo_home, "", "user", "list").stdout
    assert typed(filo_home, "740936\n", "user", "add", "Ada", "--role", "admin").status == 0
    refused = typed(filo_home, "917264\n", "user", "add", "Olaf")
    assert (refused.status, "Say who signs in with --user" in refused.stderr) == (1, True)
    wrong = typed(filo_home, "999999\n917264\n", "user", "add", "Olaf", "--user", "Ada")
    assert (wrong.status, "Name or PIN is wrong" in wrong.stderr) == (1, True)
    assert typed(filo_home, "740936\n917264\n", "user", "add", "Olaf", "--user", "Ada").status == 0
    assert typed(filo_home, "740936\n", "user", "disable", "Olaf", "--user", "Ada").status == 0
    assert typed(filo_home, "", "user", "list", "--json").json["users"] == [
        {"name": "Ada", "role": "admin", "disabled": False},
        {"name": "Olaf", "role": "operator", "disabled": True},
    ]
    assert typed(filo_home, "", "audit", "verify").status == 0


def test_whoever_has_images_removed_is_signed_out_at_the_end(filo_home: Path, database: Path) -> None:
    typed(filo_home, "740936\n", "user", "add", "Ada", "--role", "admin")
    done = typed(filo_home, "740936\n", "retention", "--quota-gb", "0", "--user", "Ada")
    assert done.status == 0, done.stderr
    with open_storage(sqlite_url(database), filo_home / "images") as storage, storage.reading() as transaction:
        happened = [event.kind for event in transaction.events.newest(2)]
    assert happened == [EventKind.SIGNED_OUT, EventKind.SIGNED_IN]


def test_a_reader_that_has_enough_is_no_error(filo_home: Path, database: Path) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "user", "list", "--json"]
    with subprocess.Popen(
        command, env=environment(filo_home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
