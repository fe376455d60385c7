"""Settings and secrets are changed by who may, and the chain tells the old and the new value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from filo_core.types import EventKind, Role
from storage.engine import sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.workflows.people.conftest import PIN
from workflows.people.access import Access, AccessError
from workflows.people.changing import (
    CONNECTIONS,
    EVERYBODYS,
    change_outputs,
    change_secret,
    change_settings,
    line_token,
    right_for,
)
from workflows.people.installing import install_model
from workflows.people.rights import Right
from workflows.people.users import Users
from workflows.settings.file import STORED, read_settings_file
from workflows.settings.output_address import Output
from workflows.settings.secret_store import LLM, SecretStore
from workflows.settings.settings import Settings

CHANGES: dict[str, object] = {
    "station": "line 9",
    "keep_days": 1,
    "image_quota_gb": 0.0,
    "profile": "full",
    "llm_base_url": "http://evil.example/v1",
    "outputs": (Output(address="csv:/tmp/verdicts.csv"),),
    "source_value": "rtsp://evil/1",
    "database": "sqlite:///elsewhere.sqlite",
    "plant_database": "postgresql+psycopg://eve@evil/filo",
    "llm_api_key": "key-of-eve",
    "genicam_producers": ("/tmp/evil.cti",),
}


def told(storage: Storage, kind: EventKind) -> tuple[str, str, dict[str, object]]:
    """Actor, subject and detail of the newest event of a kind."""
    with storage.reading() as transaction:
        event = transaction.events.vouched(kind)[0]
    return event.actor, event.subject, json.loads(event.detail)


@pytest.mark.parametrize("name", CHANGES)
def test_an_operator_and_nobody_change_no_setting(crew: Access, filo_home: Path, name: str) -> None:
    with pytest.raises(AccessError, match="Nobody is signed in"):
        change_settings(crew, Settings(), {name: CHANGES[name]})
    crew.sign_in("Olaf", PIN["Olaf"])
    with pytest.raises(AccessError, match="Olaf may not"):
        change_settings(crew, Settings(), {name: CHANGES[name], "theme": "dark"})
    assert read_settings_file(filo_home) == {}


@pytest.mark.parametrize("name", CHANGES)
def test_who_may_change_a_setting_is_told_with_the_old_and_the_new_value(
    storage: Storage, crew: Access, name: str
) -> None:
    crew.sign_in("Sue", PIN["Sue"])
    if right_for(name) is Right.CONNECTIONS:
        with pytest.raises(AccessError, match="Ask an admin"):
            change_settings(crew, Settings(), {name: CHANGES[name]})
        crew.sign_in("Ada", PIN["Ada"])
    change_settings(crew, Settings(), {name: CHANGES[name]})
    actor, subject, detail = told(storage, EventKind.SETTINGS_CHANGED)
    assert (actor, subject) == ("Ada" if name in CONNECTIONS else "Sue", "settings")
    changed = detail["changed"]
    assert isinstance(changed, dict)
    assert set(changed) == {name}
    assert changed[name][0] != changed[name][1]
    assert "key-of-eve" not in json.dumps(detail)


def test_every_stored_setting_asks_for_a_right_or_is_everybodys() -> None:
    assert {name for name in STORED if right_for(name) is None} == EVERYBODYS


def test_theme_and_language_are_everybodys_and_told_as_well(storage: Storage, crew: Access) -> None:
    change_settings(crew, Settings(), {"theme": "dark", "font_scale": 2.0})
    assert Settings().theme == "dark"
    crew.sign_in("Olaf", PIN["Olaf"])
    change_settings(crew, Settings(), {"theme": "light"})
    assert told(storage, EventKind.SETTINGS_CHANGED) == ("Olaf", "settings", {"changed": {"theme": ["dark", "light"]}})


def test_a_setting_that_cannot_be_written_is_not_told(
    storage: Storage, crew: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise AccessError("the disk is full")

    crew.sign_in("Sue", PIN["Sue"])
    monkeypatch.setattr("workflows.people.changing.write_settings_file", full)
    with pytest.raises(AccessError, match="disk is full"):
        change_settings(crew, Settings(), {"station": "x"})
    with storage.reading() as transaction:
        assert transaction.events.vouched(EventKind.SETTINGS_CHANGED) == ()


def test_outputs_and_their_passwords_are_for_a_supervisor(storage: Storage, crew: Access, filo_home: Path) -> None:
    crew.sign_in("Olaf", PIN["Olaf"])
    output = Output(address="csv:/tmp/verdicts.csv")
    with pytest.raises(AccessError, match="Ask a supervisor"):
        change_outputs(crew, filo_home, (), (output,))
    with pytest.raises(AccessError, match="Ask a supervisor"):
        change_secret(crew, filo_home, "output:mqtts://anna@broker:1883", "geheim-7")
    crew.sign_in("Sue", PIN["Sue"])
    change_outputs(crew, filo_home, (), (output,))
    assert "verdicts.csv" in json.dumps(told(storage, EventKind.SETTINGS_CHANGED))
    assert Settings().outputs == (output,)


def test_other_secrets_are_for_an_admin_and_told_by_their_names_only(
    storage: Storage, crew: Access, filo_home: Path
) -> None:
    crew.sign_in("Sue", PIN["Sue"])
    for attempt in (lambda: change_secret(crew, filo_home, LLM, "key-of-eve"), lambda: line_token(crew, filo_home)):
        with pytest.raises(AccessError, match="Ask an admin"):
            attempt()
    crew.sign_in("Ada", PIN["Ada"])
    assert change_secret(crew, filo_home, LLM, "key-of-ada") == "file"
    assert told(storage, EventKind.SECRET_CHANGED) == ("Ada", LLM, {"old": "none", "new": "another"})
    assert change_secret(crew, filo_home, LLM, "") == ""
    assert told(storage, EventKind.SECRET_CHANGED) == ("Ada", LLM, {"old": "kept", "new": "none"})
    assert SecretStore(filo_home).names() == ()
    assert line_token(crew, filo_home) == line_token(crew, filo_home) != ""
    assert told(storage, EventKind.SECRET_CHANGED)[2] == {"old": "kept", "new": "shown"}


def test_an_empty_record_elsewhere_changes_nothing_of_a_folder_whose_own_has_users(
    filo_home: Path, tmp_path: Path
) -> None:
    settings = Settings()
    with open_storage(settings.database_url, settings.images) as own:
        Users(own, Access(own)).add("Ada", Role.ADMIN, PIN["Ada"])
    with open_storage(sqlite_url(tmp_path / "empty.sqlite"), tmp_path / "elsewhere") as empty:
        access = Access(empty)
        for attempt in (
            lambda: change_settings(access, settings, {"keep_days": 1}),
            lambda: change_secret(access, filo_home, LLM, "key-of-eve"),
            lambda: change_outputs(access, filo_home, (), (Output(address="csv:/tmp/x.csv"),)),
            lambda: line_token(access, filo_home),
            lambda: install_model(access, settings.models, "full", lambda: settings.models),
        ):
            with pytest.raises(AccessError, match="has users, and"):
                attempt()
    assert read_settings_file(filo_home) == {}
    assert SecretStore(filo_home).names() == ()
