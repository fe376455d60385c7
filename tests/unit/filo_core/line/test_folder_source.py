from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from filo_core.line.sources.base import SourceState
from filo_core.line.sources.folder import FolderSource

WaitUntil = Callable[[Callable[[], object]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pictures"
    path.mkdir()
    return path


@pytest.fixture
def source(folder: Path) -> Iterator[FolderSource]:
    source = FolderSource(folder, interval_s=0.01)
    yield source
    source.stop()


def write(folder: Path, name: str, width: int = 8) -> None:
    Image.new("RGB", (width, 4)).save(folder / name)


def test_images_are_played_in_natural_order(folder: Path) -> None:
    for width in (10, 9, 8):
        write(folder, f"part {width}.png", width)
    source = FolderSource(folder, interval_s=0.05, loop=False)
    source.start()
    widths: list[int] = []

    while source.state is not SourceState.STOPPED or not widths:
        frame = source.newest()
        if frame is not None:
            widths.append(frame.pixels.shape[1])

    source.stop()
    assert widths == sorted(widths)
    assert set(widths) <= {8, 9, 10}
    assert source.frames == 3


def test_files_that_cannot_be_read_are_named_and_the_others_played(
    folder: Path, source: FolderSource, wait_until: WaitUntil
) -> None:
    write(folder, "whole.png")
    for name in ("a.png", "b.png", "c.png", "d.png"):
        (folder / name).write_bytes(b"\0\1\2\3")

    source.start()
    wait_until(lambda: source.problem)

    assert source.state is SourceState.RUNNING
    assert source.problem.startswith("4 files could not be read. a.png: ")
    assert source.problem.endswith("And 1 more.")


def test_files_with_an_extension_that_is_not_read_are_named(
    folder: Path, source: FolderSource, wait_until: WaitUntil
) -> None:
    write(folder, "whole.png")
    (folder / "part_07.tga").write_bytes(b"perhaps a picture")

    source.start()
    wait_until(lambda: source.problem)

    assert source.problem == 'Left out, since their extension is not read: "part_07.tga".'
    assert source.state is SourceState.RUNNING


def test_a_folder_in_which_nothing_can_be_read_is_lost(
    folder: Path, source: FolderSource, wait_until: WaitUntil
) -> None:
    (folder / "a.png").touch()

    source.start()
    wait_until(lambda: source.state is SourceState.LOST)

    assert source.problem.startswith("1 file could not be read. a.png: is empty.")


def test_an_image_added_while_it_plays_is_played_the_next_time_round(
    folder: Path, source: FolderSource, wait_until: WaitUntil
) -> None:
    write(folder, "a.png", 8)
    source.start()
    wait_until(lambda: source.frames >= 2)

    write(folder, "b.png", 16)

    def saw_the_new_one() -> bool:
        frame = source.newest()
        return frame is not None and frame.pixels.shape[1] == 16

    wait_until(saw_the_new_one)
    assert source.state is SourceState.RUNNING


def test_a_folder_without_images_is_lost_until_one_comes(
    folder: Path, source: FolderSource, wait_until: WaitUntil
) -> None:
    source.start()
    wait_until(lambda: source.state is SourceState.LOST)
    assert "holds no images" in source.problem

    Image.new("RGB", (8, 4)).save(folder / "making.tmp", "PNG")
    (folder / "making.tmp").rename(folder / "a.png")

    wait_until(lambda: source.state is SourceState.RUNNING and source.problem == "")


def test_stopping_does_not_wait_for_a_long_interval(folder: Path, wait_until: WaitUntil) -> None:
    write(folder, "a.png")
    source = FolderSource(folder, interval_s=3600.0)
    source.start()
    wait_until(lambda: source.frames == 1)

    source.stop()

    assert source.state is SourceState.STOPPED
