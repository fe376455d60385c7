"""Whatever is typed, a command ends with a sentence and a status, never with a traceback or a shrug."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Result

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("FILO_KEEP_DAYS", "soon", "valid integer"),
        ("FILO_KEEP_DAYS", "-1", "greater than or equal to 1"),
        ("FILO_KEEP_DAYS", "99999999999", "less than or equal to 36500"),
        ("FILO_IMAGE_QUOTA_GB", "nan", "finite number"),
        ("FILO_BACKUP_HOUR", "77", "less than or equal to 23"),
    ],
)
def test_a_variable_that_is_of_no_use_is_named(run: Run, variable: str, value: str, why: str) -> None:
    refused = run("product", "list", env={variable: value})
    assert refused.status == 1
    assert f"Error: {variable} is not what it should be" in refused.stderr
    assert why in refused.stderr
    assert "leave it out" in refused.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("inspect", "plate", "--folder", "CATEGORY"),
        ("calibrate", "plate"),
        ("benchmark", "CATEGORY"),
        ("train", "CATEGORY", "--checkpoint", "run.safetensors"),
    ],
    ids=lambda command: command[0],
)
@pytest.mark.usefixtures("product")
def test_a_device_that_is_none_is_named_with_those_there_are(
    run: Run, category: Path, command: tuple[str, ...]
) -> None:
    refused = run(*(category if word == "CATEGORY" else word for word in command), "--device", "tpu")
    assert refused.status == 1
    assert "'tpu' is no device. Use auto, cpu or cuda." in refused.stderr


@pytest.mark.parametrize("option", ["--weights", "--lists"])
def test_a_folder_for_a_table_that_is_not_there_is_named(run: Run, category: Path, option: str) -> None:
    refused = run("benchmark", category, "--table", "I", option, category / "nowhere")
    assert refused.status == 1
    assert "nowhere is no folder" in refused.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("inspect", "plate", "--folder", ""),
        ("inspect", "plate", "--folder", "  "),
        ("golden", "add", "plate", "", "--good"),
        ("restore", ""),
        ("demo", "--out", ""),
    ],
)
def test_an_empty_path_is_not_taken_for_the_current_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run(*command)
    assert refused.status == 2
    assert "The path is empty." in refused.stderr
    assert list(tmp_path.glob("*.sqlite")) == []


@pytest.mark.parametrize("variable", ["FILO_HOME", "FILO_BACKUP_FOLDER", "FILO_PLANT_IMAGES"])
def test_a_variable_for_a_folder_that_names_none_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run("product", "list", env={variable: ""})
    assert refused.status == 1
    assert f"Error: {variable} is not what it should be: Value error, it names no file or folder." in refused.stderr
    assert not (tmp_path / "filo.sqlite").exists()


def test_an_empty_head_is_not_taken_for_none(run: Run) -> None:
    refused = run("audit", "verify", "--head", "")
    assert refused.status == 1
    assert "'' is no head." in refused.stderr


def test_a_backup_onto_a_file_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "monday").write_text("something else")
    refused = run("backup", tmp_path / "monday")
    assert refused.status == 1
    assert "monday is there already. Choose another name" in refused.stderr


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("gone.pth", "new.safetensors", "gone.pth is no file."),
        ("some.pth", "gone/new.safetensors", "cannot be written"),
    ],
)
def test_a_conversion_without_its_files_names_the_one_that_is_not_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.pth").write_bytes(b"no checkpoint")
    refused = run("models", "convert", source, target)
    assert refused.status == 1
    assert said in refused.stderr


def test_a_conversion_finds_a_file_of_the_current_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    torch.save({"weight": torch.ones(2)}, tmp_path / "some.pth")
    assert run("models", "convert", "some.pth", "new.safetensors").status == 0
    assert (tmp_path / "new.safetensors").is_file()
