"""What somebody may not change is read-only in the window, says whom to ask, and is refused by the core as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from filo_core.types import Role
from gui.settings.general_page import GeneralPage
from gui.settings.outputs_page import OutputsPage
from gui.settings.presenter import KEY, PLANT_PASSWORD
from gui.state import AppState
from workflows.people.access import AccessError
from workflows.people.changing import EVERYBODYS, right_for
from workflows.people.rights import Right
from workflows.settings.output_address import Output
from workflows.settings.settings import Settings

Until = Callable[..., None]
ADA, SUE, OLAF = "740936", "586203", "917264"


@pytest.fixture
def crewed(state: AppState) -> AppState:
    """Ada is admin and signed in, Sue supervisor, Olaf operator."""
    bench = state.workbench
    bench.users.add("Ada", Role.ADMIN, ADA)
    bench.access.sign_in("Ada", ADA)
    bench.users.add("Sue", Role.SUPERVISOR, SUE)
    bench.users.add("Olaf", Role.OPERATOR, OLAF)
    state.refresh_operator()
    return state


@pytest.fixture
def page(qtbot: QtBot, crewed: AppState) -> Iterator[GeneralPage]:
    made = GeneralPage(crewed)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close_down()


def sign_in(state: AppState, name: str, pin: str) -> None:
    state.workbench.access.sign_in(name, pin)
    state.refresh_operator()


def open_fields(page: GeneralPage) -> set[str]:
    return {name for name, field in page.fields.items() if field.control.isEnabled()}


def test_fields_are_open_by_the_role_of_who_is_signed_in(page: GeneralPage, crewed: AppState) -> None:
    everything = set(page.fields)
    assert open_fields(page) == everything
    sign_in(crewed, "Sue", SUE)
    admins = {name for name in everything if name == PLANT_PASSWORD or right_for(name) is Right.CONNECTIONS}
    assert open_fields(page) == everything - admins
    assert {"database", "plant_database", KEY} <= admins
    sign_in(crewed, "Olaf", OLAF)
    assert open_fields(page) == everything & EVERYBODYS
    assert "Only a supervisor or an admin may change this" in page.fields["station"].note
    assert "Only an admin may change this" in page.fields["database"].note
    crewed.workbench.access.sign_out()
    crewed.refresh_operator()
    assert open_fields(page) == everything & EVERYBODYS


def test_an_operator_types_into_nothing_and_saves_nothing(page: GeneralPage, crewed: AppState, until: Until) -> None:
    sign_in(crewed, "Olaf", OLAF)
    station, days = page.fields["station"].control, page.fields["keep_days"].control
    assert isinstance(station, QLineEdit)
    assert isinstance(days, QSpinBox)
    QTest.keyClicks(station, "line 9")
    QTest.keyClicks(days, "1")
    page.presenter.set_value("station", "line 9")
    assert not page.presenter.is_changed
    # Past the fields: the core says no.
    page.presenter.values["station"] = "line 9"
    page.presenter.save()
    until(lambda: "Olaf may not change settings" in page.message.sentence, "the core has refused")
    assert Settings().station == ""


def test_what_an_admin_began_is_forgotten_when_somebody_else_sits_down(page: GeneralPage, crewed: AppState) -> None:
    page.presenter.set_value("station", "line 9")
    assert page.presenter.is_changed
    sign_in(crewed, "Olaf", OLAF)
    assert not page.presenter.is_changed


def test_outputs_are_a_supervisors_to_change(qtbot: QtBot, crewed: AppState) -> None:
    made = OutputsPage(crewed)
    qtbot.addWidget(made)
    made.show()
    output = Output.of("csv", "out.csv")
    made.presenter.put(output, None)
    made.table.selectRow(0)
    assert made.edit_button.isEnabled()
    sign_in(crewed, "Olaf", OLAF)
    buttons = (made.add_button, made.edit_button, made.remove_button)
    assert not any(control.isEnabled() for control in buttons)
    for attempt in (lambda: made.presenter.remove(output), lambda: made.presenter.put(output, None, output)):
        with pytest.raises(AccessError, match="Olaf may not change settings"):
            attempt()
    sign_in(crewed, "Sue", SUE)
    made.table.selectRow(0)
    assert all(control.isEnabled() for control in buttons)
    made.close_down()
