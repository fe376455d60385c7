from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QThreadPool
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from filo_core.types import WizardStep
from gui.products.wizard.capture_dialog import CaptureDialog, picture_name
from gui.products.wizard.references_page import ReferencesPage
from gui.products.wizard.wizard import Wizard
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState
from gui.widgets.message_fold import MessageKind

Until = Callable[..., None]


@pytest.fixture
def dialog(qtbot: QtBot) -> Iterator[CaptureDialog]:
    made = CaptureDialog("Nut M8")
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close_down()
    QThreadPool.globalInstance().waitForDone(10_000)


def play(dialog: CaptureDialog, folder: Path) -> None:
    dialog.source_bar.set_choice(SourceChoice(SourceKind.FOLDER, str(folder), 0.1))
    QTest.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)


def test_pictures_of_a_folder_played_as_a_camera_become_good_images(
    wizard: Wizard, dialog: CaptureDialog, state: AppState, good_files: list[Path], until: Until
) -> None:
    wizard.page.name_edit.setText("Nut M8")  # type: ignore[attr-defined]
    wizard.page.noun_edit.setText("nut")  # type: ignore[attr-defined]
    wizard.go_to(WizardStep.REFERENCES)
    page = wizard.page
    assert isinstance(page, ReferencesPage)
    dialog.picture_taken.connect(page.shelf.add_frame)
    play(dialog, good_files[0].parent)

    def two_different_ones_taken() -> bool:
        # The folder is played round and round; the same picture taken twice is refused.
        if dialog.take_button.isEnabled() and not page.shelf.is_busy and len(page.shelf.items) < 2:
            QTest.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)
        return len(page.shelf.items) == 2 and not page.shelf.is_busy

    until(two_different_ones_taken)
    names = [reference.name for reference in state.workbench.catalogue.draft("Nut M8").references]
    assert len(names) == 2
    assert all(name.endswith(".png") for name in names)
    assert dialog._count.text().startswith("Taken: ")


def test_the_space_key_takes_a_picture(
    dialog: CaptureDialog, good_files: list[Path], until: Until, qtbot: QtBot
) -> None:
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    play(dialog, good_files[0].parent)
    until(dialog.take_button.isEnabled, "a picture is there")
    with qtbot.waitSignal(dialog.picture_taken) as taken:
        QTest.keyClick(dialog, Qt.Key.Key_Space)
    assert taken.args[0].pixels.shape == (240, 320, 3)


def test_stopping_lets_go_of_the_source_and_allows_another(
    dialog: CaptureDialog, good_files: list[Path], until: Until
) -> None:
    play(dialog, good_files[0].parent)
    until(dialog.take_button.isEnabled)
    assert dialog.start_button.text() == "&Stop"
    QTest.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert not dialog.is_running
    assert not dialog.take_button.isEnabled()
    assert dialog.start_button.text() == "&Start"


def test_without_a_source_the_dialog_says_what_to_choose(dialog: CaptureDialog) -> None:
    dialog.source_bar.set_choice(SourceChoice(SourceKind.FOLDER, ""))
    QTest.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert dialog.message.kind is MessageKind.ERROR
    assert "folder" in dialog.message.sentence
    assert not dialog.is_running


def test_a_folder_without_pictures_is_told_while_it_is_played(
    dialog: CaptureDialog, tmp_path: Path, until: Until
) -> None:
    (tmp_path / "empty").mkdir()
    play(dialog, tmp_path / "empty")
    until(lambda: dialog.message.kind is MessageKind.WARNING, "the loss is told")
    assert "empty" in dialog.message.sentence
    assert not dialog.take_button.isEnabled()


def test_a_taken_picture_is_named_by_where_and_when() -> None:
    moment = datetime(2026, 3, 9, 8, 7, 6, 54_321, tzinfo=UTC)
    assert picture_name("camera 0", moment) == "camera 0 2026-03-09 08-07-06.054.png"
