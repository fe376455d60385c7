from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from workflows.whole_files import whole_file, write_private


def test_a_block_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError), whole_file(path) as temporary:
        temporary.write_text("half, and no letter of ASCII: \N{GREEK SMALL LETTER SIGMA}", encoding="ascii")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_ends_well_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, b"1234")
    assert path.read_bytes() == b"1234"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
