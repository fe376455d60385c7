from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QThreadPool
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from filo_core.line.results import not_inspected
from gui.settings.output_dialog import OutputDialog
from gui.settings.outputs_page import OutputsPage
from gui.settings.outputs_presenter import OutputsPresenter
from gui.state import AppState
from storage.outbox import Outbox, backlog_at
from tests.unit.filo_core.line.outputs.made_up import pager_in
from tests.unit.gui.products.test_accessible import cut_off, nameless, too_small
from workflows.line.delivery import Delivery
from workflows.settings.output_address import Output
from workflows.settings.settings import Settings

Until = Callable[..., None]
BROKER = Output.of("mqtt", "broker.local:1883/line", user="anna")


@pytest.fixture(autouse=True)
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that files may be written below."""
    monkeypatch.setenv("FILO_EXPORTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def presenter(state: AppState) -> Iterator[OutputsPresenter]:
    made = OutputsPresenter(state)
    yield made
    made.close_down()


@pytest.fixture
def page(qtbot: QtBot, state: AppState) -> Iterator[OutputsPage]:
    made = OutputsPage(state)
    qtbot.addWidget(made)
    made.resize(940, 560)
    made.show()
    yield made
    made.close_down()


def rows(page: OutputsPage) -> list[list[str]]:
    model = page.table.model()
    return [[model.index(row, column).data() for column in range(4)] for row in range(model.rowCount())]


def test_an_output_is_in_force_and_there_at_the_next_start(presenter: OutputsPresenter, state: AppState) -> None:
    presenter.put(BROKER, "geheim-7")
    assert state.settings.outputs == Settings().outputs == (BROKER,)
    assert presenter.has_password(BROKER)
    assert "geheim-7" not in repr(vars(presenter)) + repr(state.settings)


def test_a_removed_output_comes_back_in_its_place_with_its_password(presenter: OutputsPresenter) -> None:
    file = Output.of("csv", "out.csv")
    presenter.put(BROKER, "geheim-7")
    presenter.put(file, None)
    presenter.remove(BROKER)
    assert (presenter.outputs, presenter.has_password(BROKER)) == ((file,), False)
    assert "geheim-7" not in repr(vars(presenter))
    presenter.undo()
    assert (presenter.outputs, presenter.has_password(BROKER)) == ((BROKER, file), True)
    assert not presenter.can_undo


def test_a_receiver_that_is_away_is_told_in_words(presenter: OutputsPresenter, until: Until) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        output = Output.of("http", f"127.0.0.1:{probe.getsockname()[1]}")
    told: list[str] = []
    presenter.checked.connect(lambda _, problem: told.append(problem))
    presenter.check(output)
    until(lambda: bool(told), "the outcome is told")
    assert "does not answer" in told[0]


def test_a_variable_that_decides_locks_the_page(qtbot: QtBot, state: AppState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILO_OUTPUTS", "[]")
    made = OutputsPage(state)
    qtbot.addWidget(made)
    assert "FILO_OUTPUTS" in made.message.sentence
    assert not made.add_button.isEnabled()
    made.close_down()


def test_an_empty_page_offers_the_first_output(
    page: OutputsPage, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page.empty.isVisible()
    asked: list[str] = []

    def give_up(dialog: OutputDialog) -> int:
        asked.append(dialog.windowTitle())
        return 0

    monkeypatch.setattr(OutputDialog, "exec", give_up)
    page.empty.action_requested.emit()
    assert asked == ["New output"]


def test_a_new_output_is_tried_and_kept(page: OutputsPage, tmp_path: Path, until: Until) -> None:
    dialog = OutputDialog(page.presenter, parent=page)
    dialog.show()
    dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("csv"))
    dialog.place_edit.setText(str(tmp_path / "file" / "out.csv"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    dialog.test_button.click()
    until(dialog.test_button.isEnabled, "it was tried")
    assert "cannot be written" in dialog.message.sentence
    dialog.place_edit.setText(str(tmp_path / "out.csv"))
    dialog.test_button.click()
    until(dialog.test_button.isEnabled, "it was tried")
    assert dialog.message.sentence == "It works."
    dialog.keep_button.click()
    assert not dialog.isVisible()
    assert rows(page) == [["File (CSV)", str(tmp_path / "out.csv"), "–", "0"]]
    assert (nameless(page), too_small(page), cut_off(page)) == ([], [], [])


def test_a_mistake_leaves_the_dialog_open(page: OutputsPage) -> None:
    dialog = OutputDialog(page.presenter, parent=page)
    dialog.show()
    dialog.keep_button.click()
    assert dialog.isVisible()
    assert "has no address" in dialog.message.sentence
    dialog.reject()


def test_a_kept_password_is_never_shown(page: OutputsPage) -> None:
    page.presenter.put(BROKER, "geheim-7")
    dialog = OutputDialog(page.presenter, BROKER, page)
    dialog.show()
    fields = dialog.findChildren(QLineEdit)
    texts = [text for field in fields for text in (field.text(), field.placeholderText())]
    texts += [label.text() for root in (dialog, page) for label in root.findChildren(QLabel)]
    assert not [text for text in texts if "geheim" in text]
    assert "A password is kept." in dialog.password_edit.placeholderText()
    dialog.keep_button.click()
    assert page.presenter.has_password(BROKER)
    assert rows(page) == [["MQTT", "anna@broker.local:1883/line", "kept", "0"]]


def test_only_what_a_kind_needs_is_asked(page: OutputsPage) -> None:
    dialog = OutputDialog(page.presenter, parent=page)
    dialog.show()
    asked = {}
    for kind in ("mqtt", "http", "csv", "modbus"):
        dialog.kind_box.setCurrentIndex(dialog.kind_box.findData(kind))
        asked[kind] = (dialog.password_edit.isVisible(), dialog.browse_button.isVisible())
    assert asked == {
        "mqtt": (True, False),
        "http": (True, False),
        "csv": (False, True),
        "modbus": (False, False),
    }
    assert (nameless(dialog), too_small(dialog)) == ([], [])
    dialog.reject()


def test_the_form_of_a_kind_that_is_made_up_asks_for_its_fields(page: OutputsPage, tmp_path: Path) -> None:
    with pager_in(tmp_path / "more"):
        dialog = OutputDialog(page.presenter, parent=page)
        dialog.show()
        dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("pager"))
        beeps, loud, bell = (dialog.field_edits[name] for name in ("beeps", "loud", "bell"))
        assert isinstance(beeps, QLineEdit)
        assert isinstance(loud, QCheckBox)
        assert isinstance(bell, QLineEdit)
        assert (beeps.placeholderText(), bell.isVisible()) == ("1", False)
        assert (nameless(dialog), too_small(dialog)) == ([], [])
        dialog.secure_box.setChecked(True)
        assert bell.isVisible()
        dialog.place_edit.setText("tower/4711")
        beeps.setText("99")
        dialog.keep_button.click()
        assert "beeps is a whole number from 1 to 9" in dialog.message.sentence
        beeps.setText("3")
        bell.setText("ding")
        loud.setChecked(True)
        dialog.keep_button.click()
        (kept,) = page.presenter.outputs
        assert kept.address == "pagers://tower/4711?beeps=3&loud=true&bell=ding"
        assert rows(page) == [["Pager", "tower/4711", "–", "0"]]
        again = OutputDialog(page.presenter, kept, page)
        assert again.output() == kept
        again.kind_box.setCurrentIndex(again.kind_box.findData("csv"))
        assert again.field_edits == {}
        again.reject()
        page.presenter.remove(kept)


def test_removing_is_undone_by_the_bar(page: OutputsPage) -> None:
    page.presenter.put(BROKER, None)
    page.remove_button.click()
    assert rows(page) == []
    assert page.undo_bar.sentence == "broker.local:1883/line was removed."
    page.undo_bar.undo_button.click()
    assert len(rows(page)) == 1


def wait_for(state: AppState, name: str, verdicts: int = 2) -> None:
    """Leave verdicts in the outbox, as Live does that was stopped."""
    outbox = Outbox(state.settings.outbox)
    for part in range(verdicts):
        number, _ = outbox.open_trigger(f"part {part} for {name}", timedelta(seconds=5))
        outbox.close_trigger(number, not_inspected(f"part {part}", "nut", "h", "away", 1.0), [name])
    outbox.close()


def test_a_file_outside_of_the_folder_of_exports_is_neither_tried_nor_kept(
    page: OutputsPage, exports: Path, until: Until
) -> None:
    dialog = OutputDialog(page.presenter, parent=page)
    dialog.show()
    dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("csv"))
    dialog.place_edit.setText(str(exports.parent / "out.csv"))
    dialog.test_button.click()
    until(dialog.test_button.isEnabled, "it was tried")
    assert f"is not below {exports}, the folder of exports" in dialog.message.sentence
    dialog.place_edit.setText("../out.csv")
    dialog.keep_button.click()
    assert f"is not below {exports}, the folder of exports" in dialog.message.sentence
    assert rows(page) == []
    dialog.reject()


def test_the_count_of_what_waits_follows_while_the_page_is_open(
    page: OutputsPage, state: AppState, tmp_path: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Output.of("csv", str(tmp_path / "out.csv"))
    page.presenter.put(file, None)
    until(lambda: rows(page)[0][3] == "0", "the first count")
    wait_for(state, file.address)
    until(lambda: rows(page)[0][3] == "2", "the new count")


def test_verdicts_of_a_removed_output_stay_on_the_page_and_go_to_it_once_it_is_back(
    page: OutputsPage, state: AppState, tmp_path: Path, until: Until
) -> None:
    file = Output.of("csv", str(tmp_path / "out.csv"))
    page.presenter.put(file, None)
    wait_for(state, file.address)
    until(lambda: rows(page) == [["File (CSV)", file.place, "–", "2"]], "the count")
    assert not page.discard_button.isVisible()
    page.remove_button.click()
    until(lambda: rows(page) == [["Former output", file.address, "–", "2"]], "the stray")
    enabled = {one.text() for one in page.findChildren(QPushButton) if one.isVisible() and one.isEnabled()}
    assert enabled == {"&Undo", "&Add …", "&Discard waiting verdicts …"}
    page.undo_bar.undo_button.click()
    until(lambda: rows(page) == [["File (CSV)", file.place, "–", "2"]], "it is an output again")


def test_verdicts_for_an_old_name_are_discarded_once_that_is_confirmed(
    page: OutputsPage, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(state, "csv:old.csv")
    until(lambda: page.chosen_stray == "csv:old.csv", "the stray")
    asked: list[str] = []

    def answer(role: QMessageBox.ButtonRole) -> Callable[[QMessageBox], int]:
        def press(question: QMessageBox) -> int:
            asked.append(question.text())
            next(one for one in question.buttons() if question.buttonRole(one) is role).click()
            return 0

        return press

    monkeypatch.setattr(QMessageBox, "exec", answer(QMessageBox.ButtonRole.RejectRole))
    page.discard_button.click()
    assert backlog_at(state.settings.outbox) == {"csv:old.csv": 2}
    monkeypatch.setattr(QMessageBox, "exec", answer(QMessageBox.ButtonRole.DestructiveRole))
    page.discard_button.click()
    assert asked == ["Discard the 2 verdicts waiting for csv:old.csv?"] * 2
    assert backlog_at(state.settings.outbox) == {}
    assert page.message.sentence == "2 verdicts for csv:old.csv were discarded. The record keeps them."
    until(page.empty.isVisible, "the page is empty again")


def test_what_cannot_be_discarded_is_told_in_a_sentence(
    page: OutputsPage, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(state, "csv:old.csv")
    until(lambda: page.chosen_stray == "csv:old.csv", "the stray")
    line = Delivery(state.settings.outbox)
    monkeypatch.setattr("gui.settings.outputs_page.wants_to_discard", lambda *_: True)
    page.discard_button.click()
    line.stop()
    assert page.message.sentence.startswith("This station inspects already")
    assert backlog_at(state.settings.outbox) == {"csv:old.csv": 2}


def test_a_trial_by_keyboard_leaves_the_keyboard_on_what_comes_next(page: OutputsPage, tmp_path: Path) -> None:
    dialog = OutputDialog(page.presenter, parent=page)
    dialog.show()
    dialog.kind_box.setCurrentIndex(dialog.kind_box.findData("csv"))
    dialog.place_edit.setText(str(tmp_path / "out.csv"))
    dialog.test_button.setFocus()
    dialog.test_button.click()
    assert dialog.focusWidget() is dialog.keep_button
    dialog.reject()


def test_a_receiver_that_hangs_at_its_trial_keeps_no_window_open(presenter: OutputsPresenter, until: Until) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        presenter.check(Output.of("http", f"127.0.0.1:{silent.getsockname()[1]}"))
        silent.settimeout(20)
        connection, _ = silent.accept()
        with connection:
            assert QThreadPool.globalInstance().activeThreadCount() == 0
            presenter.close_down()
