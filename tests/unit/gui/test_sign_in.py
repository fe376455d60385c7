"""Signing in at the window: the core decides, the dialog only asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from filo_core.types import AnomalyType, ProductDescription, Role
from gui.person_tiles import MOST_TILES
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.session import DraftSession
from gui.sign_in_dialog import SignInDialog
from gui.state import AppState
from gui.widgets.pin_pad import KEY_PX
from tests.unit.gui.conftest import RedEngine, source_image
from workflows.people.waiting import FREE_ATTEMPTS
from workflows.workbench import Workbench

PIN, OTHER = "740936", "815274"


@pytest.fixture
def with_users(workbench: Workbench) -> Workbench:
    """Ada is admin and signed out again."""
    workbench.users.add("Ada", Role.ADMIN, PIN)
    return workbench


@pytest.fixture
def dialog(state: AppState, with_users: Workbench, qtbot: QtBot) -> SignInDialog:
    made = SignInDialog(state)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_wrong_pin_is_said_and_gone_and_the_dialog_stays(dialog: SignInDialog, with_users: Workbench) -> None:
    dialog.name_edit.setText("Ada")
    dialog.pin_edit.setText("000000")
    dialog.try_to_sign_in()
    assert dialog.isVisible()
    assert "Name or PIN is wrong" in dialog.message.text()
    assert dialog.pin_edit.text() == ""
    assert with_users.access.user is None


def test_a_right_pin_signs_in_and_the_window_shows_the_name(
    dialog: SignInDialog, state: AppState, with_users: Workbench
) -> None:
    dialog.name_edit.setText("ada")
    dialog.pin_edit.setText(PIN)
    dialog.try_to_sign_in()
    assert not dialog.isVisible()
    assert state.operator == "Ada"
    assert with_users.access.user is not None


def tap(dialog: SignInDialog, digits: str) -> None:
    for digit in digits:
        QTest.mouseClick(dialog.pad.keys[digit], Qt.MouseButton.LeftButton)


def tile(dialog: SignInDialog, name: str) -> QPushButton:
    return next(one for one in dialog.tiles.tiles if one.accessibleName() == name)


def test_a_pin_is_never_shown(dialog: SignInDialog) -> None:
    assert dialog.pin_edit.echoMode() is QLineEdit.EchoMode.Password


def test_a_tile_and_the_keypad_sign_in_without_a_keyboard(state: AppState, with_users: Workbench, qtbot: QtBot) -> None:
    with_users.access.sign_in("Ada", PIN)
    with_users.users.add("Sue", Role.OPERATOR, OTHER)
    with_users.users.add("Bob & Co", Role.OPERATOR, OTHER)
    with_users.users.add("Gone", Role.OPERATOR, OTHER)
    with_users.users.disable("Gone")
    with_users.access.sign_in("Sue", OTHER)
    with_users.access.sign_out()
    dialog = SignInDialog(state)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.tiles.names == ["Sue", "Ada", "Bob & Co"], "who came last comes first"
    assert min(min(key.width(), key.height()) for key in dialog.pad.keys.values()) >= KEY_PX
    QTest.mouseClick(tile(dialog, "Bob & Co"), Qt.MouseButton.LeftButton)
    tap(dialog, OTHER[:-1] + "0")
    QTest.mouseClick(dialog.pad.back_key, Qt.MouseButton.LeftButton)
    tap(dialog, OTHER[-1])
    assert dialog.pin_edit.text() == OTHER
    assert OTHER not in dialog.pin_edit.displayText()
    QTest.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
    assert state.operator == "Bob & Co"


def test_among_many_people_a_name_is_searched_for(state: AppState, with_users: Workbench, qtbot: QtBot) -> None:
    with_users.access.sign_in("Ada", PIN)
    for number in range(MOST_TILES + 3):
        with_users.users.add(f"Person {chr(97 + number)}", Role.OPERATOR, OTHER)
    dialog = SignInDialog(state)
    qtbot.addWidget(dialog)
    dialog.show()
    assert len(dialog.tiles.names) == MOST_TILES
    assert "4 more" in dialog.tiles._more.text()
    dialog.name_edit.selectAll()
    QTest.keyClicks(dialog.name_edit, "son K")
    assert dialog.tiles.names == ["Person k"]
    assert dialog.tiles._more.isHidden()
    QTest.mouseClick(tile(dialog, "Person k"), Qt.MouseButton.LeftButton)
    assert dialog.name_edit.text() == "Person k"
    assert dialog.focusWidget() is dialog.pin_edit


def test_a_pin_that_is_typed_into_the_name_goes_where_it_belongs(dialog: SignInDialog, state: AppState) -> None:
    dialog.name_edit.clear()
    dialog.name_edit.setFocus()
    for digit in PIN:
        QTest.keyClicks(dialog.focusWidget(), digit)
    assert dialog.name_edit.text() == ""
    assert dialog.pin_edit.text() == PIN
    QTest.mouseClick(tile(dialog, "Ada"), Qt.MouseButton.LeftButton)
    assert dialog.pin_edit.text() == "", "a PIN goes with no other name"
    QTest.keyClicks(dialog.focusWidget(), PIN)
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert state.operator == "Ada"


def test_too_many_wrong_pins_are_told_with_the_wait(dialog: SignInDialog) -> None:
    QTest.mouseClick(tile(dialog, "Ada"), Qt.MouseButton.LeftButton)
    for _ in range(FREE_ATTEMPTS + 1):
        tap(dialog, "000000")
        QTest.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)
        assert dialog.pin_edit.text() == ""
    assert "refused too often. Wait" in dialog.message.text()
    assert dialog.isVisible()


@pytest.fixture
def page(state: AppState, workbench: Workbench, qtbot: QtBot, until: Callable[..., None]) -> Iterator[ProvePage]:
    catalogue = workbench.catalogue
    catalogue.create(ProductDescription("nut", "nut"))
    catalogue.set_anomaly_types("nut", (AnomalyType("scratch"),))
    for seed in range(2):
        catalogue.add_reference("nut", source_image(20, seed, f"good_{seed}.png"))
    handle = workbench.inspector.calibrate("nut")
    handle.wait(20)
    session = DraftSession(state)
    session.open("nut")
    made = ProvePage(session)
    qtbot.addWidget(made)
    made.show()
    made.enter()
    until(lambda: not made.calibration.is_running)
    yield made
    made.close_page()


def test_without_users_nobody_is_asked_for_a_pin(page: ProvePage) -> None:
    assert page.signing.name_edit.isVisible()
    page.signing.reason_edit.setText("a trial")
    assert page.signing.sign_button.isEnabled()


def answer(qapp: QApplication, act: Callable[[SignInDialog], None]) -> None:
    """Do something in the dialog that comes up next."""

    def look() -> None:
        dialog = qapp.activeModalWidget()
        assert isinstance(dialog, SignInDialog)
        act(dialog)

    QTimer.singleShot(0, look)


def test_with_users_whoever_signs_is_asked_for_with_the_pin(
    page: ProvePage, state: AppState, workbench: Workbench, qapp: QApplication
) -> None:
    workbench.users.add("Ada", Role.ADMIN, PIN)
    workbench.access.sign_in("Ada", PIN)
    workbench.users.add("Sue", Role.SUPERVISOR, OTHER)
    state.set_operator("Ada")
    page.enter()
    signing = page.signing
    assert signing.name_edit.isHidden()
    signing.reason_edit.setText("a trial")

    def sign(dialog: SignInDialog, name: str, pin: str) -> None:
        assert "nut" in dialog._signing
        QTest.mouseClick(tile(dialog, name), Qt.MouseButton.LeftButton)
        tap(dialog, pin)
        QTest.mouseClick(dialog.accept_button, Qt.MouseButton.LeftButton)

    answer(qapp, lambda dialog: sign(dialog, "Ada", "000000"))
    signing.sign_button.click()
    assert page.session.signed() is None
    assert "wrong" in page.message.sentence
    assert signing.reason_edit.text() == "a trial"
    answer(qapp, lambda dialog: dialog.reject())
    signing.sign_button.click()
    assert page.session.signed() is None
    answer(qapp, lambda dialog: sign(dialog, "Sue", OTHER))
    signing.sign_button.click()
    signed = page.session.signed()
    assert signed is not None
    assert (signed.signed_by, signed.recipe.model_hash) == ("Sue", RedEngine.model_hash)
    assert state.operator == "Sue", "who signs is who works from now on"
    assert page.missing() == ""


def test_a_session_that_timed_out_is_seen_in_the_window(state: AppState, with_users: Workbench) -> None:
    with_users.access.sign_in("Ada", PIN)
    state.refresh_operator()
    assert state.operator == "Ada"
    with_users.access._timeout_s = -1.0
    state.refresh_operator()
    assert state.operator == ""
