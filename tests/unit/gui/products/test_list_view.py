from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from filo_core.types import ProductDescription, WizardStep
from gui.products.list_model import ProductColumn
from gui.products.list_view import ProductListView
from gui.state import AppState, Screen
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import RedEngine

Until = Callable[..., None]


@pytest.fixture
def view(qtbot: QtBot, state: AppState) -> Iterator[ProductListView]:
    made = ProductListView(state)
    qtbot.addWidget(made)
    made.resize(990, 600)
    made.show()
    yield made
    made.close_down()


def rows(view: ProductListView) -> list[list[str]]:
    model = view.table.model()
    return [[model.index(row, column).data() for column in ProductColumn] for row in range(model.rowCount())]


def test_the_first_start_says_what_to_do_next(view: ProductListView, qtbot: QtBot) -> None:
    assert view._empty.isVisible()
    assert "No product" in view._empty.sentence
    assert not view.open_button.isVisible()
    with qtbot.waitSignal(view.new_requested):
        QTest.mouseClick(view._empty._button, Qt.MouseButton.LeftButton)


def test_products_are_listed_with_what_comes_next(product: str, state: AppState, qtbot: QtBot) -> None:
    state.workbench.catalogue.create(ProductDescription("A new one", "biscuit"))
    view = ProductListView(state)
    qtbot.addWidget(view)
    assert rows(view) == [
        ["A new one", "biscuit (object)", "not yet", "Add at least one good image; four are better."],
        [product, "nut (object)", "1", "Never shown a bad part: it may miss everything."],
    ]
    view.close_down()


def test_a_product_that_another_program_has_made_appears_by_itself(
    view: ProductListView, state: AppState, until: Until
) -> None:
    view._look_again.start(20)
    assert rows(view) == []
    state.workbench.catalogue.create(ProductDescription("Made elsewhere", "nut"))
    until(lambda: len(rows(view)) == 1, "it is there without a word")
    assert rows(view)[0][0] == "Made elsewhere"
    view.hide()
    assert not view._look_again.isActive(), "nobody looks at a list that is not shown"


def test_names_of_products_are_shown_as_they_are(view: ProductListView, state: AppState) -> None:
    state.workbench.catalogue.create(ProductDescription("<b>bold</b> & \"quoted\" 'x'; --", "nut"))
    state.products_changed.emit()
    assert rows(view)[0][0] == "<b>bold</b> & \"quoted\" 'x'; --"


def test_enter_opens_the_chosen_product_and_only_a_signed_one_can_inspect(
    product: str, view: ProductListView, state: AppState, qtbot: QtBot
) -> None:
    state.workbench.catalogue.create(ProductDescription("draft", "nut"))
    state.products_changed.emit()
    view.table.selectRow(0)
    assert view.chosen == "draft"
    assert not view.inspect_button.isEnabled()
    with qtbot.waitSignal(view.open_requested) as opened:
        QTest.keyClick(view.table, Qt.Key.Key_Return)
    assert opened.args == ["draft"]
    view.table.selectRow(1)
    assert view.inspect_button.isEnabled()
    with qtbot.waitSignal(state.screen_requested) as requested:
        QTest.mouseClick(view.inspect_button, Qt.MouseButton.LeftButton)
    assert requested.args == [Screen.FOLDER.value, product]


def test_a_clone_gets_a_free_name_and_is_chosen(product: str, view: ProductListView, state: AppState) -> None:
    view.reload()
    first = view._presenter.suggested_clone_name(product)
    view.clone(product, first)
    assert view.chosen == first == f"{product} 2"
    assert view._presenter.suggested_clone_name(product) == f"{product} 3"
    assert state.workbench.catalogue.draft(first).signed_version is None


@pytest.mark.parametrize("name", ["metal nut", "METAL NUT", "  "])
def test_a_clone_under_a_taken_or_empty_name_is_refused_in_words(
    product: str, view: ProductListView, name: str
) -> None:
    view.clone(product, name)
    assert view.message.kind is MessageKind.ERROR
    assert view.message.sentence
    assert view.table.model().rowCount() <= 1


def test_an_exported_product_comes_back_beside_the_one_of_its_name(
    product: str, view: ProductListView, state: AppState, tmp_path: Path, until: Until
) -> None:
    file = tmp_path / "nut.filo.zip"
    view.export(product, file)
    until(file.exists)
    until(lambda: "written" in view.message.sentence)
    view.import_file(file)
    until(lambda: "imported" in view.message.sentence)
    assert view.chosen == f"{product} 2"
    assert len(state.workbench.catalogue.references(f"{product} 2")) == 2


def test_a_damaged_product_file_is_refused_by_name(view: ProductListView, tmp_path: Path, until: Until) -> None:
    file = tmp_path / "torn.filo.zip"
    file.write_bytes(b"PK\x03\x04 nothing")
    view.import_file(file)
    until(lambda: view.message.kind is MessageKind.ERROR)
    assert "torn.filo.zip" in view.message.sentence
    assert view.table.model().rowCount() == 0


def test_deleting_asks_first_and_keeping_is_the_default(
    view: ProductListView, state: AppState, qapp: QApplication
) -> None:
    state.workbench.catalogue.create(ProductDescription("draft", "nut"))
    state.products_changed.emit()
    view.table.selectRow(0)
    asked: list[str] = []

    def answer(key: Qt.Key) -> None:
        question = qapp.activeModalWidget()
        assert isinstance(question, QMessageBox)
        asked.append(question.text())
        if key == Qt.Key.Key_D:
            next(b for b in question.buttons() if b.text() == "Delete").click()
        else:
            QTest.keyClick(question, key)

    QTimer.singleShot(0, lambda: answer(Qt.Key.Key_Return))
    QTest.mouseClick(view.delete_button, Qt.MouseButton.LeftButton)
    assert view.chosen == "draft"
    QTimer.singleShot(0, lambda: answer(Qt.Key.Key_D))
    QTest.mouseClick(view.delete_button, Qt.MouseButton.LeftButton)
    assert view.table.model().rowCount() == 0
    assert len(asked) == 2
    assert "draft" in asked[0]


def test_a_product_that_was_inspected_cannot_be_deleted(
    product: str, view: ProductListView, state: AppState, parts: Path
) -> None:
    handle = state.workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    view.delete(product)
    assert view.message.kind is MessageKind.ERROR
    assert product in view.message.sentence
    assert state.workbench.catalogue.draft(product).description.name == product


def test_a_deleted_product_comes_back_with_everything_but_its_signature(
    product: str, view: ProductListView, state: AppState
) -> None:
    catalogue = state.workbench.catalogue
    before = catalogue.draft(product)
    view.delete(product)
    assert view.undo_bar.sentence == f"{product} was deleted."
    assert rows(view) == []
    QTest.mouseClick(view.undo_bar.undo_button, Qt.MouseButton.LeftButton)
    after = catalogue.draft(product)
    assert (after.references, after.anomaly_types, after.limits) == (
        before.references,
        before.anomaly_types,
        before.limits,
    )
    assert (after.signed_version, after.next_step) == (None, WizardStep.SIGN_OFF)
    assert len(catalogue.references(after.recipe(after.limits, RedEngine.model_hash))) == 2  # type: ignore[arg-type]
    assert view.chosen == product
    assert view.undo_bar.isHidden()


def test_a_name_that_was_taken_meanwhile_keeps_a_deleted_product_away(
    product: str, view: ProductListView, state: AppState
) -> None:
    view.delete(product)
    state.workbench.catalogue.create(ProductDescription(product, "another nut"))
    view.undo_delete()
    assert "already" in view.message.sentence
    assert state.workbench.catalogue.draft(product).description.class_name == "another nut"
