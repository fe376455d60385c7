from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from filo_core.errors import SettingsError
from workflows.settings.check import installed_profiles, problems_of
from workflows.settings.file import SETTINGS_FILE, overridden_fields, read_settings_file, write_settings_file
from workflows.settings.settings import Settings

GOOD: dict[str, object] = {
    "profile": "compact",
    "device": "auto",
    "station": "line 1",
    "llm_base_url": "",
    "llm_model": "",
    "llm_timeout_s": 60.0,
    "plant_database": "",
    "source_kind": "camera",
    "source_value": "",
    "language": "",
    "theme": "system",
    "font_scale": 1.0,
}


def test_what_was_written_is_there_at_the_next_start(filo_home: Path) -> None:
    write_settings_file(filo_home, {"theme": "dark", "station": "Linie 3", "font_scale": 1.25})
    settings = Settings()
    assert (settings.theme, settings.station, settings.font_scale) == ("dark", "Linie 3", 1.25)


def test_a_change_leaves_the_other_settings_as_they_were(filo_home: Path) -> None:
    write_settings_file(filo_home, {"theme": "dark", "llm_api_key": "key-of-the-model"})
    write_settings_file(filo_home, {"theme": "light"})
    assert read_settings_file(filo_home) == {"theme": "light", "llm_api_key": "key-of-the-model"}


def test_a_variable_wins_over_the_file_and_is_named(filo_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings_file(filo_home, {"device": "cpu", "theme": "dark"})
    monkeypatch.setenv("FILO_DEVICE", "auto")
    settings = Settings()
    assert (settings.device, settings.theme) == ("auto", "dark")
    assert overridden_fields() == {"device"}
    assert Settings(device="cuda").device == "cuda"


def test_the_file_is_read_from_the_home_that_the_caller_names(tmp_path: Path) -> None:
    write_settings_file(tmp_path / "other", {"theme": "dark"})
    assert Settings().theme == "system"
    assert Settings(home=tmp_path / "other").theme == "dark"


def test_lists_are_words_with_commas_in_a_variable_and_a_list_in_the_file(
    filo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = {"modbus_writers": ["10.0.0.7"], "line_hosts": ["press-3"], "modbus_everywhere": True}
    write_settings_file(filo_home, stored | {"line_certificate": "line.pem"})
    assert (Settings().modbus_writers, Settings().line_hosts) == (("10.0.0.7",), ("press-3",))
    assert (Settings().modbus_everywhere, Settings().line_certificate) == (True, Path("line.pem"))
    monkeypatch.setenv("FILO_MODBUS_WRITERS", "10.0.0.8, 10.0.3.0/24,")
    assert Settings().modbus_writers == ("10.0.0.8", "10.0.3.0/24")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"font_scale": "huge"}', b"\xff\xfe"])
def test_a_damaged_file_is_named_with_its_remedy(filo_home: Path, content: bytes) -> None:
    filo_home.mkdir(parents=True)
    (filo_home / SETTINGS_FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=r"settings\.json.*delete the file"):
        Settings()


def test_what_a_newer_version_has_stored_does_not_stop_this_one(filo_home: Path) -> None:
    filo_home.mkdir(parents=True)
    (filo_home / SETTINGS_FILE).write_text(json.dumps({"theme": "dark", "future": 1}), encoding="utf-8")
    assert Settings().theme == "dark"


def test_what_a_newer_version_has_stored_stays_when_this_one_changes_something(filo_home: Path) -> None:
    filo_home.mkdir(parents=True)
    (filo_home / SETTINGS_FILE).write_text(json.dumps({"theme": "dark", "future": {"a": [1]}}), encoding="utf-8")
    write_settings_file(filo_home, {"station": "line 1"})
    kept = json.loads((filo_home / SETTINGS_FILE).read_text(encoding="utf-8"))
    assert kept == {"theme": "dark", "station": "line 1", "future": {"a": [1]}}


def test_a_user_without_a_home_is_told_which_variable_names_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(*_: object, **__: object) -> Path:
        # What platformdirs says without HOME and without an entry for the user.
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("FILO_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    with pytest.raises(SettingsError, match=r"no home folder\. Set FILO_HOME"):
        Settings()


def test_a_user_without_a_name_can_work(monkeypatch: pytest.MonkeyPatch, filo_home: Path) -> None:
    def nameless(_: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME", "FILO_OPERATOR"):
        monkeypatch.delenv(variable, raising=False)
    pwd = pytest.importorskip("pwd")
    monkeypatch.setattr(pwd, "getpwuid", nameless)
    assert Settings(home=filo_home).operator == "unknown"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps no such bits")
def test_only_its_owner_may_read_the_file(filo_home: Path) -> None:
    write_settings_file(filo_home, {"llm_api_key": "key-of-the-model"})
    assert stat.S_IMODE((filo_home / SETTINGS_FILE).stat().st_mode) == 0o600
    assert "key-of-the-model" not in repr(Settings())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"cannot be"):
        write_settings_file(tmp_path / "home", {"theme": "dark"})


def test_settings_that_work_have_no_problem() -> None:
    assert problems_of(GOOD) == {}
    assert "compact" in [profile.name for profile in installed_profiles()]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("profile", "huge", "There is no model profile huge"),
        ("device", "abacus", "is no device"),
        ("station", "x" * 101, "101 characters"),
        ("station", "line\n1", "cannot be seen"),
        ("llm_base_url", "ftp://host/v1", "This is no address"),
        ("llm_base_url", "http://me:secret@host/v1", "name or password"),
        ("llm_base_url", "http://host:x/v1", "This is no address"),
        ("llm_model", "tiny", "no address to ask"),
        ("llm_timeout_s", 0, "5 s to 600 s"),
        ("llm_timeout_s", None, "5 s to 600 s"),
        ("source_value", "front", "known by its number"),
        ("font_scale", 3.0, "80 % to 200 %"),
        ("theme", "pink", "none of these: system, light, dark"),
        ("language", "fr", "none of these: en, de, zh_CN"),
    ],
)
def test_a_setting_that_cannot_work_is_told_in_words(field: str, value: object, words: str) -> None:
    problems = problems_of(GOOD | {field: value})
    assert len(problems) >= 1
    assert words in " ".join(problems.values())
    assert "secret" not in " ".join(problems.values())


def test_a_station_without_a_name_forwards_to_no_plant() -> None:
    plant = {"plant_database": "postgresql+psycopg://filo@plant/filo"}
    assert problems_of(GOOD | plant) == {}
    assert "Enter the name" in problems_of(GOOD | plant | {"station": " "})["plant_database"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://camera/1?user=me&password=hidden-word", "among its parameters"),
        ("rtsp://camera/user=me&password=hidden-word&channel=1", "among its parameters"),
        ("rtsp://[camera/1", "This is no address"),
    ],
)
def test_an_address_whose_password_could_not_be_kept_apart_is_refused(address: str, words: str) -> None:
    problem = problems_of(GOOD | {"source_kind": "address", "source_value": address})["source_value"]
    assert words in problem
    assert "hidden-word" not in problem


def test_an_address_with_a_name_and_a_password_is_no_problem() -> None:
    assert problems_of(GOOD | {"source_kind": "address", "source_value": "rtsp://me:secret-word@camera/1"}) == {}


def test_the_customers_own_fields_have_three_names_that_differ(
    filo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILO_IDENTITY_FIELDS", "pallet, nest")
    assert Settings().identity_fields == ("pallet", "nest")
    for wrong, said in (
        ("a,b,c,d", "room for 3"),
        ("Serial", "same name"),
        ("a,A", "same name"),
        ("id", "same name"),
        ("\u202ea", "seen"),
    ):
        monkeypatch.setenv("FILO_IDENTITY_FIELDS", wrong)
        with pytest.raises(ValueError, match=said):
            Settings()


def test_the_names_of_own_fields_are_kept_in_the_file(filo_home: Path) -> None:
    write_settings_file(filo_home, {"identity_fields": ("pallet", "nest")})
    assert Settings().identity_fields == ("pallet", "nest")
