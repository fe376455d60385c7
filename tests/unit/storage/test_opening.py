"""Opening the record: what is there afterwards, and what is refused with which sentence."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from filo_core.errors import ProductError, StorageError
from filo_core.types import InspectionFilter, Recipe
from storage.engine import for_writing, make_engine, parse_url, shown, sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_draft, make_inspection, sign_product

ROOT = Path(__file__).resolve().parents[3]
ORDINARY_USER = 65534


@contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Root may write everywhere; a test of permissions must not be root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(ORDINARY_USER)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def pragma(storage: Storage, name: str) -> object:
    with storage._engine.connect() as connection:
        return connection.scalar(text(f"PRAGMA {name}"))


def fill(storage: Storage, recipe: Recipe, number: int) -> None:
    for shade in range(number):
        with storage.transaction() as transaction:
            keys = transaction.products.recipe_keys("metal nut", recipe.content_hash)
            transaction.inspections.add(make_inspection(recipe, shade), keys, "d" * 64, "", "")


def test_a_new_record_is_made_with_its_folders(storage: Storage, database: Path, images: Path) -> None:
    assert database.is_file()
    assert images.is_dir()
    assert storage.where == str(database)


def test_a_commit_survives_a_power_cut_and_rules_between_tables_hold(storage: Storage) -> None:
    assert pragma(storage, "journal_mode") == "wal"
    full = 2
    assert pragma(storage, "synchronous") == full
    assert pragma(storage, "foreign_keys") == 1
    assert pragma(storage, "busy_timeout") == 15_000


def test_what_was_stored_is_there_after_opening_again(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as first, first.transaction() as transaction:
        transaction.products.add(make_draft())
    with open_storage(sqlite_url(database), images) as second, second.reading() as transaction:
        assert [draft.description.name for draft in transaction.products.drafts()] == ["metal nut"]


def test_a_transaction_that_raises_leaves_nothing(storage: Storage) -> None:
    def add_all(*names: str) -> None:
        with storage.transaction() as transaction:
            for name in names:
                transaction.products.add(make_draft(name))

    with pytest.raises(ProductError, match="There is a product bolt already"):
        add_all("bolt", "nut", "bolt")
    with storage.reading() as transaction:
        assert transaction.products.drafts() == ()


def test_what_is_written_while_reading_is_not_kept(storage: Storage) -> None:
    with storage.reading() as transaction:
        transaction.products.add(make_draft())
    with storage.reading() as transaction:
        assert transaction.products.drafts() == ()


@pytest.mark.parametrize("name", ["with space", "100%25 sure", "what?", "a#b", "ÄÖ 部品"])
def test_any_path_can_hold_a_record(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "filo.sqlite"
    with open_storage(sqlite_url(path), tmp_path / name / "images"):
        assert path.is_file()


@pytest.fixture
def maker(database: Path) -> Iterator[sqlite3.Connection]:
    """Another program that is about to write the first page: who wants a write-ahead log then is refused at once."""
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_a_record_that_another_program_makes_at_this_moment_is_waited_for(
    maker: sqlite3.Connection, database: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            maker.rollback()

    monkeypatch.setattr("storage.engine.time.sleep", sleep)
    with open_storage(sqlite_url(database), images) as opened:
        assert pragma(opened, "journal_mode") == "wal"
    assert len(waited) == 2


@pytest.mark.usefixtures("maker")
def test_a_record_that_another_program_holds_for_too_long_is_a_sentence(
    database: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.engine.BUSY_TIMEOUT_MS", 50)
    with pytest.raises(StorageError, match="held by another program"):
        open_storage(sqlite_url(database), images)


def test_four_programs_may_make_the_record_at_the_same_moment(database: Path, images: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from storage.storage import open_storage; "
        "print('ready', flush=True); sys.stdin.read(); open_storage(sys.argv[1], Path(sys.argv[2])).close()"
    )
    arguments = [sys.executable, "-c", code, sqlite_url(database), str(images)]
    pipe = subprocess.PIPE
    programs = [
        subprocess.Popen(arguments, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=pipe) for _ in range(4)
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.close()
        program.stdin = None
    assert [program.communicate(timeout=60)[1] for program in programs] == [""] * 4


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "not a URL"),
        ("", "not a URL"),
        ("mysql://ada:secret@host/db", "mysql is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///file:x?uri=true", "needs a file"),
    ],
)
def test_an_address_of_no_use_is_refused(url: str, sentence: str, images: Path) -> None:
    with pytest.raises(StorageError, match=sentence) as refused:
        open_storage(url, images)
    assert "secret" not in str(refused.value)
    assert not images.exists()


def test_a_password_is_shown_nowhere() -> None:
    url = parse_url("postgresql+psycopg://ada:secret@host:5432/filo")
    assert shown(url) == "postgresql+psycopg://ada:***@host:5432/filo"


def test_a_missing_driver_is_named_without_the_password(images: Path) -> None:
    with pytest.raises(StorageError, match="the driver pg8000 is not installed here") as refused:
        open_storage("postgresql+pg8000://ada:secret@host/filo", images)
    assert "secret" not in str(refused.value)


def test_a_folder_in_place_of_the_file_is_refused(database: Path, images: Path) -> None:
    database.mkdir(parents=True)
    with pytest.raises(StorageError, match=r"filo\.sqlite is a folder, not a database file"):
        open_storage(sqlite_url(database), images)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "record").write_text("not a folder")
    with pytest.raises(StorageError, match=r"filo\.sqlite cannot be used as database file"):
        open_storage(sqlite_url(tmp_path / "record" / "filo.sqlite"), tmp_path / "images")


def test_a_file_in_place_of_the_image_store_is_refused(database: Path, images: Path) -> None:
    images.parent.mkdir()
    images.write_text("not a folder")
    with pytest.raises(StorageError, match=r"images cannot be used as image store"):
        open_storage(sqlite_url(database), images)


def test_a_folder_that_may_not_be_written_is_refused(reachable: Path) -> None:
    with as_ordinary_user(), pytest.raises(StorageError, match=r"cannot be .*Ask for write permission"):
        open_storage(sqlite_url(reachable / "filo.sqlite"), reachable / "images")
    assert not list(reachable.iterdir())


def test_an_image_store_that_may_not_be_written_is_refused(reachable: Path) -> None:
    own, foreign = reachable / "own", reachable / "foreign"
    own.mkdir()
    own.chmod(0o777)
    foreign.mkdir()
    with as_ordinary_user(), pytest.raises(StorageError, match=r"images cannot be used as image store: Permission"):
        open_storage(sqlite_url(own / "filo.sqlite"), foreign / "images")


def test_a_database_that_may_only_be_read_is_refused(reachable: Path) -> None:
    path = reachable / "filo.sqlite"
    reachable_images = reachable / "images"
    open_storage(sqlite_url(path), reachable_images).close()
    path.chmod(0o644)
    with as_ordinary_user(), pytest.raises(StorageError, match=r"filo\.sqlite cannot be written"):
        open_storage(sqlite_url(path), reachable_images)


@pytest.mark.parametrize("content", [b"this is a text, not a database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(database: Path, images: Path, content: bytes) -> None:
    database.parent.mkdir()
    database.write_bytes(content)
    with pytest.raises(StorageError, match=r"filo\.sqlite is .*damaged") as refused:
        open_storage(sqlite_url(database), images)
    assert "Restore it from a backup" in str(refused.value)
    assert database.read_bytes() == content


def test_damage_inside_a_database_is_reported_when_it_is_met(database: Path, images: Path) -> None:
    with open_storage(sqlite_url(database), images) as storage:
        fill(storage, sign_product(storage), 50)
    with database.open("r+b") as file:
        page = 4096
        file.seek(3 * page)
        file.write(b"\xff" * (database.stat().st_size - 3 * page))
    with (
        pytest.raises(StorageError, match=r"filo\.sqlite is damaged.*Restore it from a backup"),
        open_storage(sqlite_url(database), images) as storage,
        storage.reading() as transaction,
    ):
        transaction.inspections.page(InspectionFilter(), None, 100)


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(database: Path, images: Path) -> None:
    open_storage(sqlite_url(database), images).close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"filo\.sqlite was written by a newer version .* Update the program"):
        open_storage(sqlite_url(database), images)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_a_database_of_another_program_is_refused_and_left_as_it_is(database: Path, images: Path) -> None:
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE recipes (title TEXT)")
    with pytest.raises(StorageError, match=r"filo\.sqlite belongs to another program"):
        open_storage(sqlite_url(database), images)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("recipes",)]


def test_a_writer_that_never_ends_is_reported(
    storage: Storage, database: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.engine.BUSY_TIMEOUT_MS", 20)
    with storage.transaction(), pytest.raises(StorageError, match=r"filo\.sqlite is held by another program"):
        open_storage(sqlite_url(database), images)


def test_a_full_disk_is_reported_and_nothing_is_lost(storage: Storage) -> None:
    recipe = sign_product(storage)
    with storage._engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(StorageError, match=r"The disk that holds .*filo\.sqlite is full"):
        fill(storage, recipe, 200)
    with storage.reading() as transaction:
        assert transaction.products.recipe("metal nut").recipe == recipe


def test_reading_goes_on_while_another_program_writes(storage: Storage) -> None:
    engine = make_engine(parse_url(sqlite_url(Path(storage.where))))
    with for_writing(engine).begin() as writer:
        writer.execute(text("UPDATE products SET profile = 'x'"))
        with storage.reading() as transaction:
            assert transaction.products.drafts() == ()
    engine.dispose()
