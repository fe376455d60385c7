"""Attacks on the record: what was written is altered, removed or put in its place."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from filo_core.errors import FiloError
from filo_core.line.outputs.known import make_sink
from filo_core.line.results import LineResult
from filo_core.line.sources import genicam
from filo_core.line.sources.choose import source_at
from filo_core.types import Reference, Role, Verdict
from storage.audit.chain import Head
from storage.backup import back_up
from storage.recorder import Recorder
from storage.storage import open_storage
from tests.unit.storage.making import make_draft, make_image, make_inspection, sign_product
from tools.audit_attacks.frame import ROOT, Attack, Finding, program
from tools.audit_attacks.stands import PATIENCE_S, Away
from tools.brightness import Brightness
from tools.line_rig import line_in, part_trigger
from workflows.keeping.beginning_anew import allow_beginning_anew
from workflows.keeping.checking import check_if_due
from workflows.keeping.opening import RecordLostError, open_record
from workflows.keeping.restoring import restore_record
from workflows.line.outputs import OutputStore
from workflows.people.access import Access, AccessError
from workflows.people.users import Users
from workflows.sealing.alarms import Alarms
from workflows.sealing.installation import Installation, signature_fits
from workflows.sealing.seal import RecordSeal
from workflows.settings.output_address import Output
from workflows.settings.secret_store import SecretStore
from workflows.settings.settings import Settings

_PARTS = 3
_TRIGGER = "CREATE TRIGGER passes AFTER INSERT ON inspections BEGIN UPDATE inspections SET verdict = 'OK'; END"


def _recorded(home: Path) -> Settings:
    """A record with three parts that were NG, opened and closed as the program does it."""
    settings = Settings(home=home, station="line 1")
    with open_record(settings) as storage:
        good = make_image(9)
        storage.artefacts.put_image(good)
        draft = replace(make_draft(), references=(Reference(good.image_hash, "good.png"),))
        recipe = sign_product(storage, draft=draft)
        for shade in range(_PARTS):
            Recorder(storage, "metal nut").record_one(make_inspection(recipe, shade, 0.9))
    return settings


def _judged(home: Path, *parts: int) -> Settings:
    """Parts of a line whose receiver is away, so that the answers wait; every fourth one is defective."""
    with line_in(home, [Away()], detector=Brightness()) as line:
        for number in parts or (4,):
            line.station.ask(part_trigger(number)).wait(PATIENCE_S)
    return Settings(home=home, station="line 1")


def _tamper(settings: Settings, *statements: str) -> None:
    with closing(sqlite3.connect(settings.home / "filo.sqlite")) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        for statement in statements:
            connection.execute(statement)


def _alarms(settings: Settings, *, nightly: bool = False) -> str:
    """What the next start, or the next night, says by itself."""
    with open_record(settings) as storage:
        if nightly:
            check_if_due(settings, storage)
        return Alarms(storage).sentence()


def _found(name: str, said: str) -> Finding:
    return Finding(name, bool(said), said or "nothing was found")


def _refused(name: str, attempt: Callable[[], object]) -> Finding:
    try:
        attempt()
    except FiloError as error:
        return Finding(name, held=True, how=str(error))
    return Finding(name, held=False, how="it was done")


def planted_trigger(home: Path) -> Finding:
    """A trigger turns every new verdict into OK."""
    settings = _recorded(home)
    _tamper(settings, _TRIGGER)
    return _found("Planted trigger, at the next start", _alarms(settings))


def planted_view_and_index(home: Path) -> Finding:
    """A view and an index are added to the schema."""
    settings = _recorded(home)
    _tamper(settings, "CREATE INDEX slow ON reviews (reviewer)", "CREATE VIEW v AS SELECT 1")
    said = _alarms(settings, nightly=True)
    return Finding("Planted view and index, in the night", "index slow" in said and "view v" in said, said or "nothing")


def altered_verdict(home: Path) -> Finding:
    """The oldest verdict is turned into OK."""
    settings = _recorded(home)
    _tamper(settings, "UPDATE inspections SET verdict = 'OK' WHERE id = 1")
    return _found("Altered verdict, in the night", _alarms(settings, nightly=True))


def cut_end(home: Path) -> Finding:
    """The newest part is taken off the end, with its entry."""
    settings = _recorded(home)
    _tamper(
        settings,
        "DELETE FROM inspections WHERE id = (SELECT max(id) FROM inspections)",
        "DELETE FROM audit_chain WHERE sequence = (SELECT max(sequence) FROM audit_chain)",
    )
    return _found("Rows taken off the end, at the next start", _alarms(settings))


def altered_picture(home: Path) -> Finding:
    """A picture of a defective part is replaced by one of a good part."""
    settings = _recorded(home)
    good = make_image(9)
    with open_storage(settings.database_url, settings.images) as storage, storage.reading() as transaction:
        record = transaction.inspections.get(1)
        storage.artefacts.path_of(record.image_hash).write_bytes(good.encoded)
    return _found("Picture put in another's place, in the night", _alarms(settings, nightly=True))


def removed_alarm(home: Path) -> Finding:
    """The alarm is taken out of the record again."""
    settings = _recorded(home)
    _tamper(settings, _TRIGGER)
    _alarms(settings)
    _tamper(settings, "DROP TRIGGER passes", "DELETE FROM events WHERE kind = 'alarm raised'")
    return _found("Alarm deleted, at the next start", _alarms(settings))


def rewritten_chain(home: Path) -> Finding:
    """The record is begun anew with another verdict, and looks intact by itself."""
    settings = _recorded(home)
    with open_record(settings) as storage:
        seal = RecordSeal(storage, home)()
    for path in (*home.glob("filo.sqlite*"), home / "installation.json", home / "installation.key"):
        path.unlink(missing_ok=True)
    shutil.rmtree(settings.images)
    _recorded(home)
    done = program(home, "audit", "verify", "--head", f"{seal.head}.{seal.signature}")
    return Finding("Chain written anew, against a head that left", done.returncode == 1, done.stderr.strip()[:200])


def forged_head(home: Path) -> Finding:
    """A head is made up and signed with another key."""
    settings = _recorded(home)
    ours, theirs = Installation(settings.home), Installation(home / "elsewhere")
    head = Head(99, "f" * 64)
    fits = signature_fits(ours.name, ours.public_key, head, theirs.sign(head))
    return Finding(
        "Head made up by another installation", not fits, "the signature does not fit" if not fits else "fits"
    )


def edited_message(home: Path) -> Finding:
    """An answer that waits in the outbox is turned into OK, and the record stays as it is."""
    settings = _judged(home)
    with closing(sqlite3.connect(settings.outbox)) as connection, connection:
        text = connection.execute("SELECT result FROM triggers").fetchone()[0]
        passing = replace(LineResult.from_json(text), verdict=Verdict.OK)
        connection.execute("UPDATE triggers SET result = ?", (passing.to_json(),))
    return _found("Edited message in the outbox, at the next start", _alarms(settings))


def delivered_and_edited(home: Path) -> Finding:
    """An answer is altered after it was delivered, as if another one had gone out."""
    settings = _judged(home)
    with closing(sqlite3.connect(settings.outbox)) as connection, connection:
        connection.execute("UPDATE messages SET delivered_at = 1")
        connection.execute("UPDATE triggers SET result = replace(result, 'NG', 'OK')")
    done = program(home, "audit", "verify")
    return Finding("Delivered answer edited, by audit verify", done.returncode == 1, done.stderr.strip()[:200])


def removed_message(home: Path) -> Finding:
    """The message of a defective part is taken out of the outbox, between two others."""
    settings = _judged(home, 1, 4, 2)
    with closing(sqlite3.connect(settings.outbox)) as connection, connection:
        connection.execute("DELETE FROM messages WHERE trigger = 2")
    return _found("Message taken out of the outbox, at the next start", _alarms(settings))


def removed_wait(home: Path) -> Finding:
    """The wait after wrong PINs is taken away."""
    settings = _recorded(home)
    with open_record(settings) as storage:
        access = Access(storage, settings.station)
        Users(storage, access).add("Ada", Role.ADMIN, "604817")
        for _ in range(_PARTS):
            with suppress(AccessError):
                access.sign_in("Ada", "000000")
    _tamper(settings, "DELETE FROM sign_in_locks")
    return _found("Wait after wrong PINs taken away, at the next start", _alarms(settings))


def deleted_database(home: Path) -> Finding:
    """The database is deleted, and the memory of it too; the images are still there."""
    _recorded(home)
    for path in (*home.glob("filo.sqlite*"), home / "installation.json"):
        path.unlink(missing_ok=True)
    done = program(home, "product", "list")
    return Finding("Deleted database", done.returncode == 1 and "is gone" in done.stderr, done.stderr.strip()[:200])


def emptied_database(home: Path) -> Finding:
    """Every table is emptied."""
    settings = _recorded(home)
    with closing(sqlite3.connect(home / "filo.sqlite")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    kept = {"alembic_version", "foundation", "sqlite_sequence"}
    # Names of our own tables.
    _tamper(settings, *(f"DELETE FROM {name}" for name in names if name not in kept))  # noqa: S608
    try:
        open_record(settings).close()
    except RecordLostError as error:
        return Finding("Emptied database", held=True, how=str(error)[:200])
    return Finding("Emptied database", held=False, how="it was opened")


def begun_anew_over_a_record(home: Path) -> Finding:
    """Somebody lets a record begin anew that is there."""
    settings = _recorded(home)
    return _refused("Begin anew over a record", lambda: allow_beginning_anew(settings, "why not", "", lambda: ""))


def forged_backup(home: Path) -> Finding:
    """A backup is altered before it is restored."""
    settings = _recorded(home)
    made = back_up(settings.database_url, settings.images, home / "monday.sqlite")
    with closing(sqlite3.connect(made.file)) as connection, connection:
        connection.execute("UPDATE inspections SET verdict = 'OK'")
    return _refused("Altered backup", lambda: restore_record(settings, made.file))


def archive_with_a_program(home: Path) -> Finding:
    """An exported chain brings its own judge along."""
    settings, archive = _recorded(home), home / "audit.zip"
    with open_record(settings) as storage:
        storage.export_chain(archive)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("__main__.py", "print('intact')")
    command = [sys.executable, "-I", "-S", str(ROOT / "tools" / "check_audit.py"), str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return Finding("Archive that brings its judge along", done.returncode == 1, done.stdout.strip()[:200])


def open_folder(home: Path) -> Finding:
    """Another account of the machine reads the record."""
    _recorded(home)
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    program(home, "product", "list")
    still = [path.name for path in (home, *home.rglob("*")) if path.stat().st_mode & 0o077]
    return Finding("Folder that was open to others", not still, f"open still: {still}" if still else "all is closed")


def planted_producer(home: Path) -> Finding:
    """A camera's address brings a program along that would be loaded."""
    producer = home / "evil.cti"
    producer.touch()
    with patch.object(genicam, "find_spec", lambda name: name):
        return _refused("GenTL producer of nobody's list", lambda: source_at(f"genicam://1?cti={producer}"))


def output_elsewhere(home: Path) -> Finding:
    """An edited settings file lets the line write outside of its folder of exports."""
    target = home / "audit.csv"
    outputs = (Output(address=f"csv:{home}/exports/../audit.csv"),)
    finding = _refused("Output outside of the folder of exports", lambda: OutputStore(home).sinks(outputs))
    return finding._replace(held=finding.held and not target.exists())


def output_over_a_file(home: Path) -> Finding:
    """An output is named that is somebody's file without a line break, which would be cut off."""
    target = home / "notes.csv"
    target.write_bytes(b"weeks of work")
    finding = _refused("Output over a file of somebody's", lambda: make_sink(f"csv:{target}").check())
    return finding._replace(held=finding.held and target.read_bytes() == b"weeks of work")


def output_without_encryption(home: Path) -> Finding:
    """An edited settings file asks for a broker's password in clear, or for another broker."""
    secrets = SecretStore(home)
    secrets.set("output:mqtts://anna@broker.local", "geheim-7")
    edited = ("mqtt://anna@broker.local:8883/x", "mqtts://anna@evil.local/x", "mqtts://eve@broker.local/x")
    given = [one for one in edited if "geheim-7" in secrets.filled(one, Output(address=one).secret_name)]
    return Finding("Password for an edited address", not given, f"given to {given}" if given else "none was given it")


ATTACKS: tuple[Attack, ...] = (
    planted_trigger,
    planted_view_and_index,
    altered_verdict,
    cut_end,
    altered_picture,
    removed_alarm,
    rewritten_chain,
    forged_head,
    edited_message,
    delivered_and_edited,
    removed_message,
    removed_wait,
    deleted_database,
    emptied_database,
    begun_anew_over_a_record,
    forged_backup,
    archive_with_a_program,
    open_folder,
    planted_producer,
    output_elsewhere,
    output_over_a_file,
    output_without_encryption,
)
