"""``main.py benchmark``, ``doctor`` and ``models``."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Result
from workflows.keeping.backups import note_backup_problem
from workflows.settings.settings import Settings

Run = Callable[..., Result]


def test_a_benchmark_prints_its_table_and_writes_the_same_as_json(run: Run, category: Path, tmp_path: Path) -> None:
    target = tmp_path / "figures.json"
    result = run("benchmark", category.parent, "--shots", "2", "--seeds", "2", "--profile", "compact", "--limit", "2",
                 "--json", target)  # fmt: skip
    assert result.status == 0, result.stderr
    figures = json.loads(target.read_text())
    assert figures["profile"] == "compact"
    assert figures["shots"] == 2
    assert figures["seeds"] == [0, 1]
    assert figures["seconds_per_image"] > 0
    (measured,) = figures["categories"].values()
    for name in ("image_auroc", "pixel_auroc", "aupro", "f1_max"):
        assert 0.0 <= measured[name] <= 1.0
        assert figures["mean"][name] == measured[name]
    assert "plate" in result.stdout
    assert ("untrained" in result.stdout) is not figures["trained"]


def test_more_shots_than_good_images_is_a_sentence(run: Run, category: Path) -> None:
    result = run("benchmark", category, "--shots", "99", "--seeds", "1", "--profile", "compact")
    assert result.status == 1
    assert "fewer shots" in result.stderr


def test_an_unknown_profile_lists_those_there_are(run: Run, category: Path) -> None:
    result = run("benchmark", category, "--profile", "enormous")
    assert result.status == 1
    assert "compact" in result.stderr


def test_doctor_names_device_profiles_and_database(run: Run, filo_home: Path) -> None:
    result = run("doctor", "--json")
    assert result.status == 0, result.stderr
    report = result.json
    assert report["ok"] is True
    assert report["packages"]["torch"]
    assert {profile["name"]: profile["usable"] for profile in report["profiles"]}["compact"] is True
    assert all(profile["why"] for profile in report["profiles"] if not profile["usable"])
    assert str(filo_home) in report["database"]


def test_doctor_says_why_there_was_no_backup(run: Run, filo_home: Path) -> None:
    assert run("doctor", "--json").json["backup_problem"] == ""
    note_backup_problem(Settings(), "No backup was made: the disk is full.")
    assert run("doctor", "--json").json["backup_problem"] == "No backup was made: the disk is full."


def test_doctor_never_shows_a_database_password(run: Run) -> None:
    result = run("doctor", "--database", "postgresql+psycopg://filo:s3cret@127.0.0.1:1/plant")
    assert result.status == 1
    assert "s3cret" not in result.stdout + result.stderr


@pytest.mark.parametrize("command", [["--help"], ["models", "list"], ["product", "list"]])
def test_simple_commands_answer_without_loading_a_model(run: Run, command: list[str]) -> None:
    result = run(*command)
    assert result.status == 0, result.stderr
    assert result.stdout.strip()
