"""Every way into the core that changes or reveals something says which right it asks for, and asks for it.

The first half reads the code of the workflows and finds the ways in by what they do, so that a new one cannot be
forgotten. The second runs every command of the program in a record with users, with nobody signed in.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click
import pytest
import typer
from click.testing import CliRunner

from filo_core.types import Role, Verdict
from program import cli
from storage.engine import sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_image, sign_product
from workflows.keeping.opening import open_record
from workflows.people.access import Access
from workflows.people.rights import FREE, RIGHTS
from workflows.people.users import Users
from workflows.products.golden import GoldenSets
from workflows.settings.settings import Settings

ROOT = Path(__file__).parents[4]
CHANGES = frozenset(
    {"transaction", "whole_file", "write_private", "write_settings_file", "unlink", "put_image", "put_bytes"}
) | frozenset({"write_document", "export_chain", "back_up", "copy_database", "restore", "add_to_pool", "write_product"})
"""What changes or reveals: names that are called, as a method or by themselves."""
BELOW = {
    "workflows/settings/file.py": "settings are changed through workflows/people/changing.py",
    "workflows/settings/secret_store.py": "secrets are changed through workflows/people/changing.py",
    "workflows/settings/secret_file.py": "part of the secret store",
    "workflows/settings/whole_files.py": "writes a file that it is given",
    "workflows/keeping/whole_files.py": "writes a file that it is given",
    "workflows/whole_files.py": "writes a file that it is given",
    "workflows/export/tables.py": "reached through workflows/export/handing_out.py",
    "workflows/export/coco.py": "reached through workflows/export/handing_out.py",
    "workflows/export/mvtec.py": "reached through workflows/export/handing_out.py",
    "workflows/export/pdf.py": "reached through workflows/export/handing_out.py",
    "workflows/export/images.py": "reached through workflows/export/handing_out.py",
    "workflows/export/masks.py": "reached through workflows/export/handing_out.py",
    "workflows/export/formats.py": "reached through workflows/export/handing_out.py",
    "workflows/reporting/figures_csv.py": "reached through workflows/export/handing_out.py",
    "workflows/reporting/pdf_document.py": "reached through workflows/export/handing_out.py",
    "workflows/reporting/report_pdf.py": "reached through workflows/export/handing_out.py",
    "workflows/studies/study_pdf.py": "reached through workflows/export/handing_out.py",
    "workflows/products/product_file.py": "reached through the catalogue",
    "workflows/demonstration/": "a record of its own, in a folder that the command names",
    "workflows/serving/service.py": "what is called through the API is told with the token that asked for it",
    "workflows/serving/served_line.py": "a line obeys whoever shows a token, which service/gate.py asks for",
    "workflows/inspecting/": "inspecting is free: a line must not stop because a person went away",
    "workflows/line/": "delivering what was inspected is free; outputs and what is discarded are marked below",
    "workflows/people/access.py": "signing in is what everything else asks for",
    "workflows/people/waiting.py": "part of signing in",
    "workflows/keeping/logs.py": "the program's own log",
    "workflows/sealing/installation.py": "what the installation remembers of itself, and its key",
}
"""Rooms and modules that are no way in, and why. What is marked in them is looked at all the same."""
WRITERS = (
    "write_csv",
    "write_export",
    "write_pdf",
    "write_document",
    "write_product",
    "write_settings_file",
    "back_up",
)
"""What the window and the command line may not reach past the ways in."""


@dataclass(frozen=True)
class Way:
    """A public function or method of the workflows that changes or reveals something."""

    module: str
    name: str

    @property
    def target(self) -> object:
        found: object = import_module(self.module)
        for part in self.name.split("."):
            found = inspect.getattr_static(found, part)
        return found


def _called(node: ast.AST) -> set[str]:
    found = set()
    for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
        if isinstance(call.func, ast.Attribute):
            found.add(call.func.attr)
        elif isinstance(call.func, ast.Name):
            found.add(call.func.id)
    return found


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}": one for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


def ways_in(path: Path) -> Iterator[Way]:
    """Public functions that do what :data:`CHANGES` names, themselves or by what is private in their module."""
    functions = _functions(ast.parse(path.read_text(encoding="utf-8")))
    calls = {name: _called(node) for name, node in functions.items()}
    doing = {name for name, called in calls.items() if called & CHANGES}
    while True:
        more = {
            name
            for name, called in calls.items()
            if called & {one.rpartition(".")[2] for one in doing if one.rpartition(".")[2].startswith("_")}
        } - doing
        if not more:
            break
        doing |= more
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for name in sorted(doing):
        if not any(part.startswith("_") for part in name.split(".")):
            yield Way(module, name)


def _below(path: Path) -> bool:
    where = path.relative_to(ROOT).as_posix()
    return any(where == given or (given.endswith("/") and where.startswith(given)) for given in BELOW)


ALL = [way for path in sorted((ROOT / "workflows").rglob("*.py")) if not _below(path) for way in ways_in(path)]


@pytest.mark.parametrize("way", ALL, ids=lambda way: f"{way.module}.{way.name}")
def test_what_changes_or_reveals_something_says_what_it_asks_for(way: Way) -> None:
    target = way.target
    assert hasattr(target, RIGHTS) != hasattr(target, FREE), (
        f"{way.module}.{way.name} changes or reveals something: mark it with @asks(Right.…), or @free(why)"
    )


@pytest.mark.parametrize(
    "way",
    [way for way in ALL if hasattr(way.target, RIGHTS)],
    ids=lambda way: f"{way.module}.{way.name}",
)
def test_what_says_that_it_asks_for_a_right_asks_for_it(way: Way) -> None:
    functions = _functions(ast.parse(inspect.getsource(import_module(way.module))))
    asking, calls = {"require", "tell"}, {name.rpartition(".")[2]: _called(node) for name, node in functions.items()}
    seen, wanted = set(), {way.name.rpartition(".")[2]}
    while wanted - seen:
        name = (wanted - seen).pop()
        seen.add(name)
        wanted |= {called for called in calls[name] if called in calls and called.startswith("_")}
        # What forwards to another way in leaves the asking to it.
        if calls[name] & {other.name.rpartition(".")[2] for other in ALL if hasattr(other.target, RIGHTS)} - {name}:
            return
    assert any(calls[name] & asking for name in seen)


def test_the_walk_finds_the_ways_in_that_there_are() -> None:
    names = {f"{way.module.rpartition('.')[2]}.{way.name}" for way in ALL}
    assert {
        "users.Users.add",
        "catalogue.Catalogue.set_limits",
        "history.History.review",
        "golden.GoldenSets.release",
        "changing.change_settings",
        "backups.back_up_record",
        "restoring.restore_record",
    } <= names


@pytest.mark.parametrize("room", ["gui", "cli"])
def test_no_window_and_no_command_writes_past_the_ways_in(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        taken = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names}
        assert not taken & set(WRITERS), path
        assert not {"set", "put", "remove"} & _on_secret_store(tree), path


def _on_secret_store(tree: ast.Module) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {
        call.attr
        for call in calls
        if isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Call)
        and isinstance(call.value.func, ast.Name)
        and call.value.func.id == "SecretStore"
    }


# The command line ------------------------------------------------------------------------------------------------

FREE_COMMANDS = {
    "demo": "a record of its own",
    "inspect": "inspecting is free",
    "report": "figures are everybody's to look at; --pdf asks",
    "study present": "the system's answers in a study decide nothing",
    "study report": "figures are everybody's to look at; --pdf asks, as export_study does",
    "history": "looks",
    "forward": "goes only where somebody who may has said",
    "drift": "looks",
    "sensitivity": "looks",
    "benchmark": "knows no record",
    "doctor": "looks",
    "train": "knows no record",
    "train-names": "knows no record",
    "train-compact": "knows no record",
    "app": "the window asks",
    "product list": "looks",
    "product show": "looks",
    "product compare": "looks; nothing of it is recorded",
    "product types": "looks",
    "product detail": "looks",
    "product suggest": "looks; --take changes a draft, which is free",
    "models list": "looks",
    "models verify": "looks",
    "models convert": "knows no record",
    "models lists": "knows no record",
    "models names": "knows no record",
    "models prepare": "knows no record: writes into the program's own folder, as set-up does",
    "models text-work": "knows no record",
    "models check-golden": "knows no record",
    "golden list": "looks",
    "golden check": "a check is an inspection of known parts",
    "alarms list": "looks",
    "audit verify": "looks",
    "audit events": "looks",
    "audit begin-anew": "asks an admin of the newest backup, and nothing while the record is there",
    "user list": "looks",
    "secret list": "names, never what they are",
    "line run": "inspecting is free; --output asks",
    "serve": "inspecting is free; its outputs were confirmed, and who calls it shows a token",
    "service token list": "names, never what they are",
    "service check": "looks",
}
"""Commands that ask nobody, and why."""
ASKING = {
    "product create": ["nut", "--class-name", "nut", "--references", "FOLDER"],
    "product prove": ["metal nut", "--bad", "FOLDER", "--sign-off"],
    "product export": ["metal nut", "OUT"],
    "product regions": ["metal nut", "--none"],
    "product learn-defects": ["metal nut"],
    "product picture": ["metal nut", "--off"],
    "product views": ["parts", "--add", "top"],
    "product cost": ["metal nut", "scratch", "12.5"],
    "product import": ["FILE"],
    "calibrate": ["metal nut", "--sign-off"],
    "export": ["metal nut", "--out", "OUT"],
    "report": ["metal nut", "--pdf", "OUT"],
    "retention": ["--keep-days", "1"],
    "backup": ["OUT"],
    "restore": ["FILE"],
    "models install": ["full", "--seeded"],
    "study create": ["metal nut", "--parts", "FOLDER"],
    "golden add": ["metal nut", "IMAGE", "--good"],
    "golden import": ["metal nut", "FOLDER"],
    "golden remove": ["metal nut", "known.png"],
    "golden sign-off": ["metal nut", "--reason", "lamp"],
    "golden demand": ["metal nut"],
    "audit export": ["OUT"],
    "alarms acknowledge": [],
    "audit settle": ["--reason", "mine"],
    "user add": ["Eve"],
    "user set-pin": ["Olaf"],
    "user set-role": ["Olaf", "--role", "admin"],
    "user disable": ["Olaf"],
    "user enable": ["Olaf"],
    "secret set": ["llm"],
    "secret remove": ["llm"],
    "database grant": ["program"],
    "line token": [],
    "service token make": ["supervisor"],
    "service token revoke": ["supervisor"],
    "service confirm": ["--lines", "LINES"],
    "forward": ["--plant", "PLANT", "--once"],
}
"""Commands that ask for a person, with arguments that come as far as that."""
DRAFTS = {"product create", "product picture", "product regions", "product views", "calibrate"}
"""Of those: what changes a draft, which anybody who is signed in may."""
OPERATORS = {"alarms acknowledge"}
"""Of those: what an operator may as well."""


def commands() -> Iterator[str]:
    def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner:
            for name, one in inner.items():
                yield from walk(one, (*path, name))
        else:
            yield " ".join(path)

    yield from walk(typer.main.get_command(cli), ())


def test_every_command_is_free_for_a_reason_or_asks() -> None:
    known = FREE_COMMANDS.keys() | ASKING.keys()
    assert set(commands()) - known == set()
    assert known - set(commands()) == set()


@pytest.fixture
def crewed(filo_home: Path) -> Path:
    """Home of a record with a signed product, an admin and an operator."""
    filo_home.mkdir()
    with opened(filo_home) as storage:
        sign_product(storage)
        GoldenSets(storage).add("metal nut", make_image(3, name="known.png"), Verdict.OK)
        access = Access(storage)
        users = Users(storage, access)
        users.add("Ada", Role.ADMIN, "740936")
        access.sign_in("Ada", "740936")
        users.add("Olaf", Role.OPERATOR, "917264")
        access.sign_out()
    # Its installation is told once: what a command changes after that is the command's.
    open_record(Settings(station="line 3")).close()
    return filo_home


def opened(home: Path) -> Storage:
    return open_storage(sqlite_url(home / "filo.sqlite"), home / "images")


def refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> str:
    """Run a command that must be refused; back comes what it said. Nothing but the refusal may be in the record."""
    places: dict[str, object] = {"PLANT": sqlite_url(tmp_path / "plant.sqlite")}
    places |= {"OUT": tmp_path / "out.bin", "FILE": tmp_path / "given", "IMAGE": _picture(tmp_path), "FOLDER": tmp_path}
    (tmp_path / "given").write_bytes(b"")
    places["LINES"] = tmp_path / "service.toml"
    (tmp_path / "service.toml").write_text('[lines.left]\nproduct = "metal nut"\noutputs = ["csv:out.csv"]\n')
    head = _changed(home)
    monkeypatch.setenv("FILO_STATION", "line 3")
    done = CliRunner().invoke(
        typer.main.get_command(cli), [str(places.get(one, one)) for one in arguments], input=typed
    )
    assert done.exit_code == 1, done.output
    assert _changed(home) == head
    assert not (tmp_path / "out.bin").exists()
    assert not (tmp_path / "plant.sqlite").exists()
    return str(done.output)


def _picture(folder: Path) -> Path:
    import numpy as np
    from PIL import Image

    path = folder / "part.png"
    Image.fromarray(np.full((16, 16, 3), 127, np.uint8)).save(path)
    return path


def _changed(home: Path) -> list[object]:
    """Everything in the record but who tried to sign in."""
    with opened(home) as storage, storage.reading() as transaction:
        users, drafts = transaction.users.all(), transaction.products.drafts()
        signing = {"signed in", "signed out", "sign-in refused"}
        events = [event for event in transaction.events.newest(500) if event.kind.value not in signing]
    return [users, drafts, events]


@pytest.mark.parametrize("command", ASKING)
def test_nobody_who_is_not_signed_in_gets_past(
    command: str, crewed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refused(crewed, tmp_path, monkeypatch, *command.split(), *ASKING[command])
    assert "Say who signs in with --user" in said or "nobody who may has named" in said


@pytest.mark.parametrize("command", ["secret set", "secret remove", "line token", "models install"])
def test_an_empty_record_in_place_of_the_folders_own_is_no_way_past(
    command: str, crewed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ("--database", sqlite_url(tmp_path / "empty.sqlite"))
    said = refused(crewed, tmp_path, monkeypatch, *command.split(), *ASKING[command], *elsewhere, typed="key-of-eve\n")
    assert "has users, and" in said or "begin anew" in said
    assert not (crewed / "secrets.json").exists()
    assert not (crewed / "models").exists()


@pytest.mark.parametrize("command", [name for name in ASKING if name not in DRAFTS | OPERATORS])
def test_an_operator_gets_no_further(
    command: str, crewed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = (*command.split(), *ASKING[command], "--user", "Olaf")
    said = refused(crewed, tmp_path, monkeypatch, *arguments, typed="917264\n604817\n604817\n")
    assert "Olaf may not" in said
