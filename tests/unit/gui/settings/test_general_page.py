from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from gui.appearance import Appearance
from gui.live.panel import LivePanel
from gui.settings.general_page import GeneralPage
from gui.sources.choice import SourceKind
from gui.state import AppState
from gui.theme import DARK, LIGHT, current_theme
from tests.unit.gui.products.test_accessible import cut_off, nameless, too_small
from workflows.settings.settings import Settings

Until = Callable[..., None]


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> Iterator[GeneralPage]:
    made = GeneralPage(state)
    qtbot.addWidget(made)
    made.resize(992, 640)
    made.show()
    yield made
    made.close_down()


def choose(panel: GeneralPage, name: str, value: str) -> None:
    """As a person does, from the list."""
    control = panel.fields[name].control
    assert isinstance(control, QComboBox)
    control.setCurrentIndex(control.findData(value))
    control.activated.emit(control.currentIndex())


def edit(panel: GeneralPage, name: str) -> QLineEdit:
    control = panel.fields[name].control
    assert isinstance(control, QLineEdit)
    return control


@pytest.fixture
def appearance(qapp: QApplication, state: AppState) -> Iterator[Appearance]:
    made = Appearance(qapp, state.settings)
    state.settings_changed.connect(made.use)
    yield made
    made.use(Settings(theme="light", language="en"))
    qapp.styleHints().colorSchemeChanged.disconnect(made._on_scheme_changed)
    made.deleteLater()


@pytest.mark.parametrize(("place", "is_warned"), [("0.0.0.0:8099", True), ("127.0.0.1:8099", False), ("", False)])
def test_an_http_trigger_without_a_certificate_beyond_this_machine_is_warned_of(
    qtbot: QtBot, state: AppState, place: str, is_warned: bool
) -> None:
    state.set_settings(state.settings.model_copy(update={"trigger_kind": "http", "trigger_place": place}))
    made = GeneralPage(state)
    qtbot.addWidget(made)
    assert ("without a certificate" in made.message.sentence) is is_warned
    made.close_down()


def test_theme_and_letters_change_at_once(
    panel: GeneralPage, appearance: Appearance, qapp: QApplication, until: Until
) -> None:
    usual = qapp.font().pointSizeF()
    choose(panel, "theme", "dark")
    assert current_theme() is LIGHT
    panel.fields["font_scale"].control.setValue(150.0)  # type: ignore[attr-defined]
    panel.save_button.click()
    until(lambda: current_theme() is DARK, "the theme is dark")
    assert qapp.font().pointSizeF() == pytest.approx(1.5 * usual)
    assert panel.message.sentence == "Saved, and in force."


def test_a_chosen_theme_does_not_follow_the_system_and_a_followed_one_does(
    qapp: QApplication, appearance: Appearance
) -> None:
    hints = qapp.styleHints()
    appearance.use(Settings(theme="system", language="en"))
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert current_theme() is DARK
    appearance.use(Settings(theme="light", language="en"))
    assert current_theme() is LIGHT
    appearance.use(Settings(theme="system", language="en"))
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert current_theme() is LIGHT


def test_what_waits_for_the_next_start_is_said(panel: GeneralPage, until: Until) -> None:
    edit(panel, "station").setText("line 7")
    edit(panel, "station").textEdited.emit("line 7")
    panel.save_button.click()
    until(lambda: bool(panel.message.sentence), "the outcome is told")
    assert panel.message.sentence == "Saved. After a restart: Station."


def test_a_mistake_stands_beneath_its_field_and_has_the_keyboard(
    panel: GeneralPage, qapp: QApplication, until: Until
) -> None:
    panel.activateWindow()
    QTest.keyClicks(edit(panel, "llm_base_url"), "nowhere")
    panel.save_button.click()
    until(lambda: bool(panel.fields["llm_base_url"].problem), "the mistake is told")
    assert "This is no address" in panel.fields["llm_base_url"].problem
    assert "This is no address" in edit(panel, "llm_base_url").accessibleDescription()
    assert panel.focusWidget() is edit(panel, "llm_base_url")
    panel.undo_button.click()
    assert edit(panel, "llm_base_url").text() == ""
    assert panel.fields["llm_base_url"].problem == ""


def test_the_key_is_hidden_while_it_is_typed_and_gone_once_it_is_saved(panel: GeneralPage, until: Until) -> None:
    assert panel.key.edit.echoMode() is QLineEdit.EchoMode.Password
    QTest.keyClicks(panel.key.edit, "sk-secret")
    panel.save_button.click()
    until(panel.key.remove_button.isVisible, "the key is kept")
    assert panel.key.edit.text() == ""
    shown = [widget.text() for widget in panel.findChildren(QLabel)] + [panel.key.edit.placeholderText()]
    assert not [text for text in shown if "sk-secret" in text]
    panel.key.remove_button.click()
    panel.save_button.click()
    until(lambda: not panel.key.remove_button.isVisible(), "the key is removed")


def test_the_password_of_the_plant_is_never_shown_and_waits_for_the_next_start(
    panel: GeneralPage, until: Until
) -> None:
    assert panel.password.edit.echoMode() is QLineEdit.EchoMode.Password
    QTest.keyClicks(panel.password.edit, "geheim-7")
    panel.save_button.click()
    until(panel.password.remove_button.isVisible, "the password is kept")
    assert panel.password.edit.text() == ""
    assert panel.message.sentence == "Saved. After a restart: Plant database password."


def test_the_language_model_gets_seconds_of_its_own(panel: GeneralPage, until: Until) -> None:
    seconds = panel.fields["llm_timeout_s"].control
    assert isinstance(seconds, QSpinBox)
    assert seconds.text() == "60 s"
    seconds.setValue(90)
    panel.save_button.click()
    until(lambda: Settings().llm_timeout_s == 90, "it is kept")


def test_a_field_that_a_variable_decides_says_so(
    qtbot: QtBot, state: AppState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILO_DEVICE", "cpu")
    made = GeneralPage(state)
    qtbot.addWidget(made)
    assert not made.fields["device"].control.isEnabled()
    assert "Decided by the variable FILO_DEVICE." in made.fields["device"].note
    assert made.fields["theme"].control.isEnabled()
    made.close_down()


def test_the_place_of_the_record_is_shown(panel: GeneralPage, state: AppState) -> None:
    assert panel.where.full_text == state.workbench.storage.where


def test_live_starts_with_the_source_that_was_chosen(
    qtbot: QtBot, panel: GeneralPage, state: AppState, product: str, parts: object, until: Until
) -> None:
    live = LivePanel(state)
    qtbot.addWidget(live)
    choose(panel, "source_kind", "folder")
    edit(panel, "source_value").setText(str(parts))
    edit(panel, "source_value").textEdited.emit(str(parts))
    panel.save_button.click()
    until(lambda: live.source.choice.kind is SourceKind.FOLDER, "Live takes the source over")
    assert live.source.choice.value == str(parts)
    live.close_down()


def test_every_setting_can_be_read_out_pressed_with_gloves_and_fits_a_small_window(panel: GeneralPage) -> None:
    assert nameless(panel) == []
    assert too_small(panel) == []
    assert cut_off(panel) == []


def test_retention_starts_unrestricted_and_is_kept(panel: GeneralPage, until: Until) -> None:
    days = panel.fields["keep_days"].control
    assert isinstance(days, QSpinBox)
    assert days.text() == "for ever"
    days.setValue(90)
    panel.save_button.click()
    until(lambda: bool(panel.message.sentence), "the outcome is told")
    assert (Settings().keep_days, Settings().image_quota_gb) == (90, None)
    days.setValue(0)
    panel.save_button.click()
    until(lambda: Settings().keep_days is None, "the restriction is gone")
