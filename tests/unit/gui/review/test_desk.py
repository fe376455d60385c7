"""Review as a desk: a large picture, chips that count, search, order, several at once, and no waiting for the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QItemSelectionModel, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, PageOrder, ReviewDecision, Verdict
from gui.folder.phases import RunPhase
from gui.folder.presenter import FolderPresenter
from gui.main_window import MainWindow
from gui.records.choices import Choices, Queue
from gui.review import deciding as deciding_module
from gui.review.pace import DecidingPace
from gui.review.panel import ReviewPanel
from gui.state import AppState, Screen
from tests.unit.gui.conftest import picture
from tests.unit.gui.review.conftest import Answer, Press

Until = Callable[..., None]
TITLE_BAR_PX = 30


@pytest.fixture
def shown(panel: ReviewPanel, inspected: str, until: Until) -> ReviewPanel:
    panel.show()
    until(lambda: panel.presenter.counts is not None)
    return panel


def names(panel: ReviewPanel) -> list[str]:
    model = panel.presenter.model
    return [model.record_at(row).name for row in range(model.rowCount())]  # type: ignore[union-attr]


def choose_rows(panel: ReviewPanel, *rows: int) -> None:
    panel._go_to(rows[0])
    for row in rows[1:]:
        index = panel.presenter.model.index(row, 0)
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        panel.table.selectionModel().select(index, flags)


@pytest.mark.parametrize(("width", "height", "least"), [(1920, 1080, 0.65), (1280, 720, 0.60)])
def test_the_picture_has_most_of_the_screen(
    qtbot: QtBot, state: AppState, inspected: str, until: Until, width: int, height: int, least: float
) -> None:
    """Of a whole screen whose window has a title bar."""
    state.set_current_product(inspected)
    window = MainWindow(state)
    qtbot.addWidget(window)
    window._on_workbench_opened()
    window.resize(width, height - TITLE_BAR_PX)
    window.show()
    window.show_screen(Screen.REVIEW)
    panel = window.screen_widget(Screen.REVIEW)
    assert isinstance(panel, ReviewPanel)
    until(lambda: panel.detail.is_seen and panel.presenter.counts is not None)
    view = panel.detail.picture.view
    assert (window.width(), window.height()) == (width, height - TITLE_BAR_PX)
    assert view.width() * view.height() >= least * width * height
    assert panel.filter_bar.chips.isVisible()
    folded = [made for made in window.findChildren(QToolButton) if made.property("role") == "navigation"]
    assert {made.width() for made in folded} == {56}
    assert all(made.toolTip() for made in folded)
    window.show_screen(Screen.FOLDER)
    assert min(made.width() for made in folded) >= 112
    window.close()


def test_the_chips_count_what_counts_now_and_choose_by_it(
    shown: ReviewPanel, state: AppState, press: Press, answer: Answer, until: Until
) -> None:
    chips = shown.filter_bar.chips
    assert [chips.text_of(queue) for queue in (Queue.TO_DECIDE, Queue.NG, Queue.REVIEW, Queue.DECIDED)] == [
        "To decide  5",
        "NG  2",
        "REVIEW  2",
        "Decided  0",
    ]
    shown.filter_bar.choose_queue(Queue.REVIEW)
    doubtful = shown.current
    assert doubtful is not None
    press(shown, Qt.Key.Key_C)
    assert (chips.text_of(Queue.NG), chips.text_of(Queue.REVIEW), chips.text_of(Queue.DECIDED)) == (
        "NG  3",
        "REVIEW  1",
        "Decided  1",
    )
    # The machine doubted, a person said NG: it is among the NG now.
    shown.filter_bar.choose_queue(Queue.NG)
    until(lambda: shown.presenter.counts == (3, 2))
    assert doubtful.name in names(shown)
    shown.filter_bar.choose_queue(Queue.DECIDED)
    assert names(shown) == [doubtful.name]


def test_the_verdicts_of_one_folder_job_are_reviewed_alone(
    qtbot: QtBot, state: AppState, inspected: str, tmp_path: Path, until: Until
) -> None:
    folder = tmp_path / "third shift"
    folder.mkdir()
    for number, red in enumerate((20, 220)):
        picture(red, 50 + number).save(folder / f"late_{number}.png")
    job = FolderPresenter(state)
    panel = ReviewPanel(state)
    qtbot.addWidget(panel)
    panel.resize(1500, 700)
    state.screen_requested.connect(lambda *_: panel.show())
    job.start(inspected, folder)
    until(lambda: job.phase is RunPhase.FINISHED)
    job.review()
    assert sorted(names(panel)) == ["late_0.png", "late_1.png"], "the good one as well, and none of another job"
    until(lambda: panel.presenter.queue_counts is not None)
    assert panel.filter_bar.chips.text_of(Queue.ALL) == "All  2"
    assert panel.filter_bar.job_button.isVisible()
    assert "third shift" in panel.filter_bar.job_button.accessibleName()
    panel.filter_bar.job_button.click()
    assert len(names(panel)) == 10
    assert not panel.filter_bar.job_button.isVisible()
    job.close_down()
    panel.close_down()


def test_one_is_found_by_a_part_of_its_name(shown: ReviewPanel, until: Until) -> None:
    shown.filter_bar.choose_queue(Queue.ALL)
    shown.filter_bar.search.setText("T_5")
    until(lambda: shown.presenter.choices.name == "T_5")
    assert names(shown) == ["part_5.png"], "in any case of letters"
    shown.filter_bar.search.setText("%")
    until(lambda: shown.presenter.choices.name == "%")
    assert shown._empty.sentence == "No inspection fits this filter.", "no wildcard of the database"
    shown.filter_bar.search.clear()
    until(lambda: shown.presenter.model.rowCount() == 8)


def test_scores_are_listed_from_the_highest_and_from_the_limit_on(shown: ReviewPanel) -> None:
    presenter = shown.presenter
    presenter.apply(Choices(verdicts=frozenset(), order=PageOrder.HIGHEST))
    scores = [presenter.model.record_at(row).image_score for row in range(8)]  # type: ignore[union-attr]
    assert scores[-1] is None
    assert scores[:-1] == sorted(scores[:-1], reverse=True)  # type: ignore[type-var]
    presenter.apply(Choices(verdicts=frozenset(), order=PageOrder.NEAREST))
    rows = [presenter.model.record_at(row) for row in range(7)]
    far = [abs(one.image_score / one.limits.ok - 1.0) for one in rows]  # type: ignore[union-attr, operator]
    assert far == sorted(far)


def test_several_are_decided_together_with_one_entry_each_after_one_question(
    shown: ReviewPanel, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def mean_it(records: object, verdicts: list[Verdict], parent: object) -> bool:
        asked.append(len(verdicts))
        return len(asked) > 1

    monkeypatch.setattr(deciding_module, "wants_to_decide", mean_it)
    chosen = [shown.presenter.model.record_at(row) for row in (0, 1, 2)]
    choose_rows(shown, 0, 1, 2)
    QTest.keyClick(shown.strip, Qt.Key.Key_C)
    assert not shown.presenter.saves, "somebody did not mean it"
    QTest.keyClick(shown.strip, Qt.Key.Key_C)
    until(lambda: not shown.presenter.saves)
    assert asked == [3, 3]
    history = state.workbench.history
    for record in chosen:
        assert record is not None
        assert [one.decision for one in history.reviews(record.inspection_id)] == [ReviewDecision.CONFIRM]
    assert history.count(InspectionFilter(decided=True)) == 3
    assert state.workbench.storage.verify().intact
    until(lambda: shown._count.text().startswith("3 of 5 decided"))
    shown.undo()
    until(lambda: not shown.presenter.saves)
    assert history.count(InspectionFilter(decided=True)) == 2, "taken back one by one"


def test_a_row_that_comes_up_while_ctrl_is_held_is_chosen_alone(shown: ReviewPanel) -> None:
    QTest.keyPress(shown.strip, Qt.Key.Key_Control, Qt.KeyboardModifier.ControlModifier)
    try:
        assert QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier
        shown._go_to(1)
        shown._go_to(2)
    finally:
        QTest.keyRelease(shown.strip, Qt.Key.Key_Control)
    assert shown.chosen == (shown.presenter.model.record_at(2),), "as after Ctrl+Z"


def test_a_key_that_comes_before_the_question_is_on_screen_asks_no_second_one(
    shown: ReviewPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def press_again(records: object, verdicts: list[Verdict], parent: object) -> bool:
        asked.append(len(verdicts))
        shown.confirm()
        return False

    monkeypatch.setattr(deciding_module, "wants_to_decide", press_again)
    choose_rows(shown, 0, 1)
    shown.confirm()
    assert asked == [2]
    shown.confirm()
    assert asked == [2, 2], "it can be asked again"


def test_a_reason_for_several_is_given_once(shown: ReviewPanel, state: AppState, answer: Answer, press: Press) -> None:
    shown.filter_bar.choose_queue(Queue.NG)
    choose_rows(shown, 0, 1)
    answer(Qt.Key.Key_2)
    press(shown, Qt.Key.Key_O)
    decided = state.workbench.history.page(InspectionFilter(decided=True))
    assert [one.review.reason for one in decided if one.review] == ["Reflection or shadow"] * 2


def test_the_next_two_pictures_are_there_before_anybody_asks(shown: ReviewPanel, until: Until) -> None:
    shown.filter_bar.choose_queue(Queue.NG)
    shown._go_to(0)
    loader, model = shown._pictures, shown.presenter.model
    following = model.record_at(1)
    assert following is not None
    until(lambda: loader.is_kept(following) and not loader.is_busy)
    QTest.keyClick(shown.strip, Qt.Key.Key_N)
    # Composed as well: it is on screen with the next paint, without any other thread.
    content = shown.detail.picture.view.content
    assert content is not None
    assert content is loader._kept[following.inspection_id].content
    shown.detail.picture.view.repaint()
    assert shown.detail.is_seen


def test_space_shows_the_bare_picture_while_it_is_held(shown: ReviewPanel, until: Until) -> None:
    until(lambda: shown.detail.is_seen)
    view = shown.detail.picture.view

    def send(kind: QEvent.Type, *, held: bool = False) -> None:
        event = QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", held)
        QApplication.sendEvent(shown.strip, event)

    send(QEvent.Type.KeyPress)
    assert not view.heat_shown
    send(QEvent.Type.KeyRelease, held=True)
    assert not view.heat_shown, "a held key repeats its release as well"
    send(QEvent.Type.KeyRelease)
    assert view.heat_shown


def test_the_list_and_the_small_pictures_stand_in_for_the_large_one(shown: ReviewPanel) -> None:
    for view, widget in (("list", shown.table), ("grid", shown.grid), ("picture", shown.detail.picture)):
        QTest.keyClick(shown.strip, Qt.Key.Key_V)
        assert shown.view == view
        assert widget.isVisible()
    assert not shown.table.isVisible()
    assert not shown.grid.isVisible()
    shown.show_view("list")
    shown.table.doubleClicked.emit(shown.presenter.model.index(1, 0))
    assert shown.view == "picture"


def test_details_lie_over_the_picture_in_a_small_window_and_beside_it_in_a_large_one(shown: ReviewPanel) -> None:
    detail = shown.detail
    assert not detail.rail.isVisible()
    QTest.keyClick(shown.strip, Qt.Key.Key_I)
    assert detail.rail.isVisible()
    assert detail.picture.width() == detail.width(), "over it"
    QTest.keyClick(shown.strip, Qt.Key.Key_I)
    assert not detail.rail.isVisible()
    shown.resize(1800, 900)
    QTest.keyClick(shown.strip, Qt.Key.Key_I)
    QApplication.processEvents()
    assert detail.picture.width() == detail.width() - detail.rail.width(), "beside it"


def test_escape_gives_a_question_up_and_letters_are_typed_into_it(shown: ReviewPanel, until: Until) -> None:
    until(lambda: shown.detail.is_seen)
    QTest.keyClick(shown.strip, Qt.Key.Key_O)
    assert shown.is_asking
    QTest.keyClicks(shown.ask.edit, "cat hair")
    assert shown.ask.edit.text() == "cat hair", "no letter of it is a key of the screen"
    QTest.keyClick(shown.ask.edit, Qt.Key.Key_Escape)
    assert shown.ask.isHidden()
    assert not shown.presenter.saves


def test_a_question_is_given_up_once_another_part_is_looked_at(shown: ReviewPanel, until: Until) -> None:
    until(lambda: shown.detail.is_seen)
    QTest.keyClick(shown.strip, Qt.Key.Key_O)
    assert shown.is_asking
    shown.strip.setCurrentIndex(shown.presenter.model.index(1, 0))
    assert not shown.is_asking
    shown.ask.chosen.emit("cat hair")
    assert not shown.presenter.saves, "an answer that comes all the same is of no part"


def test_filters_that_hide_something_stay_in_sight(shown: ReviewPanel) -> None:
    bar = shown.filter_bar
    bar.more_button.setChecked(True)
    bar.station.addItem("line 2", "line 2")
    bar.station.setCurrentIndex(bar.station.findData("line 2"))
    bar.more_button.setChecked(False)
    assert bar.station.isVisible()
    bar.station.setCurrentIndex(0)
    bar.on_changed()
    assert not bar.station.isVisible()


def test_the_pace_is_what_one_usually_takes_without_the_breaks() -> None:
    pace = DecidingPace()
    assert pace.minutes_left(100) is None
    for moment in (0.0, 2.0, 4.0, 1000.0, 1002.0, 1008.0):
        pace.decided(moment)
    assert pace.minutes_left(112) == 4
    assert pace.minutes_left(1) == 1
    assert pace.minutes_left(0) is None


def test_parts_decided_together_do_not_make_the_rest_look_quick() -> None:
    pace = DecidingPace()
    for moment in (0.0, 6.0, 6.01, 6.02, 6.03, 12.0, 12.01, 12.02, 18.0):
        pace.decided(moment)
    assert pace.minutes_left(100) == 10


def test_decisions_are_counted_by_what_counts_now(shown: ReviewPanel, state: AppState) -> None:
    history = state.workbench.history
    record = history.page(InspectionFilter(verdicts=frozenset({Verdict.OK})))[0]
    history.review(record.inspection_id, ReviewDecision.OVERRULE, Verdict.NG, "anna", reason="a crack")
    everything = InspectionFilter()
    assert history.standing_counts(everything)[Verdict.OK, Verdict.NG] == 1
    assert sum(history.standing_counts(everything).values()) == 8
    final = replace(everything, final=frozenset({Verdict.NG}))
    assert record.inspection_id in {one.inspection_id for one in history.page(final)}
    assert history.count(final) == 3
    history.withdraw(record.inspection_id, "anna")
    assert history.count(final) == 2
