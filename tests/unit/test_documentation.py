"""The pages that a newcomer reads name what there is, and nothing that is not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup

import program
from tools import outputs_table
from tools.pins import pins_of, plain_name
from tools.settings_table import with_table
from workflows.settings.declared import declared
from workflows.settings.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands_of(group: TyperGroup, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands_of(command, (*above, name))
        else:
            assert isinstance(command, TyperCommand)
            yield (*above, name), command


def every_command() -> list[tuple[tuple[str, ...], TyperCommand]]:
    group = typer.main.get_command(program.cli)
    assert isinstance(group, TyperGroup)
    return list(commands_of(group))


def test_the_readme_has_a_line_for_every_command() -> None:
    readme = page("README.md")
    missing = []
    for path, _ in every_command():
        # A line of several commands says: main.py user add NAME | list | set-pin NAME
        group = re.findall(rf"main\.py {path[0]}\b(.*)|^`{path[0]} (.*)", readme, re.MULTILINE)
        if not group or (len(path) > 1 and not any(re.search(rf"\b{path[1]}\b", " ".join(line)) for line in group)):
            missing.append(" ".join(path))
    assert missing == []


def test_every_command_and_every_option_says_what_it_does() -> None:
    silent = [
        f"{' '.join(path)} {parameter.name if parameter else ''}".strip()
        for path, command in every_command()
        for parameter in (None, *command.params)
        if not (command.help if parameter is None else getattr(parameter, "help", None))
        and (parameter is None or parameter.name != "help")
    ]
    assert silent == []


def test_the_readme_has_the_table_of_settings_as_they_are_declared() -> None:
    assert page("README.md") == with_table(page("README.md")), "run python -m tools.settings_table"


def test_the_table_of_outputs_is_that_of_their_specs() -> None:
    written = page("docs/line.md")
    assert written == outputs_table.with_table(written), "run python -m tools.outputs_table"
    assert set(Settings.model_fields) == set(declared())


def test_every_dependency_has_its_reason_and_its_version() -> None:
    project = tomllib.loads(page("pyproject.toml"))["project"]
    wanted = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = [re.split(r"[\[<>=!; ]", requirement)[0].lower() for requirement in wanted]
    # An extra may name another one of the project itself.
    names = [name for name in names if name != project["name"]]
    reasons = page("docs/dependencies.md").lower()
    pinned = pins_of(page("constraints.txt"))
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", reasons)] == []
    assert [name for name in names if plain_name(name) not in pinned] == []


def test_the_architecture_has_a_place_for_every_package_and_none_for_what_is_gone() -> None:
    table = "\n".join(line for line in page("docs/architecture.md").splitlines() if line.startswith("|"))
    rooms = set()
    for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", cell)
        # The first is a path, those after it lie beside it.
        above = Path(names[0]).parent
        rooms |= {Path(names[0]), *(above / name for name in names[1:])}
    assert [room.as_posix() for room in sorted(rooms) if not (ROOT / room).exists()] == []
    packages = [
        found.parent.relative_to(ROOT)
        for top in ("filo_core", "storage", "workflows", "service", "gui", "cli")
        for found in (ROOT / top).glob("*/__init__.py")
    ]
    assert [package.as_posix() for package in packages if not rooms & {package, *package.parents}] == []


def test_the_make_targets_that_the_pages_name_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", text, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert named - targets == set()


def test_the_page_for_contributors_names_files_that_are_there() -> None:
    named = re.findall(
        r"`((?:filo_core|filo_client|storage|workflows|service|gui|cli|docs|tests|resources)/[\w./]*)`",
        page("CONTRIBUTING.md"),
    )
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []
    assert len(page("CONTRIBUTING.md").splitlines()) <= 60
