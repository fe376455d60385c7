"""Every file that arrives is taken once, whatever its name, its content and whoever writes it how."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.line.watched_folder import WatchedFolder
from filo_core.line.watching.marks import Arrival

WaitUntil = Callable[[Callable[[], object]], None]
SETTLED_S, PATIENCE_S = 0.1, 0.4


class Memory:
    """What was answered, over what stands for a restart."""

    def __init__(self) -> None:
        self.marks: dict[str, str] = {}

    def known(self) -> dict[str, str]:
        return dict(self.marks)

    def remember(self, name: str, mark: str) -> None:
        self.marks[name] = mark

    def forget(self, names: Collection[str]) -> None:
        for name in names:
            self.marks.pop(name, None)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


class Watch:
    """A watched folder whose arrivals are done as they come."""

    def __init__(self, watched: WatchedFolder) -> None:
        self.watched = watched
        self.seen: list[Arrival] = []

    @property
    def names(self) -> list[str]:
        while (arrival := self.watched.next()) is not None:
            self.seen.append(arrival)
            self.watched.done(arrival)
        return [arrival.name for arrival in self.seen]


@pytest.fixture
def watch(folder: Path, memory: Memory) -> Iterator[Callable[..., Watch]]:
    """Begin to watch; ``told=False`` for a share of which the system tells nothing."""
    made: list[WatchedFolder] = []

    def begin(*, told: bool = True) -> Watch:
        for before in made:
            before.stop()
        watched = WatchedFolder(folder, every_s=0.02, settled_s=SETTLED_S, patience_s=PATIENCE_S, memory=memory)
        if not told:
            watched._files._notices.start = lambda: None  # type: ignore[method-assign]
        made.append(watched)
        watched.start()
        return Watch(watched)

    yield begin
    for watched in made:
        watched.stop()


@pytest.fixture(params=[True, False], ids=["told", "share"])
def told(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def picture(red: int, form: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 30), (red, 5, 5)).save(content, form)
    return content.getvalue()


def noise(form: str) -> bytes:
    content = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(content, form, quality=90)
    return content.getvalue()


def test_empty_files_are_each_a_part(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    for number in range(3):
        (folder / f"empty_{number}.jpg").touch()
    wait_until(lambda: len(seen.names) >= 3)
    assert sorted(seen.names) == ["empty_0.jpg", "empty_1.jpg", "empty_2.jpg"]


def test_the_same_name_with_new_content_is_another_part(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    for number in range(1, 4):
        (folder / "latest.png").write_bytes(picture(number))
        wait_until(lambda number=number: len(seen.names) >= number)
    assert [arrival.encoded for arrival in seen.seen] == [picture(number) for number in range(1, 4)]


def test_the_same_file_written_again_is_another_part(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    for number in range(1, 4):
        (folder / "again.png").write_bytes(picture(9))
        wait_until(lambda number=number: len(seen.names) >= number)
    assert seen.names == ["again.png"] * 3


def test_a_copy_that_keeps_size_and_time_of_the_one_before_is_another_part(
    tmp_path: Path, folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    first, second = tmp_path / "1.bmp", tmp_path / "2.bmp"
    for number, path in ((1, first), (2, second)):
        path.write_bytes(picture(number, "BMP"))
        os.utime(path, ns=(10**18, 10**18))
    seen = watch(told=told)
    shutil.copy2(first, folder / "part.bmp")
    wait_until(lambda: seen.names)
    shutil.copy2(second, folder / "part.bmp")
    wait_until(lambda: len(seen.names) >= 2)
    assert [arrival.encoded for arrival in seen.seen] == [first.read_bytes(), second.read_bytes()]


def test_a_file_that_was_taken_away_and_put_back_is_another_part(
    tmp_path: Path, folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    (folder / "part.png").write_bytes(picture(1))
    seen = watch(told=told)
    wait_until(lambda: seen.names)
    (folder / "part.png").rename(tmp_path / "part.png")
    (tmp_path / "part.png").rename(folder / "part.png")
    wait_until(lambda: len(seen.names) >= 2)
    assert seen.names == ["part.png"] * 2


def test_six_parts_that_follow_each_other_under_one_name_are_six(
    folder: Path, watch: Callable[..., Watch], wait_until: WaitUntil
) -> None:
    seen = watch()
    wait_until(lambda: seen.watched._files._notices.are_on)
    for number in range(1, 7):
        (folder / "latest.jpg").write_bytes(picture(20 * number, "JPEG"))
        # Nobody asks for what arrived: a camera does not wait for the model.
        wait_until(lambda number=number: len(seen.watched.waiting()) >= number)
    assert len({arrival.encoded for arrival in seen.watched.waiting()}) == 6


def test_rights_names_and_reading_are_no_arrival(
    tmp_path: Path, folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    path = folder / "part.png"
    path.write_bytes(picture(1))
    seen = watch(told=told)
    wait_until(lambda: seen.names)
    path.chmod(0o600)
    os.link(path, tmp_path / "other name.png")
    path.read_bytes()
    (folder / "next.png").write_bytes(picture(2))
    wait_until(lambda: "next.png" in seen.names)
    assert seen.names == ["part.png", "next.png"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_file_set_aside_in_full_and_filled_later_is_taken_once_and_whole(
    folder: Path, watch: Callable[..., Watch], told: bool, form: str, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    whole = noise(form)
    half = len(whole) // 2
    with (folder / f"slow.{form.lower()}").open("wb") as file:
        file.write(whole[:half] + bytes(len(whole) - half))
        file.flush()
        wait_until(lambda: seen.watched._files._waiting)
        # Longer than a whole file has to stand still.
        threading.Event().wait(2 * SETTLED_S)
        assert seen.names == []
        file.seek(0)
        file.write(whole)
    wait_until(lambda: seen.names)
    assert [arrival.encoded for arrival in seen.seen] == [whole]


def test_a_file_that_is_written_in_pieces_each_closed_is_taken_once_and_whole(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    whole = noise("JPEG")
    path = folder / "pieces.jpg"
    for at in range(0, len(whole), 1 + len(whole) // 5):
        with path.open("ab") as file:
            file.write(whole[at : at + 1 + len(whole) // 5])
        wait_until(lambda: "pieces.jpg" in seen.watched._files._waiting or seen.watched.next())
    wait_until(lambda: seen.names)
    assert [arrival.encoded for arrival in seen.seen] == [whole]


def test_a_file_held_open_is_not_taken_before_it_is_closed(
    folder: Path, watch: Callable[..., Watch], wait_until: WaitUntil
) -> None:
    seen = watch()
    wait_until(lambda: seen.watched._files._notices.are_on)
    with (folder / "open.bmp").open("wb") as file:
        # Whole by what it says, and still another picture a moment later.
        file.write(picture(1, "BMP"))
        file.flush()
        wait_until(lambda: seen.watched._files._waiting.get("open.bmp") is not None)
        threading.Event().wait(2 * PATIENCE_S)
        assert seen.names == []
        file.seek(0)
        file.write(picture(2, "BMP"))
    wait_until(lambda: seen.names)
    assert [arrival.encoded for arrival in seen.seen] == [picture(2, "BMP")]


def test_a_file_that_is_moved_within_the_folder_has_its_answer(
    folder: Path, watch: Callable[..., Watch], wait_until: WaitUntil
) -> None:
    (folder / "done").mkdir()
    seen = watch()
    wait_until(lambda: seen.watched._files._notices.are_on)
    (folder / "part.png").write_bytes(picture(1))
    wait_until(lambda: seen.names)
    (folder / "part.png").rename(folder / "done" / "part.png")
    (folder / "next.png").write_bytes(picture(2))
    wait_until(lambda: "next.png" in seen.names)
    assert seen.names == ["part.png", "next.png"]


def test_a_file_written_beside_and_renamed_is_taken_once(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    for number in range(1, 4):
        (folder / ".part.png.tmp").write_bytes(picture(number))
        (folder / ".part.png.tmp").replace(folder / "part.png")
        wait_until(lambda number=number: len(seen.names) >= number)
    assert [arrival.encoded for arrival in seen.seen] == [picture(number) for number in range(1, 4)]


def test_a_folder_that_comes_with_its_files_is_looked_into(
    tmp_path: Path, folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    (tmp_path / "day" / "shift").mkdir(parents=True)
    (tmp_path / "day" / "shift" / "part.png").write_bytes(picture(1))
    (tmp_path / "day").rename(folder / "day")
    wait_until(lambda: seen.names)
    (folder / "day" / "shift" / "later.png").write_bytes(picture(2))
    wait_until(lambda: len(seen.names) >= 2)
    assert seen.names == ["day/shift/part.png", "day/shift/later.png"]


def test_what_was_answered_is_not_taken_again_by_the_next_start(
    folder: Path, watch: Callable[..., Watch], told: bool, memory: Memory, wait_until: WaitUntil
) -> None:
    for number in range(3):
        (folder / f"{number}.png").write_bytes(picture(number))
    seen = watch(told=told)
    wait_until(lambda: len(seen.names) >= 3)
    (folder / "0.png").unlink()
    seen.watched.stop()
    (folder / "1.png").write_bytes(picture(100))
    (folder / "new.png").write_bytes(picture(101))
    again = watch(told=told)
    wait_until(lambda: len(again.names) >= 2)
    assert sorted(again.names) == ["1.png", "new.png"]
    wait_until(lambda: sorted(memory.marks) == ["1.png", "2.png", "new.png"])


def test_a_file_that_nobody_answered_comes_again_with_the_next_start(
    folder: Path, watch: Callable[..., Watch], wait_until: WaitUntil
) -> None:
    (folder / "part.png").write_bytes(picture(1))
    first = watch()
    wait_until(first.watched.next)
    first.watched.stop()
    again = watch()
    wait_until(lambda: again.names == ["part.png"])


def test_what_no_program_can_read_is_an_arrival_all_the_same(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    os.mkfifo(folder / "pipe.png")
    (folder / "text.png").write_text("no picture")
    wait_until(lambda: len(seen.names) >= 2)
    assert sorted(seen.names) == ["pipe.png", "text.png"]


def test_names_that_are_no_text_are_taken(
    folder: Path, watch: Callable[..., Watch], told: bool, wait_until: WaitUntil
) -> None:
    seen = watch(told=told)
    (folder / os.fsdecode(b"teil\xff.png")).write_bytes(picture(1))
    wait_until(lambda: seen.names)
    assert seen.seen[0].encoded == picture(1)
