"""One suite over every database the record can live in: SQLite, and PostgreSQL on a real server."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from filo_core.errors import ProductError, StorageError
from filo_core.events import ImageInspected, ImageSkipped
from filo_core.types import InspectionFilter, Limits, Origin, Review, ReviewDecision, Verdict
from storage.audit.contents import CHAINED, REMOVABLE
from storage.engine import BrokenRuleError, for_writing, sqlite_url
from storage.migrations import NEWEST, REVISIONS, alembic_config
from storage.models import InspectionRow, RegionRow, ReviewRow, Row
from storage.recorder import Recorder
from storage.session_models import KnownPictureRow
from storage.sessions import RecordSession
from storage.storage import Storage, open_storage
from storage.trust_models import AuditRow, EventRow
from tests.unit.storage.making import (
    MODEL_HASH,
    MOMENT,
    add_calibration,
    add_checks,
    make_draft,
    make_image,
    make_inspection,
    make_refusal,
    make_region,
    sign_product,
)

EVERYTHING = InspectionFilter()


@pytest.fixture
def url(either_url: str) -> str:
    return either_url


@pytest.fixture
def storage(url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(url, tmp_path / "images") as opened:
        yield opened


def test_the_migrations_make_the_tables_of_the_models(storage: Storage) -> None:
    with storage._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_the_migrations_make_the_rules_and_indexes_of_the_models(storage: Storage, url: str, tmp_path: Path) -> None:
    if storage._engine.name == "sqlite":
        made = create_engine(sqlite_url(tmp_path / "made.sqlite"))
    else:
        with storage._engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA made"))
        made = create_engine(url, connect_args={"options": "-csearch_path=made"})
    Row.metadata.create_all(made)
    migrated, modelled = inspect(storage._engine), inspect(made)
    for table in Row.metadata.tables:
        for what in ("check_constraints", "unique_constraints", "indexes"):
            in_migrated = {rule["name"]: _shape(rule) for rule in getattr(migrated, f"get_{what}")(table)}
            in_modelled = {rule["name"]: _shape(rule) for rule in getattr(modelled, f"get_{what}")(table)}
            assert in_migrated == in_modelled, (table, what)
        assert all(rule["name"] for rule in migrated.get_check_constraints(table))
    made.dispose()


def _shape(rule: Mapping[str, Any]) -> str:
    options = {name: str(value) for name, value in rule.get("dialect_options", {}).items()}
    return " ".join(str({**rule, "dialect_options": options}).replace("made.", "").split())


def test_the_newest_revision_is_the_one_the_program_asks_for(storage: Storage) -> None:
    with storage._engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert script.get_current_head() == NEWEST
        assert {revision.revision for revision in script.walk_revisions()} == set(REVISIONS)
        assert MigrationContext.configure(connection).get_current_revision() == NEWEST


def test_a_schema_can_be_taken_back_and_made_again(storage: Storage, url: str, tmp_path: Path) -> None:
    with for_writing(storage._engine).begin() as connection:
        command.downgrade(alembic_config(connection), "base")
    # What binds a chain to where it was begun stays: without it an older chain could not be checked any more.
    assert set(inspect(storage._engine).get_table_names()) == {"alembic_version", "foundation"}
    with open_storage(url, tmp_path / "images") as again, again.reading() as transaction:
        assert transaction.products.drafts() == ()


def test_opening_again_keeps_everything(storage: Storage, url: str, tmp_path: Path) -> None:
    recipe = sign_product(storage)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))
    with open_storage(url, tmp_path / "images") as again, again.reading() as transaction:
        assert transaction.products.recipe("metal nut").recipe == recipe
        assert transaction.inspections.count(EVERYTHING) == 1


def test_a_newer_schema_is_refused(storage: Storage, url: str, tmp_path: Path) -> None:
    with for_writing(storage._engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="was written by a newer version of this program"):
        open_storage(url, tmp_path / "images")


def test_a_database_of_another_program_is_refused(url: str, tmp_path: Path) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE songs (title TEXT)"))
    engine.dispose()
    with pytest.raises(StorageError, match="belongs to another program"):
        open_storage(url, tmp_path / "images")


def test_a_product_goes_from_draft_to_signed_recipe_and_on(storage: Storage) -> None:
    recipe = sign_product(storage)
    with storage.transaction() as transaction:
        moved = transaction.products.save("metal nut", replace(make_draft(), limits=Limits(0.1, 0.2, 0.3)))
        assert moved.changed_since_signing
        second = transaction.products.sign("metal nut", moved.recipe(Limits(0.1, 0.2, 0.3), MODEL_HASH), "B", MOMENT)
        assert second.version == 2
        bare = replace(make_draft(), anomaly_types=(), references=(), limits=None, region_of_interest=None)
        assert transaction.products.save("metal nut", bare).references == ()
        assert transaction.products.sign("metal nut", recipe, "Ada", MOMENT).version == 1
    with storage.reading() as transaction:
        assert transaction.products.recipe("metal nut").recipe == recipe
        assert [draft.signed_version for draft in transaction.products.drafts()] == [1]


def test_an_unused_product_can_be_deleted_and_its_name_used_again(storage: Storage) -> None:
    sign_product(storage)
    with storage.transaction() as transaction:
        transaction.products.remove("metal nut")
    sign_product(storage)
    with storage.transaction() as transaction, pytest.raises(ProductError, match="already"):
        transaction.products.add(make_draft("METAL NUT"))


def test_a_verdict_comes_back_as_it_was_given(storage: Storage) -> None:
    recipe = sign_product(storage)
    regions = (make_region(), make_region("unknown", x=9))
    moment = MOMENT.astimezone(timezone(timedelta(hours=9)))
    inspection = make_inspection(recipe, 1, 0.1 + 0.2, regions=regions, inspected_at=moment)
    number = Recorder(storage, "metal nut").record_one(inspection)
    with storage.reading() as transaction:
        record = transaction.inspections.get(number)
    assert record.image_score == 0.1 + 0.2
    assert record.regions == regions
    assert record.inspected_at == MOMENT
    assert record.inspected_at.utcoffset() == timedelta(0)


def test_a_folder_image_is_judged_once_and_others_as_often_as_they_come(storage: Storage) -> None:
    recipe = sign_product(storage)
    recorder = Recorder(storage, "metal nut")
    for _ in range(2):
        recorder.record_one(make_inspection(recipe, 1))
        recorder.record_one(make_inspection(recipe, 1, origin=Origin.LIVE))
        recorder.record_one(make_refusal(recipe, image_hash=make_inspection(recipe, 1).image_hash))
    with storage.reading() as transaction:
        assert transaction.inspections.count(EVERYTHING) == 5


def test_the_database_itself_refuses_a_second_verdict(storage: Storage) -> None:
    recipe = sign_product(storage)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))

    def store_unasked() -> None:
        with storage.transaction() as transaction:
            keys = transaction.products.recipe_keys("metal nut", recipe.content_hash)
            transaction.inspections.add(make_inspection(recipe, 1), keys, "d" * 64, "", "")

    with pytest.raises(BrokenRuleError, match="breaks a rule of the record"):
        store_unasked()
    with storage.reading() as transaction:
        assert transaction.inspections.count(EVERYTHING) == 1


def test_four_runs_at_once_judge_every_image_once(storage: Storage) -> None:
    recipe = sign_product(storage)
    all_ready = threading.Barrier(4)

    def run(_: int) -> tuple[int, int]:
        recorder = Recorder(storage, "metal nut")
        events = [ImageInspected(shade, make_inspection(recipe, shade)) for shade in range(20)]
        all_ready.wait(20)
        passed = list(recorder.record(events))
        judged = sum(isinstance(event, ImageInspected) for event in passed)
        return judged, sum(isinstance(event, ImageSkipped) for event in passed)

    with ThreadPoolExecutor(4) as pool:
        totals = list(pool.map(run, range(4)))
    assert sum(judged for judged, _ in totals) == 20
    assert sum(skipped for _, skipped in totals) == 60


def test_four_people_signing_at_once_get_versions_of_their_own(storage: Storage) -> None:
    recipe = sign_product(storage)
    all_ready = threading.Barrier(4)

    def sign(number: int) -> int:
        changed = replace(recipe, limits=Limits(0.1, 0.2, 0.3 + number / 100))
        all_ready.wait(20)
        with storage.transaction() as transaction:
            return transaction.products.sign("metal nut", changed, f"signer {number}", MOMENT).version

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(sign, range(4))) == [2, 3, 4, 5]


def test_four_people_adding_to_one_draft_at_once_all_find_their_entry(storage: Storage) -> None:
    with storage.transaction() as transaction:
        transaction.products.add(make_draft())
    all_ready = threading.Barrier(4)

    def add(number: int) -> None:
        all_ready.wait(20)
        with storage.transaction() as transaction:
            draft = transaction.products.draft("metal nut")
            added = replace(draft.references[0], image_hash=f"{number}" * 64)
            transaction.products.save("metal nut", replace(draft, references=(*draft.references, added)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))
    with storage.reading() as transaction:
        assert len(transaction.products.draft("metal nut").references) == 6


def test_every_filter_works_alone_and_with_the_others(storage: Storage) -> None:
    nut, bolt = sign_product(storage, "nut"), sign_product(storage, "bolt")
    ids = []
    for number in range(6):
        recipe = (nut, bolt)[number % 2]
        regions = [make_region("scratch" if number < 3 else "dent")] * 2
        moment = MOMENT + timedelta(minutes=number)
        inspection = make_inspection(recipe, number, 0.9 if number < 4 else 0.1, regions=regions, inspected_at=moment)
        ids.append(Recorder(storage, recipe.product).record_one(inspection))
    with storage.transaction() as transaction:
        transaction.reviews.add(ids[0], Review(ReviewDecision.CONFIRM, Verdict.NG, "Ada", MOMENT))
        transaction.reviews.add(ids[5], Review(ReviewDecision.RETYPE, Verdict.NG, "Ada", MOMENT, anomaly_type="crack"))
    expected = {
        EVERYTHING: [5, 4, 3, 2, 1, 0],
        InspectionFilter(product="NUT"): [4, 2, 0],
        InspectionFilter(verdicts=frozenset({Verdict.OK})): [5, 4],
        InspectionFilter(verdicts=frozenset({Verdict.OK, Verdict.NG})): [5, 4, 3, 2, 1, 0],
        InspectionFilter(undecided=True): [4, 3, 2, 1],
        InspectionFilter(anomaly_type="scratch"): [2, 1, 0],
        InspectionFilter(anomaly_type="crack"): [5],
        InspectionFilter(since=MOMENT + timedelta(minutes=2), until=MOMENT + timedelta(minutes=4)): [3, 2],
        InspectionFilter("nut", frozenset({Verdict.NG}), "scratch", undecided=True, since=MOMENT): [2],
    }
    for wanted, numbers in expected.items():
        with storage.reading() as transaction:
            page = transaction.inspections.page(wanted, None, 100)
            rest = transaction.inspections.page(wanted, ids[numbers[0]], 1)
            assert transaction.inspections.count(wanted) == len(numbers)
        assert [ids.index(record.inspection_id) for record in page] == numbers, wanted
        assert [ids.index(record.inspection_id) for record in rest] == numbers[1:2], wanted


def test_what_arrives_late_is_on_the_pages_of_its_own_day_however_they_are_looked_for(storage: Storage) -> None:
    recipe, recorder = sign_product(storage), Recorder(storage, "metal nut")
    # A station that was offline brings old verdicts after new ones.
    minutes = [0, 10, 20, 30, 40, 50, 60, 5, 15, 55, 2]
    at = [MOMENT + timedelta(minutes=minute) for minute in minutes]
    ids = [
        recorder.record_one(make_inspection(recipe, number, inspected_at=moment)) for number, moment in enumerate(at)
    ]
    spans = ((None, 3), (None, 30), (None, 58), (0, 6), (14, 16), (14, 56), (50, 90), (70, 90), (None, -1))
    for since, until in spans:
        wanted = InspectionFilter(
            since=None if since is None else MOMENT + timedelta(minutes=since),
            until=MOMENT + timedelta(minutes=until),
        )
        expected = [
            number
            for number, minute in zip(ids, minutes, strict=True)
            if (since is None or minute >= since) and minute < until
        ]
        with storage.reading() as transaction:
            page = transaction.inspections.page(wanted, None, 100)
        assert [record.inspection_id for record in page] == expected[::-1], (since, until)


def test_no_page_waits_for_a_servers_compiler(postgres_url: str, tmp_path: Path) -> None:
    with open_storage(postgres_url, tmp_path / "images") as opened, opened._engine.connect() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"


def test_reviews_are_kept_in_their_order(storage: Storage) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9))
    reviews = [Review(ReviewDecision.OVERRULE, Verdict.OK, "Ada", MOMENT, f"reason {n}") for n in range(3)]
    for review in reviews:
        with storage.transaction() as transaction:
            transaction.reviews.add(number, review)
    with storage.reading() as transaction:
        assert list(transaction.reviews.of(number)) == reviews
        assert transaction.inspections.get(number).review == reviews[-1]


@pytest.mark.parametrize("name", ["Robert'); DROP TABLE products;--", "%s ? :name $1", "a\0b", "a\udcffb", "部品 🔩"])
def test_any_text_can_be_a_file_name(storage: Storage, name: str) -> None:
    recipe = sign_product(storage)
    refused = replace(make_refusal(recipe), name=name)
    number = Recorder(storage, "metal nut").record_one(refused)
    with storage.reading() as transaction:
        stored = transaction.inspections.get(number).name
    assert stored == name.replace("\0", "\ufffd").replace("\udcff", "\ufffd")


def test_the_longest_name_a_person_may_type_fits(storage: Storage) -> None:
    name = "ΐ" * 120
    sign_product(storage, name)
    with storage.reading() as transaction:
        assert transaction.products.draft(name).description.name == name


def test_four_writers_at_once_make_one_chain(storage: Storage) -> None:
    recipe = sign_product(storage)
    all_ready = threading.Barrier(4)

    def write(writer: int) -> None:
        recorder = Recorder(storage, "metal nut")
        all_ready.wait(20)
        for number in range(8):
            inspection = make_inspection(recipe, 100 * writer + number, regions=[make_region()], origin=Origin.LIVE)
            recorder.record_one(inspection)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    report = storage.verify()
    assert report.intact
    assert report.entries == 1 + 32


@pytest.mark.parametrize("revision", ["0002", "0005"])
def test_a_schema_with_data_in_it_goes_back_and_forward(
    storage: Storage, url: str, tmp_path: Path, revision: str
) -> None:
    fill(storage)
    with storage.transaction() as transaction:
        recipe = transaction.products.recipe("metal nut").recipe
        for ng in (0.75, recipe.limits.ng):
            changed = replace(recipe, limits=replace(recipe.limits, ng=ng))
            transaction.products.sign("metal nut", changed, "Ada", MOMENT)
    with for_writing(storage._engine).begin() as connection:
        command.downgrade(alembic_config(connection), revision)
    with open_storage(url, tmp_path / "images") as again, again.reading() as transaction:
        assert transaction.inspections.count(EVERYTHING) == 1
        assert again.verify().intact


@pytest.mark.parametrize("table", [InspectionRow, RegionRow, ReviewRow, EventRow, AuditRow])
def test_what_was_decided_can_be_neither_changed_nor_deleted(storage: Storage, table: type[Row]) -> None:
    fill(storage)
    for alter in (lambda session, row: setattr(row, inspect(table).columns.keys()[-1], -1), Session.delete):
        with RecordSession(storage._engine) as session:
            alter(session, session.scalars(select(table).limit(1)).one())
            with pytest.raises(AssertionError, match="is only ever added, never"):
                session.flush()


def test_a_server_refuses_alterations_whoever_asks(postgres_url: str, tmp_path: Path) -> None:
    with open_storage(postgres_url, tmp_path / "images") as storage:
        fill(storage)
        kept = {*CHAINED, "regions", "audit_chain", "forwarded"} - {*REMOVABLE}
        for table in (*sorted(kept), *REMOVABLE):
            column = Row.metadata.tables[table].columns.keys()[0]
            delete = () if table in REMOVABLE else ("DELETE FROM {0}",)
            for statement in (*delete, "TRUNCATE {0} CASCADE", "UPDATE {0} SET {1} = {1}"):
                with pytest.raises(IntegrityError, match="only ever added"), storage._engine.begin() as connection:
                    connection.execute(text(statement.format(table, column)))
        assert storage.verify().intact


def test_the_audit_chain_is_kept_and_finds_a_changed_row(storage: Storage) -> None:
    fill(storage)
    assert storage.verify().intact
    with storage._engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE reviews DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE reviews SET verdict = 'OK', decision = 'retype', anomaly_type = 'dent'"))
    assert [problem.table for problem in storage.verify().problems] == [
        "reviews",
        *trigger_that_was_switched_off(storage),
    ]


def test_checks_releases_calibrations_and_blind_reviews_are_in_the_chain_and_join_it_when_they_are_older(
    storage: Storage, url: str, tmp_path: Path
) -> None:
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9))
    add_checks(storage, recipe, number)
    add_calibration(storage)
    report = storage.verify()
    assert (report.intact, report.entries) == (True, 7)
    with for_writing(storage._engine).begin() as connection:
        command.downgrade(alembic_config(connection), "0002")
    with open_storage(url, tmp_path / "images") as again:
        assert again.verify().intact
        with again._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("ALTER TABLE golden_releases DISABLE TRIGGER ALL"))
            connection.execute(text("UPDATE golden_releases SET reason = 'none given'"))
        found = [problem.table for problem in again.verify().problems]
        assert found == ["golden_releases", *trigger_that_was_switched_off(again)]


def trigger_that_was_switched_off(storage: Storage) -> list[str]:
    """A server's row can only be changed so, and that is found as well."""
    return ["schema"] if storage._engine.dialect.name == "postgresql" else []


def fill(storage: Storage) -> None:
    """One row of what is only ever added: the removal of a signed product is an event."""
    sign_product(storage, "unused")
    with storage.transaction() as transaction:
        transaction.products.remove("unused")
    recipe = sign_product(storage)
    number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1, 0.9, regions=[make_region()]))
    with storage.transaction() as transaction:
        transaction.reviews.add(number, Review(ReviewDecision.CONFIRM, Verdict.NG, "Ada", MOMENT))


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/St_Johns"])
def test_a_server_in_another_time_zone_gives_the_same_moment(postgres_url: str, tmp_path: Path, zone: str) -> None:
    elsewhere = make_url(postgres_url).update_query_dict({"options": f"-ctimezone={zone}"})
    with open_storage(elsewhere.render_as_string(hide_password=False), tmp_path / "images") as storage:
        recipe = sign_product(storage)
        number = Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))
        with storage.reading() as transaction:
            assert transaction.inspections.get(number).inspected_at == MOMENT
            assert transaction.inspections.count(InspectionFilter(since=MOMENT)) == 1
            assert transaction.inspections.count(InspectionFilter(until=MOMENT)) == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [({"password": "wrong-Secret/8"}, "refused the work|does not answer"), ({"database": "nowhere"}, "nowhere")],
)
def test_a_password_is_in_no_sentence_and_no_traceback(
    postgres_url: str, tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    url = make_url(postgres_url).set(**changed)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match=sentence) as caught:
        open_storage(url.render_as_string(hide_password=False), tmp_path / "images")
    told = "".join(traceback.format_exception(caught.value))
    assert url.password is not None
    assert url.password not in told
    assert quote(url.password, safe="") not in told


def test_a_password_that_breaks_the_address_is_not_repeated() -> None:
    secret = "".join(("planted", "Part"))  # Not as it stands in this file, whose lines are in the traceback.
    with pytest.raises(StorageError, match="is not a URL") as caught:
        open_storage(f"postgresql+psycopg://ada:x@host:{secret}/plant", Path("images"))
    assert secret not in "".join(traceback.format_exception(caught.value))


def test_two_stations_may_keep_the_same_picture_at_once(storage: Storage) -> None:
    picture, begun = make_image(7), threading.Event()

    def keep() -> None:
        begun.set()
        with storage.transaction() as transaction:
            transaction.known.note(picture, None)

    with ThreadPoolExecutor(1) as pool:
        with storage.transaction() as transaction:
            transaction.known.note(picture, None)
            other = pool.submit(keep)
            assert begun.wait(10)
            # Until it waits for this one, or has not got as far as that: it must end well either way.
            time.sleep(0.2)
        other.result(30)
    with storage._engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(KnownPictureRow)).scalar() == 1
