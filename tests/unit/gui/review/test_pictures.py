from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from filo_core.types import InspectionFilter, InspectionRecord, Verdict
from gui.canvas import thumbnails
from gui.canvas.pictures import PictureContent
from gui.canvas.thumbnails import Thumbnails
from gui.review.picture_loader import PictureLoader
from gui.state import AppState

Until = Callable[..., None]


@pytest.fixture
def records(state: AppState, inspected: str) -> list[InspectionRecord]:
    """The seven that have a picture, newest first."""
    page = state.workbench.history.page(InspectionFilter())
    return [record for record in page if record.verdict is not Verdict.NOT_INSPECTED]


@pytest.fixture
def small(state: AppState) -> Iterator[Thumbnails]:
    made = Thumbnails(state.workbench.storage.artefacts.get_bytes)
    yield made
    made.close()


@pytest.fixture
def loader(state: AppState) -> Iterator[PictureLoader]:
    made = PictureLoader(state.workbench.history)
    yield made
    made.close()


def lose_picture(state: AppState, record: InspectionRecord) -> None:
    """Take the file of a picture out of the image store."""
    found = [path for path in state.workbench.settings.images.rglob("*") if record.image_hash in path.name]
    assert found
    for path in found:
        path.unlink()


def test_a_thumbnail_is_none_until_it_is_made_elsewhere(
    small: Thumbnails, records: list[InspectionRecord], until: Until
) -> None:
    ready: list[str] = []
    small.ready.connect(ready.append)
    assert small.get(records[0].image_hash) is None
    until(lambda: ready == [records[0].image_hash])
    image = small.get(records[0].image_hash)
    assert image is not None
    assert image.width() <= thumbnails.SIZE.width()
    assert not small.is_busy


def test_the_newest_wishes_are_granted_and_those_out_of_sight_are_dropped(
    small: Thumbnails, records: list[InspectionRecord], until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails, "_WAITING", 2)
    ready: list[str] = []
    small.ready.connect(ready.append)
    for record in records:
        small.get(record.image_hash)
    until(lambda: not small.is_busy)
    made = set(ready)
    assert {record.image_hash for record in records[-2:]} <= made
    assert len(made) == 4


def test_where_there_is_no_picture_none_is_waited_for(small: Thumbnails, state: AppState, inspected: str) -> None:
    refused = state.workbench.history.page(InspectionFilter(verdicts=frozenset({Verdict.NOT_INSPECTED})))[0]
    assert small.get(refused.image_hash if refused.width else "") is None
    assert not small.is_busy


def test_a_lost_picture_is_left_out_and_not_asked_for_again(
    small: Thumbnails, records: list[InspectionRecord], state: AppState, until: Until
) -> None:
    lose_picture(state, records[0])
    small.get(records[0].image_hash)
    until(lambda: not small.is_busy)
    assert small.get(records[0].image_hash) is None
    assert not small.is_busy


def test_the_large_picture_comes_with_map_regions_and_limits(
    loader: PictureLoader, records: list[InspectionRecord], until: Until
) -> None:
    loaded: list[tuple[int, PictureContent]] = []
    loader.loaded.connect(lambda number, content: loaded.append((number, content)))
    bad = next(record for record in records if record.verdict is Verdict.NG)
    loader.want(bad)
    until(lambda: bool(loaded))
    number, content = loaded[0]
    assert number == bad.inspection_id
    assert content.has_heat_map
    assert content.regions == bad.regions
    assert content.limits == bad.limits


def test_only_the_newest_wish_is_answered_and_the_next_one_is_read_ahead(
    loader: PictureLoader, records: list[InspectionRecord], until: Until
) -> None:
    loaded: list[int] = []
    loader.loaded.connect(lambda number, _content: loaded.append(number))
    for record, following in pairwise(records):
        loader.want(record, following)
    wanted, ahead = records[-2], records[-1]
    until(lambda: wanted.inspection_id in loaded and ahead.inspection_id in loader._kept)
    assert loaded == [wanted.inspection_id]
    loader.want(ahead)
    assert loaded == [wanted.inspection_id, ahead.inspection_id], "what was read ahead is there at once"


def test_a_lost_large_picture_is_told_in_a_sentence(
    loader: PictureLoader, records: list[InspectionRecord], state: AppState, until: Until
) -> None:
    lose_picture(state, records[0])
    told: list[tuple[int, str]] = []
    loader.failed.connect(lambda number, sentence, _details: told.append((number, sentence)))
    loader.want(records[0])
    until(lambda: bool(told))
    assert told[0][0] == records[0].inspection_id
    assert told[0][1]
