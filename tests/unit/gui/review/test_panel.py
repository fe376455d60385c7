from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, ReviewDecision, Verdict
from gui.records.choices import Queue
from gui.review.panel import ReviewPanel
from gui.state import AppState, Screen
from gui.style_sheet import apply_theme
from gui.theme import LIGHT
from tests.unit.gui.conftest import picture
from tests.unit.gui.review.conftest import Answer, Press

Until = Callable[..., None]


@pytest.fixture
def shown(panel: ReviewPanel, inspected: str) -> ReviewPanel:
    panel.show()
    return panel


def decisions(state: AppState) -> list[tuple[Verdict, Verdict, str]]:
    page = state.workbench.history.page(InspectionFilter())
    return [(r.verdict, r.final_verdict, r.review.reason) for r in page if r.review is not None]


def test_before_anything_was_inspected_the_screen_says_what_to_do(
    panel: ReviewPanel, state: AppState, qtbot: QtBot
) -> None:
    panel.show()
    assert panel._empty.isVisible()
    QTest.mouseClick(panel._empty._button, Qt.MouseButton.LeftButton)
    assert panel._empty.sentence == "Nothing has been inspected yet."
    with qtbot.waitSignal(state.screen_requested) as requested:
        QTest.mouseClick(panel._empty._button, Qt.MouseButton.LeftButton)
    assert requested.args == [Screen.FOLDER.value, ""]


def test_the_first_inspection_is_shown_with_its_picture_and_what_each_button_would_do(
    shown: ReviewPanel, qapp: QApplication, until: Until
) -> None:
    shown.filter_bar.choose_queue(Queue.NG)
    until(lambda: shown.detail.picture.view.content is not None)
    content = shown.detail.picture.view.content
    assert content is not None
    assert content.has_heat_map
    # In letters twice as large the answers say the verdict alone.
    apply_theme(qapp, LIGHT, 2.0)
    until(lambda: shown.detail.confirm_button.text() == "NG (C)")
    apply_theme(qapp, LIGHT)
    until(lambda: shown.detail.confirm_button.text() == "NG – right (C)")
    assert shown.detail.overrule_button.text() == "OK – false alarm (O)"
    assert shown.detail._untrained.isVisible()
    until(lambda: shown._count.text().startswith("0 of 2 decided"))


def test_every_doubtful_item_is_decided_without_the_mouse(
    shown: ReviewPanel, state: AppState, answer: Answer, until: Until, press: Press
) -> None:
    assert shown.presenter.model.rowCount() == 5
    press(shown, Qt.Key.Key_C)
    answer(Qt.Key.Key_2)
    press(shown, Qt.Key.Key_O)
    answer(Qt.Key.Key_2)
    press(shown, Qt.Key.Key_T)
    answer(Qt.Key.Key_Return)
    press(shown, Qt.Key.Key_O)
    press(shown, Qt.Key.Key_C)
    assert len(decisions(state)) == 5
    assert [reason for _, _, reason in decisions(state)] == [
        "",
        "Reflection or shadow",
        "",
        "Reflection or shadow",
        "",
    ]
    until(lambda: shown._count.text().startswith("5 of 5 decided"))
    assert shown.message.sentence == "Everything shown here is decided."


def test_a_typed_reason_is_taken_by_enter_and_offered_again(
    shown: ReviewPanel, state: AppState, answer: Answer, press: Press
) -> None:
    answer(Qt.Key.Key_Return, text="burr 3 is allowed")
    press(shown, Qt.Key.Key_O)
    seen = answer(Qt.Key.Key_Return)
    press(shown, Qt.Key.Key_O)
    assert {reason for _, _, reason in decisions(state)} == {"burr 3 is allowed"}
    assert len(decisions(state)) == 2
    assert seen


def test_escape_decides_nothing(shown: ReviewPanel, state: AppState, answer: Answer, press: Press) -> None:
    for key in (Qt.Key.Key_O, Qt.Key.Key_T):
        answer(Qt.Key.Key_Escape)
        press(shown, key)
    assert decisions(state) == []
    assert shown.table.currentIndex().row() == 0


def test_arrows_in_the_dialog_move_the_mark(shown: ReviewPanel, state: AppState, answer: Answer, press: Press) -> None:
    answer(Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Return)
    press(shown, Qt.Key.Key_O)
    assert decisions(state)[0][2] == "Reflection or shadow"


def test_keys_work_as_well_while_the_picture_has_the_focus(shown: ReviewPanel, state: AppState, qtbot: QtBot) -> None:
    with qtbot.waitActive(shown):
        shown.activateWindow()
    shown.detail.picture.view.setFocus()
    qtbot.waitUntil(lambda: shown.detail.is_seen)
    QTest.keyClick(shown.detail.picture.view, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: not shown.presenter.saves)
    assert len(decisions(state)) == 1


def test_h_in_the_table_switches_the_heat_map(shown: ReviewPanel) -> None:
    assert shown.detail.picture.view.heat_shown
    QTest.keyClick(shown.table, Qt.Key.Key_H)
    assert not shown.detail.picture.view.heat_shown


def test_arrow_keys_go_from_one_inspection_to_the_next(shown: ReviewPanel) -> None:
    QTest.keyClick(shown.table, Qt.Key.Key_Down)
    assert shown.detail.record == shown.presenter.model.record_at(1)
    QTest.keyClick(shown.table, Qt.Key.Key_Up)
    assert shown.detail.record == shown.presenter.model.record_at(0)


def test_a_good_part_is_not_retyped_and_the_screen_says_why(shown: ReviewPanel, state: AppState, press: Press) -> None:
    shown.filter_bar.choose_queue(Queue.OK)
    assert not shown.detail.retype_button.isEnabled()
    press(shown, Qt.Key.Key_T)
    assert "Say first that it is NG" in shown.message.sentence
    assert decisions(state) == []


def test_an_image_that_was_not_inspected_shows_its_reason_and_can_be_decided(
    shown: ReviewPanel, state: AppState, press: Press
) -> None:
    shown.filter_bar.choose_queue(Queue.NOT_INSPECTED)
    assert "torn.png" in shown.detail._facts.text()
    assert shown.detail.picture.view.content is None
    press(shown, Qt.Key.Key_C)
    assert decisions(state) == [(Verdict.NOT_INSPECTED, Verdict.NG, "")]


def test_the_decisions_on_an_inspection_are_listed_newest_first(shown: ReviewPanel, state: AppState) -> None:
    shown.filter_bar.choose_queue(Queue.ALL)
    record = shown.current
    assert record is not None
    history = state.workbench.history
    history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "anna")
    history.review(record.inspection_id, ReviewDecision.OVERRULE, Verdict.OK, "bert", reason="<b>dust</b>")
    shown.refresh()
    lines = [shown.detail.history.item(row).text() for row in range(shown.detail.history.count())]
    assert len(lines) == 2
    assert lines[0].endswith("bert: overruled, OK, “<b>dust</b>”")
    assert lines[1].endswith("anna: confirmed, NG")


def test_new_inspections_are_announced_and_read_when_asked_for(
    shown: ReviewPanel, inspected: str, state: AppState, tmp_path: Path
) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    picture(240, 99).save(folder / "new.png")
    handle = state.workbench.inspector.inspect_folder(inspected, folder)
    handle.wait(20)
    state.report_inspection(object())  # type: ignore[arg-type]
    at = shown.current
    assert shown.refresh_button.text() == "1 new: refresh (F5)"
    assert shown.presenter.model.rowCount() == 5
    QTest.mouseClick(shown.refresh_button, Qt.MouseButton.LeftButton)
    assert shown.presenter.model.rowCount() == 6
    assert shown.current == at, "the inspection that was looked at stays in view"
    assert shown.refresh_button.text() == "Refresh (F5)"


def test_a_span_of_days_shows_its_two_dates(shown: ReviewPanel) -> None:
    bar = shown.filter_bar
    assert not bar.first_day.isVisible()
    bar.period.setCurrentIndex(bar.period.count() - 1)
    bar.on_changed()
    assert bar.first_day.isVisible()
    assert shown.presenter.model.rowCount() == 5
    bar.first_day.setDate(bar.first_day.date().addDays(-3))
    bar.last_day.setDate(bar.last_day.date().addDays(-2))
    assert shown.presenter.model.rowCount() == 0
    assert shown._empty.sentence == "No inspection fits this filter."
    QTest.mouseClick(shown._empty._button, Qt.MouseButton.LeftButton)
    assert shown.presenter.model.rowCount() == 8


def test_the_screen_opens_with_the_product_in_hand(panel: ReviewPanel, inspected: str, state: AppState) -> None:
    state.set_current_product(inspected)
    panel.show()
    assert panel.filter_bar.product.currentText() == inspected
    panel.filter_bar.product.setCurrentIndex(0)
    panel.filter_bar.on_changed()
    panel.hide()
    panel.show()
    assert panel.filter_bar.product.currentIndex() == 0, "what was chosen here stays chosen"
    panel.hide()
    state.set_current_product("")
    state.set_current_product(inspected)
    panel.show()
    assert panel.filter_bar.product.currentText() == inspected, "until another product is taken in hand"


def test_what_was_inspected_meanwhile_is_there_when_one_comes_back(
    panel: ReviewPanel, inspected: str, state: AppState, tmp_path: Path
) -> None:
    panel.show()
    panel.hide()
    folder = tmp_path / "more"
    folder.mkdir()
    picture(240, 99).save(folder / "new.png")
    handle = state.workbench.inspector.inspect_folder(inspected, folder)
    handle.wait(20)
    state.report_inspection(object())  # type: ignore[arg-type]
    panel.show()
    assert "new.png" in {panel.presenter.model.record_at(row).name for row in range(panel.presenter.model.rowCount())}  # type: ignore[union-attr]


def test_a_lost_picture_is_told_in_its_place(shown: ReviewPanel, state: AppState, until: Until) -> None:
    record = shown.presenter.model.record_at(2)
    assert record is not None
    for path in list(state.workbench.settings.images.rglob("*")):
        if record.image_hash and record.image_hash in path.name:
            path.unlink()
    shown.table.selectRow(2)
    until(lambda: shown.detail.picture.view._empty_text != "")
    assert shown.detail.picture.view.content is None
