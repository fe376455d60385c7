from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, ReviewDecision, Role, Verdict
from gui.pin_question import PinDialog
from gui.records.choices import Queue
from gui.review.blind_dialog import BlindDialog
from gui.review.panel import ReviewPanel
from gui.state import AppState
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import source_image
from workflows.products.golden import GoldenSets

Until = Callable[..., None]


@pytest.fixture
def shown(panel: ReviewPanel, inspected: str, until: Until) -> ReviewPanel:
    panel.show()
    panel.filter_bar.choose_queue(Queue.NG)
    until(lambda: panel.detail.is_seen, "the picture is on screen")
    return panel


def version(state: AppState, product: str) -> int:
    return state.workbench.catalogue.recipe(product).version


def test_g_teaches_the_chosen_region_as_a_new_recipe_version_and_u_takes_it_back(
    shown: ReviewPanel, state: AppState, inspected: str, until: Until
) -> None:
    record = shown.current
    assert record is not None
    shown.detail.regions.choose(0)
    QTest.keyClick(shown.table, Qt.Key.Key_G)
    until(lambda: version(state, inspected) == 2, "the taught recipe is in force")
    until(lambda: not shown.second.teaching.is_running)
    taught = state.workbench.catalogue.recipe(inspected).recipe.taught_patches
    assert [(patch.image_hash, patch.box) for patch in taught] == [(record.image_hash, record.regions[0].box)]
    assert shown.message.sentence.startswith("1 places taught as good in ")
    assert state.workbench.history.get(record.inspection_id).recipe_version == 1
    QTest.keyClick(shown.table, Qt.Key.Key_U)
    until(lambda: version(state, inspected) == 1, "the old recipe is in force again")
    until(lambda: not shown.second.teaching.is_running)
    assert state.workbench.catalogue.recipe(inspected).recipe.taught_patches == ()


def test_once_there_are_users_teaching_asks_for_the_pin_and_giving_up_teaches_nothing(
    shown: ReviewPanel, state: AppState, inspected: str, until: Until, qapp: QApplication
) -> None:
    state.workbench.users.add("Grace", Role.ADMIN, "607385")
    state.workbench.access.sign_in("Grace", "607385")
    asked: list[QLineEdit.EchoMode] = []

    def press_g(typed: str | None) -> None:
        timer = QTimer(qapp)

        def answer() -> None:
            dialog = qapp.activeModalWidget()
            if isinstance(dialog, PinDialog):
                timer.stop()
                asked.append(dialog.pad.edit.echoMode())
                dialog.pad.edit.setText(typed or "")
                dialog.done(typed is not None)

        timer.timeout.connect(answer)
        timer.start(5)
        QTest.keyClick(shown.table, Qt.Key.Key_G)
        timer.deleteLater()

    press_g(None)
    assert not shown.second.teaching.is_running
    press_g("495028")
    until(lambda: "PIN is wrong" in shown.message.sentence, "the refusal")
    until(lambda: not shown.second.teaching.is_running)
    assert version(state, inspected) == 1
    press_g("607385")
    until(lambda: version(state, inspected) == 2, "the taught recipe is in force")
    until(lambda: not shown.second.teaching.is_running)
    assert asked == [QLineEdit.EchoMode.Password] * 3


def test_a_golden_set_that_fails_after_teaching_is_a_warning(
    shown: ReviewPanel, state: AppState, inspected: str, until: Until
) -> None:
    GoldenSets(state.workbench.storage).add(inspected, source_image(20, 77, "known bad.png"), Verdict.NG)
    shown.second.teach_button.click()
    until(lambda: shown.message.kind is MessageKind.WARNING, "the warning")
    assert "known bad.png is known to be NG and got OK" in shown.message.sentence
    assert "undo the teaching" in shown.message.sentence
    until(lambda: not shown.second.teaching.is_running)


def test_a_person_who_called_the_part_bad_cannot_teach_it(
    shown: ReviewPanel, state: AppState, inspected: str, until: Until
) -> None:
    record = shown.current
    assert record is not None
    shown.confirm()
    until(lambda: not shown.presenter.saves, "it is stored")
    shown._go_to(shown.presenter.model.row_of(record.inspection_id))
    until(lambda: shown.detail.is_seen, "the picture is on screen")
    shown.second.teach_button.click()
    assert "counts as NG. Overrule that first" in shown.message.sentence
    assert version(state, inspected) == 1


def test_the_blind_dialog_shows_the_bare_picture_and_keeps_what_is_said(
    qtbot: QtBot, state: AppState, inspected: str, until: Until
) -> None:
    history = state.workbench.history
    for record in history.page(InspectionFilter(verdicts=frozenset({Verdict.NG}))):
        history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "anna")
    queue = history.blind_queue(InspectionFilter(product=inspected), "berta")
    assert len(queue) == 2
    assert history.blind_queue(InspectionFilter(product=inspected), "anna") == ()
    dialog = BlindDialog(history, queue, "berta")
    qtbot.addWidget(dialog)
    dialog.show()
    until(lambda: dialog.picture.view.content is not None, "the picture")
    content = dialog.picture.view.content
    assert content is not None
    assert not content.has_heat_map
    assert content.regions == ()
    for key in (Qt.Key.Key_1, Qt.Key.Key_2):
        until(lambda: dialog.is_seen, "the picture is on screen")
        QTest.keyClick(dialog, key)
    until(lambda: not dialog.isVisible(), "the dialog closes after the last one")
    with state.workbench.storage.reading() as transaction:
        said_of = {row.inspection_id: row.verdict for row in transaction.figures.blind(InspectionFilter())}
    said = [said_of[record.inspection_id] for record in queue]
    assert said == [Verdict.OK, Verdict.NG]
    # What a second person says decides nothing.
    assert history.get(queue[0].inspection_id).final_verdict is Verdict.NG
    assert history.blind_queue(InspectionFilter(product=inspected), "berta") == ()


def test_with_nothing_to_review_blind_the_screen_says_so(shown: ReviewPanel) -> None:
    shown.second.blind_button.click()
    assert "nothing that others decided and you have not seen" in shown.message.sentence
