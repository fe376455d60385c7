"""Where items were found is kept with an inspection, and shown again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from filo_core.fixture import Placement
from filo_core.types import Box, ItemPlace, ItemsFound, Recipe, ZoneScore
from filo_core.whole_part import WordOff, WordsFound
from storage.counts import dump_counts, load_counts, load_placement
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_inspection, sign_product
from workflows.export.tables import PLACED, row_of

_FOUND = ItemsFound("board", "screws", 4, 0.7, (ItemPlace(Box(1, 2, 3, 4), 0.9),))


_WORDS = WordsFound("whole part", 0.8, (WordOff((0.1, 0.2), 9.0, 2.0),), (((0.1, 0.1), (0.3, 0.2)),))


def _record(storage: Storage, recipe: Recipe) -> int:
    inspection = make_inspection(recipe, 0, 0.9)
    assert inspection.prediction is not None
    zones = ZoneScore("board", 0.9, 0.0, _FOUND), ZoneScore("whole part", 0.8, 0.0, words=_WORDS)
    counted = replace(inspection.prediction, zones=zones)
    return Recorder(storage, "metal nut").record_one(replace(inspection, prediction=counted))


def test_places_come_back_as_they_were_found(storage: Storage) -> None:
    number = _record(storage, sign_product(storage))
    with storage.reading() as transaction:
        assert transaction.inspections.get(number).counts == (_FOUND, _WORDS)


def test_what_was_counted_is_chained(storage: Storage, database: Path) -> None:
    recipe = sign_product(storage)
    number = _record(storage, recipe)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.1))
    assert storage.verify().intact
    with closing(sqlite3.connect(database)) as connection, connection:
        forms = connection.execute(
            "SELECT format FROM audit_chain WHERE table_name = 'inspections' ORDER BY row_id"
        ).fetchall()
        connection.execute("UPDATE inspections SET counted = replace(counted, 'screws', 'rivets')")
    assert forms[0][0] > forms[1][0], "what counts nothing hashes as before"
    (problem,) = storage.verify().problems
    assert (problem.table, problem.row_id) == ("inspections", number)


def test_inspections_from_before_it_was_chained_show_their_places_and_verify(storage: Storage, database: Path) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 0, 0.9))
    with closing(sqlite3.connect(database)) as connection, connection:
        # As the program before wrote it.
        connection.execute("UPDATE inspections SET counts = ?", (dump_counts((_FOUND,)),))
    with storage.reading() as transaction:
        assert transaction.inspections.get(number).counts == (_FOUND,)
    assert storage.verify().intact


def test_what_cannot_be_read_hides_no_inspection() -> None:
    assert load_counts('{"no": "list"}') == ()
    assert dump_counts(()) is None
    assert load_counts("") == ()


def test_where_a_fixture_was_found_is_kept_beside_the_counts_and_exported(storage: Storage) -> None:
    recipe = sign_product(storage)
    inspection = make_inspection(recipe, 0, 0.9)
    assert inspection.prediction is not None
    place = Placement((1.0, 0.0, 3.5, 0.0, 1.0, -2.0), (3.5, -2.0), 12.5, 1.02, 0.9, 0.31)
    zones = (ZoneScore("board", 0.9, 0.0, _FOUND),)
    placed = replace(inspection, prediction=replace(inspection.prediction, zones=zones, placement=place))
    without = make_inspection(recipe, 1, 0.1)
    numbers = [Recorder(storage, "metal nut").record_one(one) for one in (placed, without)]
    with storage.reading() as transaction:
        found, plain = (transaction.inspections.get(number) for number in numbers)
    assert (found.placement, found.counts) == (place, (_FOUND,))
    assert [row_of(found)[name] for name in PLACED] == [3.5, -2.0, 12.5, 1.02, 0.31]
    assert (plain.placement, [row_of(plain)[name] for name in PLACED]) == (None, [None] * 5)
    assert load_placement('{"no": "list"}') is None
