"""Pictures that nobody has sorted: one key each, nothing unseen is answered, and only what was answered is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.types import ProductDescription, Verdict, WizardStep
from gui.products.wizard.references_page import ReferencesPage
from gui.products.wizard.session import DraftSession
from gui.products.wizard.sorting_dialog import SortingDialog
from gui.state import AppState
from tests.unit.gui.conftest import picture
from workflows.products.golden import GoldenSets

Until = Callable[..., None]
NAME = "wing nut"


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Twelve ordinary pictures, two that stand out, and one that is no picture."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(12):
        picture(20 + number, number).save(folder / f"part_{number:02}.png")
    for number, red in ((12, 230), (13, 200)):
        picture(red, number).save(folder / f"part_{number}.png")
    (folder / "torn.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def dialog(qtbot: QtBot, state: AppState, mixed: Path, until: Until) -> Iterator[SortingDialog]:
    made = SortingDialog(state, mixed)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    until(lambda: bool(made.answers.questions), "the model has looked")
    yield made
    made.close()


def press(dialog: SortingDialog, key: Qt.Key, until: Until) -> None:
    until(lambda: dialog.is_seen, "the picture is on screen")
    QTest.keyClick(dialog.focusWidget() or dialog, key)


def test_the_oddest_are_asked_about_first_then_what_is_proposed(dialog: SortingDialog) -> None:
    asked = [question.path.name for question in dialog.answers.questions]
    assert asked[:2] == ["part_12.png", "part_13.png"]
    assert [question.proposed for question in dialog.answers.questions] == [False] * 6 + [True] * 6
    assert "1 cannot be read" in dialog.message.sentence
    assert not dialog.take_button.isEnabled()


def test_one_key_a_picture_and_only_what_was_answered_is_taken(dialog: SortingDialog, until: Until) -> None:
    for key in (Qt.Key.Key_2, Qt.Key.Key_2, Qt.Key.Key_N, Qt.Key.Key_1):
        press(dialog, key, until)
    assert [path.name for path in dialog.answers.bad] == ["part_12.png", "part_13.png"]
    assert len(dialog.answers.good) == 1
    assert dialog.take_button.text() == "Take 1 good and 2 bad"
    QTest.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    press(dialog, Qt.Key.Key_2, until)
    assert (len(dialog.answers.good), len(dialog.answers.bad)) == (0, 3)
    assert not dialog.take_button.isEnabled()


def test_nothing_is_said_about_a_picture_that_was_not_on_screen(dialog: SortingDialog, until: Until) -> None:
    until(lambda: dialog.is_seen, "the picture is on screen")
    for _ in range(5):
        dialog.good_button.click()
    assert len(dialog.answers.good) == 1


def test_a_folder_that_cannot_be_sorted_says_why(qtbot: QtBot, state: AppState, tmp_path: Path) -> None:
    made = SortingDialog(state, tmp_path)
    qtbot.addWidget(made)
    assert made.message.sentence
    assert not made.good_button.isEnabled()


def test_what_is_called_good_joins_the_shelf_and_what_is_called_bad_is_shown(
    qtbot: QtBot, state: AppState, mixed: Path, until: Until
) -> None:
    state.workbench.catalogue.create(ProductDescription(NAME, "nut"))
    session = DraftSession(state)
    session.open(NAME)
    page = ReferencesPage(session)
    qtbot.addWidget(page)
    page.show()
    page.enter()

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SortingDialog)
        until(lambda: bool(dialog.answers.questions), "the model has looked")
        for question in dialog.answers.questions:
            until(lambda: dialog.is_seen, "the picture is on screen")
            (dialog.good_button if question.proposed else dialog.bad_button).click()
        dialog.take_button.click()

    QTimer.singleShot(0, answer)
    page.sort_folder(mixed)
    golden = GoldenSets(state.workbench.storage, state.workbench.access)
    until(lambda: len(page.shelf.items) == 6, "six good parts are on the shelf")
    until(lambda: len(golden.parts(NAME)) == 6, "six bad parts are shown")
    assert {part.expected for part in golden.parts(NAME)} == {Verdict.NG}
    assert not state.workbench.catalogue.draft(NAME).missing(WizardStep.REFERENCES)
    page.close_page()
