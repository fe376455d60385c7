"""Trained tensors are read as data, and refused where they are not what was shipped."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from filo_core.errors import ProfileError
from filo_core.shipped_tensors import read_shipped


@pytest.fixture
def file(tmp_path: Path) -> Path:
    save_file({"first": np.arange(6, dtype=np.float16).reshape(2, 3)}, tmp_path / "a.safetensors", {"by": "us"})
    return tmp_path / "a.safetensors"


def test_tensors_come_as_floats_with_what_was_written_beside_them(file: Path) -> None:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    found = read_shipped(file, digest, "head")
    assert (found.identity, found.about) == (digest, {"by": "us"})
    assert found.tensors["first"].dtype == np.float32
    assert found.tensors["first"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_an_altered_one_is_refused(file: Path) -> None:
    with pytest.raises(ProfileError, match="SHA-256 differs"):
        read_shipped(file, "0" * 64, "head")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickle", b"\xff" * 64])
def test_what_is_no_such_file_is_refused_by_name(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ProfileError, match="holds no head for names"):
        read_shipped(file, "", "head for names")


def test_one_cut_short_is_refused(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ProfileError, match="holds no head"):
        read_shipped(file, "", "head")


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    save_file({"first": np.array([1.0, np.nan], np.float32)}, tmp_path / "a.safetensors", {"by": "us"})
    with pytest.raises(ProfileError, match="not numbers"):
        read_shipped(tmp_path / "a.safetensors", "", "head")


def test_a_missing_one_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="Install the profile again"):
        read_shipped(tmp_path / "absent", "", "head")
