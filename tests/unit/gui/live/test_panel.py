from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from filo_core.types import Verdict
from gui.live.display import Hold
from gui.live.panel import LivePanel
from gui.live.presenter import LivePhase
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine, picture, source_image

Until = Callable[..., None]


@pytest.fixture
def panel(qtbot: QtBot, state: AppState, product: str) -> Iterator[LivePanel]:
    made = LivePanel(state)
    qtbot.addWidget(made)
    made.resize(990, 600)
    made.show()
    yield made
    made.close_down()


def play(panel: LivePanel, folder: Path, seconds: float = 0.05) -> None:
    panel.source.set_choice(SourceChoice(SourceKind.FOLDER, str(folder), seconds))
    panel.start_stop.click()


def test_a_folder_played_as_a_camera_freezes_on_its_first_ng_until_space_is_pressed(
    panel: LivePanel, parts: Path, until: Until
) -> None:
    play(panel, parts, 0.1)
    until(lambda: panel.banner.verdict is Verdict.NG)
    assert panel.go_on.isEnabled()
    panel.activateWindow()
    panel.picture.view.setFocus()
    until(panel.picture.view.hasFocus)
    held = panel.presenter.display.shown
    QTest.keyClick(panel.picture.view, Qt.Key.Key_Space)
    assert panel.presenter.display.shown is not held or panel.presenter.display.hold is Hold.NONE


def test_the_frame_of_a_held_ng_goes_with_its_acknowledgement_even_where_it_is_the_newest(
    panel: LivePanel, tmp_path: Path, until: Until
) -> None:
    (tmp_path / "bad").mkdir()
    picture(230, 1).save(tmp_path / "bad" / "part.png")
    play(panel, tmp_path / "bad", 60.0)
    until(lambda: panel.banner.verdict is Verdict.NG)
    assert panel.banner.held
    panel.go_on.click()
    assert panel.banner.verdict is Verdict.NG
    assert not panel.banner.held


def test_a_held_ng_shows_its_picture_regions_and_the_untrained_note(
    panel: LivePanel, parts: Path, until: Until
) -> None:
    play(panel, parts)
    until(lambda: panel.banner.verdict is Verdict.NG and panel.picture.view.content is not None)
    shown = panel.presenter.display.shown
    assert shown is not None
    until(lambda: panel.picture.view.content is shown.content)
    assert "scratch 80 % – center" in panel.regions.item(0).text()
    assert panel.untrained.isVisible()


def test_start_becomes_stop_and_the_choice_is_locked_while_running(panel: LivePanel, parts: Path, until: Until) -> None:
    play(panel, parts)
    assert panel.start_stop.text() == "Stop"
    assert not panel.products.isEnabled()
    assert panel.source._running.full_text == "parts"
    panel.start_stop.click()
    until(lambda: panel.presenter.phase is LivePhase.IDLE)
    assert panel.start_stop.text() == "Start"
    assert panel.products.isEnabled()


def test_a_password_disappears_from_the_screen_when_the_stream_starts(panel: LivePanel, until: Until) -> None:
    panel.source.set_choice(SourceChoice(SourceKind.ADDRESS, "rtsp://anna:secret@127.0.0.1:1/stream"))
    panel.start_stop.click()
    until(lambda: panel.presenter.phase is LivePhase.RUNNING)
    assert not panel.source._address.isVisible()
    assert "secret" not in panel.source._running.full_text
    assert "127.0.0.1" in panel.source._running.full_text
    panel.start_stop.click()
    until(lambda: panel.presenter.phase is LivePhase.IDLE, seconds=30)


def test_a_source_that_cannot_play_is_told_in_a_sentence_and_as_not_inspected(
    panel: LivePanel, tmp_path: Path, until: Until
) -> None:
    (tmp_path / "nothing").mkdir()
    play(panel, tmp_path / "nothing")
    until(panel.trouble.isVisible)
    assert "nothing" in panel.trouble.sentence
    assert panel.banner.verdict is Verdict.NOT_INSPECTED
    assert panel.facts.values[1] == "LOST"


def test_unreadable_files_of_a_played_folder_are_a_warning_and_no_loss(
    panel: LivePanel, parts: Path, until: Until
) -> None:
    panel.freeze.setChecked(False)
    play(panel, parts)
    until(panel.trouble.isVisible)
    assert panel.trouble.sentence == "1 file could not be read."
    assert "torn.png" in panel.trouble.details
    assert panel.trouble.kind == "warning"
    assert panel.banner.verdict is not Verdict.NOT_INSPECTED


def test_a_tap_on_the_strip_looks_back(panel: LivePanel, parts: Path, until: Until) -> None:
    panel.freeze.setChecked(False)
    play(panel, parts)
    until(lambda: len(panel.presenter.display.strip) == 12)
    panel.start_stop.click()
    until(lambda: panel.presenter.phase is LivePhase.IDLE)
    cell = panel.strip.cell(4)
    QTest.mouseClick(panel.strip, Qt.MouseButton.LeftButton, pos=cell.center().toPoint())
    assert panel.presenter.display.hold is Hold.LOOKING_BACK
    assert panel.presenter.display.shown is panel.presenter.display.strip[4]
    assert panel.go_on.text() == "Back to live (Space)"
    QTest.keyClick(panel.strip, Qt.Key.Key_Right)
    QTest.keyClick(panel.strip, Qt.Key.Key_Return)
    assert panel.presenter.display.shown is panel.presenter.display.strip[5]


def test_the_strip_reads_its_verdicts_aloud(panel: LivePanel, parts: Path, until: Until) -> None:
    panel.freeze.setChecked(False)
    play(panel, parts)
    until(lambda: len(panel.presenter.display.strip) == 12)
    assert panel.strip.accessibleDescription().count("NG") >= 1


def test_without_a_camera_the_search_says_so_and_can_be_repeated(
    panel: LivePanel, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gui.sources import source_bar

    until(panel.source._search.isEnabled)
    monkeypatch.setattr(source_bar, "find_cameras", lambda: [2])
    panel.source._search.click()
    until(panel.source._search.isEnabled)
    assert panel.source._cameras.currentText() == "Camera 2"
    assert panel.source.choice == SourceChoice(SourceKind.CAMERA, "2")
    monkeypatch.setattr(source_bar, "find_cameras", list)
    panel.source._search.click()
    until(panel.source._search.isEnabled)
    assert panel.source._cameras.currentText() == "No camera found"
    assert panel.source.choice.value == ""


def test_other_settings_do_not_throw_away_what_was_chosen_here(panel: LivePanel, state: AppState, parts: Path) -> None:
    chosen = SourceChoice(SourceKind.FOLDER, str(parts), 0.5)
    panel.source.set_choice(chosen)
    state.set_settings(state.settings.model_copy(update={"theme": "dark"}))
    assert panel.source.choice == chosen
    state.set_settings(state.settings.model_copy(update={"source_kind": "address", "source_value": "line.mp4"}))
    assert panel.source.choice == SourceChoice(SourceKind.ADDRESS, "line.mp4")


def test_a_recipe_that_was_never_shown_a_bad_part_says_so_for_as_long_as_it_inspects(
    panel: LivePanel, state: AppState, product: str
) -> None:
    assert panel.proof.isVisible()
    assert panel.proof.text() == "Never shown a bad part: it may miss everything."
    catalogue = state.workbench.catalogue
    catalogue.sign_off(product, "anna", RedEngine.model_hash, reason="the line waits")
    state.products_changed.emit()
    assert panel.proof.text().endswith("Signed anyway: the line waits")


def test_a_part_that_is_known_is_said_to_be_while_the_next_one_is_news(
    panel: LivePanel, tmp_path: Path, until: Until
) -> None:
    folder = tmp_path / "known"
    folder.mkdir()
    (folder / "a.png").write_bytes(source_image(20, 0).encoded)
    play(panel, folder, 60.0)
    until(panel.known.isVisible, "it is recognised")
    assert panel.known.text() == "This is one of its good images. It is left out of all statistics."
    panel.start_stop.click()
    until(lambda: panel.presenter.phase is LivePhase.IDLE)
    picture(60, 7).save(folder / "a.png")
    play(panel, folder, 60.0)
    until(lambda: panel.presenter.totals.number == 2, "the next verdict")
    assert panel.known.isHidden()
