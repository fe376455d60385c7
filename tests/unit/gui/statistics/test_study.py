"""The capability study in the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from filo_core.capability import SYSTEM
from filo_core.types import InspectionFilter, Verdict
from gui.state import AppState
from gui.statistics.study.dialog import StudyDialog
from gui.statistics.study.presentation import StudyPresentation
from gui.statistics.study.report_view import StudyReportView
from tests.unit.gui.conftest import picture
from workflows.studies.studies import Studies

Until = Callable[..., None]


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """Twelve good and eight bad parts, one of which passes and one of which is doubtful."""
    for kind, reds in (("good", [20] * 12), ("scratched", [230] * 6 + [100, 40])):
        (tmp_path / "known" / kind).mkdir(parents=True)
        for number, red in enumerate(reds):
            picture(red, 100 + number + len(kind)).save(tmp_path / "known" / kind / f"{kind}_{number}.png")
    return tmp_path / "known"


@pytest.fixture
def dialog(qtbot: QtBot, state: AppState, product: str, until: Until) -> Iterator[StudyDialog]:
    made = StudyDialog(state, product)
    qtbot.addWidget(made)
    made.show()
    until(lambda: not made.presenter.is_busy, "the studies are read")
    yield made
    made.presenter.close_down()


def lay_down(dialog: StudyDialog, known: Path, until: Until, *people: str) -> None:
    dialog.new_page.add_folder(known)
    for field, name in zip(dialog.new_page.people, (*people, "", "", ""), strict=False):
        field.setText(name)
    dialog.new_page.parts.setValue(20)
    dialog.new_page.create_button.click()
    until(lambda: dialog.presenter.study is not None, "the study is laid down")
    until(lambda: not dialog.presenter.is_busy)


def judge_all(shown: StudyPresentation, studies: Studies, until: Until, product: str) -> list[tuple[int, int]]:
    """Answer everything by its truth, resting between presentations; what was asked about, in that order."""
    asked = []
    parts = studies.study(product).plan.parts
    while shown.current is not None:
        until(lambda: shown.is_seen or shown.go_on_button.isVisible(), "the picture is on screen")
        if shown.go_on_button.isVisible():
            shown.go_on_button.click()
            continue
        asked.append(shown.current)
        is_bad = parts[shown.current[1]].expected is Verdict.NG
        QTest.keyClick(shown, Qt.Key.Key_2 if is_bad else Qt.Key.Key_1)
    return asked


def test_a_study_is_laid_down_presented_and_reported(
    dialog: StudyDialog, state: AppState, known: Path, product: str, until: Until, tmp_path: Path
) -> None:
    assert dialog.new_page.isVisible()
    lay_down(dialog, known, until)
    assert "20 parts, 8 of them bad" in dialog.plan.text()
    assert not dialog.pdf_button.isEnabled()
    dialog.present(SYSTEM)
    until(lambda: dialog.presenter.report is not None, "the system has judged")
    until(lambda: not dialog.presenter.is_busy)
    assert dialog.bars[SYSTEM].value() == 60
    assert dialog.report.verdicts[0].startswith("system: unacceptable (AIAG")
    cells = [dialog.report.table.item(row, 0).text() for row in range(dialog.report.table.rowCount())]  # type: ignore[union-attr]
    assert cells[0].startswith("90 %\n18 of 20")
    assert cells[1].startswith("14.3 %\n3 of 21")
    assert cells[3].startswith("5 %\n3 of 60")
    dialog.presenter.export_pdf(tmp_path / "study.pdf")
    until(lambda: bool(dialog.message.sentence), "the report is written", 60)
    assert (tmp_path / "study.pdf").read_bytes().startswith(b"%PDF")
    with state.workbench.storage.reading() as transaction:
        assert transaction.inspections.count(InspectionFilter()) == 0


def test_a_person_judges_blind_rests_between_presentations_and_goes_on_after_a_pause(
    dialog: StudyDialog, qtbot: QtBot, known: Path, product: str, until: Until
) -> None:
    lay_down(dialog, known, until, "Ada")
    studies, study = dialog.presenter.studies, dialog.presenter.study
    assert study is not None
    first = StudyPresentation(studies, study, "Ada")
    qtbot.addWidget(first)
    first.show()
    until(lambda: first.is_seen, "the first picture is on screen")
    said = " ".join(label.text() for label in first.findChildren(QLabel))
    assert not any(word in said for word in ("good", "scratched", ".png", "NG ", "system"))
    QTest.keyClick(first, Qt.Key.Key_1)
    until(lambda: first.is_seen)
    QTest.keyClick(first, Qt.Key.Key_Escape)
    again = studies.study(product)
    assert len(again.remaining("Ada")) == 59
    second = StudyPresentation(studies, again, "Ada")
    qtbot.addWidget(second)
    second.show()
    asked = judge_all(second, studies, until, product)
    assert second.result() == StudyPresentation.DialogCode.Accepted
    assert asked == list(again.remaining("Ada"))
    assert studies.study(product).is_finished("Ada")


def test_the_last_part_can_be_judged_again_and_nothing_is_said_of_what_was_not_seen(
    dialog: StudyDialog, qtbot: QtBot, known: Path, product: str, until: Until
) -> None:
    lay_down(dialog, known, until, "Ada")
    studies, study = dialog.presenter.studies, dialog.presenter.study
    assert study is not None
    shown = StudyPresentation(studies, study, "Ada")
    qtbot.addWidget(shown)
    shown.ok_button.click()
    assert studies.study(product).answers == ()
    shown.show()
    until(lambda: shown.is_seen)
    QTest.keyClick(shown, Qt.Key.Key_1)
    QTest.keyClick(shown, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    until(lambda: shown.is_seen)
    QTest.keyClick(shown, Qt.Key.Key_2)
    now = studies.study(product)
    assert now.corrected == 1
    assert next(iter(now.standing.values())).verdict is Verdict.NG


def test_too_few_parts_are_told_in_the_dialog(dialog: StudyDialog, until: Until) -> None:
    dialog.new_page.create_button.click()
    until(lambda: bool(dialog.message.sentence), "the refusal is told")
    assert "There are 0 good and 0 bad parts" in dialog.message.sentence


def test_before_a_study_is_read_no_empty_table_is_shown(qtbot: QtBot) -> None:
    view = StudyReportView()
    qtbot.addWidget(view)
    view.show()
    assert not view.table.isVisible()
