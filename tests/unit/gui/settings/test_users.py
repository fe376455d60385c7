from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from filo_core.errors import FiloError
from filo_core.types import Role
from gui.settings.users_page import UsersPage
from gui.settings.users_presenter import UsersPresenter
from gui.sign_in_dialog import SignInDialog
from gui.state import AppState
from tests.unit.gui.products.test_accessible import cut_off, nameless, too_small
from workflows.people.access import AccessError
from workflows.workbench import Workbench

PIN, OTHER = "740936", "586203"


@pytest.fixture
def presenter(state: AppState) -> UsersPresenter:
    return UsersPresenter(state)


@pytest.fixture
def page(qtbot: QtBot, state: AppState) -> UsersPage:
    made = UsersPage(state)
    qtbot.addWidget(made)
    made.resize(940, 560)
    made.show()
    return made


def rows(page: UsersPage) -> list[tuple[str, ...]]:
    model = page.table.model()
    return [tuple(model.index(row, column).data() for column in range(3)) for row in range(model.rowCount())]


def test_who_creates_the_first_user_is_an_admin_and_signed_in(
    presenter: UsersPresenter, state: AppState, workbench: Workbench
) -> None:
    assert presenter.is_empty
    presenter.add(" Ada ", Role.ADMIN, PIN, PIN)
    assert not presenter.is_empty
    assert presenter.signed_in == "Ada" == state.operator
    assert [(user.name, user.role) for user in presenter.users()] == [("Ada", Role.ADMIN)]


def test_two_pins_that_differ_change_nothing(presenter: UsersPresenter) -> None:
    with pytest.raises(AccessError, match="two PINs differ"):
        presenter.add("Ada", Role.ADMIN, PIN, OTHER)
    assert presenter.is_empty


def test_nobody_but_an_admin_sees_or_changes_users(presenter: UsersPresenter, workbench: Workbench) -> None:
    presenter.add("Ada", Role.ADMIN, PIN, PIN)
    presenter.add("Sue", Role.SUPERVISOR, OTHER, OTHER)
    workbench.access.sign_in("Sue", OTHER)
    assert not presenter.may_manage
    assert presenter.users() == ()
    for change in (
        lambda: presenter.add("Eve", Role.ADMIN, PIN, PIN),
        lambda: presenter.set_role("Sue", Role.ADMIN),
        lambda: presenter.set_pin("Ada", OTHER, OTHER),
        lambda: presenter.set_disabled("Ada", True),
    ):
        with pytest.raises(FiloError, match="may not manage users"):
            change()


def test_role_pin_and_disabling_reach_the_next_sign_in(presenter: UsersPresenter, workbench: Workbench) -> None:
    presenter.add("Ada", Role.ADMIN, PIN, PIN)
    presenter.add("Olaf", Role.OPERATOR, PIN, PIN)
    presenter.set_role("Olaf", Role.SUPERVISOR)
    presenter.set_pin("Olaf", OTHER, OTHER)
    presenter.set_disabled("Olaf", True)
    with pytest.raises(AccessError, match="Name or PIN is wrong"):
        workbench.access.sign_in("Olaf", OTHER)
    presenter.set_disabled("Olaf", False)
    assert workbench.access.sign_in("Olaf", OTHER).role is Role.SUPERVISOR


def test_an_empty_page_offers_the_first_admin_and_then_shows_the_list(page: UsersPage) -> None:
    assert page.empty.sentence == "There are no users, so nobody has to sign in."
    assert page.empty.isVisible()
    dialog = page.user_dialog()
    assert dialog.role_box is not None
    assert dialog.role_box.count() == 1
    fill(dialog, "Ada", PIN, PIN)
    dialog.try_it()
    assert rows(page) == [("Ada", "Admin", "yes")]
    assert page.table.isVisible()
    assert (nameless(page), too_small(page), cut_off(page)) == ([], [], [])


def fill(dialog: QWidget, name: str, *pins: str) -> None:
    fields = dialog.findChildren(QLineEdit)
    for field, text in zip(fields, (name, *pins), strict=True):
        field.setText(text)


def test_a_refused_user_leaves_the_dialog_open_with_the_reason_and_no_pin(page: UsersPage) -> None:
    dialog = page.user_dialog()
    dialog.show()
    fill(dialog, "Ada", "1", "1")
    dialog.try_it()
    assert dialog.isVisible()
    assert "6 to 64 characters" in dialog.message.sentence
    assert dialog.pins == ("", "")
    assert {edit.echoMode() for edit in dialog.pin_edits or ()} == {QLineEdit.EchoMode.Password}
    dialog.reject()


def test_signing_out_takes_the_list_away(page: UsersPage, state: AppState, workbench: Workbench) -> None:
    page.presenter.add("Ada", Role.ADMIN, PIN, PIN)
    dialog = SignInDialog(state, page)
    dialog.show()
    assert dialog.sign_out_button.isVisible()
    dialog.sign_out_button.click()
    assert (state.operator, page.empty.sentence) == ("", "Nobody is signed in.")
    assert "Ada" not in {label.text() for label in page.findChildren(QLabel)}
    assert page.table.isHidden() or not page.table.isVisible()


def test_the_only_admin_stays_and_is_told_why(page: UsersPage) -> None:
    page.presenter.add("Ada", Role.ADMIN, PIN, PIN)
    page.disable_button.click()
    assert "only admin" in page.message.sentence
    assert rows(page) == [("Ada", "Admin", "yes")]


def test_disabling_is_undone_by_the_same_button(page: UsersPage, until: Callable[..., None]) -> None:
    page.presenter.add("Ada", Role.ADMIN, PIN, PIN)
    page.presenter.add("Olaf", Role.OPERATOR, PIN, PIN)
    page.table.selectRow(1)
    page.disable_button.click()
    assert rows(page)[1] == ("Olaf", "Operator", "no")
    assert page.disable_button.text() == "&Let sign in again"
    page.disable_button.click()
    assert rows(page)[1] == ("Olaf", "Operator", "yes")
