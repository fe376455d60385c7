"""The first start offers a product to play with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from filo_core.types import AnomalyType, ProductDescription, Role, Severity, WizardStep
from gui.folder.panel import FolderPanel
from gui.products.list_view import ProductListView
from gui.products.product_card import CardDeed
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine
from workflows.demonstration.demo_product import DEMO_PRODUCT, demo_images, with_words
from workflows.workbench import Workbench

Until = Callable[..., None]


@pytest.fixture
def view(qtbot: QtBot, state: AppState, until: Until) -> Iterator[ProductListView]:
    made = ProductListView(state)
    qtbot.addWidget(made)
    made.resize(990, 600)
    made.show()
    until(lambda: made.is_read, "the products are read")
    yield made
    made.close_down()


def test_one_click_makes_a_product_that_says_it_is_rendered_and_can_be_inspected(
    view: ProductListView, state: AppState, workbench: Workbench, until: Until, qtbot: QtBot
) -> None:
    assert view._empty.other_button.isVisible()
    QTest.mouseClick(view._empty.other_button, Qt.MouseButton.LeftButton)
    assert not view._empty.other_button.isEnabled()
    assert "being set up" in view.message.sentence
    until(lambda: not view.demo.is_running, "the demo product is there")
    until(lambda: "rendered" in view.chosen, "it is chosen")
    assert "Its pictures are rendered" in view.message.sentence
    assert view.grid.card(view.chosen).buttons[CardDeed.INSPECT].isEnabled()
    folder = FolderPanel(state)
    qtbot.addWidget(folder)
    assert Path(folder.folder.text()) == demo_images()
    assert folder.start.isEnabled()
    folder.close_down()


def test_the_window_goes_on_while_the_demo_product_is_set_up(
    view: ProductListView, engine: RedEngine, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrate = engine.calibrate

    def held_back(*arguments: object) -> object:
        assert engine.gate.wait(20)
        return calibrate(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "calibrate", held_back)
    engine.gate.clear()
    view.demo.start()
    until(lambda: "4 of 4" in view.message.sentence, "the pictures are there")
    assert view.demo.is_running
    engine.gate.set()
    until(lambda: not view.demo.is_running, "the demo product is there")


def test_what_the_folders_of_bad_parts_are_called_is_on_the_list_once() -> None:
    listed = with_words((AnomalyType("crack", Severity.CRITICAL),), ["good", "missing_screw", "crack"])
    assert listed[0] == AnomalyType("crack", Severity.CRITICAL)
    assert [entry.name for entry in listed] == ["crack", "missing screw"]


def test_with_users_the_sign_off_of_the_demo_product_is_left_to_one_of_them(
    view: ProductListView, workbench: Workbench, until: Until
) -> None:
    workbench.users.add("Ada", Role.ADMIN, "740936")
    view.demo.start()
    until(lambda: not view.demo.is_running, "the demo product is there")
    draft = workbench.catalogue.draft(DEMO_PRODUCT.name)
    assert (draft.next_step, draft.signed_version) == (WizardStep.SIGN_OFF, None)


def test_a_demo_product_that_cannot_be_made_is_told_in_words(
    view: ProductListView, workbench: Workbench, until: Until
) -> None:
    workbench.catalogue.create(ProductDescription(DEMO_PRODUCT.name, "nut"))
    view.demo.start()
    until(lambda: not view.demo.is_running, "it was tried")
    assert "already" in view.message.sentence
