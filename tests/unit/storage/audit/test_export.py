"""The exported chain, checked by the published script in a Python that has nothing of this program."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.storage import Storage
from tests.unit.storage.making import add_calibration, sign_product

Line = dict[str, Any]


ROOT = Path(__file__).resolve().parents[4]
CHECKER = ROOT / "tools" / "check_audit.py"


def check(archive: Path, *arguments: str) -> tuple[int, str]:
    """Run the script alone, from another folder: no site packages, no paths of this project."""
    script = shutil.copy(CHECKER, archive.parent / "check_audit.py")
    command = [sys.executable, "-I", "-S", str(script), str(archive), *arguments]
    done = subprocess.run(command, cwd=archive.parent, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


def rewrite(archive: Path, change: Callable[[list[Line]], object]) -> None:
    with zipfile.ZipFile(archive) as opened:
        lines = [json.loads(line) for line in opened.read("record.jsonl").splitlines()]
    change(lines)
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("record.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def archive(storage: Storage, tmp_path: Path) -> Path:
    sign_product(storage, "bolt")
    add_calibration(storage, "bolt")
    with storage.transaction() as transaction:
        transaction.products.remove("bolt", "Ada")
    sign_product(storage, "screw")
    add_calibration(storage, "screw")
    path = tmp_path / "audit.zip"
    storage.export_chain(path)
    return path


def test_an_intact_chain_is_confirmed_without_the_application(storage: Storage, archive: Path) -> None:
    head = storage.verify().head
    status, said = check(archive)
    assert status == 0
    assert said.startswith("16 entries, intact, begun by installation ")
    assert said.endswith(f". Head {head}\n")
    assert check(archive, str(head))[0] == 0


def change_content(lines: list[Line]) -> None:
    lines[2]["content"] = lines[2]["content"].replace('"NG"', '"OK"')


def change_content_and_its_hash(lines: list[Line]) -> None:
    lines[2]["at"] = lines[3]["at"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_content, "entry 2: inspections 1: the row was changed"),
        (change_content_and_its_hash, "entry 2: inspections 1: the entry of the chain was changed or moved"),
        (lambda lines: lines.pop(3), "entry 4: inspections 2: entries are missing before this one"),
        (lambda lines: lines.pop(), "the file was cut off"),
        (lambda lines: lines[4].update(content=None), "entry 4: inspections 2: the row was removed"),
        (lambda lines: lines[1].update(content=None), "entry 1: recipe_versions 1: the row was removed"),
    ],
)
def test_a_changed_export_is_refused_and_the_entry_named(
    archive: Path, change: Callable[[list[Line]], object], said: str
) -> None:
    rewrite(archive, change)
    status, output = check(archive)
    assert status == 1
    assert said in output


def test_the_archive_holds_data_only_and_nothing_that_python_would_run(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        assert opened.namelist() == ["record.jsonl"]
    with archive.open("rb") as file:
        assert file.read(4) == b"PK\x03\x04"


def test_an_archive_that_brings_a_program_along_is_refused(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("__main__.py", "print('99 entries, intact.')")
    status, said = check(archive)
    assert status == 1
    assert "holds more than the data of a chain" in said


def test_the_documentation_has_the_hash_of_the_checker_that_is_published() -> None:
    assert hashlib.sha256(CHECKER.read_bytes()).hexdigest() in (ROOT / "docs" / "record.md").read_text(encoding="utf-8")


def test_a_chain_that_says_it_was_begun_elsewhere_is_refused(archive: Path) -> None:
    rewrite(archive, lambda lines: lines[0].update(installation="somebody else's"))
    assert "the chain was not begun where and when the file says" in check(archive)[1]
    rewrite(archive, lambda lines: lines[0].update(genesis="0" * 64))
    assert "entry 1: recipe_versions 1: the entry of the chain was changed or moved" in check(archive)[1]


def test_a_noted_head_finds_what_was_taken_off_the_end(storage: Storage, archive: Path) -> None:
    noted = str(storage.verify().head)

    def cut(lines: list[Line]) -> None:
        last = lines[-2]
        del lines[-2]
        lines[-1] = {"end": last["sequence"] - 1, "head": lines[-2]["entry_hash"]}

    rewrite(archive, cut)
    assert check(archive)[0] == 0
    assert check(archive, noted)[0] == 1


def test_an_export_carries_no_hash_that_a_pin_could_be_guessed_from(storage: Storage, tmp_path: Path) -> None:
    from filo_core.types import Role

    with storage.transaction() as transaction:
        transaction.users.put("Ada", Role.ADMIN, "$argon2id$planted", "Ada")
    storage.export_chain(tmp_path / "audit.zip")
    with zipfile.ZipFile(tmp_path / "audit.zip") as opened:
        assert b"planted" not in opened.read("record.jsonl")
    assert check(tmp_path / "audit.zip")[0] == 0
