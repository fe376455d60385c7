"""Which part it was, in the record: kept, chained, found again, and told when it comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from filo_core.identity import NOBODY, Identity
from filo_core.types import EventKind, InspectionFilter, Origin, Recipe
from storage.audit.contents import content_of, format_of, sha256
from storage.engine import sqlite_url
from storage.models import IDENTITY_COLUMNS, InspectionRow
from storage.recorder import Recorder
from storage.repositories.filters import conditions
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, make_refusal, sign_product
from tests.unit.storage.test_migrating import migrate

BEFORE = "ec43544f90bbc137d8f16531767d64c95baf5a8fd84d22c4c7d241d17d3f7981"
WHOLE = Identity("A-1", "L 7", "0815", "pallet", "nest 2", "night")


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as opened:
        yield opened


def kept(storage: Storage, recipe: Recipe, identity: Identity, shade: int = 0, score: float = 0.1) -> int:
    inspection = make_inspection(recipe, shade, score, origin=Origin.LIVE)
    return Recorder(storage, recipe.product).record_one(replace(inspection, identity=identity))


def test_every_field_comes_back_and_what_was_not_said_is_null(storage: Storage) -> None:
    recipe = sign_product(storage)
    whole, nobody = kept(storage, recipe, WHOLE), kept(storage, recipe, NOBODY, 1)
    with storage.reading() as transaction:
        assert transaction.inspections.get(whole).identity == WHOLE
        assert transaction.inspections.get(nobody).identity == NOBODY
    with storage._engine.connect() as connection:
        columns = ", ".join(IDENTITY_COLUMNS.values())
        said = connection.execute(text(f"SELECT {columns} FROM inspections ORDER BY id")).all()
    assert said == [("A-1", "L 7", "0815", "pallet", "nest 2", "night"), (None,) * 6]


def test_a_part_that_was_not_inspected_keeps_its_identity(storage: Storage) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, recipe.product).record_one(replace(make_refusal(recipe), identity=WHOLE))
    with storage.reading() as transaction:
        assert transaction.inspections.get(number).identity == WHOLE


def test_what_was_said_survives_an_older_schema_and_its_check(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "filo.sqlite")
    with open_storage(url, tmp_path / "images") as storage:
        number = kept(storage, sign_product(storage), WHOLE)
    migrate(tmp_path / "filo.sqlite", "0022")
    with open_storage(url, tmp_path / "images") as storage:
        with storage.reading() as transaction:
            assert transaction.inspections.get(number).identity == WHOLE
        assert storage.verify().intact


def test_a_row_without_identity_hashes_as_before_there_was_any() -> None:
    row = dict.fromkeys((column.name for column in InspectionRow.__table__.columns), 0)
    # NULL in every row from before there was counting in the chain.
    row |= dict.fromkeys((*IDENTITY_COLUMNS.values(), "counted"))
    before = {name: value for name, value in row.items() if name not in IDENTITY_COLUMNS.values()}
    assert content_of("inspections", row) == content_of("inspections", before)
    # Of this very row, by the program before this one.
    assert sha256(content_of("inspections", row)) == BEFORE
    assert format_of("inspections", row) == 1


def test_a_row_with_identity_is_of_a_later_format_and_covers_each_field() -> None:
    row: dict[str, object] = dict.fromkeys((column.name for column in InspectionRow.__table__.columns), 0)
    said = dict.fromkeys(IDENTITY_COLUMNS.values())
    found = {content_of("inspections", row | said | {name: "A"}) for name in said}
    assert len(found) == len(said)
    assert format_of("inspections", row | said | {"serial": "A"}) > 1


@pytest.mark.parametrize("name", list(IDENTITY_COLUMNS))
def test_a_field_finds_its_parts_and_no_others(storage: Storage, name: str) -> None:
    recipe = sign_product(storage)
    first = kept(storage, recipe, Identity(**{name: "A"}))
    kept(storage, recipe, Identity(**{name: "AB"}), 1)
    kept(storage, recipe, NOBODY, 2)
    last = kept(storage, recipe, Identity(**{name: "A"}), 3)
    with storage.reading() as transaction:
        wanted = InspectionFilter(identity=Identity(**{name: "A"}))
        found = transaction.inspections.page(wanted, None, 10)
        assert transaction.inspections.count(wanted) == 2
    assert [record.inspection_id for record in found] == [last, first]


def test_a_part_of_a_serial_is_found_beside_the_name(storage: Storage) -> None:
    recipe = sign_product(storage)
    number = kept(storage, recipe, Identity("SN-4711"))
    with storage.reading() as transaction:
        (found,) = transaction.inspections.page(InspectionFilter(name="n-47"), None, 10)
        assert transaction.inspections.page(InspectionFilter(name="4%1"), None, 10) == ()
    assert found.inspection_id == number


def test_a_search_for_a_serial_that_there_is_looks_at_no_name(storage: Storage) -> None:
    recipe = sign_product(storage)
    kept(storage, recipe, Identity("SN-4711"))
    with storage.reading() as transaction:
        wanted = InspectionFilter(name="SN-4711")
        assert transaction.inspections.searched(wanted) == InspectionFilter(identity=Identity("SN-4711"))
        for other in (InspectionFilter(name="SN-47"), InspectionFilter()):
            assert transaction.inspections.searched(other) == other


def test_a_serial_that_comes_twice_is_told_with_what_it_was_before(storage: Storage) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, recipe.product, station="line 1")
    first = recorder.keep(replace(make_inspection(recipe, 0, 0.9, origin=Origin.LIVE), identity=Identity("A")))
    second = recorder.keep(replace(make_inspection(recipe, 1, 0.1, origin=Origin.LIVE), identity=Identity("A")))
    assert first.seen_before is None
    assert second.seen_before is not None
    assert (second.seen_before.times, second.seen_before.verdict) == (1, "NG")
    with storage.reading() as transaction:
        (event,) = transaction.events.of_kinds(EventKind.SERIAL_REPEATED)
    assert (event.station, event.subject) == ("line 1", recipe.product)
    assert '"serial":"A"' in event.detail


def test_the_same_serial_of_another_product_is_another_part(storage: Storage) -> None:
    nut, bolt = sign_product(storage, "nut"), sign_product(storage, "bolt")
    kept(storage, nut, Identity("A"))
    again = Recorder(storage, "bolt").keep(replace(make_inspection(bolt, 1), identity=Identity("A")))
    assert again.seen_before is None


def test_a_lot_that_comes_twice_is_nothing_to_be_said(storage: Storage) -> None:
    recipe = sign_product(storage)
    kept(storage, recipe, Identity(lot="L"))
    kept(storage, recipe, Identity(lot="L"), 1)
    with storage.reading() as transaction:
        assert transaction.events.of_kinds(EventKind.SERIAL_REPEATED) == ()


def test_all_pictures_of_a_serial_are_found_by_its_index(storage: Storage) -> None:
    (condition,) = conditions(InspectionFilter(identity=Identity("A")))
    query = select(InspectionRow.id).where(condition).order_by(InspectionRow.id.desc()).limit(100)
    said = str(query.compile(storage._engine, compile_kwargs={"literal_binds": True}))
    with storage._engine.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {said}")).all()
    assert "ix_inspections_serial_id (serial=?" in plan[0].detail
    assert not any("TEMP B-TREE" in step.detail for step in plan)
