"""``main.py export``, ``retention`` and ``forward`` as a user starts them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.e2e.conftest import ROOT, Result, environment
from tests.unit.storage.making import MOMENT, make_inspection, make_region, sign_product
from tools.postgres_server import PASSWORD

Run = Callable[..., Result]


@pytest.fixture
def judged(filo_home: Path) -> None:
    with open_storage(sqlite_url(filo_home / "filo.sqlite"), filo_home / "images") as storage:
        recipe = sign_product(storage)
        for shade, score in enumerate((0.1, 0.4, 0.9)):
            Recorder(storage, "metal nut").record_one(make_inspection(recipe, shade, score, regions=[make_region()]))


@pytest.mark.usefixtures("judged")
def test_export_writes_what_was_asked_for(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ng.jsonl"
    result = run(
        "export", "METAL NUT", "--format", "jsonl", "--out", out, "--verdict", "NG", "--from", "2026-01-01", "--json"
    )
    assert result.status == 0, result.stderr
    assert result.json["inspections"] == 1
    assert json.loads(out.read_text(encoding="utf-8"))["verdict"] == "NG"
    assert run("export", "metal nut", "--out", tmp_path / "none" / "x.csv").status == 1


@pytest.mark.usefixtures("judged")
@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
@pytest.mark.parametrize("options", [("--json",), ()])
def test_a_file_may_have_a_name_that_is_no_utf_8(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    out = tmp_path / os.fsdecode(b"line \xff.jsonl")
    result = run("export", "metal nut", "--format", "jsonl", "--out", out, *options)
    assert result.status == 0, result.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == 3
    if options:
        assert Path(result.json["out"]) == out


@pytest.mark.usefixtures("judged")
def test_a_day_counts_from_its_first_to_its_last_moment_in_export_and_report(run: Run, tmp_path: Path) -> None:
    day = MOMENT.astimezone().date()
    for last, count in ((day, 3), (day - timedelta(days=1), 0)):
        arguments = ("metal nut", "--from", "2026-01-01", "--to", last.isoformat())
        assert run("export", *arguments, "--out", tmp_path / "out.csv", "--json").json["inspections"] == count
        assert ("Nothing was inspected in this time." in run("report", *arguments).stdout) == (count == 0)
    assert "is no day" in run("export", "metal nut", "--to", "yesterday", "--out", tmp_path / "out.csv").stderr


@pytest.mark.usefixtures("judged")
def test_retention_says_what_it_would_do(run: Run) -> None:
    assert "No rule is set" in run("retention").stdout
    result = run("retention", "--dry-run", "--quota-gb", "0", "--json")
    assert result.status == 0, result.stderr
    # So young that their rows might still be on their way.
    assert (result.json["files"], result.json["still_over"]) == (0, result.json["bytes_before"])


@pytest.mark.usefixtures("judged")
def test_forward_sends_everything_once_and_says_no_password(run: Run, postgres_url: str) -> None:
    env = {"FILO_STATION": "line 1", "FILO_PLANT_DATABASE": postgres_url}
    assert run("forward", "--once", "--json", env=env).json["forwarded"] == 4
    assert run("forward", "--once", "--json", env=env).json["forwarded"] == 0
    unnamed = run("forward", "--once", "--plant", postgres_url, env={"FILO_STATION": ""})
    assert unnamed.status == 1
    assert "needs a name" in unnamed.stderr
    gone = run("forward", "--once", env=env | {"FILO_PLANT_DATABASE": postgres_url.replace("filo_", "gone_")})
    assert gone.status == 1
    assert PASSWORD not in gone.stderr + gone.stdout
    assert "No plant is named" in run("forward", "--once").stderr


@pytest.mark.usefixtures("judged")
@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM is a thing of POSIX")
def test_forward_says_that_the_plant_is_out_of_reach_and_ends_when_it_is_told_to(
    filo_home: Path, tmp_path: Path
) -> None:
    (tmp_path / "plant").touch()
    plant = sqlite_url(tmp_path / "plant" / "x.sqlite")
    command = [sys.executable, str(ROOT / "main.py"), "forward", "--json", "--plant", plant]
    env = environment(filo_home) | {"FILO_STATION": "line 1"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert "cannot be used as database file" in process.stderr.readline()
            process.terminate()
            assert json.loads(process.stdout.read()) == {"station": "line 1", "forwarded": 0}
        finally:
            process.kill()
    assert process.returncode == 0
