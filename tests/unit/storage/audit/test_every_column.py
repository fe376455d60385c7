"""Every column of every table, changed behind the program's back: either the check says so, or a reason stands here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Column, Connection, Engine, select, text
from sqlalchemy.orm import Session

from filo_core.capability import StudyAnswer, StudyPart, StudyPlan
from filo_core.golden_set import GoldenPart
from filo_core.sessions import SessionPart, Taken, ToldBy
from filo_core.types import Box, EventKind, KnownAs, Review, ReviewDecision, Role, TaughtPatch, Verdict
from storage.audit.chain import entry_hash, read_head
from storage.audit.problems import Problem
from storage.checking.verifying import verify
from storage.columns import PlainText, UtcDateTime
from storage.engine import make_engine, parse_url, sqlite_url
from storage.known_pictures import RecognisedPart
from storage.models import Row
from storage.recorder import Recorder
from storage.repositories.examples import CarriedExample
from storage.repositories.users import SignInLock
from storage.storage import Storage, open_storage
from storage.trust_models import AuditRow
from tests.unit.storage.making import (
    MOMENT,
    add_calibration,
    add_checks,
    make_image,
    make_inspection,
    make_part,
    make_region,
    sign_part,
    sign_product,
)

DRAFT = "a draft: it decides nothing before a person signs it, and the recipe that is signed is chained whole"
SURROGATE = "a number that nothing refers to; the row's content and order are chained"
STATE = "a state of running programs: no verdict, decision or right follows from it, and its events are chained"
SLOWS = "slows guessing of PINs down; every refusal is an event, and a wrong PIN stays wrong"
WEIGHS = "weighs charts, or teaches names: no verdict, decision or right follows from it, and an event says who"
PLACES = "of inspections from before what was counted was chained; how many stands in the reason, which is"
DATED = "shown beside a product only"
FOUND_BY = "finds a part again that was judged: made of what its views hold, and those are chained"
BESIDE = "shown beside a promise, or found again in pictures: no verdict, decision or right follows from it"

ALLOWED: dict[str, dict[str, str]] = {
    "products": dict.fromkeys(
        (
            "class_name", "kind", "domain", "roi_x", "roi_y", "roi_width", "roi_height", "profile", "limit_ok",
            "limit_ng", "limit_region", "calibration_note", "model_hash", "eyes", "learned_map", "zones",
            "picture_limits", "fixture", "view_of", "view_name", "view_suffix", "view_source",
        ),
        DRAFT,
    ) | {"created_at": DATED, "changed_at": DATED},
    "inspections": {"part_hash": FOUND_BY, "counts": PLACES},
    "anomaly_types": dict.fromkeys(("id", "ordinal", "name", "severity", "enabled", "provenance"), DRAFT),
    "reference_images": dict.fromkeys(("id", "ordinal", "image_hash", "name"), DRAFT),
    "taught_patches": dict.fromkeys(
        ("id", "ordinal", "image_hash", "name", "x", "y", "width", "height"), DRAFT
    ),
    "regions": {"id": SURROGATE},
    "type_costs": dict.fromkeys(("id", "name", "cost"), WEIGHS),
    "carried_examples": dict.fromkeys(("id", "name", "space", "part", "embedding"), WEIGHS),
    "session_parts": dict.fromkeys(("id", "session", "image_hash", "name"), BESIDE),
    "known_pictures": dict.fromkeys(("content_hash", "rows_hash", "pixels_hash", "taken_at", "told_by"), BESIDE),
    "golden_parts": {"id": SURROGATE},
    "sign_in_locks": dict.fromkeys(("name_key", "failures", "refused_at", "delay_s"), SLOWS),
    "sessions": dict.fromkeys(("id", "station", "run", "opened_at", "ended_at"), STATE),
    "jobs": dict.fromkeys(
        ("name", "station", "operator", "run", "state", "started_at", "ended_at"), STATE
    ),
}  # fmt: skip
EMBEDDED = np.array([1.0, 0.0], np.float32)
REFERRING = [
    (table.name, column.name)
    for table in Row.metadata.sorted_tables
    # In their own order: that of a table's foreign keys is another one in every process.
    for column in table.columns
    if column.foreign_keys
]
COLUMNS = [(table.name, column.name) for table in Row.metadata.sorted_tables for column in table.columns]


def fill(storage: Storage) -> None:
    """At least one row in every table."""
    recipe = sign_product(storage)
    recorder = Recorder(storage, "metal nut", station="line 1", operator="Ada")
    with recorder.job("a folder"):
        for shade in range(2):
            recorder.record_one(make_inspection(recipe, shade, 0.9, regions=[make_region(x=shade, looks=1.0)]))
    part = sign_part(storage)
    Recorder(storage, "housing").record_one(make_part(storage, part, (7, 8), (0.1, 0.9)))
    add_checks(storage, recipe, 1)
    add_calibration(storage)
    with storage.transaction() as transaction:
        transaction.reviews.add(1, Review(ReviewDecision.CONFIRM, Verdict.NG, "Ada", MOMENT))
        retyped = Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", MOMENT, anomaly_type="dent", regions=(0,))
        transaction.reviews.add(1, retyped)
        product_id = transaction.products.product_id("metal nut")
        transaction.golden.put(product_id, GoldenPart("a" * 64, "bad.png", Verdict.NG), "Ada")
        transaction.golden.set_demand(product_id, "06:00", "Ada")
        transaction.costs.put(product_id, "scratch", 12.5)
        transaction.sessions.put(product_id, [SessionPart("a" * 64, "good.png", "night")], "Ada")
        transaction.known.note(make_image(0), Taken(MOMENT, ToldBy.FILE))
        transaction.known.add(1, RecognisedPart(KnownAs.REFERENCE, "a" * 64))
        transaction.examples.carry(product_id, [CarriedExample("scratch", "1:eyes", "a" * 64, EMBEDDED)])
        draft = transaction.products.draft("metal nut")
        patch = TaughtPatch("b" * 64, "second.png", Box(0, 0, 2, 2))
        transaction.products.save("metal nut", replace(draft, taught_patches=(patch,)))
        keys = transaction.products.recipe_keys("metal nut", recipe.content_hash)
        plan = StudyPlan("metal nut", 1, "", (StudyPart("a" * 64, "bad.png", Verdict.NG),), ("Ada",), 3, "k" * 64)
        study_id = transaction.studies.add(keys.product_id, keys.recipe_version_id, plan, "Ada", MOMENT)
        transaction.studies.answer(study_id, [StudyAnswer("Ada", 1, 0, Verdict.NG, None, MOMENT)])
        user = transaction.users.put("Ada", Role.ADMIN, "$argon2id$", "Ada")
        transaction.users.set_lock("Eve", SignInLock(1, MOMENT, 0))
        transaction.jobs.open_session(user.user_id, "line 1", "r" * 32)
        transaction.events.add(EventKind.RESTORED, "Ada", "line 1", "record", {})
    with storage.transaction() as transaction:
        # Its own rows, as if a station had forwarded them.
        transaction.arrivals.take("line 2", transaction.outbox.after(0, 100).rows)
    sign_product(storage, "unused")
    with storage.transaction() as transaction:
        transaction.products.remove("unused", "Ada")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("record")
    url = sqlite_url(folder / "filo.sqlite")
    with open_storage(url, folder / "images") as storage:
        fill(storage)
    made = make_engine(parse_url(url))
    yield made
    made.dispose()


@contextmanager
def tampering(engine: Engine) -> Iterator[Connection]:
    """A connection that no rule holds back, and of which nothing is kept."""
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA ignore_check_constraints=ON")
        yield connection
        connection.rollback()
        connection.detach()


def found_in(connection: Connection) -> tuple[Problem, ...]:
    with Session(connection) as session:
        return verify(session).problems


def other(column: Column[Any], value: Any) -> Any:
    """Another value of the same type."""
    if value is None:
        value = MOMENT if isinstance(column.type, UtcDateTime) else "" if isinstance(column.type, PlainText) else 0
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, bool):
        return not value
    return value + "x" if isinstance(value, str) else value + 1000


def test_the_record_of_these_tests_is_intact_and_has_a_row_in_every_table(engine: Engine) -> None:
    with engine.connect() as connection:
        assert found_in(connection) == ()
        for table in Row.metadata.sorted_tables:
            assert connection.execute(select(table)).first() is not None, f"{table} has no row to change"


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_column_that_changes_is_reported_unless_a_reason_is_given(engine: Engine, table: str, column: str) -> None:
    changed = Row.metadata.tables[table]
    keys = list(changed.primary_key.columns)
    with tampering(engine) as connection:
        row = connection.execute(select(changed).order_by(*(key.desc() for key in keys))).mappings().first()
        assert row is not None
        this = [key == row[key.name] for key in keys]
        connection.execute(changed.update().where(*this).values({column: other(changed.columns[column], row[column])}))
        reported = bool(found_in(connection))
    assert reported == (column not in ALLOWED.get(table, {}))


@pytest.mark.parametrize(("table", "column"), REFERRING)
def test_a_row_that_is_smuggled_in_without_its_parent_is_named(engine: Engine, table: str, column: str) -> None:
    child = Row.metadata.tables[table]
    number = next(iter(child.primary_key.columns)).name
    with tampering(engine) as connection:
        row = dict(connection.execute(select(child)).mappings().first() or {})
        for unique in {name for name in row if name.endswith(("version", "hash", "ordinal"))}:
            row[unique] = other(child.columns[unique], row[unique])
        smuggled = row | {number: 2000, column: 2000}
        connection.execute(child.insert().values(smuggled))
        sentences = [problem.sentence for problem in found_in(connection)]
    parent = next(iter(child.columns[column].foreign_keys)).column.table.name
    assert f"{table} 2000: the row belongs to {parent} 2000, which is not there" in sentences


def test_an_entry_of_a_table_that_is_not_chained_is_named(engine: Engine) -> None:
    with tampering(engine) as connection:
        head = read_head(connection)
        bound = entry_hash(head.sequence + 1, MOMENT, "regions", 1, 1, "a", head.entry_hash)
        values = {"row_id": 1, "format": 1, "content_hash": "a", "entry_hash": bound}
        place = {"sequence": head.sequence + 1, "at": MOMENT, "table_name": "regions"}
        connection.execute(AuditRow.__table__.insert().values(place | values))  # type: ignore[attr-defined]
        (problem,) = found_in(connection)
    assert problem.what == "an entry of a table that this program does not chain"


def test_no_reason_is_given_for_a_column_that_is_not_there() -> None:
    assert {(table, column) for table, columns in ALLOWED.items() for column in columns} <= set(COLUMNS)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "UPDATE products SET signed_version = NULL",
            "products 1 (entry 1): no recipe is in force, and",
        ),
        ("UPDATE products SET signed_version = 7", "recipe version 7 is in force, and the chain says recipe version 1"),
        (
            "UPDATE products SET name = 'bolt', name_key = 'bolt' WHERE id = 1",
            "products 1: it is called bolt, which its recipes",
        ),
        ("DELETE FROM products", "products 1 (entry 1): no recipe is in force"),
        ("DELETE FROM golden_parts", "its golden set, or the demand of a check, is not what the chain says"),
        ("DELETE FROM golden_demands", "its golden set, or the demand of a check, is not what the chain says"),
        (
            "INSERT INTO golden_parts (product_id, image_hash, name, expected) VALUES (1, 'b', 'b.png', 'OK')",
            "its golden set, or the demand of a check, is not what the chain says",
        ),
        ("DELETE FROM forwarded WHERE table_name = 'reviews'", "of station line 2, one was changed, added or removed"),
        (
            "INSERT INTO forwarded SELECT station, 99, table_name, 99, 1, '', forwarded_at FROM forwarded LIMIT 1",
            "forwarded 99: a row of station line 2 that did not come by this program",
        ),
        ("UPDATE forwarded SET station = 'line 3'", "forwarded 1: a row of station line 3 that did not come"),
    ],
)
def test_what_stands_and_is_not_what_the_chain_says_is_named(engine: Engine, statement: str, said: str) -> None:
    with tampering(engine) as connection:
        connection.execute(text(statement))
        sentences = [problem.sentence for problem in found_in(connection)]
    assert any(said in sentence for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE inspections SET inspected_at = 'never' WHERE id = 2", ("inspections", 2)),
        ("UPDATE inspections SET image_score = 'high' WHERE id = 1", ("inspections", 1)),
        ("UPDATE reviews SET reason = x'00ff' WHERE id = 1", ("reviews", 1)),
        ("UPDATE audit_chain SET at = 'never' WHERE sequence = 3", ("audit_chain", 0)),
        ("UPDATE forwarded SET forwarded_at = 'never'", ("forwarded", 0)),
        ("UPDATE events SET detail = 'nothing'", ("events", 1)),
        ("UPDATE events SET detail = '[{}]'", ("events", 1)),
        ('UPDATE events SET detail = \'{"product": [], "removed": 1}\'', ("events", 1)),
        ("UPDATE recipe_versions SET content = '[]'", ("recipe_versions", 1)),
    ],
)
def test_a_value_of_another_type_is_reported_and_not_stumbled_over(
    engine: Engine, statement: str, place: tuple[str, int]
) -> None:
    with tampering(engine) as connection:
        connection.execute(text(statement))
        places = [(problem.table, problem.row_id) for problem in found_in(connection)]
    assert place in places
