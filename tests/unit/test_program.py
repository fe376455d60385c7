"""Commands are loaded when they are called."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from program import COMMANDS, GROUPS, command_line

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"numpy", "cv2", "sqlalchemy", "pydantic", "structlog", "cli.common", "storage.storage"}


def _loaded_by(*arguments: str) -> set[str]:
    code = f"""
import sys
sys.argv[1:] = {list(arguments)!r}
from program import command_line
try:
    command_line(sys.argv[1:])()
except SystemExit as ended:
    assert ended.code == 0, ended.code
print(*sorted(sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_the_list_of_commands_loads_none_of_them() -> None:
    loaded = _loaded_by("--help")
    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.startswith("cli.")} == {"cli.options"}


def test_a_command_loads_itself_and_no_other_one() -> None:
    loaded = _loaded_by("secret", "--help")
    assert "cli.secret" in loaded
    assert loaded & {"cli.inspect", "cli.benchmark", "cli.product", "cv2"} == set()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_list_says_of_a_command_what_it_says_of_itself(name: str) -> None:
    said = inspect.getdoc(COMMANDS[name].load())
    assert said is not None
    assert said.split("\n\n")[0].replace("\n", " ") == COMMANDS[name].help


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_the_list_says_of_a_group_what_it_says_of_itself(name: str) -> None:
    group = GROUPS[name].load()
    assert isinstance(group, typer.Typer)
    assert group.info.help == GROUPS[name].help


def test_a_shell_that_completes_a_line_finds_the_options_of_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MAIN_PY_COMPLETE", "complete_bash")
    callbacks = {command.name: command.callback for command in command_line([]).registered_commands}
    assert callbacks["inspect"] is COMMANDS["inspect"].load()
