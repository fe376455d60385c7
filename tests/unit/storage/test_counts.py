"""Where items were found is kept with an inspection, and shown again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from filo_core.types import Box, ItemPlace, ItemsFound, Recipe, ZoneScore
from filo_core.whole_part import WordOff, WordsFound
from storage.counts import dump_counts, load_counts
from storage.recorder import Recorder
from storage.storage import Storage
from tests.unit.storage.making import make_inspection, sign_product

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
