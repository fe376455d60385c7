"""Who may import whom, and what may not be loaded before it is needed."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_contracts_on_imports_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    result = _python(code)
    assert result.returncode == 0, result.stdout


def _parts(folder: str) -> set[str]:
    found = {path.stem for path in (ROOT / folder).iterdir() if path.suffix == ".py" or path.is_dir()}
    return {f"{folder.replace('/', '.')}.{part}" for part in found - {"__init__", "__pycache__"}}


def test_the_store_may_know_the_words_of_the_engine_alone() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = (each for each in settings["contracts"] if each["name"].startswith("the store knows the words"))
    rooms = "filo_core/line", "filo_core/line/sinks", "filo_core/naming"
    parts = _parts("filo_core").union(*map(_parts, rooms))
    words = parts - set(contract["forbidden_modules"]) - {room.replace("/", ".") for room in rooms}
    assert {word.removeprefix("filo_core.") for word in words} == {
        "types",
        "events",
        "errors",
        "golden_set",
        "capability",
        "learned_map",
        "notices",
        "zones",
        "fixture",
        "picture_limits",
        "whole_part",
        "identity",
        "proof",
        "sentence",
        "sessions",
        "views",
        # An answer, and an answer on its way out: what the outbox keeps.
        "line.results",
        "line.sinks.base",
        # What an answer calls its part.
        "naming.part_types",
    }


@pytest.mark.parametrize(
    "module",
    [
        "filo_core.types",
        "filo_core.events",
        "filo_core.imaging",
        "filo_core.line.worker",
        "workflows.workbench",
        "gui.application",
        "gui.main_window",
        "program",
    ],
)
def test_importing_it_loads_no_model_library(module: str) -> None:
    code = f"import {module}, sys; sys.exit(' '.join({{'torch', 'open_clip', 'transformers'}} & set(sys.modules)) or 0)"
    result = _python(code)
    assert result.returncode == 0, result.stderr


def test_what_every_spawned_process_imports_loads_nothing() -> None:
    result = _python("import main, sys; sys.exit(' '.join({'typer', 'numpy', 'sqlalchemy'} & set(sys.modules)) or 0)")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "module", ["storage.storage", "workflows.workbench", "filo_core.engine", "cli.serve", "service.app"]
)
def test_importing_it_loads_no_qt(module: str) -> None:
    result = _python(f"import {module}, sys; sys.exit('PySide6' in sys.modules)")
    assert result.returncode == 0, result.stderr


def test_no_line_of_ours_unpickles_but_the_one_that_converts_in_a_process_of_its_own() -> None:
    forbidden = ("import pickle", "torch.load(", "joblib.load(", "allow_pickle=True")
    packages = ("filo_core", "filo_client", "storage", "workflows", "service", "gui", "cli")
    sources = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert len(sources) > 20
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sources}
    converter = texts.pop("filo_core/profiles/unpickle.py")
    assert [name for name, text in texts.items() if any(word in text for word in forbidden)] == []
    assert converter.count("torch.load(") == converter.count("weights_only=True") == 1
    assert not any(word in converter for word in ("pickle.load", "joblib", "allow_pickle"))


def _classes() -> Iterator[tuple[str, str, ast.ClassDef]]:
    """File, name and node of each class of the program; a client of it is another program."""
    for package in ("filo_core", "storage", "workflows", "service", "gui", "cli"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield path.relative_to(ROOT).as_posix(), node.name, node


def test_one_class_name_stands_for_one_class() -> None:
    places = defaultdict(list)
    for path, name, _ in _classes():
        places[name].append(path)
    assert len(places) > 500
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_what_ends_in_row_is_a_table() -> None:
    rows = {name: {ast.unparse(base) for base in node.bases} for _, name, node in _classes() if name.endswith("Row")}
    assert rows.pop("Row") == {"DeclarativeBase"}
    assert len(rows) > 10
    assert {name: bases for name, bases in rows.items() if bases != {"Row"}} == {}


def _bounds() -> Iterator[tuple[str, str, str]]:
    """File, name without its underscore, and value of each bound of a module; waiting times and view sizes aside."""
    for package in ("filo_core", "filo_client", "storage", "workflows", "service", "gui", "cli"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    name = node.targets[0].id.lstrip("_")
                    if re.search(r"LIMIT|CAPACITY|HASH|SHA256|^(LONGEST|LARGEST|MAX)_", name) and not name.endswith(
                        "_S"
                    ):
                        yield path.relative_to(ROOT).as_posix(), name, ast.unparse(node.value)


def test_a_bound_is_stated_once() -> None:
    places = defaultdict(list)
    for path, name, value in _bounds():
        places[name, value].append(path)
    assert len(places) > 30
    assert {bound: paths for bound, paths in places.items() if len(paths) > 1} == {}


def _lengths() -> Iterator[tuple[str, int]]:
    """Name and lines of each function; of a command without its options, which are what its --help says.

    A migration says once what the tables were, and is never touched again.
    """
    for package in ("filo_core", "filo_client", "storage", "workflows", "service", "gui", "cli"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    is_command = any(ast.unparse(each) == "speaks_plainly" for each in node.decorator_list)
                    first = node.body[0].lineno if is_command else node.lineno
                    yield f"{path.relative_to(ROOT).as_posix()}: {node.name}", (node.end_lineno or first) - first + 1


def test_no_function_is_longer_than_fifty_lines() -> None:
    lengths = list(_lengths())
    assert len(lengths) > 2_000
    assert [(name, lines) for name, lines in lengths if lines > 50] == []
