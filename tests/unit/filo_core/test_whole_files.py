from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from filo_core.whole_files import whole_file, write_private


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


def test_a_private_file_that_cannot_be_put_in_place_leaves_what_was_there_and_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "secret" / "kept").mkdir(parents=True)
    with pytest.raises(OSError, match="secret"):
        write_private(tmp_path / "secret", b"1234")
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_programs_that_write_one_private_file_at_once_leave_it_whole(tmp_path: Path) -> None:
    path, contents = tmp_path / "secret", [bytes([number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(len(contents)) as pool:
        for done in [pool.submit(write_private, path, content) for content in contents]:
            done.result()
    assert path.read_bytes() in contents
