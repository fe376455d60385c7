from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from filo_core.resources import resource_path
from gui.languages import LANGUAGES, Languages, system_language
from gui.live.panel import LivePanel
from gui.main_window import MainWindow
from gui.screens import SCREENS
from gui.state import AppState, Screen
from tests.unit.gui.products.test_accessible import cut_off
from tests.unit.gui.test_accessibility import PLACES, go_to

Until = Callable[..., None]
# One text that every screen shows at once, in each language.
WORDS = {
    Screen.PRODUCTS: ("&New product", "&Neues Produkt", "新产品(&N)"),
    Screen.LIVE: ("Freeze on NG", "Bei NG einfrieren", "NG 时定格"),
    Screen.FOLDER: ("Pause", "Pause", "暂停"),
    Screen.REVIEW: ("Newest first", "Neueste zuerst", "最新优先"),
    Screen.STATISTICS: ("Control chart", "Regelkarte", "控制图"),
    Screen.SETTINGS: ("Text size", "Schriftgröße", "文字大小"),
}


@pytest.fixture
def languages(qapp: QApplication) -> Iterator[Languages]:
    made = Languages(qapp)
    yield made
    made.use("en")


@pytest.fixture
def window(qtbot: QtBot, state: AppState, product: str) -> Iterator[MainWindow]:
    made = MainWindow(state)
    qtbot.addWidget(made)
    made.show()
    state.workbench_opened.emit()
    yield made
    made.close()


def _shows(window: MainWindow, review: str) -> bool:
    return window._buttons[Screen.REVIEW].text() == review


def words_of(root: QWidget) -> set[str]:
    """Every text on labels, buttons and in drop-downs."""
    found = {widget.text() for kind in (QLabel, QAbstractButton) for widget in root.findChildren(kind)}
    for box in root.findChildren(QComboBox):
        found |= {box.itemText(index) for index in range(box.count())}
    return found


def test_an_update_that_overwrites_the_translations_leaves_the_window_its_words(
    qapp: QApplication, languages: Languages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = Path(shutil.copytree(resource_path("i18n"), tmp_path / "i18n"))
    monkeypatch.setattr("gui.languages.resource_path", lambda *_: installed)
    languages.use("de")
    _, german, _ = WORDS[Screen.REVIEW]
    assert qapp.translate("FilterBar", "Newest first") == german
    # In place, as copying a new version over the old one does.
    file = installed / "filo_de.qm"
    file.write_bytes(bytes(file.stat().st_size))
    gc.collect()
    assert qapp.translate("FilterBar", "Newest first") == german


def test_words_change_in_every_screen_while_the_program_runs(
    window: MainWindow, languages: Languages, until: Until
) -> None:
    assert set(WORDS) == {spec.screen for spec in SCREENS}
    for screen in WORDS:
        window.show_screen(screen)
    for index, (language, review) in ((1, ("de", "Durchsicht")), (2, ("zh_CN", "复核")), (0, ("en", "Review"))):
        languages.use(language)
        until(partial(_shows, window, review), f"the navigation is in {language}")
        for screen, words in WORDS.items():
            window.show_screen(screen)
            assert words[index] in words_of(window.screen_widget(screen)), (language, screen)


def test_navigation_menus_and_status_change_with_them(
    window: MainWindow, languages: Languages, state: AppState, until: Until
) -> None:
    until(lambda: state.trained is not None, "the model is loaded")
    languages.use("de")
    until(lambda: window._buttons[Screen.REVIEW].text() == "Durchsicht", "the navigation is German")
    assert window._buttons[Screen.REVIEW].accessibleName() == "Durchsicht"
    assert [action.text() for action in window.menuBar().actions()] == ["&Datei", "&Ansicht", "&Hilfe"]
    assert window._actions["show_help"].text() == "&Tasten und Wörter"
    assert window._status.text == "Modell red ist bereit auf cpu"
    assert window.windowTitle().startswith("Produkte")
    assert "Bediener: anna" in words_of(window)
    languages.use("en")
    until(lambda: window._buttons[Screen.REVIEW].text() == "Review", "the navigation is English again")


def test_a_screen_that_runs_something_keeps_its_words_until_that_has_ended(
    window: MainWindow, languages: Languages, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.show_screen(Screen.LIVE)
    live = window.screen_widget(Screen.LIVE)
    busy = [True]
    monkeypatch.setattr(LivePanel, "is_busy", property(lambda _: busy[0]))
    languages.use("de")
    until(lambda: window._buttons[Screen.LIVE].toolTip().startswith("Prüfen"), "the window is German")
    assert window.screen_widget(Screen.LIVE) is live
    busy[0] = False
    window.show_screen(Screen.LIVE)
    assert window.screen_widget(Screen.LIVE) is not live
    assert "Bei NG einfrieren" in words_of(window.screen_widget(Screen.LIVE))


def test_qts_own_words_change_too(qapp: QApplication, languages: Languages) -> None:
    languages.use("de")
    assert QApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"


@pytest.mark.parametrize(
    ("tags", "language"),
    [(["de-AT", "en"], "de"), (["zh-Hans-CN"], "zh_CN"), (["fr-FR", "de"], "de"), (["fr-FR"], "en"), ([], "en")],
)
def test_the_systems_first_known_language_is_used(
    tags: list[str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QLocale, "uiLanguages", lambda _: tags)
    assert system_language() == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_cut_off_in_the_smallest_window(
    qtbot: QtBot, state: AppState, product: str, languages: Languages, until: Until, language: str
) -> None:
    languages.use(language)
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.resize(window.minimumSize())
    window.show()
    state.set_current_product(product)
    state.workbench_opened.emit()
    found = {}
    for place in PLACES:
        go_to(window, place, until)
        if cut := cut_off(window):
            found[place] = cut
    window.close()
    assert found == {}, found
