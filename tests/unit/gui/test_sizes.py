"""A walk over every screen, step and dialog in three text sizes, three languages and two window sizes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QThreadPool
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.languages import Languages
from gui.main_window import MainWindow
from gui.products.wizard.capture_dialog import CaptureDialog
from gui.settings.outputs_page import OutputsPage
from gui.state import AppState
from gui.style_sheet import apply_theme
from gui.theme import LIGHT
from tests.unit.gui.test_accessibility import PLACES, go_to, inspected  # noqa: F401 - a fixture
from tests.unit.gui.test_dialogs_accessible import DIALOGS, settled
from tests.unit.gui.whole_text import scroll_bars, too_small, wrong_texts

Until = Callable[..., None]
TITLE_BAR_PX = 40
WINDOWS = ((1280, 720 - TITLE_BAR_PX), (1920, 1080 - TITLE_BAR_PX))
SCALES = (1.0, 1.5, 2.0)


def has_chinese_font() -> bool:
    if shutil.which("fc-list") is None:
        return False
    return "Noto Sans CJK" in subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=True).stdout


LANGUAGES = (
    "en",
    "de",
    pytest.param(
        "zh_CN", marks=pytest.mark.skipif(not has_chinese_font(), reason="no fonts-noto-cjk (make system-test)")
    ),
)


@pytest.fixture
def spoken(qapp: QApplication) -> Iterator[Languages]:
    languages = Languages(qapp)
    yield languages
    languages.use("en")
    apply_theme(qapp, LIGHT)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_every_screen_is_whole(
    qapp: QApplication, qtbot: QtBot, state: AppState, inspected: str, spoken: Languages, until: Until,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch, language: str, scale: float,
) -> None:  # fmt: skip
    spoken.use(language)
    apply_theme(qapp, LIGHT, scale)
    window = MainWindow(state)
    qtbot.addWidget(window)
    window.show()
    state.set_current_product(inspected)
    state.workbench_opened.emit()
    wrong = []
    for size in WINDOWS:
        window.resize(*size)
        for place in PLACES:
            go_to(window, place, until)
            if (window.width(), window.height()) != size:
                wrong.append(f"{size} {place}: the window is {window.width()} × {window.height()} px")
                window.resize(*size)
            found = wrong_texts(window, monkeypatch) + scroll_bars(window) + too_small(window)
            wrong += [f"{size[0]} {place}: {text}" for text in found]
    wrong += _wrong_in_dialogs(state, window, until, monkeypatch)
    window.close()
    assert not wrong, "\n".join(wrong)


def _wrong_in_dialogs(
    state: AppState, window: MainWindow, until: Until, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """What is wrong in each dialog, on the smaller screen, which it has to fit as well."""
    window.resize(*WINDOWS[0])
    for name, make in DIALOGS.items():
        dialog = make(state, window)
        dialog.show()
        settled(dialog, until)
        width, height = dialog.width(), dialog.height()
        if width > WINDOWS[0][0] or height > WINDOWS[0][1]:
            yield f"dialog {name}: {width} × {height} px"
        for text in wrong_texts(dialog, monkeypatch) + scroll_bars(dialog) + too_small(dialog):
            yield f"dialog {name}: {text}"
        dialog.close()
        if isinstance(dialog, CaptureDialog):
            dialog.close_down()
        dialog.deleteLater()
    for made in window.findChildren(OutputsPage):
        made.close_down()
    QThreadPool.globalInstance().waitForDone(10_000)
