"""Choosing the eyes of a product in the wizard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.events import EyesChosen, TriedEyes
from filo_core.types import Eyes, Pose, Sight, WizardStep
from gui.products.wizard.eyes_choice import EyesChoice
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.session import DraftSession
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine


def _listed(choice: EyesChoice) -> list[str]:
    return [str(choice.box.itemData(index)) for index in range(choice.box.count())]


def test_a_profile_with_one_way_to_look_shows_no_choice(qapp: QApplication) -> None:
    choice = EyesChoice()
    choice.show_eyes(None, None)
    assert choice.isHidden()


def test_without_the_deep_trunk_the_light_one_alone_can_be_picked_and_it_says_how_to_get_the_other(
    qapp: QApplication,
) -> None:
    choice = EyesChoice()
    choice.show_eyes(None, Eyes(Sight.FAST))
    assert _listed(choice) == ["fast 256", "fast 384", "fast 512", "fast 768", "fast 1536"]
    assert choice.box.currentData() == "fast 512"
    assert choice.box.itemText(4) == "fast 1536, in tiles"
    assert "models prepare" in choice.found.text()


def test_what_a_trial_found_stands_in_the_list_with_its_time_a_picture(qapp: QApplication) -> None:
    choice = EyesChoice()
    choice.show_tried(EyesChosen((TriedEyes(Eyes(), 0.97, 0.25),), Eyes(), 0))
    choice.show_eyes(Eyes(), Eyes())
    assert choice.box.currentText() == "sharp 512+308 (usual), 250 ms, 97.0 %"
    assert "Chosen: sharp 512+308" in choice.found.text()


def test_picked_eyes_are_in_the_draft_and_take_the_limits_with_them(
    state: AppState, product: str, engine: RedEngine, qtbot: QtBot, until: Callable[..., None]
) -> None:
    engine.usual_eyes = Eyes()
    session = DraftSession(state)
    assert session.open(product)
    page = ProvePage(session)
    qtbot.addWidget(page)
    page.enter()
    until(lambda: not page.calibration.is_running)
    engine.gate.clear()
    assert session.draft is not None
    assert session.draft.limits is not None
    page.details.eyes.eyes_picked.emit(Eyes(Sight.FAST, 256))
    assert session.draft.eyes == Eyes(Sight.FAST, 256)
    assert session.draft.missing(WizardStep.CALIBRATE)
    assert page.details.eyes.box.currentData() == "fast 256"
    assert page.calibration.is_running, "the limits are found again by themselves"
    page.close_page()
    engine.gate.set()


def test_how_parts_lie_is_picked_beside_the_eyes_and_stays_when_they_change(qapp: QApplication) -> None:
    choice = EyesChoice()
    picked: list[Eyes] = []
    choice.eyes_picked.connect(picked.append)
    choice.show_eyes(None, Eyes())
    assert choice.pose_box.currentData() == "fixed"
    choice.pose_box.setCurrentIndex(1)
    choice.pose_box.activated.emit(1)
    assert picked == [Eyes(pose=Pose.FREE)]
    choice.show_eyes(picked[0], Eyes())
    assert choice.pose_box.currentData() == "free"
    assert choice.box.currentText() == "sharp 512+308 (usual)"
    index = choice.box.findData("fast 256 turned")
    choice.box.setCurrentIndex(index)
    choice.box.activated.emit(index)
    assert picked[1] == Eyes(Sight.FAST, 256, pose=Pose.FREE)


def test_the_smallest_defect_in_millimetres_says_which_size_shows_it_and_the_size_is_taken(
    state: AppState, product: str, engine: RedEngine, qtbot: QtBot, until: Callable[..., None]
) -> None:
    engine.usual_eyes = Eyes(Sight.FAST)
    session = DraftSession(state)
    assert session.open(product)
    page = ProvePage(session)
    qtbot.addWidget(page)
    page.resize(1200, 700)
    page.show()
    page.enter()
    until(lambda: not page.calibration.is_running)
    page.details_button.click()
    defect = page.details.defect
    assert defect.words.isHidden()
    assert session.draft is not None
    side = float(max(state.workbench.catalogue.references(product)[0].size))
    defect.field.setValue(side)
    defect.smallest.setValue(side)
    defect.ask_button.click()
    assert "256 shows" in defect.words.text()
    assert "1536 in tiles: " in defect.words.text()
    defect.take_button.click()
    assert session.draft.eyes == Eyes(Sight.FAST, 256)
    until(lambda: not page.calibration.is_running and defect.isEnabled())
    defect.smallest.setValue(side + 1.0)
    defect.ask_button.click()
    assert "length above 0 mm" in page.message.sentence
