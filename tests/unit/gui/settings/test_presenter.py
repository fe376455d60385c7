from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gui.settings.presenter import AT_THE_NEXT_START, KEY, PLANT_PASSWORD, SettingsPresenter
from gui.state import AppState, Screen
from tests.unit.gui.conftest import RedEngine
from workflows.settings.file import SETTINGS_FILE
from workflows.settings.language_model import language_model_of
from workflows.settings.secret_store import PLANT, SecretStore
from workflows.settings.settings import Settings

Until = Callable[..., None]


@pytest.fixture
def presenter(state: AppState) -> Iterator[SettingsPresenter]:
    made = SettingsPresenter(state)
    yield made
    made.close_down()


def save(presenter: SettingsPresenter, until: Until) -> frozenset[str] | None:
    """The fields that were changed; None where something was wrong."""
    done: list[frozenset[str]] = []
    presenter.saved.connect(done.append)
    presenter.problems = {}
    presenter.save()
    until(lambda: bool(done or presenter.problems), "the settings are checked")
    presenter.saved.disconnect(done.append)
    return done[0] if done else None


def test_saved_settings_are_in_force_and_there_at_the_next_start(
    presenter: SettingsPresenter, state: AppState, until: Until
) -> None:
    told: list[Settings] = []
    state.settings_changed.connect(told.append)
    presenter.set_value("theme", "dark")
    presenter.set_value("font_scale", 1.2)
    presenter.set_value("station", "  line 7 ")
    assert presenter.is_changed
    assert save(presenter, until) == {"theme", "font_scale", "station"}
    assert not presenter.is_changed
    assert told == [state.settings]
    assert (state.settings.theme, state.settings.font_scale) == ("dark", 1.2)
    assert (Settings().theme, Settings().station) == ("dark", "line 7")


def test_a_mistake_is_told_beneath_its_field_and_nothing_is_written(
    presenter: SettingsPresenter, state: AppState, until: Until
) -> None:
    presenter.set_value("theme", "dark")
    presenter.set_value("llm_base_url", "no address")
    assert save(presenter, until) is None
    assert "This is no address" in presenter.problems["llm_base_url"]
    assert not (state.settings.home / SETTINGS_FILE).exists()
    assert state.settings.theme == "system"
    presenter.set_value("llm_base_url", "http://localhost:1/v1")
    assert "llm_base_url" not in presenter.problems


def test_the_plcs_that_may_trigger_are_words_with_commas_between_them(
    presenter: SettingsPresenter, state: AppState, until: Until
) -> None:
    presenter.set_value("modbus_writers", "press-3")
    assert save(presenter, until) is None
    assert "Write addresses such as 10.0.0.7" in presenter.problems["modbus_writers"]
    presenter.set_value("modbus_writers", " 10.0.0.7,10.0.3.0/24 ")
    assert save(presenter, until) == {"modbus_writers"}
    assert state.settings.modbus_writers == Settings().modbus_writers == ("10.0.0.7", "10.0.3.0/24")
    assert presenter.values["modbus_writers"] == "10.0.0.7, 10.0.3.0/24"
    assert not presenter.is_changed


def test_the_key_is_written_and_never_shown(presenter: SettingsPresenter, state: AppState, until: Until) -> None:
    presenter.set_value("llm_base_url", "http://localhost:1/v1")
    presenter.set_value("llm_model", "tiny")
    presenter.set_secret(KEY, "sk-secret")
    assert save(presenter, until) == {"llm_base_url", "llm_model", "llm_api_key"}
    assert presenter.has_secret(KEY)
    assert "sk-secret" not in repr(vars(presenter))
    assert "secret" not in repr(state.settings)
    model = language_model_of(state.settings)
    assert model is not None
    assert model.api_key.get_secret_value() == "sk-secret"
    presenter.set_secret(KEY, "")
    assert save(presenter, until) == {"llm_api_key"}
    assert not presenter.has_secret(KEY)


def test_what_a_variable_decides_cannot_be_changed_here(
    state: AppState, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setenv("FILO_THEME", "dark")
    presenter = SettingsPresenter(state)
    presenter.set_value("theme", "light")
    assert presenter.values["theme"] != "light"
    assert presenter.variable("theme") == "FILO_THEME"
    assert presenter.variable("device") == ""
    presenter.close_down()


def test_undo_goes_back_to_what_is_in_force(presenter: SettingsPresenter) -> None:
    presenter.set_value("theme", "dark")
    presenter.set_secret(KEY, "x")
    presenter.undo()
    assert not presenter.is_changed
    assert presenter.values["theme"] == "system"


def test_what_waits_for_the_next_start_is_what_was_opened_with_the_record() -> None:
    assert {"station", "database", "plant_database", "plant_password", "part_wait_s"} == AT_THE_NEXT_START


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nowhere", "is not a URL"),
        ("mysql://server/filo", "is not supported"),
        ("postgresql+psycopg://filo:geheim-7@server/filo", "holds a password"),
        ("postgresql+psycopg://filo@127.0.0.1:1/filo", "127.0.0.1"),
        ("sqlite:////proc/no/such/folder/filo.sqlite", "filo.sqlite"),
    ],
)
def test_a_database_that_cannot_hold_the_record_is_told_beneath_its_field(
    presenter: SettingsPresenter, until: Until, address: str, words: str
) -> None:
    presenter.set_value("database", address)
    assert save(presenter, until) is None
    assert words in presenter.problems["database"]
    assert "geheim-7" not in presenter.problems["database"]


def test_another_database_is_used_from_the_next_start_on(
    presenter: SettingsPresenter, state: AppState, tmp_path: Path, until: Until
) -> None:
    address = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    presenter.set_value("database", address)
    assert save(presenter, until) == {"database"}
    assert Settings().database_url == address
    assert state.workbench.storage.where != str(tmp_path / "elsewhere.sqlite")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nowhere", "is not a URL"),
        ("postgresql+psycopg://filo:geheim-7@plant/filo", "enter it beside the address"),
        ("postgresql+psycopg://filo@127.0.0.1:1/filo", "127.0.0.1"),
        ("sqlite:///{home}/filo.sqlite", "the station's own database"),
    ],
)
def test_a_plant_that_nothing_can_be_forwarded_to_is_told_beneath_its_field(
    presenter: SettingsPresenter, state: AppState, until: Until, address: str, words: str
) -> None:
    presenter.set_value("station", "line 7")
    presenter.set_value("plant_database", address.replace("{home}", str(state.settings.home)))
    presenter.set_secret(PLANT_PASSWORD, "geheim-7")
    assert save(presenter, until) is None
    assert words in presenter.problems["plant_database"]
    assert "geheim-7" not in presenter.problems["plant_database"]
    assert not presenter.has_secret(PLANT_PASSWORD)


def test_the_plant_and_its_password_are_kept_apart_for_the_next_start(
    presenter: SettingsPresenter, state: AppState, tmp_path: Path, until: Until
) -> None:
    address = f"sqlite:///{tmp_path / 'plant.sqlite'}"
    presenter.set_value("station", "line 7")
    presenter.set_value("plant_database", address)
    presenter.set_secret(PLANT_PASSWORD, "geheim-7")
    assert save(presenter, until) == {"station", "plant_database", PLANT_PASSWORD}
    assert presenter.has_secret(PLANT_PASSWORD)
    assert not presenter.is_changed
    assert Settings().plant_url == address
    assert SecretStore(state.settings.home).get(PLANT) == "geheim-7"
    assert "geheim-7" not in (state.settings.home / SETTINGS_FILE).read_text(encoding="utf-8")
    presenter.set_secret(PLANT_PASSWORD, "")
    assert save(presenter, until) == {PLANT_PASSWORD}
    assert not presenter.has_secret(PLANT_PASSWORD)


def test_a_plant_that_a_variable_names_keeps_its_password_as_well(
    state: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILO_PLANT_DATABASE", "postgresql+psycopg://filo@plant/filo")
    presenter = SettingsPresenter(state)
    presenter.set_secret(PLANT_PASSWORD, "geheim-7")
    assert presenter.variable(PLANT_PASSWORD) == "FILO_PLANT_DATABASE"
    assert not presenter.is_changed
    presenter.close_down()


def test_the_language_model_may_take_as_long_as_is_set(
    presenter: SettingsPresenter, state: AppState, until: Until
) -> None:
    presenter.set_value("llm_base_url", "http://localhost:1/v1")
    presenter.set_value("llm_model", "tiny")
    presenter.set_value("llm_timeout_s", 120)
    save(presenter, until)
    model = language_model_of(state.settings)
    assert model is not None
    assert model.timeout_s == 120
    assert Settings().llm_timeout_s == 120


@pytest.fixture
def loaded(state: AppState, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Profile and device of every model that is loaded from now on."""
    asked: list[tuple[str, str]] = []

    def load(profile: str, device: str, models: Path) -> RedEngine:
        asked.append((profile, device))
        made = RedEngine(trained=True)
        made.device = device
        return made

    monkeypatch.setattr("filo_core.engine.load_engine", load)
    return asked


def test_another_model_is_loaded_without_a_restart(
    presenter: SettingsPresenter, state: AppState, loaded: list[tuple[str, str]], until: Until
) -> None:
    worker = state.workbench.worker
    before = worker.engine
    presenter.set_value("device", "cpu")
    assert save(presenter, until) == {"device"}
    until(lambda: worker.engine is not None and worker.engine is not before, "another model is there")
    assert loaded == [(state.settings.profile, "cpu")]
    assert state.trained is True


def test_no_model_is_loaded_for_other_settings(
    presenter: SettingsPresenter, loaded: list[tuple[str, str]], until: Until
) -> None:
    presenter.set_value("theme", "dark")
    save(presenter, until)
    assert loaded == []


@pytest.mark.parametrize(("screen", "word"), [(Screen.LIVE, "Live is inspecting"), (Screen.FOLDER, "A folder")])
def test_while_a_screen_inspects_the_model_stays_and_why_is_said(
    presenter: SettingsPresenter, state: AppState, loaded: list[tuple[str, str]], screen: Screen, word: str
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    state.set_screens_at_work(lambda: [screen])
    presenter.set_value("device", "cpu")
    presenter.save()
    assert len(told) == 1
    assert word in told[0]
    assert presenter.is_changed
    assert loaded == []


def test_a_job_that_runs_keeps_its_model_and_its_name_is_said(
    presenter: SettingsPresenter, state: AppState, product: str, engine: RedEngine, parts: Path, until: Until
) -> None:
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    engine.gate.clear()
    handle = state.workbench.inspector.inspect_folder(product, parts)
    presenter.set_value("device", "cpu")
    presenter.save()
    until(lambda: bool(told), "the refusal is told")
    assert "has not ended" in told[0]
    engine.gate.set()
    assert handle.wait(20).value == "done"
    assert state.workbench.worker.engine is engine


def test_a_damaged_file_is_told_and_not_overwritten(
    presenter: SettingsPresenter, state: AppState, until: Until
) -> None:
    path = state.settings.home / SETTINGS_FILE
    path.write_text("{", encoding="utf-8")
    told: list[str] = []
    presenter.failed.connect(lambda sentence, _: told.append(sentence))
    presenter.set_value("theme", "dark")
    presenter.save()
    until(lambda: bool(told), "the failure is told")
    assert "settings.json is not what it should be" in told[0]
    assert path.read_text(encoding="utf-8") == "{"


def test_a_password_in_the_address_of_the_record_is_not_shown(state: AppState, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql+psycopg://filo:geheim-7@server/filo"
    monkeypatch.setenv("FILO_DATABASE", address)
    state.set_settings(state.settings.model_copy(update={"database": address}))
    presenter = SettingsPresenter(state)
    assert "geheim-7" not in repr(presenter.values)
    assert presenter.variable("database") == "FILO_DATABASE"
    assert not presenter.is_changed
    presenter.close_down()
