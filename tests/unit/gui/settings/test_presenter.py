from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gui.products.wizard.suggester import language_model_of
from gui.settings.presenter import AT_THE_NEXT_START, SettingsPresenter
from gui.state import AppState
from workflows.settings import Settings
from workflows.settings_file import SETTINGS_FILE

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


def test_the_key_is_written_and_never_shown(presenter: SettingsPresenter, state: AppState, until: Until) -> None:
    presenter.set_value("llm_base_url", "http://localhost:1/v1")
    presenter.set_value("llm_model", "tiny")
    presenter.set_key("sk-secret")
    assert save(presenter, until) == {"llm_base_url", "llm_model", "llm_api_key"}
    assert presenter.has_key
    assert "secret" not in repr(vars(presenter))
    assert "secret" not in repr(state.settings)
    model = language_model_of(state.settings)
    assert model is not None
    assert model.api_key.get_secret_value() == "sk-secret"
    presenter.set_key("")
    assert save(presenter, until) == {"llm_api_key"}
    assert not presenter.has_key


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
    presenter.set_key("x")
    presenter.undo()
    assert not presenter.is_changed
    assert presenter.values["theme"] == "system"


def test_what_waits_for_the_next_start_is_what_was_opened_with_the_record() -> None:
    assert {"profile", "device", "station"} == AT_THE_NEXT_START


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
