"""Settings and data folders that are of no use: every command says so in one sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Result
from workflows.settings.file import SETTINGS_FILE

Run = Callable[..., Result]
COMMANDS = [("doctor",), ("inspect", "plate", "--folder", "."), ("app",)]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode:
        pytest.skip("no file system can be mounted here")
    (folder / "filling").write_bytes(bytes(200 << 10))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def only_sentence(result: Result) -> str:
    """What a command that was refused has said: one line."""
    assert result.status == 1
    assert result.stdout == ""
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("Error: ")
    assert "unexpected" not in sentence
    return sentence


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b'{"database": ', "settings.json is not what"),
        (b"\xff\xfe\x00", "settings.json is not what"),
        (b'{"keep_days": "soon"}', "keep_days in "),
        (b'{"keep_days": -1}', "keep_days in "),
        (b'{"image_quota_gb": NaN}', "image_quota_gb in "),
        (b'{"outputs": [{"kind": "pigeon"}]}', "outputs.0.address in "),
    ],
)
def test_a_settings_file_of_no_use_is_named_with_its_remedy(
    run: Run, filo_home: Path, command: tuple[str, ...], content: bytes, named: str
) -> None:
    filo_home.mkdir(parents=True, exist_ok=True)
    (filo_home / SETTINGS_FILE).write_bytes(content)
    sentence = only_sentence(run(*command))
    assert named in sentence
    assert str(filo_home / SETTINGS_FILE) in sentence
    assert "Correct it, or delete the file to start afresh." in sentence


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_home_that_is_a_file_is_named(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").write_text("no folder")
    sentence = only_sentence(run(*command, env={"FILO_HOME": str(tmp_path / "file")}))
    assert "Not a directory" in sentence
    assert "set FILO_HOME to another folder." in sentence


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="on Linux there is a folder where not even root may write")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_home_that_cannot_be_written_is_named(run: Run, command: tuple[str, ...]) -> None:
    sentence = only_sentence(run(*command, env={"FILO_HOME": "/proc/nowhere"}))
    assert "/proc/nowhere/logs/filo.log cannot be written" in sentence
    assert "Set FILO_HOME to a folder that can be." in sentence


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_user_without_a_home_is_told_what_to_set(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def homeless(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    assert "Set FILO_HOME to a folder for the data." in only_sentence(run(*command, env={"FILO_HOME": None}))


def test_a_full_disk_is_said_by_inspection_and_by_doctor_who_goes_on(run: Run, full_disk: Path) -> None:
    home = {"FILO_HOME": str(full_disk)}
    assert "The disk that holds" in only_sentence(run("inspect", "plate", "--folder", ".", env=home))
    looked = run("doctor", "--json", env=home)
    assert looked.status == 1
    assert "is full. Free some space" in looked.json["database_problem"]


def test_doctor_names_the_settings_that_cannot_work(run: Run, filo_home: Path) -> None:
    filo_home.mkdir(parents=True, exist_ok=True)
    wrong = {"font_scale": 1e300, "language": "xx", "theme": "neon", "device": "tpu", "profile": "gone"}
    odd = wrong | {"future": {"a": 1}}
    (filo_home / SETTINGS_FILE).write_text(json.dumps(odd), encoding="utf-8")
    looked = run("doctor", "--json")
    assert looked.status == 1
    assert set(looked.json["settings_problems"]) == set(wrong)
    assert json.loads((filo_home / SETTINGS_FILE).read_text(encoding="utf-8")) == odd


def test_doctor_survives_an_address_that_is_none_and_shows_nothing_of_it(run: Run) -> None:
    looked = run("doctor", "--json", "--database", "no url with s3cret")
    assert looked.status == 1
    assert "not a URL" in looked.json["database_problem"]
    assert "s3cret" not in looked.stdout + looked.stderr
