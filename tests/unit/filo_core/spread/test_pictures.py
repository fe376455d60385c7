"""Folders, buckets and lists of pictures, as plants have them and as they should not be."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pytest

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.line.runs import Encoded
from filo_core.spread import pictures as room
from filo_core.spread.pictures import PlacedPicture, list_pictures, read_picture


@pytest.fixture
def bucket() -> Iterator[str]:
    """An address of a store that is no disk: fsspec's own, in memory."""
    system = fsspec.filesystem("memory")
    for name in ("lot/10.png", "lot/2.png", "lot/notes.txt", "lot/sub/3.jpg", "lot/4.tga", "lot/.hidden/5.png"):
        system.pipe(f"/{name}", name.encode())
    yield "memory://lot"
    system.rm("/lot", recursive=True)


def test_a_bucket_is_listed_as_a_folder_is(bucket: str, tmp_path: Path) -> None:
    found = list_pictures(bucket)
    for name in ("10.png", "2.png", "notes.txt", "sub/3.jpg", "4.tga", ".hidden/5.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    here = list_pictures(str(tmp_path))
    assert [picture.name for picture in found.pictures] == [picture.name for picture in here.pictures]
    assert [picture.name for picture in found.pictures] == ["2.png", "10.png", "sub/3.jpg"]
    assert found.left_out == here.left_out == ("4.tga",)
    read = read_picture(found.pictures[2])
    assert (read.name, read.encoded) == ("sub/3.jpg", b"lot/sub/3.jpg")
    assert abs((read.captured_at - datetime.now(UTC)).total_seconds()) < 60


def test_a_list_names_pictures_beside_it_elsewhere_and_in_buckets(bucket: str, tmp_path: Path) -> None:
    (tmp_path / "part.png").write_bytes(b"beside")
    elsewhere = tmp_path / "elsewhere" / "far.png"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"far")
    lines = ["\ufeff# of the night shift", "", "part.png", str(elsewhere), f"{bucket}/2.png", "part.png", "odd.tga"]
    listing = tmp_path / "night.txt"
    listing.write_text("\r\n".join(lines), encoding="utf-8")
    found = list_pictures(str(listing))
    assert [read_picture(picture).encoded for picture in found.pictures] == [b"beside", b"far", b"lot/2.png"]
    assert found.left_out == ("odd.tga",)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("memory://nowhere", "does not exist"),
        ("nonsense://bucket/lot", "cannot be read"),
        ("memory://lists/none.txt", "does not exist"),
    ],
)
def test_what_is_not_there_is_said(where: str, said: str) -> None:
    with pytest.raises(FolderError, match=said):
        list_pictures(where)


def test_lists_that_are_none_are_said(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes("Prüfung.png".encode("latin-1"))
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(FolderError, match="not UTF-8"):
        list_pictures(str(tmp_path / "latin.txt"))
    with pytest.raises(FolderError, match="names no images"):
        list_pictures(str(tmp_path / "empty.txt"))


def test_a_share_that_stalls_costs_one_picture_and_no_more_time_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    def stall(picture: PlacedPicture) -> Encoded:
        time.sleep(3)
        raise AssertionError(picture)

    monkeypatch.setattr(room, "_read", stall)
    begun = time.monotonic()
    with pytest.raises(UnreadableImageError, match=r"a\.png: did not come within 0\.1 s"):
        read_picture(PlacedPicture("a.png", "/a.png"), within_s=0.1)
    assert time.monotonic() - begun < 2.5


def test_what_is_not_in_a_bucket_any_more_and_what_is_no_file_is_said(bucket: str, tmp_path: Path) -> None:
    for picture in (
        PlacedPicture("a.png", f"{bucket}/gone.png"),
        PlacedPicture("a.png", str(tmp_path)),
        PlacedPicture("a.png", "/no"),
    ):
        with pytest.raises(UnreadableImageError, match=r"^a\.png: "):
            read_picture(picture)
