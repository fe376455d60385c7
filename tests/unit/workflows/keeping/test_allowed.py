"""What works by itself does what a person has set, once there are users; restoring asks for one as well."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from filo_core.types import EventKind, Role
from storage.storage import Storage, open_storage
from tests.unit.storage.making import sign_product
from workflows.keeping.allowed import allow_plant, confirm_rules, untold_plant, untold_rules
from workflows.keeping.backups import back_up_record
from workflows.keeping.nightly import NightlyWork
from workflows.keeping.restoring import restore_record
from workflows.people.access import Access, AccessError
from workflows.people.changing import change_settings
from workflows.people.users import Users
from workflows.settings.settings import Settings

ADA, OLAF = "740936", "917264"
PLANT = "postgresql+psycopg://filo@plant/filo"


@pytest.fixture
def record(filo_home: Path) -> Iterator[Storage]:
    settings = Settings()
    with open_storage(settings.database_url, settings.images) as storage:
        sign_product(storage)
        yield storage


@pytest.fixture
def access(record: Storage) -> Access:
    """Ada is admin and signed in, Olaf operator."""
    made = Access(record)
    users = Users(record, made)
    users.add("Ada", Role.ADMIN, ADA)
    made.sign_in("Ada", ADA)
    users.add("Olaf", Role.OPERATOR, OLAF)
    return made


@pytest.mark.parametrize("rule", [{"keep_days": 1}, {"image_quota_gb": 0.0}, {"keep_days": 30, "image_quota_gb": 5.0}])
def test_a_rule_that_nobody_who_may_has_set_removes_nothing_at_night(
    record: Storage, access: Access, rule: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in rule.items():
        monkeypatch.setenv(f"FILO_{name.upper()}", str(value))
    settings = Settings()
    assert "nobody who may has set" in untold_rules(record, settings)
    said: list[str] = []
    NightlyWork(settings, record, said.append)._remove_images()
    assert "main.py retention --confirm" in NightlyWork(settings, record)._remove_images()
    confirm_rules(access, settings, pin=ADA)
    assert untold_rules(record, settings) == ""


def test_a_rule_saved_by_who_may_is_obeyed_and_another_one_is_not(
    record: Storage, access: Access, filo_home: Path
) -> None:
    change_settings(access, Settings(), {"keep_days": 400})
    assert untold_rules(record, Settings()) == ""
    stored = json.loads((filo_home / "settings.json").read_text(encoding="utf-8"))
    (filo_home / "settings.json").write_text(json.dumps(stored | {"keep_days": 1}), encoding="utf-8")
    assert "keep_days to 1" in untold_rules(record, Settings())


def test_without_users_every_rule_is_obeyed(record: Storage) -> None:
    assert untold_rules(record, Settings(keep_days=1)) == ""
    assert untold_plant(record, PLANT) == ""


def test_an_operator_confirms_no_rule_and_no_plant(record: Storage, access: Access) -> None:
    access.sign_in("Olaf", OLAF)
    with pytest.raises(AccessError, match="Ask a supervisor"):
        confirm_rules(access, Settings(keep_days=1))
    with pytest.raises(AccessError, match="Ask an admin"):
        allow_plant(access, PLANT)
    assert "Nothing is forwarded" in untold_plant(record, PLANT)


def test_rows_go_only_to_a_plant_that_an_admin_has_named(record: Storage, access: Access) -> None:
    assert "Nothing is forwarded" in untold_plant(record, PLANT)
    allow_plant(access, PLANT.replace("filo@", "filo:geheim-7@"))
    assert untold_plant(record, PLANT) == ""
    assert "Nothing is forwarded" in untold_plant(record, PLANT.replace("plant", "evil"))
    change_settings(access, Settings(), {"plant_database": "postgresql+psycopg://filo@other/filo"})
    assert untold_plant(record, "postgresql+psycopg://filo@other/filo") == ""


def test_a_backup_is_made_and_put_back_by_an_admin_only(record: Storage, access: Access, tmp_path: Path) -> None:
    settings = Settings()
    back_up_record(settings, tmp_path / "monday", access)
    access.sign_in("Olaf", OLAF)
    with pytest.raises(AccessError, match="Olaf may not back up"):
        back_up_record(settings, tmp_path / "tuesday", access)
    access.sign_out()
    record.close()
    with pytest.raises(AccessError, match="Nobody is signed in"):
        restore_record(settings, tmp_path / "monday")
    with pytest.raises(AccessError, match="Olaf may not restore"):
        restore_record(settings, tmp_path / "monday", lambda storage: signed_in(storage, "Olaf", OLAF))
    _, kept = restore_record(settings, tmp_path / "monday", lambda storage: signed_in(storage, "Ada", ADA))
    assert kept is not None
    with open_storage(settings.database_url, settings.images) as storage, storage.reading() as transaction:
        assert transaction.events.vouched(EventKind.RESTORED)[0].actor == "Ada"


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_where_the_record_is_no_more_the_backups_own_admin_is_asked(
    record: Storage, access: Access, tmp_path: Path, harm: str
) -> None:
    settings = Settings()
    back_up_record(settings, tmp_path / "monday", access)
    record.close()
    file = settings.home / "filo.sqlite"
    for path in settings.home.glob("filo.sqlite*"):
        path.unlink()
    if harm == "damaged":
        file.write_bytes(b"SQLite format 3\0" + bytes(5000))
    (backup,) = (tmp_path / "monday").glob("filo-*.sqlite")
    before = backup.read_bytes()
    with pytest.raises(AccessError, match="Nobody is signed in"):
        restore_record(settings, tmp_path / "monday")
    assert backup.read_bytes() == before
    restore_record(settings, tmp_path / "monday", lambda storage: signed_in(storage, "Ada", ADA))
    with open_storage(settings.database_url, settings.images) as storage:
        assert Access(storage).is_needed


def signed_in(storage: Storage, name: str, pin: str) -> Access:
    access = Access(storage)
    access.sign_in(name, pin)
    return access
