"""Signing in at the window: the core decides, the dialog only asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from filo_core.types import AnomalyType, ProductDescription, Role
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.session import DraftSession
from gui.sign_in_dialog import SignInDialog
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine, source_image
from workflows.workbench import Workbench

PIN = "740936"


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


def test_a_pin_is_never_shown(dialog: SignInDialog) -> None:
    assert dialog.pin_edit.echoMode() is QLineEdit.EchoMode.Password


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
    assert page.signing.pin_edit.isHidden()
    page.signing.reason_edit.setText("a trial")
    assert page.signing.sign_button.isEnabled()


def test_with_users_the_sign_off_needs_the_pin_again(page: ProvePage, state: AppState, workbench: Workbench) -> None:
    workbench.users.add("Ada", Role.ADMIN, PIN)
    workbench.access.sign_in("Ada", PIN)
    state.set_operator("Ada")
    page.enter()
    signing = page.signing
    signing.reason_edit.setText("a trial")
    assert not signing.pin_edit.isHidden()
    assert not signing.sign_button.isEnabled()
    signing.pin_edit.setText("000000")
    signing.sign_button.click()
    assert page.session.signed() is None
    assert signing.reason_edit.text() == "a trial"
    signing.pin_edit.setText(PIN)
    signing.sign_button.click()
    signed = page.session.signed()
    assert signed is not None
    assert (signed.signed_by, signed.recipe.model_hash) == ("Ada", RedEngine.model_hash)
    assert page.missing() == ""


def test_a_session_that_timed_out_is_seen_in_the_window(state: AppState, with_users: Workbench) -> None:
    with_users.access.sign_in("Ada", PIN)
    state.refresh_operator()
    assert state.operator == "Ada"
    with_users.access._timeout_s = -1.0
    state.refresh_operator()
    assert state.operator == ""
