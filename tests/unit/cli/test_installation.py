"""A broken installation, as ``doctor`` and every other command meet it: a package that Python does not find."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from cli.installation import FULL, REQUIRED, import_problem
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import TrunkStore

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
    extra = {plain(re.split(r"[^\w.-]", one)[0]) for one in project["optional-dependencies"]["full"]}
    assert {plain(package) for package in FULL} == extra


@pytest.mark.parametrize("module", BEFORE_ANYTHING)
def test_a_start_without_a_package_names_it_and_the_command_that_brings_it_back(module: str, tmp_path: Path) -> None:
    done = start(module, tmp_path, "doctor")
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"Error: Not installed for {sys.executable}: {brought_by(module)}. In {ROOT}, run: ")
    assert "-m pip install --require-hashes --no-build-isolation -r constraints.txt" in sentence


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    done = start("typer,onnxruntime,PySide6", tmp_path, "--help")
    assert "onnxruntime, PySide6, typer. In" in done.stderr or "PySide6, onnxruntime, typer. In" in done.stderr


def test_doctor_without_a_package_still_looks_at_the_rest_and_says_how_to_install_it(tmp_path: Path) -> None:
    done = start("onnxruntime,PySide6", tmp_path, "doctor", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    report = json.loads(done.stdout.splitlines()[-1])
    assert "onnxruntime" in report["packages_problem"]
    assert "PySide6" in report["packages_problem"]
    assert report["packages"]["onnxruntime"] is None
    assert report["database_problem"] == ""
    assert [profile["usable"] for profile in report["profiles"]] == [False] * len(report["profiles"])


def test_a_station_without_torch_is_well_and_its_compact_profile_can_be_used(tmp_path: Path) -> None:
    if not TrunkStore().present(shipped_trunks()):
        pytest.skip("no trunk is prepared here: make setup does it where the package index has them")
    done = start(",".join(sorted(FULL.values())), tmp_path, "doctor", "--json")
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["packages_problem"] == ""
    assert report["packages"]["torch"] is not None or report["device"] == "cpu, without torch"
    assert {profile["name"]: profile["usable"] for profile in report["profiles"]}["compact"]
    assert done.returncode == 0


@pytest.mark.parametrize("command", [("models", "convert", "a.pth", "b.safetensors"), ("models", "text-work")])
def test_what_a_station_does_without_is_said_by_the_command_that_needs_it(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    done = start(",".join(sorted(FULL.values())), tmp_path, *command)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_doctor_in_words_ends_with_the_command(tmp_path: Path) -> None:
    done = start("scipy,alembic", tmp_path, "doctor")
    assert (done.returncode, done.stderr) == (1, "")
    assert "alembic, scipy. In" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("hidden", "command"),
    [("onnxruntime", ("models", "verify", "compact")), ("PySide6", ("app",))],
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
