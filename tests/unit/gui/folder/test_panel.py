from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSlider, QApplication
from pytestqt.qtbot import QtBot

from filo_core.types import Verdict
from gui.folder.export_dialog import ExportDialog
from gui.folder.panel import FolderPanel
from gui.folder.phases import RunPhase
from gui.folder.results_model import FolderColumn
from gui.state import AppState, Screen
from tests.unit.gui.conftest import picture
from workflows.export.formats import ExportFormat

Until = Callable[..., None]


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, product: str) -> Iterator[FolderPanel]:
    made = FolderPanel(state)
    qtbot.addWidget(made)
    made.resize(990, 600)
    made.show()
    yield made
    made.close_down()


def run(panel: FolderPanel, parts: Path, until: Until) -> None:
    panel.folder.setText(str(parts))
    QTest.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    until(lambda: panel.presenter.phase is RunPhase.FINISHED)
    until(lambda: all(row.verdict for row in panel.presenter.model.rows))


def test_start_needs_a_folder(panel: FolderPanel, parts: Path) -> None:
    assert not panel.start.isEnabled()
    panel.folder.setText(str(parts))
    assert panel.start.isEnabled()
    assert not panel.pause.isEnabled()
    assert not panel.cancel.isEnabled()


def test_a_finished_run_shows_counts_progress_and_what_was_not_inspected(
    panel: FolderPanel, parts: Path, until: Until
) -> None:
    run(panel, parts, until)
    assert {verdict: tile.count for verdict, tile in panel.tiles.tiles.items()} == {
        Verdict.OK: 3,
        Verdict.REVIEW: 2,
        Verdict.NG: 2,
        Verdict.NOT_INSPECTED: 1,
    }
    assert panel.bar.value() == panel.bar.maximum() == 8
    assert panel.progress.text().startswith("Finished: 8 of 8 images")
    assert panel.problems.isVisible()
    assert "torn.png" in panel.problems.item(0).text()
    assert panel.problems_title.text() == "1 image was not inspected"


def test_files_left_out_are_counted_and_listed_beside_those_not_inspected(
    panel: FolderPanel, parts: Path, until: Until
) -> None:
    (parts / "part_07.tga").write_bytes(b"perhaps a picture")
    (parts / "deep" / "part_08.png ").write_bytes(b"perhaps a picture")

    run(panel, parts, until)

    until(lambda: "2 files left out" in panel.progress.text())
    listed = [panel.problems.item(row).text() for row in range(panel.problems.count())]
    assert [text.split(":")[0] for text in listed] == ["deep/part_08.png ", "part_07.tga", "deep/torn.png"]
    assert panel.problems_title.text() == "1 image was not inspected, 2 files left out"
    assert panel.problems.isVisible()


def test_a_pressed_tile_leaves_only_its_verdict_in_the_list(panel: FolderPanel, parts: Path, until: Until) -> None:
    run(panel, parts, until)
    QTest.mouseClick(panel.tiles.tiles[Verdict.NG], Qt.MouseButton.LeftButton)
    assert [panel.filter.index(row, 1).data() for row in range(panel.filter.rowCount())] == [
        "part_5.png",
        "part_6.png",
    ]
    QTest.mouseClick(panel.tiles.tiles[Verdict.NG], Qt.MouseButton.LeftButton)
    assert panel.filter.rowCount() == 8


def test_a_chosen_result_is_shown_in_large_with_heat_map(panel: FolderPanel, parts: Path, until: Until) -> None:
    run(panel, parts, until)
    panel.tiles.tiles[Verdict.NG].click()
    panel.table.selectRow(0)
    until(lambda: panel.detail.picture.view.content is not None)
    content = panel.detail.picture.view.content
    assert content is not None
    assert content.has_heat_map
    assert panel.detail.name.full_text == "part_5.png"
    assert panel.detail.chip.accessibleName() == "NG"
    assert "scratch 80 % – center" in panel.detail.regions.item(0).text()
    until(lambda: "recipe version 1" in panel.detail.score.full_text, "the record has been asked as well")


def test_a_chosen_unreadable_file_shows_its_sentence_instead_of_a_picture(
    panel: FolderPanel, parts: Path, until: Until
) -> None:
    run(panel, parts, until)
    panel.tiles.tiles[Verdict.NOT_INSPECTED].click()
    panel.table.selectRow(0)
    until(lambda: "torn.png" in panel.detail.picture.view.empty_text)
    assert panel.detail.picture.view.content is None


def test_a_cancelled_run_offers_to_resume(panel: FolderPanel, engine: object, parts: Path, until: Until) -> None:
    engine.gate.clear()  # type: ignore[attr-defined]
    panel.folder.setText(str(parts))
    panel.start.click()
    until(lambda: panel.presenter.phase is RunPhase.RUNNING)
    assert panel.start.text() == "Add to the list"
    panel.cancel.click()
    assert not panel.cancel.isEnabled()
    engine.gate.set()  # type: ignore[attr-defined]
    until(lambda: panel.presenter.phase is RunPhase.CANCELLED)
    assert panel.start.text() == "Resume"
    assert "Start again to go on" in panel.progress.text()
    panel.folder.setText(str(parts / "deep"))
    assert panel.start.text() == "Start"


def test_pausing_changes_the_button_into_going_on(
    panel: FolderPanel, engine: object, parts: Path, until: Until
) -> None:
    engine.gate.clear()  # type: ignore[attr-defined]
    panel.folder.setText(str(parts))
    panel.start.click()
    until(panel.pause.isEnabled)
    panel.pause.click()
    engine.gate.set()  # type: ignore[attr-defined]
    until(lambda: panel.pause.text() == "Go on")
    assert panel.progress.text().startswith("Paused")
    panel.pause.click()
    until(lambda: panel.presenter.phase is RunPhase.FINISHED)


def test_a_folder_that_is_gone_is_told_in_a_sentence(panel: FolderPanel, tmp_path: Path, until: Until) -> None:
    panel.folder.setText(str(tmp_path / "gone"))
    panel.start.click()
    until(panel.message.isVisible)
    assert "gone" in panel.message.sentence
    assert panel.start.isEnabled()


def test_after_a_run_the_verdicts_can_be_reviewed(
    panel: FolderPanel, state: AppState, product: str, parts: Path, until: Until, qtbot: QtBot
) -> None:
    run(panel, parts, until)
    with qtbot.waitSignal(state.screen_requested) as asked:
        panel.review.click()
    assert asked.args == [Screen.REVIEW.value, product]


def test_a_new_sign_off_makes_the_product_choosable(state: AppState, workbench: object, qtbot: QtBot) -> None:
    panel = FolderPanel(state)
    qtbot.addWidget(panel)
    panel.show()
    assert panel.empty.isVisible()
    assert panel.products.product == ""


def test_reading_aloud_names_verdict_and_image(panel: FolderPanel, parts: Path, until: Until) -> None:
    run(panel, parts, until)
    texts = [
        panel.filter.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(panel.filter.rowCount())
    ]
    assert any(text.startswith("NG, part_5.png") for text in texts)


def test_two_jobs_are_listed_and_the_chosen_one_is_shown(panel: FolderPanel, parts: Path, until: Until) -> None:
    assert not panel.jobs.isVisible()
    run(panel, parts, until)
    panel.folder.setText(str(parts / "deep"))
    panel.start.click()
    until(lambda: panel.presenter.folder == parts / "deep" and panel.presenter.phase is RunPhase.FINISHED)
    assert panel.jobs.isVisible()
    texts = [panel.jobs.list.item(row).text() for row in range(2)]
    assert [text.split("  ")[0] for text in texts] == ["done", "done"]
    assert str(parts / "deep") in texts[0]
    panel.jobs.list.setCurrentRow(1)
    assert panel.presenter.folder == parts
    until(lambda: panel.filter.rowCount() == 8)
    panel.jobs.remove.click()
    assert [job.folder for job in panel.presenter.jobs] == [parts / "deep"]


def watched(panel: FolderPanel, parts: Path, until: Until) -> None:
    panel.resize(990, 400)
    panel.watch.setChecked(True)
    panel.folder.setText(str(parts))
    QTest.mouseClick(panel.start, Qt.MouseButton.LeftButton)
    until(lambda: panel.presenter.phase is RunPhase.WATCHING and panel.table.model().rowCount() == 8)


def newest(panel: FolderPanel) -> str:
    return str(panel.table.currentIndex().siblingAtColumn(FolderColumn.NAME).data())


def test_the_list_follows_the_newest_until_somebody_scrolls_away_and_a_button_leads_back(
    panel: FolderPanel, parts: Path, until: Until
) -> None:
    watched(panel, parts, until)
    assert panel.table.currentIndex().row() == 7
    assert panel.newest.isHidden()
    picture(25, 99).save(parts / "late.png")
    until(lambda: newest(panel) == "late.png", "the newest is shown")
    bar = panel.table.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    QTest.keyClick(panel.table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert panel.newest.isVisible()
    first = newest(panel)
    picture(26, 98).save(parts / "later.png")
    until(lambda: panel.table.model().rowCount() == 10)
    assert (newest(panel), bar.value()) == (first, 0), "whoever looks at something is left alone"
    QTest.mouseClick(panel.newest, Qt.MouseButton.LeftButton)
    assert newest(panel) == "later.png"
    assert panel.newest.isHidden()
    panel.presenter.cancel()
    until(lambda: not panel.presenter.phase.is_active)
    QTest.keyClick(panel.table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    assert panel.newest.isHidden(), "nothing comes any more"


def test_the_wheel_stops_the_following_too(panel: FolderPanel, parts: Path, until: Until) -> None:
    watched(panel, parts, until)
    panel.table.verticalScrollBar().triggerAction(QAbstractSlider.SliderAction.SliderSingleStepSub)
    assert panel.newest.isVisible()
    panel.presenter.cancel()
    until(lambda: not panel.presenter.phase.is_active)


def test_several_formats_are_written_at_once_into_a_folder(
    panel: FolderPanel, parts: Path, tmp_path: Path, until: Until, qapp: QApplication
) -> None:
    run(panel, parts, until)
    out = tmp_path / "out"
    out.mkdir()

    def choose() -> None:
        dialog = qapp.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        assert dialog.formats == (ExportFormat.CSV,)
        dialog.ticks[ExportFormat.CSV].setChecked(False)
        assert not dialog.save_button.isEnabled(), "nothing would be written"
        for kind in ExportFormat:
            QTest.keyClick(dialog.ticks[kind], Qt.Key.Key_Space)
        dialog.folder_edit.setText(str(out))
        QTest.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(0, choose)
    QTest.mouseClick(panel.export, Qt.MouseButton.LeftButton)
    until(lambda: "were written" in panel.message.sentence, "the export has ended", 60.0)
    names = {"parts.csv", "parts.jsonl", "parts-coco", "parts-mvtec", "parts.pdf"}
    assert {path.name for path in out.iterdir()} == names
    assert panel.message.sentence.startswith("8 verdicts were written to ")
