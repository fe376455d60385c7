from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit

from filo_core.types import AnomalyType, EventKind, Provenance, Severity, WizardStep
from gui.products.panel import ProductsPanel
from gui.products.wizard.anomalies_page import AnomaliesPage
from gui.products.wizard.anomaly_model import AnomalyColumn
from gui.state import AppState
from gui.widgets.message_fold import MessageKind

Until = Callable[..., None]
CHECK = Qt.ItemDataRole.CheckStateRole


@pytest.fixture
def shown(panel: ProductsPanel, product: str) -> AnomaliesPage:
    """The page with two entries, scratch and dent."""
    panel.set_up(product)
    panel.wizard.go_to(WizardStep.ANOMALIES)
    assert isinstance(panel.wizard.page, AnomaliesPage)
    return panel.wizard.page


def stored(state: AppState, product: str) -> tuple[AnomalyType, ...]:
    return state.workbench.catalogue.draft(product).anomaly_types


def names(state: AppState, product: str) -> list[str]:
    return [entry.name for entry in stored(state, product)]


def add(page: AnomaliesPage, name: str) -> None:
    page.new_edit.setText(name)
    QTest.mouseClick(page.add_button, Qt.MouseButton.LeftButton)


def choose(page: AnomaliesPage, *rows: int) -> None:
    selection = page.table.selectionModel()
    selection.clearSelection()
    for row in rows:
        selection.select(
            page.table.model().index(row, 0),
            selection.SelectionFlag.Select | selection.SelectionFlag.Rows,
        )


def test_suggestions_come_with_their_source_in_the_table_and_a_note(
    shown: AnomaliesPage, state: AppState, product: str, until: Until
) -> None:
    QTest.mouseClick(shown.suggest_button, Qt.MouseButton.LeftButton)
    until(lambda: "built-in library" in shown.message.sentence)
    added = stored(state, product)[2:]
    assert len(added) >= 5
    assert {entry.provenance for entry in added} == {Provenance.LIBRARY}
    model = shown.table.model()
    assert model.index(0, AnomalyColumn.FROM).data() == "person"
    assert model.index(2, AnomalyColumn.FROM).data() == "built-in library"


def test_what_a_defect_costs_is_typed_beside_how_bad_it_is_and_follows_its_words(
    shown: AnomaliesPage, state: AppState, product: str, until: Until
) -> None:
    model, catalogue = shown.table.model(), state.workbench.catalogue

    def type_cost(row: int, text: str) -> None:
        index = model.index(row, AnomalyColumn.COST)
        shown.table.setCurrentIndex(index)
        shown.table.edit(index)
        editor = shown.table.findChild(QLineEdit)
        assert editor is not None
        editor.setText(text)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        until(lambda: shown.table.findChild(QLineEdit) is None, "the editor is gone")

    assert model.index(0, AnomalyColumn.COST).data() == "–"
    type_cost(0, "12.5")
    assert catalogue.type_costs(product) == {"scratch": 12.5}
    assert model.index(0, AnomalyColumn.COST).data() == "12.50"
    assert catalogue.draft(product).limits == shown.session.draft.limits  # type: ignore[union-attr]
    for refused in ("-1", "dear", "2000000000", "nan"):
        type_cost(0, refused)
        assert "is no amount" in shown.message.sentence
        assert catalogue.type_costs(product) == {"scratch": 12.5}
    model.setData(model.index(0, AnomalyColumn.NAME), "long scratch")
    assert catalogue.type_costs(product) == {"long scratch": 12.5}
    with state.workbench.storage.reading() as transaction:
        told = [one.detail for one in transaction.events.about(EventKind.DRAFT_CHANGED, product)]
    assert any("cost of scratch" in str(detail) for detail in told)
    type_cost(0, "")
    assert catalogue.type_costs(product) == {}


def test_words_are_edited_in_place(shown: AnomaliesPage, state: AppState, product: str, until: Until) -> None:
    index = shown.table.model().index(0, AnomalyColumn.NAME)
    shown.table.setCurrentIndex(index)
    shown.table.edit(index)
    editor = shown.table.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    QTest.keyClicks(editor, "Deep Scratch")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    # Qt commits only after the editor itself has seen the key.
    until(lambda: names(state, product) == ["deep scratch", "dent"])
    assert stored(state, product)[0].provenance is Provenance.PERSON


def test_one_tap_on_the_severity_opens_its_list(
    shown: AnomaliesPage, state: AppState, product: str, until: Until
) -> None:
    index = shown.table.model().index(1, AnomalyColumn.SEVERITY)
    QTest.mouseClick(shown.table.viewport(), Qt.MouseButton.LeftButton, pos=shown.table.visualRect(index).center())
    until(lambda: shown.table.findChild(QComboBox) is not None)
    combo = shown.table.findChild(QComboBox)
    assert combo is not None
    until(combo.view().isVisible, "the list is open")
    combo.setCurrentIndex(combo.findText("critical"))
    combo.hidePopup()
    combo.activated.emit(combo.currentIndex())
    assert stored(state, product)[1].severity is Severity.CRITICAL


def test_the_whole_cell_of_the_tick_is_its_target(shown: AnomaliesPage, state: AppState, product: str) -> None:
    cell = shown.table.visualRect(shown.table.model().index(1, AnomalyColumn.USED))
    QTest.mouseClick(shown.table.viewport(), Qt.MouseButton.LeftButton, pos=cell.topLeft() + cell.center() / 8)
    assert [entry.enabled for entry in stored(state, product)] == [True, False]
    assert shown.table.model().index(1, AnomalyColumn.USED).data(CHECK) is Qt.CheckState.Unchecked
    QTest.mouseClick(shown.table.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert [entry.enabled for entry in stored(state, product)] == [True, True]


def test_a_space_toggles_the_tick_from_the_keyboard(shown: AnomaliesPage, state: AppState, product: str) -> None:
    shown.table.setCurrentIndex(shown.table.model().index(0, AnomalyColumn.USED))
    QTest.keyClick(shown.table, Qt.Key.Key_Space)
    assert [entry.enabled for entry in stored(state, product)] == [False, True]


def test_with_every_tick_gone_the_step_is_incomplete(shown: AnomaliesPage, panel: ProductsPanel) -> None:
    model = shown.table.model()
    for row in (0, 1):
        model.setData(model.index(row, AnomalyColumn.USED), Qt.CheckState.Unchecked, CHECK)
    assert panel.wizard.missing_sentence == "List at least one thing that can go wrong."
    assert not panel.wizard.next_button.isEnabled()


def test_a_deleted_entry_comes_back_by_one_button(shown: AnomaliesPage, state: AppState, product: str) -> None:
    choose(shown, 0)
    QTest.mouseClick(shown.delete_button, Qt.MouseButton.LeftButton)
    assert names(state, product) == ["dent"]
    assert shown.undo_bar.sentence == "Deleted: scratch"
    QTest.mouseClick(shown.undo_bar.undo_button, Qt.MouseButton.LeftButton)
    assert names(state, product) == ["scratch", "dent"]
    assert not shown.undo_bar.isVisible()


def test_the_undo_button_goes_once_another_edit_was_made(shown: AnomaliesPage, state: AppState, product: str) -> None:
    choose(shown, 0)
    QTest.mouseClick(shown.delete_button, Qt.MouseButton.LeftButton)
    add(shown, "rust")
    assert not shown.undo_bar.isVisible()
    assert names(state, product) == ["dent", "rust"]


def test_merged_entries_become_one_and_come_apart_again(shown: AnomaliesPage, state: AppState, product: str) -> None:
    choose(shown, 0)
    assert not shown.merge_button.isEnabled()
    choose(shown, 0, 1)
    assert shown.merge_button.isEnabled()
    shown.merge(shown.chosen_rows(), "surface damage")
    assert names(state, product) == ["surface damage"]
    assert shown.undo_bar.sentence == "Merged into one: scratch, dent"
    shown.undo_bar.undo_button.click()
    assert names(state, product) == ["scratch", "dent"]


@pytest.mark.parametrize(("typed", "said"), [("Scratches", "on the list already"), ("***", "Write a few words")])
def test_what_cannot_be_added_is_said_in_words(
    shown: AnomaliesPage, state: AppState, product: str, typed: str, said: str
) -> None:
    add(shown, typed)
    assert shown.message.kind is MessageKind.WARNING
    assert said in shown.message.sentence
    assert names(state, product) == ["scratch", "dent"]


def test_an_edit_that_cannot_be_written_is_told_and_not_shown(
    shown: AnomaliesPage, state: AppState, product: str
) -> None:
    state.workbench.catalogue.delete(product)
    add(shown, "rust")
    assert shown.message.kind is MessageKind.ERROR
    assert product in shown.message.sentence
    assert shown.table.model().rowCount() == 2
