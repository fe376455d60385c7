"""A broken installation, as ``doctor`` and every other command meet it: a package that Python does not find."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cli.installation import REQUIRED, import_problem

ROOT = Path(__file__).resolve().parents[3]
HIDING = """
import runpy, sys
hidden, *arguments = sys.argv[1:]
sys.modules.update(dict.fromkeys(hidden.split(",")))
sys.argv[:] = ["main.py", *arguments]
runpy.run_path("main.py", run_name="__main__")
"""
BEFORE_ANYTHING = sorted(
    {"PIL", "filelock", "numpy", "platformdirs", "psutil", "pydantic", "pydantic_settings", "rich",
     "sqlalchemy", "structlog", "typer"}
)  # fmt: skip
"""Modules without which no command can start."""


def start(hidden: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``main.py`` in a Python that finds none of these modules."""
    command = [sys.executable, "-c", HIDING, hidden, *arguments]
    environment = {"FILO_HOME": str(home), "PATH": "", "HOME": str(home)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def brought_by(module: str) -> str:
    return next(package for package, brought in REQUIRED.items() if brought == module)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_the_program_needs_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {plain(re.split(r"[^\w.-]", one)[0]) for one in project["dependencies"]}
    assert {plain(package) for package in REQUIRED} == needed


@pytest.mark.parametrize("module", BEFORE_ANYTHING)
def test_a_start_without_a_package_names_it_and_the_command_that_brings_it_back(module: str, tmp_path: Path) -> None:
    done = start(module, tmp_path, "doctor")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"Error: Not installed for {sys.executable}: {brought_by(module)}. In {ROOT}, run: ")
    assert "-m pip install --require-hashes --no-build-isolation -r constraints.txt" in sentence


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    done = start("typer,torch,PySide6", tmp_path, "--help")
    assert "PySide6, torch, typer. In" in done.stderr


def test_doctor_without_torch_still_looks_at_the_rest_and_says_how_to_install_it(tmp_path: Path) -> None:
    done = start("torch,PySide6", tmp_path, "doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout.splitlines()[-1])
    assert "PySide6, torch. In" in report["packages_problem"]
    assert report["packages"]["torch"] is None
    assert report["device"].startswith("nothing: ")
    assert report["database_problem"] == ""
    assert [profile["usable"] for profile in report["profiles"]] == [False] * len(report["profiles"])


def test_doctor_in_words_ends_with_the_command(tmp_path: Path) -> None:
    done = start("safetensors,alembic", tmp_path, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "alembic, safetensors. In" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("hidden", "command"),
    [("torch", ("models", "verify", "compact")), ("PySide6", ("app",))],
)
def test_a_command_that_needs_it_says_the_same(hidden: str, command: tuple[str, ...], tmp_path: Path) -> None:
    done = start(hidden, tmp_path, *command)
    assert done.returncode == 1
    assert f"Error: Not installed for {sys.executable}: {hidden}. In" in done.stderr


def test_a_package_whose_libraries_are_missing_is_told_apart_from_one_that_is() -> None:
    said = import_problem(ImportError("libGL.so.1: cannot open shared object file", name="cv2"))
    assert said.startswith("opencv-python cannot be loaded (libGL.so.1: cannot open shared object file). On Debian run")
    assert "-m pip uninstall --yes opencv-python; " in said


def test_a_part_of_the_program_itself_that_is_missing_is_not_blamed_on_a_package() -> None:
    said = import_problem(ModuleNotFoundError("No module named 'storage.outbox'", name="storage.outbox"))
    assert said.startswith("A part of this program is missing or damaged")
