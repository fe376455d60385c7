"""Where items were found is kept with an inspection, and shown again."""

from __future__ import annotations

from dataclasses import replace

from filo_core.types import Box, ItemPlace, ItemsFound, ZoneScore
from storage.counts import dump_counts, load_counts
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_inspection, sign_product

_FOUND = ItemsFound("board", "screws", 4, 0.7, (ItemPlace(Box(1, 2, 3, 4), 0.9),))


def test_places_come_back_as_they_were_found(storage: Storage) -> None:
    recipe = sign_product(storage)
    inspection = make_inspection(recipe, 0, 0.9)
    assert inspection.prediction is not None
    counted = replace(inspection.prediction, zones=(ZoneScore("board", 0.9, 0.0, _FOUND),))
    number = Recorder(storage, "metal nut").record_one(replace(inspection, prediction=counted))
    with storage.reading() as transaction:
        assert transaction.inspections.get(number).counts == (_FOUND,)


def test_what_cannot_be_read_hides_no_inspection() -> None:
    assert load_counts('{"no": "list"}') == ()
    assert dump_counts(()) == ""
    assert load_counts("") == ()
