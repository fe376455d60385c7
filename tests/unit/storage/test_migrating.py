"""Records of an older program, with data in them, there and back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command

from filo_core.golden_set import GoldenPart
from filo_core.types import InspectionFilter, Review, ReviewDecision, Verdict
from storage.engine import for_writing, make_engine, parse_url, sqlite_url
from storage.migrations import alembic_config
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import (
    MODEL_HASH,
    MOMENT,
    add_calibration,
    add_checks,
    make_inspection,
    make_part,
    make_region,
    sign_part,
    sign_product,
)


def migrate(database: Path, revision: str) -> None:
    engine = make_engine(parse_url(sqlite_url(database)))
    with for_writing(engine).begin() as connection:
        command.downgrade(alembic_config(connection), revision)
    engine.dispose()


def fill(storage: Storage) -> None:
    recorder = Recorder(storage, "metal nut", operator="Ada")
    recipe = sign_product(storage)
    for shade in range(3):
        number = recorder.record_one(make_inspection(recipe, shade, 0.9, regions=[make_region()] * (shade > 0)))
        with storage.transaction() as transaction:
            transaction.reviews.add(number, Review(ReviewDecision.CONFIRM, Verdict.NG, "Ada", MOMENT))


def test_a_record_goes_back_to_the_first_schema_and_forward_again_with_all_its_verdicts(
    database: Path, images: Path
) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage)
        with storage.reading() as transaction:
            before = transaction.inspections.page(InspectionFilter(), None, 10)
    migrate(database, "0001")
    with closing(sqlite3.connect(database)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert "audit_chain" not in tables
        assert connection.execute("SELECT count(*) FROM reviews").fetchone() == (3,)
    with open_storage(sqlite_url(database), images) as storage:
        with storage.reading() as transaction:
            assert transaction.inspections.page(InspectionFilter(), None, 10) == before
        report = storage.verify()
    assert report.intact
    recipes, inspections, reviews, begun = 1, 3, 3, 1
    assert report.entries == recipes + inspections + reviews + begun


def test_verdicts_from_before_get_the_model_of_their_recipe(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage)
    migrate(database, "0001")
    open_storage(sqlite_url(database), images).close()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT DISTINCT model_hash FROM inspections").fetchall() == [(MODEL_HASH,)]


@pytest.mark.parametrize(("revision", "taken_in"), [("0002", True), ("0004", False), ("0005", False)])
def test_checks_calibrations_and_blind_reviews_join_the_chain_once_however_often_the_schema_goes_back(
    database: Path, images: Path, revision: str, taken_in: bool
) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage)
        with storage.reading() as transaction:
            recipe = transaction.products.recipe("metal nut").recipe
        add_checks(storage, recipe, 1)
        add_calibration(storage)
        before = storage.verify()
    migrate(database, revision)
    with open_storage(sqlite_url(database), images) as storage:
        report = storage.verify()
    assert (before.intact, report.intact) == (True, True)
    # A chain that was begun anew has an event for each time that it took rows in.
    assert report.entries == before.entries + 3 * taken_in


def test_parts_with_views_go_back_and_come_again_though_two_share_a_picture(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        recipe = sign_part(storage)
        recorder = Recorder(storage, recipe.product)
        for name, shades in (("part 1", (1, 2)), ("part 2", (3, 2))):
            recorder.record_one(make_part(storage, recipe, shades, (0.1, 0.9), name))
        with storage.reading() as transaction:
            before = transaction.inspections.following(InspectionFilter(), 0, 10)
    migrate(database, "0021")
    with open_storage(sqlite_url(database), images) as storage:
        assert storage.verify().intact
        with storage.reading() as transaction:
            assert transaction.inspections.following(InspectionFilter(), 0, 10) == before


def test_what_stood_before_events_told_of_it_is_told_once(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage)
        with storage.transaction() as transaction:
            product_id = transaction.products.product_id("metal nut")
            transaction.golden.put(product_id, GoldenPart("a" * 64, "bad.png", Verdict.NG), "Ada")
            first = transaction.products.recipe("metal nut").recipe
            moved = replace(first, limits=replace(first.limits, ng=0.75))
            transaction.products.sign("metal nut", moved, "Ada", MOMENT)
            transaction.arrivals.take("line 2", transaction.outbox.after(0, 100).rows)
        before = storage.verify()
    migrate(database, "0006")
    with closing(sqlite3.connect(database)) as connection, connection:
        # As a program wrote it that told of none of this.
        connection.execute("UPDATE products SET signed_version = 2")
        connection.execute("DELETE FROM golden_parts")
        connection.execute("INSERT INTO golden_demands VALUES (1, '06:00')")
        connection.execute(
            "INSERT INTO forwarded SELECT station, 99, 'x', 99, 1, '', forwarded_at FROM forwarded LIMIT 1"
        )
    with open_storage(sqlite_url(database), images) as storage:
        report = storage.verify()
    assert (before.intact, report.problems) == (True, ())
    assert report.entries == before.entries + 3


def test_an_upgrade_leaves_a_copy_of_the_record_as_it_was(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage)
    migrate(database, "0001")
    open_storage(sqlite_url(database), images).close()
    (copy,) = database.parent.glob("filo.sqlite.before-upgrade-from-0001*")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert connection.execute("SELECT count(*) FROM inspections").fetchone() == (3,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_new_record_needs_no_copy(database: Path, images: Path) -> None:
    open_storage(sqlite_url(database), images).close()
    assert list(database.parent.glob("*.before-upgrade*")) == []
