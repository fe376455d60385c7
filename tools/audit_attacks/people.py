"""Attacks on who may do what: a decision that nobody took, or somebody else."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from filo_core.errors import FiloError
from filo_core.types import ReviewDecision, Role, Verdict
from storage.engine import parse_url, sqlite_url
from storage.recorder import Recorder
from storage.server_proof import proven
from storage.storage import Storage, open_storage
from tests.unit.storage.making import MODEL_HASH, make_draft, make_image, make_inspection, sign_product
from tools.audit_attacks.frame import Attack, Finding, program
from workflows.keeping.allowed import untold_plant, untold_rules
from workflows.people.access import FREE_ATTEMPTS, Access
from workflows.people.changing import change_settings
from workflows.people.pins import hashed
from workflows.people.users import Users
from workflows.products.catalogue import Catalogue
from workflows.products.product_file import images_of, write_product
from workflows.reporting.history import History
from workflows.settings.settings import Settings

PIN = {"Ada": "740936", "Sue": "586203", "Olaf": "917264"}
PRODUCT = "metal nut"


@contextmanager
def manned(home: Path) -> Iterator[tuple[Storage, Access]]:
    """A record with Ada (admin), Sue (supervisor), Olaf (operator) and one part that was NG; nobody is signed in."""
    with open_storage(sqlite_url(home / "filo.sqlite"), home / "images") as storage:
        Recorder(storage, PRODUCT).record_one(make_inspection(sign_product(storage, PRODUCT), 1, 0.9))
        access = Access(storage)
        users = Users(storage, access)
        users.add("Ada", Role.ADMIN, PIN["Ada"])
        access.sign_in("Ada", PIN["Ada"])
        users.add("Sue", Role.SUPERVISOR, PIN["Sue"])
        users.add("Olaf", Role.OPERATOR, PIN["Olaf"])
        access.sign_out()
        yield storage, access


def _refused(attempt: Callable[[], object]) -> str:
    """What refused it; empty where it was done."""
    try:
        attempt()
    except FiloError as error:
        return str(error)
    return ""


def _found(name: str, *attempts: Callable[[], object]) -> Finding:
    said = [_refused(attempt) for attempt in attempts]
    how = f"{sum(map(bool, said))} of {len(said)} refused: {next(filter(None, said), 'none')}"
    return Finding(name, all(said), how)


def _tamper(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "filo.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def commands_by_nobody(home: Path) -> Finding:
    """Commands that change or reveal something are called without signing in."""
    with manned(home):
        pass
    out = home / "out"
    commands = (
        *(("backup", str(out)), ("restore", str(home / "filo.sqlite")), ("audit", "export", str(out))),
        *(("product", "export", PRODUCT, str(out)), ("export", PRODUCT, "--out", str(out))),
        *(("retention", "--keep-days", "1"), ("secret", "set", "llm"), ("models", "install", "full", "--seeded")),
        *(("forward", "--plant", sqlite_url(home / "plant.sqlite"), "--once"), ("line", "token")),
    )
    done = [program(home, *command, typed="x\n", variables={"FILO_STATION": "line 3"}) for command in commands]
    through = [" ".join(command[:2]) for command, run in zip(commands, done, strict=True) if run.returncode == 0]
    held = not through and not out.exists() and not (home / "plant.sqlite").exists()
    return Finding("Commands without signing in", held, f"{len(commands)} tried, done: {', '.join(through) or 'none'}")


def settings_by_an_operator(home: Path) -> Finding:
    """An operator changes the station, retention, outputs and the database."""
    with manned(home) as (_, access):
        access.sign_in("Olaf", PIN["Olaf"])
        settings = Settings(home=home)
        wanted = ({"station": "x"}, {"keep_days": 1}, {"outputs": ()}, {"database": "sqlite:///x.sqlite"})
        attempts = [lambda one=one: change_settings(access, settings, one) for one in wanted]
        return _found("Settings changed by an operator", *attempts)


def retention_by_a_variable(home: Path) -> Finding:
    """Retention of one day, and a plant of one's own, are set past the window."""
    with manned(home) as (storage, _):
        rules = untold_rules(storage, Settings(home=home, keep_days=1))
        plant = untold_plant(storage, "postgresql+psycopg://eve@evil/filo")
    return Finding("Retention and plant set by a variable", bool(rules and plant), rules or "images would go")


def borrowed_name(home: Path) -> Finding:
    """FILO_OPERATOR is an admin's name, or reads like it."""
    with manned(home) as (_, access):
        kept = [access.operator(name) for name in ("Ada", "\u0410d\u0430", "Ada\u200b", "0laf")]
    run = program(home, "inspect", PRODUCT, "--folder", str(home), variables={"FILO_OPERATOR": "Ada"})
    held = run.returncode == 1 and all(name.endswith("(not signed in)") for name in kept)
    return Finding("FILO_OPERATOR is a user's name", held, run.stderr.strip()[:120])


def common_pins(_home: Path) -> Finding:
    """PINs that are tried first, in any spelling."""
    pins = (
        "123456",
        "111222",
        "290590",
        "147258",
        "246810",
        "\uff11\uff12\uff13\uff14\uff15\uff16",
        "qwertz",
        "olaf12",
    )
    return _found("PINs that anyone tries first", *(lambda pin=pin: hashed(pin, "Olaf") for pin in pins))


def pin_as_name(home: Path) -> Finding:
    """A PIN is typed into the field of the name."""
    with manned(home) as (_, access):
        said = _refused(lambda: access.sign_in("604817", "x"))
    kept = any(b"604817" in path.read_bytes() for path in home.glob("filo.sqlite*"))
    return Finding("PIN typed as a name", bool(said) and not kept, "in the file" if kept else "nowhere in the record")


def names_that_look_alike(home: Path) -> Finding:
    """A user is added who reads like another one."""
    with manned(home) as (storage, access):
        access.sign_in("Ada", PIN["Ada"])
        users = Users(storage, access)
        names = ("\u0410da", "\u041e\u04cfaf", "0laf", "OIaf", "Ada\u200b", "Sue\u3164", "A\u00adda")
        attempts = [lambda name=name: users.add(name, Role.ADMIN, "604817") for name in names]
        return _found("Names that read like another's", *attempts)


def forged_product(home: Path) -> Finding:
    """A product is imported with limits that let everything pass and 999 good parts."""
    with manned(home) as (storage, access):
        access.sign_in("Sue", PIN["Sue"])
        image = make_image(7)
        draft = make_draft("forged")
        limits = replace(draft.limits, ok=0.99, ng=1e308) if draft.limits else None
        known = replace(draft.references[0], image_hash=image.image_hash)
        forged = replace(draft, references=(known,), limits=limits, calibration_note="999 good parts")
        write_product(home / "forged.filo", forged, [(one, image.encoded) for one in images_of(forged)])
        catalogue = Catalogue(storage, access)
        taken = catalogue.import_product(home / "forged.filo")
        said = _refused(lambda: catalogue.sign_off("forged", "", MODEL_HASH, PIN["Sue"]))
    return Finding("Limits of an imported product", taken.limits is None and bool(said), said or "signed off")


def planted_users(home: Path) -> Finding:
    """A user is planted in the table, another one is made an admin there."""
    with manned(home) as (_, access):
        planted = "SELECT 9, 'Eve', 'eve', 1, 'admin', 0, pin_hash, '', changed_at FROM users WHERE name = 'Olaf'"
        _tamper(home, f"INSERT INTO users {planted}", "UPDATE users SET role = 'admin' WHERE name = 'Olaf'")
        attempts = [lambda name=name: access.sign_in(name, PIN["Olaf"]) for name in ("Eve", "Olaf")]
        return _found("Users planted in the table", *attempts)


def emptied_users(home: Path) -> Finding:
    """The table of users is emptied, so that the next person is the first."""
    with manned(home) as (storage, access):
        _tamper(home, "DELETE FROM users")
        return _found("The table of users emptied", lambda: Users(storage, access).add("Eve", Role.ADMIN, "604817"))


def removed_wait(home: Path) -> Finding:
    """The wait after wrong PINs is taken out of its table."""
    with manned(home) as (_, access):
        for _ in range(FREE_ATTEMPTS):
            _refused(lambda: access.sign_in("Olaf", "000000"))
        _tamper(home, "DELETE FROM sign_in_locks")
        return _found("The wait after wrong PINs removed", lambda: access.sign_in("Olaf", PIN["Olaf"]))


def two_admins(home: Path) -> Finding:
    """Two admins demote each other at once."""
    with manned(home) as (storage, access):
        access.sign_in("Ada", PIN["Ada"])
        Users(storage, access).set_role("Sue", Role.ADMIN)
        other = Access(storage)
        other.sign_in("Sue", PIN["Sue"])
        pairs = ((access, "Sue"), (other, "Ada"))
        threads = [threading.Thread(target=_demote, args=(storage, one, victim)) for one, victim in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        left = [user.name for user in Users(storage, access).all() if user.role is Role.ADMIN]
    return Finding("Two admins demote each other at once", len(left) == 1, f"left: {', '.join(left) or 'none'}")


def _demote(storage: Storage, access: Access, victim: str) -> None:
    _refused(lambda: Users(storage, access).set_role(victim, Role.OPERATOR))


def overruled_without_pin(home: Path) -> Finding:
    """An NG becomes an OK by whoever sits down at a window that somebody left open."""
    with manned(home) as (storage, access):
        access.sign_in("Sue", PIN["Sue"])
        history = History(storage, access)
        decide = (1, ReviewDecision.OVERRULE, Verdict.OK, "", "dust")
        attempts = [lambda pin=pin: history.review(*decide, pin=pin) for pin in ("", "000000")]
        return _found("NG turned into OK without the PIN", *attempts)


def server_without_proof(_home: Path) -> Finding:
    """The record's server is somebody else's, and the address asks for no certificate."""
    address = "postgresql+psycopg://filo@plant/filo?"
    asked = ("sslmode=disable", "sslmode=require", "require_auth=password", "hostaddr=10.0.0.7&sslmode=prefer")
    demanded = proven(parse_url("postgresql+psycopg://filo@plant/filo"))
    attempts = [lambda less=less: proven(parse_url(address + less)) for less in asked]
    found = _found("A server that proves nothing", *attempts)
    return found._replace(held=found.held and demanded["sslmode"] == "verify-full")


ATTACKS: tuple[Attack, ...] = (
    commands_by_nobody,
    settings_by_an_operator,
    retention_by_a_variable,
    borrowed_name,
    common_pins,
    pin_as_name,
    names_that_look_alike,
    forged_product,
    planted_users,
    emptied_users,
    removed_wait,
    two_admins,
    overruled_without_pin,
    server_without_proof,
)
