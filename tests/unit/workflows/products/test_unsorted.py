"""A proposal from a folder nobody has sorted: what it holds, what it leaves out, and when there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from PIL import Image

from filo_core.errors import FolderError
from filo_core.events import ODDEST, PROPOSED, StepDone, UnsortedProposal, UnsortedRanked
from filo_core.types import SourceImage
from workflows.products.unsorted import MOST, unsorted_steps

if TYPE_CHECKING:
    from filo_core.engine import Engine


class RedRanks:
    """The redder, the odder."""

    def rank_unsorted(self, pictures: Iterable[SourceImage], total: int) -> Iterator[StepDone | UnsortedRanked]:
        scores = []
        for count, picture in enumerate(pictures, start=1):
            scores.append(float(picture.pixels[..., 0].mean()))
            yield StepDone(count, total, picture.name)
        yield UnsortedRanked(tuple(scores))


def folder_of(root: Path, reds: Iterable[int]) -> Path:
    root.mkdir()
    for number, red in enumerate(reds):
        Image.fromarray(np.full((8, 8, 3), (red, 40, 40), np.uint8)).save(root / f"part_{number:03}.png")
    return root


def proposal_of(folder: Path) -> UnsortedProposal:
    *_, last = unsorted_steps(folder)(cast("Engine", RedRanks()))
    assert isinstance(last, UnsortedProposal)
    return last


def test_the_most_ordinary_are_proposed_and_the_oddest_come_first_to_be_looked_at(tmp_path: Path) -> None:
    found = proposal_of(folder_of(tmp_path / "mixed", [200, *range(10, 24), 250]))
    assert [picture.path.name for picture in found.references] == [f"part_{n:03}.png" for n in range(1, 1 + PROPOSED)]
    assert [picture.path.name for picture in found.oddest[:2]] == ["part_015.png", "part_000.png"]
    assert len(found.oddest) == ODDEST
    assert "most of the pictures show good parts" in found.sentence


def test_nothing_odd_is_proposed_as_good_in_a_small_folder(tmp_path: Path) -> None:
    found = proposal_of(folder_of(tmp_path / "mixed", range(12)))
    assert not {picture.path for picture in found.references} & {picture.path for picture in found.oddest}
    assert len(found.references) + len(found.oddest) == 12


def test_copies_and_what_cannot_be_read_are_left_out_and_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mixed", range(14))
    shutil.copy(folder / "part_003.png", folder / "copy of 3.png")
    (folder / "torn.png").write_bytes(b"no image")
    found = proposal_of(folder)
    assert len(found.ranked) == 14
    assert len(found.repeated) == 1
    assert [path.name for path in found.unreadable] == ["torn.png"]


def test_too_few_pictures_are_refused_before_the_model_is_asked(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="Sorting needs 12"):
        unsorted_steps(folder_of(tmp_path / "mixed", range(11)))


def test_copies_do_not_count(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mixed", [1] * 20)
    with pytest.raises(FolderError, match="holds 1 different pictures"):
        proposal_of(folder)


def test_more_than_can_be_held_against_each_other_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=f"more than the {MOST}"):
        unsorted_steps(folder_of(tmp_path / "mixed", np.arange(MOST + 1) % 250))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="nowhere"):
        unsorted_steps(tmp_path / "nowhere")
