"""A copy of a record in use, and the way back from it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from filo_core.errors import StorageError
from filo_core.types import InspectionFilter, Recipe
from storage.backup import back_up, restore
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, sign_product


@pytest.fixture
def recipe(storage: Storage) -> Recipe:
    recipe = sign_product(storage)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 1))
    return recipe


def count(database: Path, images: Path) -> int:
    with open_storage(sqlite_url(database), images) as storage, storage.reading() as transaction:
        assert storage.verify().intact
        return transaction.inspections.count(InspectionFilter())


def test_a_record_in_use_is_copied_with_its_images_and_comes_back(
    storage: Storage, database: Path, images: Path, recipe: Recipe, tmp_path: Path
) -> None:
    made = back_up(sqlite_url(database), images, tmp_path / "monday")
    # The two good images of the recipe were never put into this store.
    assert (made.inspections, made.images, made.missing) == (1, 4, 2)
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 2))
    storage.close()
    elsewhere, pictures = tmp_path / "new" / "filo.sqlite", tmp_path / "new" / "images"
    done, kept = restore(sqlite_url(elsewhere), pictures, tmp_path / "monday")
    assert (done.inspections, done.missing, kept) == (1, 2, None)
    assert count(elsewhere, pictures) == 1
    assert len([path for path in pictures.rglob("*") if len(path.name) == 64]) == 2


def test_the_record_that_was_there_is_kept_aside(
    storage: Storage, database: Path, images: Path, recipe: Recipe, tmp_path: Path
) -> None:
    back_up(sqlite_url(database), images, tmp_path / "monday.sqlite")
    Recorder(storage, "metal nut").record_one(make_inspection(recipe, 2))
    storage.close()
    _, kept = restore(sqlite_url(database), images, tmp_path / "monday.sqlite")
    assert count(database, images) == 1
    assert kept is not None
    assert count(kept, images) == 2


def test_a_backup_in_one_file_lists_its_images(
    storage: Storage, database: Path, images: Path, recipe: Recipe, tmp_path: Path
) -> None:
    back_up(sqlite_url(database), images, tmp_path / "monday.sqlite")
    listed = (tmp_path / "monday.sqlite.images.txt").read_text().split()
    assert make_inspection(recipe, 1).image_hash in listed
    assert "a" * 64 in listed
    assert len(listed) == 4


def test_a_damaged_backup_is_refused_and_the_record_stays(
    storage: Storage, database: Path, images: Path, recipe: Recipe, tmp_path: Path
) -> None:
    file = tmp_path / "monday.sqlite"
    back_up(sqlite_url(database), images, file)
    content = bytearray(file.read_bytes())
    content[8192:16384] = b"\xff" * 8192
    file.write_bytes(content)
    storage.close()
    with pytest.raises(StorageError, match=r"monday\.sqlite is damaged"):
        restore(sqlite_url(database), images, file)
    assert count(database, images) == 1


def test_a_database_of_another_program_is_no_backup(database: Path, images: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "songs.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(StorageError, match="no record of this program"):
        restore(sqlite_url(database), images, tmp_path / "songs.sqlite")
    assert not database.exists()


@pytest.mark.usefixtures("recipe")
def test_the_name_of_a_backup_in_a_folder_carries_the_head_and_the_folder_takes_no_second_one(
    storage: Storage, database: Path, images: Path, tmp_path: Path
) -> None:
    made = back_up(sqlite_url(database), images, tmp_path / "monday")
    head = storage.head()
    assert made.file == tmp_path / "monday" / f"filo-{head.sequence}-{head.entry_hash}.sqlite"
    assert made.head == str(head)
    assert [file.name for file in (tmp_path / "monday").glob("filo*")] == [made.file.name]
    with pytest.raises(StorageError, match="is there already"):
        back_up(sqlite_url(database), images, tmp_path / "monday")


@pytest.mark.usefixtures("recipe")
def test_a_folder_of_an_earlier_version_is_restored_and_of_several_records_none(
    storage: Storage, database: Path, images: Path, tmp_path: Path
) -> None:
    made = back_up(sqlite_url(database), images, tmp_path / "monday")
    storage.close()
    earlier = made.file.rename(made.file.with_name("filo.sqlite"))
    assert restore(sqlite_url(tmp_path / "new.sqlite"), tmp_path / "new", tmp_path / "monday")[0].images == made.images
    for number in (1, 2):
        shutil.copy(earlier, earlier.with_name(f"filo-{number}-{'a' * 64}.sqlite"))
    earlier.unlink()
    with pytest.raises(StorageError, match="There is no backup"):
        restore(sqlite_url(tmp_path / "new.sqlite"), tmp_path / "new", tmp_path / "monday")


@pytest.mark.usefixtures("recipe")
def test_a_backup_whose_images_find_no_room_is_none_and_says_so(database: Path, images: Path, tmp_path: Path) -> None:
    target = tmp_path / "monday"
    target.mkdir()
    # A file where the folder of images has to be.
    (target / "images").touch()
    with pytest.raises(StorageError, match=r"monday cannot be written: .* Choose another place"):
        back_up(sqlite_url(database), images, target)
    assert not list(target.glob("filo*"))


def test_a_backup_never_replaces_another(
    storage: Storage, database: Path, images: Path, recipe: Recipe, tmp_path: Path
) -> None:
    back_up(sqlite_url(database), images, tmp_path / "monday.sqlite")
    with pytest.raises(StorageError, match="is there already"):
        back_up(sqlite_url(database), images, tmp_path / "monday.sqlite")


def test_a_server_is_left_to_its_own_tools(images: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="pg_dump"):
        back_up("postgresql+psycopg://ada:secret@host/filo", images, tmp_path / "monday.sqlite")
