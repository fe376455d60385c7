"""Pictures of parts that arrive one after the other: one answer a part, whole or when it was waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from filo_core.errors import FolderError
from filo_core.line.part_collecting import PartCollector
from filo_core.line.watching.marks import Arrival, Mark

SUFFIXES = {"top": "_top", "side": "_side"}


@pytest.fixture
def collector(tmp_path: Path) -> PartCollector:
    return PartCollector(SUFFIXES, tmp_path, wait_s=5.0)


def arrive(folder: Path, name: str) -> Arrival:
    (folder / name).write_bytes(b"x")
    return Arrival(folder / name, name, Mark.of((folder / name).stat()), b"x")


def test_a_part_is_handed_on_as_soon_as_each_view_has_its_picture(collector: PartCollector, tmp_path: Path) -> None:
    waiting = [arrive(tmp_path, "a_top.png"), arrive(tmp_path, "b_top.png")]
    assert collector.collect(waiting, 0.0).parts == ()
    waiting.append(arrive(tmp_path, "b_SIDE.png"))
    (part,) = collector.collect(waiting, 1.0).parts
    assert part.name == "b"
    assert part.arrivals == (waiting[1], waiting[2])
    assert part.waited_s == 0.0


def test_what_is_missing_is_waited_for_once_and_comes_late_then(collector: PartCollector, tmp_path: Path) -> None:
    top = arrive(tmp_path, "a_top.png")
    assert collector.collect([top], 10.0).parts == ()
    assert collector.collect([top], 14.9).parts == ()
    (part,) = collector.collect([top], 15.0).parts
    assert (part.name, set(part.views), part.waited_s) == ("a", {"top"}, 5.0)
    side = arrive(tmp_path, "a_side.png")
    late = collector.collect([side], 16.0)
    assert (late.parts, late.late) == ((), (side,))
    again = [arrive(tmp_path, "a_top.png"), arrive(tmp_path, "a_side.png")]
    (part,) = collector.collect(again, 20.0).parts
    assert part.arrivals == tuple(again), "the part that is shown again gets its own answer"


def test_a_part_that_was_handed_on_and_still_waits_is_handed_on_again(collector: PartCollector, tmp_path: Path) -> None:
    waiting = [arrive(tmp_path, "a_top.png"), arrive(tmp_path, "a_side.png")]
    assert collector.collect(waiting, 0.0).parts == collector.collect(waiting, 1.0).parts


def test_a_file_that_was_written_again_stands_for_the_one_before(collector: PartCollector, tmp_path: Path) -> None:
    first = arrive(tmp_path, "a_top.png")
    second, side = arrive(tmp_path, "a_top.png"), arrive(tmp_path, "a_side.png")
    collected = collector.collect([first, second, side], 0.0)
    assert collected.replaced == (first,)
    assert collected.parts[0].arrivals == (second, side)


def test_a_file_of_no_view_is_handed_on_at_once(collector: PartCollector, tmp_path: Path) -> None:
    other = arrive(tmp_path, "other.png")
    (part,) = collector.collect([other], 0.0).parts
    assert (part.name, dict(part.views), part.arrivals) == ("other.png", {}, (other,))


def test_views_without_suffixes_are_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="--add side --suffix _side"):
        PartCollector({"top": "_top", "side": ""}, tmp_path)
