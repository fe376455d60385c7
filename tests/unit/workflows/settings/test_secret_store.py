"""Planted secrets are found nowhere: not in a file, not in the log, not in an exception, not in the database."""

from __future__ import annotations

import json
import logging
import stat
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import structlog

from filo_core.errors import SettingsError, SourceError, StorageError
from storage.engine import parse_url, sqlite_url
from storage.storage import open_storage
from tests.unit.storage.programs import at_once
from workflows.keeping.logs import configure_logging
from workflows.settings.bound import bound_to, refuse_clear
from workflows.settings.file import SETTINGS_FILE, read_settings_file, write_settings_file
from workflows.settings.redaction import redact
from workflows.settings.secret_store import SecretStore
from workflows.settings.settings import Settings

PLANTED = 'pl"anted-s3cret/ä'


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    return SecretStore(tmp_path)


def bytes_below(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_secret_comes_back_and_is_gone_when_it_is_removed(store: SecretStore) -> None:
    assert store.set("llm", PLANTED) == "file"
    store.set("camera:rtsp://ada@cam.local:554", "another one")
    assert store.get("llm") == PLANTED
    assert store.names() == ("camera:rtsp://ada@cam.local:554", "llm")
    store.remove("llm")
    assert (store.get("llm"), store.names()) == ("", ("camera:rtsp://ada@cam.local:554",))
    with pytest.raises(SettingsError, match="There is no secret"):
        store.remove("llm")


def test_programs_that_keep_secrets_at_the_same_moment_lose_none(tmp_path: Path) -> None:
    places = [str(tmp_path / str(number)) for number in range(6)]
    imports = "import os\nfrom workflows.settings.secret_store import SecretStore"
    step = "print(SecretStore(Path(place)).set(f'hook:camera{os.getpid()}', str(os.getpid())), flush=True)"
    for answers in at_once(imports, step, places):
        assert answers == ["file"] * 4
    for place in places:
        kept = SecretStore(Path(place))
        assert len(kept.names()) == 4
        assert all(name == f"hook:camera{kept.get(name)}" for name in kept.names())


@pytest.mark.parametrize(
    "name", ["", "../llm", "rtsp:cam", "camera:a/b", "output:anna@broker", "output:mqtt://broker", "x" * 500]
)
def test_a_name_of_no_use_is_refused(store: SecretStore, name: str) -> None:
    with pytest.raises(SettingsError, match="no name of a secret"):
        store.set(name, "value")


def test_no_file_holds_a_secret_in_plain_and_only_the_owner_may_read_them(store: SecretStore, tmp_path: Path) -> None:
    store.set("llm", PLANTED)
    assert b"anted-s3cret" not in bytes_below(tmp_path)
    if sys.platform != "win32":
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_with_a_passphrase_no_key_is_on_the_disk(
    store: SecretStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILO_SECRETS_PASSPHRASE", "correct horse")
    store.set("llm", PLANTED)
    assert not (tmp_path / "secrets.key").exists()
    assert store.get("llm") == PLANTED
    monkeypatch.setenv("FILO_SECRETS_PASSPHRASE", "wrong horse")
    with pytest.raises(SettingsError, match="cannot be decrypted"):
        store.get("llm")


def test_a_password_is_put_into_an_address_that_names_a_user_only(store: SecretStore) -> None:
    store.set("camera:rtsp://ada@cam.local:554", "p@ss/word")
    assert store.filled("rtsp://ada@cam.local:554/1") == "rtsp://ada:p%40ss%2Fword@cam.local:554/1"
    for address in (
        "rtsp://cam.local/1",
        "rtsp://ada:own@cam.local/1",
        "rtsp://ada@other.local/1",
        "0",
        "rtsps://ada@cam.local:554/1",
        "rtsp://eve@cam.local/1",
        "rtsp://ada@cam.local:555/1",
    ):
        assert store.filled(address) == address


def test_a_password_that_an_older_program_kept_for_a_host_is_given_to_nobody(
    store: SecretStore, tmp_path: Path
) -> None:
    (tmp_path / "secrets.json").write_text('{"rtsp:cam.local": "file", "output:ada@broker": "file"}', encoding="utf-8")
    for kind, address, remedy in (
        ("camera:", "rtsp://ada@cam.local/1", "secret set camera:rtsp://ada@cam.local:554, then"),
        ("output:", "mqtts://ada@broker/x", "secret set output:mqtts://ada@broker:8883, then"),
    ):
        assert store.filled(address, f"{kind}{bound_to(address)}") == address
        with pytest.raises(SourceError, match=remedy):
            store.require_bound(address, kind)
        store.set(f"{kind}{bound_to(address)}", "anew")
        store.require_bound(address, kind)


@pytest.mark.parametrize("scheme", ["mqtt", "http", "rtsp", "rtmp"])
def test_a_password_travels_in_clear_to_this_machine_and_where_somebody_said_yes(scheme: str) -> None:
    with pytest.raises(SourceError, match="would travel in clear") as refused:
        refuse_clear(f"{scheme}://ada:geheim@far.local/x", ("near.local",))
    assert "geheim" not in str(refused.value)
    for host in ("near.local", "127.0.0.1", "[::1]:99", "localhost"):
        refuse_clear(f"{scheme}://ada:geheim@{host}/x", ("near.local",))
    for address in ("mqtts://ada:geheim@far.local/x", "https://ada:geheim@far.local", f"{scheme}://ada@far.local", "0"):
        refuse_clear(address)


def test_the_databases_password_comes_from_the_store(filo_home: Path) -> None:
    SecretStore(filo_home).set("database", "hidden-word")
    settings = Settings(database="postgresql+psycopg://filo@server/plant")
    assert settings.database_url == "postgresql+psycopg://filo:hidden-word@server/plant"
    assert "hidden-word" not in repr(settings)


def test_the_key_of_the_language_model_is_not_in_the_settings_file(tmp_path: Path) -> None:
    write_settings_file(tmp_path, {"llm_api_key": "planted-key-1", "theme": "dark"})
    assert b"planted-key-1" not in bytes_below(tmp_path)
    assert read_settings_file(tmp_path)["llm_api_key"] == "planted-key-1"
    assert Settings(home=tmp_path).llm_api_key.get_secret_value() == "planted-key-1"
    write_settings_file(tmp_path, {"llm_api_key": ""})
    assert not Settings(home=tmp_path).llm_api_key.get_secret_value()


ADDRESSES = [
    ("rtsp://ada:planted-word@cam.local:554/1", "rtsp://ada@cam.local:554/1", "planted-word"),
    ("rtsp://ada:planted%2Fword@cam.local/1?x=1", "rtsp://ada@cam.local/1?x=1", "planted/word"),
    ("rtsp://ada:planted@wo/rd?@cam.local/1", "rtsp://ada@cam.local/1", "planted@wo/rd?"),
]


@pytest.mark.parametrize(("typed", "kept", "password"), ADDRESSES)
def test_a_cameras_password_goes_from_its_address_into_the_store(
    tmp_path: Path, typed: str, kept: str, password: str
) -> None:
    write_settings_file(tmp_path, {"source_kind": "address", "source_value": typed})
    assert b"planted" not in bytes_below(tmp_path)
    settings = Settings(home=tmp_path)
    assert settings.source_value == kept
    assert SecretStore(tmp_path).get("camera:rtsp://ada@cam.local:554") == password
    assert settings.source_address == kept.replace("ada@", f"ada:{quote(password, safe='')}@")


def test_an_address_whose_host_is_none_is_kept_without_its_password_and_breaks_nothing(tmp_path: Path) -> None:
    write_settings_file(tmp_path, {"source_kind": "address", "source_value": "rtsp://ada:planted@[cam/1"})
    assert b"planted" not in bytes_below(tmp_path)
    assert Settings(home=tmp_path).source_value == "rtsp://[cam/1"
    assert SecretStore(tmp_path).filled("rtsp://ada@[cam/1") == "rtsp://ada@[cam/1"


def test_a_file_of_secrets_that_cannot_be_read_is_a_sentence(store: SecretStore, tmp_path: Path) -> None:
    store.set("llm", "planted-key")
    (tmp_path / "secrets.enc").unlink()
    (tmp_path / "secrets.enc").mkdir()
    with pytest.raises(SettingsError, match=r"secrets\.enc cannot be read: Is a directory"):
        store.get("llm")


def test_secrets_in_the_file_of_an_older_program_move_when_it_is_first_read(tmp_path: Path) -> None:
    plant = "postgresql+psycopg://filo:planted-plant@server/plant"
    old = {"source_value": ADDRESSES[0][0], "plant_database": plant, "llm_api_key": "planted-key", "theme": "dark"}
    (tmp_path / SETTINGS_FILE).write_text(json.dumps(old), encoding="utf-8")
    settings = Settings(home=tmp_path)
    assert b"planted" not in bytes_below(tmp_path)
    assert (settings.source_value, settings.theme) == (ADDRESSES[0][1], "dark")
    assert settings.llm_api_key.get_secret_value() == "planted-key"
    assert settings.plant_url == plant
    assert json.loads((tmp_path / SETTINGS_FILE).read_text())["plant_database"] == plant.replace(":planted-plant", "")


def test_the_plants_password_is_needed_in_a_variable_only_once(
    filo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "postgresql+psycopg://filo:planted-plant@server/plant"
    monkeypatch.setenv("FILO_PLANT_DATABASE", address)
    assert Settings().plant_url == address
    monkeypatch.setenv("FILO_PLANT_DATABASE", address.replace(":planted-plant", ""))
    assert Settings().plant_url == address
    assert b"planted-plant" not in bytes_below(filo_home)
    assert "planted-plant" not in redact("forwarding with planted-plant failed")


def test_a_database_address_with_a_password_among_its_parameters_is_refused_without_repeating_it() -> None:
    with pytest.raises(StorageError, match="password among its parameters") as caught:
        parse_url("postgresql+psycopg://filo@server/plant?password=planted-word")
    assert "planted-word" not in str(caught.value)


class Talkative:
    """Becomes text only when the line is made."""

    def __repr__(self) -> str:
        return f"Talkative({PLANTED})"


def test_a_known_secret_reaches_the_log_by_no_way(store: SecretStore, tmp_path: Path) -> None:
    store.set("llm", PLANTED)
    path = configure_logging(tmp_path / "logs")
    logger = structlog.get_logger("test")
    logger.warning(f"text {PLANTED}", nested={"a": [PLANTED, (PLANTED,)]}, thing=Talkative())
    logging.getLogger("library").warning("args %s %r", PLANTED, Talkative())
    try:
        raise ValueError(PLANTED)
    except ValueError:
        logger.exception("caught", pin="740936")
        logging.getLogger("library").exception("caught again, pin=135790")
    written = path.read_text(encoding="utf-8")
    assert "caught again" in written
    for secret in ("anted-s3cret", "740936", "135790"):
        assert secret not in written


@pytest.mark.parametrize("text", ["password=hunter22", '{"pin": "123456"}', "PIN: 123456", "secret = x1"])
def test_what_is_called_a_secret_is_taken_out(text: str) -> None:
    assert redact(text).rstrip('"}').endswith("[hidden]")


def test_the_databases_bytes_hold_no_secret_of_the_store(tmp_path: Path) -> None:
    SecretStore(tmp_path).set("database", "planted-word")
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images"):
        pass
    assert b"planted-word" not in bytes_below(tmp_path)


def test_the_secret_of_a_web_address_is_found_by_its_host_and_port(filo_home: Path) -> None:
    store = SecretStore(filo_home)
    store.set("hook:mes.local:8080", "between us")
    assert store.hook_secret("http://mes.local:8080/filo") == "between us"
    assert store.hook_secret("https://anna@mes.local:8080/other") == "between us"
    for other in (
        "http://mes.local/filo",
        "http://mes.local:8081/filo",
        "mqtt://mes.local:8080/filo",
        "http://[/",
        "csv:a",
    ):
        assert store.hook_secret(other) == ""
