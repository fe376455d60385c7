"""No decision before its picture was on screen, none by a key that is held, and every one can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, Review, ReviewDecision, Role, Verdict, Withdrawal
from gui.pin_question import PinDialog
from gui.records.choices import Queue
from gui.review import panel as panel_module
from gui.review.blind_dialog import BlindDialog
from gui.review.panel import ReviewPanel
from gui.review.picture_loader import PictureLoader
from gui.state import AppState
from tests.unit.gui.review.conftest import Press, record_without_pictures
from tests.unit.gui.test_input_guard import hold

Until = Callable[..., None]
TakeBack = Callable[[ReviewPanel], None]
UNDECIDED = InspectionFilter(undecided=True)
PIN = "704829"


@pytest.fixture
def shown(panel: ReviewPanel, inspected: str) -> ReviewPanel:
    panel.show()
    return panel


def said(state: AppState) -> list[Review]:
    history = state.workbench.history
    numbers = [record.inspection_id for record in history.page(InspectionFilter())]
    return sorted((review for number in numbers for review in history.reviews(number)), key=lambda r: r.reviewed_at)


@pytest.mark.parametrize("key", [Qt.Key.Key_C, Qt.Key.Key_O, Qt.Key.Key_T, Qt.Key.Key_G])
def test_a_key_decides_nothing_while_the_picture_is_not_on_screen(
    shown: ReviewPanel, state: AppState, monkeypatch: pytest.MonkeyPatch, key: Qt.Key
) -> None:
    monkeypatch.setattr(PictureLoader, "want", lambda *_: None)
    shown.refresh()
    QTest.keyClick(shown.table, Qt.Key.Key_Down)
    assert not shown.detail.is_seen
    for widget in (shown.table, shown.detail.picture.view):
        QTest.keyClick(widget, key)
    for control in (
        shown.detail.confirm_button,
        shown.detail.overrule_button,
        shown.detail.retype_button,
        shown.second.teach_button,
    ):
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)
    assert QApplication.activeModalWidget() is None
    assert not shown.second.teaching.is_running
    assert said(state) == []


def test_a_picture_that_is_read_but_not_painted_yet_was_not_seen(
    shown: ReviewPanel, state: AppState, until: Until
) -> None:
    until(lambda: shown.detail.is_seen)
    content = shown.detail.picture.view.content
    assert content is not None
    shown.detail.show_picture(replace(content))
    assert not shown.detail.is_seen
    QTest.keyClick(shown.table, Qt.Key.Key_C)
    assert not shown.presenter.saves
    assert said(state) == []
    until(lambda: shown.detail.is_seen)
    QTest.keyClick(shown.table, Qt.Key.Key_C)
    until(lambda: not shown.presenter.saves)
    assert len(said(state)) == 1


def test_an_inspection_without_a_picture_is_decided_once_that_was_said(
    panel: ReviewPanel, state: AppState, product: str, press: Press
) -> None:
    record_without_pictures(state.workbench, product, 3)
    panel.show()
    press(panel, Qt.Key.Key_C)
    assert len(said(state)) == 1


@pytest.mark.parametrize("where", ["table", "picture"])
def test_a_held_key_decides_on_one_inspection_however_long_it_is_held(
    shown: ReviewPanel, state: AppState, until: Until, where: str
) -> None:
    widget = shown.table if where == "table" else shown.detail.picture.view
    until(lambda: shown.detail.is_seen)
    widget.setFocus()
    QTest.keyPress(widget, Qt.Key.Key_C)
    for _ in range(20):
        until(lambda: shown.detail.is_seen, "the next picture is on screen")
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            QApplication.sendEvent(widget, QKeyEvent(kind, Qt.Key.Key_C, Qt.KeyboardModifier.NoModifier, "c", True))
    QTest.keyRelease(widget, Qt.Key.Key_C)
    until(lambda: not shown.presenter.saves)
    assert len(said(state)) == 1


def test_the_table_itself_takes_no_held_letter(shown: ReviewPanel) -> None:
    letters: list[str] = []
    shown.table.letter_typed.connect(letters.append)
    for repeat in (False, True, True):
        shown.table.keyPressEvent(
            QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_C, Qt.KeyboardModifier.NoModifier, "c", repeat)
        )
    assert letters == ["C"]


def test_ctrl_z_takes_back_one_decision_after_the_other_by_entries_of_their_own(
    shown: ReviewPanel, state: AppState, press: Press, until: Until, take_back: TakeBack
) -> None:
    first = shown.current
    assert first is not None
    press(shown, Qt.Key.Key_C, Qt.Key.Key_C)
    assert state.workbench.history.count(UNDECIDED) == 6
    assert shown.toast.isVisible()
    assert shown.toast.sentence.startswith("confirmed NG: ")
    for left in (7, 8):
        take_back(shown)
        assert state.workbench.history.count(UNDECIDED) == left
        assert not shown.toast.isVisible()
    assert [review.decision for review in said(state)] == [
        ReviewDecision.CONFIRM,
        ReviewDecision.CONFIRM,
        Withdrawal.WITHDRAW,
        Withdrawal.WITHDRAW,
    ]
    assert state.workbench.storage.verify().intact
    # What was taken back is shown, to be decided anew.
    assert shown.current is not None
    assert shown.current.inspection_id == first.inspection_id
    assert shown.current.review is None
    assert shown.message.sentence.startswith("Taken back: confirmed NG: ")
    lines = [shown.detail.history.item(row).text() for row in range(shown.detail.history.count())]
    assert lines[0].endswith("anna: taken back, undecided")
    until(lambda: shown._count.text().startswith("0 of 5 decided"))
    take_back(shown)
    assert shown.message.sentence == "There is nothing to undo."


def test_the_button_of_the_toast_takes_back_as_well_and_goes_away_by_itself(
    shown: ReviewPanel,
    state: AppState,
    press: Press,
    until: Until,
    take_back: TakeBack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert panel_module.UNDO_SHOWN_S == 10.0
    press(shown, Qt.Key.Key_C)
    assert shown.toast._end.isActive()
    assert shown.toast._end.interval() == 10_000
    QTest.mouseClick(shown.toast.undo_button, Qt.MouseButton.LeftButton)
    until(lambda: not shown.presenter.saves)
    assert state.workbench.history.count(UNDECIDED) == 8
    shown.toast._shown_ms = 1
    press(shown, Qt.Key.Key_C)
    until(lambda: not shown.toast.isVisible())
    # The key goes on where the toast has ended.
    take_back(shown)
    assert state.workbench.history.count(UNDECIDED) == 8


def test_another_person_cannot_take_back_what_was_decided_before_they_came(
    shown: ReviewPanel, state: AppState, press: Press, take_back: TakeBack
) -> None:
    press(shown, Qt.Key.Key_C)
    state.set_operator("berta")
    assert not shown.toast.isVisible()
    take_back(shown)
    assert state.workbench.history.count(UNDECIDED) == 7


def test_what_somebody_else_has_decided_since_stays(
    shown: ReviewPanel, state: AppState, press: Press, take_back: TakeBack
) -> None:
    record = shown.current
    assert record is not None
    press(shown, Qt.Key.Key_C)
    state.workbench.history.review(record.inspection_id, ReviewDecision.RETYPE, Verdict.NG, "berta", "", "dent")
    take_back(shown)
    assert "berta has decided" in shown.message.sentence
    assert state.workbench.history.count(UNDECIDED) == 7


def test_ctrl_z_after_teaching_puts_the_recipe_of_before_in_force(
    shown: ReviewPanel, state: AppState, inspected: str, press: Press, until: Until, take_back: TakeBack
) -> None:
    shown.filter_bar.choose_queue(Queue.NG)
    press(shown, Qt.Key.Key_G)
    until(lambda: shown.toast.sentence == f"taught as good: {inspected}", "it can be taken back")
    until(lambda: not shown.second.teaching.is_running)
    take_back(shown)
    until(lambda: state.workbench.catalogue.recipe(inspected).version == 1, "the recipe of before is in force")
    until(lambda: not shown.second.teaching.is_running)
    assert shown.taking_back.stack.newest is None


def test_taking_back_what_makes_an_ng_good_again_asks_for_the_pin(
    shown: ReviewPanel, state: AppState, until: Until, qapp: QApplication
) -> None:
    state.workbench.users.add("Grace", Role.ADMIN, PIN)
    state.workbench.access.sign_in("Grace", PIN)
    state.set_operator("Grace")
    shown.filter_bar.choose_queue(Queue.OK)
    until(lambda: shown.detail.is_seen)
    record = shown.current
    assert record is not None
    shown.presenter.overrule(record, "a crack")
    until(lambda: not shown.presenter.saves)

    def undo(typed: str | None) -> None:
        timer = QTimer(qapp)

        def answer() -> None:
            dialog = qapp.activeModalWidget()
            if isinstance(dialog, PinDialog):
                timer.stop()
                dialog.pad.edit.setText(typed or "")
                dialog.done(typed is not None)

        timer.timeout.connect(answer)
        timer.start(5)
        shown.undo()
        until(lambda: not shown.presenter.saves)
        timer.deleteLater()

    for typed in (None, "161803"):
        undo(typed)
        assert state.workbench.history.get(record.inspection_id).final_verdict is Verdict.NG
    undo(PIN)
    assert state.workbench.history.get(record.inspection_id).review is None


@pytest.fixture
def dialog(qtbot: QtBot, state: AppState, inspected: str, until: Until) -> BlindDialog:
    history = state.workbench.history
    for record in history.page(InspectionFilter(verdicts=frozenset({Verdict.NG, Verdict.REVIEW}))):
        history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "anna")
    made = BlindDialog(history, history.blind_queue(InspectionFilter(product=inspected), "berta"), "berta")
    qtbot.addWidget(made)
    made.show()
    return made


def blind(state: AppState) -> list[Verdict]:
    with state.workbench.storage.reading() as transaction:
        return [row.verdict for row in transaction.figures.blind(InspectionFilter())]


def test_nothing_is_said_blind_about_a_picture_that_is_not_on_screen(
    dialog: BlindDialog, state: AppState, until: Until
) -> None:
    until(lambda: dialog.is_seen)
    QTest.keyClick(dialog, Qt.Key.Key_1)
    assert not dialog.is_seen
    QTest.keyClick(dialog, Qt.Key.Key_1)
    assert len(blind(state)) == 1
    until(lambda: dialog.is_seen)
    hold(dialog.picture.view, Qt.Key.Key_2, "2", times=9)
    until(lambda: dialog.is_seen)
    hold(dialog.picture.view, Qt.Key.Key_Shift, times=2)
    assert len(blind(state)) == 2


def test_an_answer_of_a_blind_review_is_taken_back_and_asked_again(
    dialog: BlindDialog, state: AppState, until: Until
) -> None:
    assert not dialog.undo_button.isEnabled()
    first = dialog.current
    until(lambda: dialog.is_seen)
    QTest.keyClick(dialog, Qt.Key.Key_1)
    assert dialog.current is not first
    QTest.keyClick(dialog, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert dialog.current is first
    assert blind(state) == []
    until(lambda: dialog.is_seen)
    QTest.keyClick(dialog, Qt.Key.Key_2)
    assert blind(state) == [Verdict.NG]
    assert dialog.answered == (first,)
    assert state.workbench.storage.verify().intact


def test_the_last_answer_of_a_blind_review_can_be_taken_back_from_the_screen(
    shown: ReviewPanel, state: AppState, inspected: str, take_back: TakeBack
) -> None:
    history = state.workbench.history
    record = history.page(InspectionFilter(verdicts=frozenset({Verdict.NG})))[0]
    history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "berta")
    history.review_blind(record.inspection_id, Verdict.NG, "anna")
    shown.second.answered_blind.emit((record,))
    assert shown.toast.sentence == f"reviewed blind: {record.name}"
    take_back(shown)
    assert blind(state) == []
