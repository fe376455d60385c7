"""Secrets are planted wherever a person enters one; afterwards every byte that the program wrote is looked through."""

from __future__ import annotations

import json
import logging
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from filo_core.errors import FiloError
from filo_core.line.sources.choose import source_at
from filo_core.types import InspectionFilter, Role
from storage.backup import back_up
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_image, make_inspection, sign_product
from workflows.export.formats import ExportFormat, write_export
from workflows.export.handing_out import export_chain
from workflows.export.selection import Selection
from workflows.keeping.logs import configure_logging
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.reporting.history import History
from workflows.settings.file import write_settings_file
from workflows.settings.secret_store import SecretStore
from workflows.settings.settings import Settings

KEY, CAMERA, PLANT = "planted-key-7731", "planted/cam@7732", "planted-plant-7733"
SERVER, PIN = "planted-db-7734", "773577"
SECRETS = (KEY, CAMERA, PLANT, SERVER, PIN)
PRODUCT = "metal nut"


def spellings(secret: str) -> set[bytes]:
    return {text.encode() for text in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])}


def found_below(folder: Path) -> set[tuple[str, str]]:
    """Name of each file that holds a secret, packed or not, and which one."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    content += b"".join(archive.read(name) for name in archive.namelist())
            found |= {(path.name, secret) for secret in SECRETS if any(text in content for text in spellings(secret))}
    return found


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A data folder in which every secret was entered and used."""
    home = tmp_path / "home"
    camera = f"rtsp://ada:{quote(CAMERA, safe='')}@cam.local/1"
    plant = f"postgresql+psycopg://filo:{PLANT}@plant.invalid/filo"
    write_settings_file(
        home, {"llm_api_key": KEY, "source_kind": "address", "source_value": camera, "plant_database": plant}
    )
    SecretStore(home).set("database", SERVER)
    settings = Settings(home=home)
    configure_logging(home / "logs")
    log = structlog.get_logger("planted")
    server = Settings(home=home, database="postgresql+psycopg://filo@127.0.0.1:1/filo").database_url
    for address in (settings.source_address, settings.plant_url, server):
        log.warning(f"lost {address}", source=address)
        logging.getLogger("library").error("cannot open %s", address)
    with pytest.raises(FiloError) as caught:
        open_storage(server, home / "elsewhere")
    log.error(str(caught.value))
    with open_storage(sqlite_url(home / "filo.sqlite"), home / "images") as storage:
        recipe = sign_product(storage, PRODUCT)
        source = source_at(settings.source_address)
        name = f"{source.name} frame 1.png"
        Recorder(storage, PRODUCT, operator="Ada").record_one(make_inspection(recipe, 1, name=name))
        access = Access(storage)
        Users(storage, access).add("Ada", Role.ADMIN, PIN)
        access.sign_in("Ada", PIN)
        with pytest.raises(AccessError):
            access.sign_in("Ada", f"{PIN}1")
        access.sign_out()
        _write_everything(storage, home)
    back_up(sqlite_url(home / "filo.sqlite"), home / "images", home / "monday")
    return home


def _write_everything(storage: Storage, home: Path) -> None:
    access = Access(storage)
    access.sign_in("Ada", PIN)
    catalogue, history = Catalogue(storage, access), History(storage, access)
    (home / "exports").mkdir()
    for reference in catalogue.draft(PRODUCT).references:
        catalogue.remove_reference(PRODUCT, reference.image_hash)
    catalogue.add_reference(PRODUCT, make_image(9))
    catalogue.export(PRODUCT, home / "exports" / "nut.filo")
    selection = Selection(history, InspectionFilter(product=PRODUCT))
    for wanted in (ExportFormat.CSV, ExportFormat.JSON_LINES, ExportFormat.COCO, ExportFormat.PDF):
        assert write_export(selection, catalogue, wanted, home / "exports" / f"all.{wanted.value}") == 1
    export_chain(access, home / "exports" / "audit.zip")
    access.sign_out()


def test_no_planted_secret_is_in_any_log_setting_export_backup_or_database(record: Path) -> None:
    written = {path.name for path in record.rglob("*") if path.is_file()}
    assert {"filo.log", "settings.json", "filo.sqlite", "audit.zip", "all.csv", "all.pdf"} <= written
    assert found_below(record) == set()
    assert "lost" in (record / "logs" / "filo.log").read_text(encoding="utf-8")


def test_the_search_itself_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text(f"x{quote(CAMERA, safe='')}y", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", KEY * 3)
    assert found_below(tmp_path) == {("plain.txt", CAMERA), ("packed.zip", KEY)}
