"""Images that would go by changed rules are counted and asked about before the rules are kept."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox, QSpinBox
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, ReviewDecision, Verdict
from gui.settings.general_page import GeneralPage
from gui.state import AppState
from workflows.keeping.retention import FRESH_S
from workflows.settings.settings import Settings

Until = Callable[..., None]


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> Iterator[GeneralPage]:
    made = GeneralPage(state)
    qtbot.addWidget(made)
    made.resize(992, 640)
    made.show()
    yield made
    made.close_down()


@pytest.fixture
def old_images(state: AppState, product: str, parts: Path) -> int:
    """Files of two confirmed OK that are no longer fresh: a picture and a map each."""
    handle = state.workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    history = state.workbench.history
    for record in history.page(InspectionFilter(verdicts=frozenset({Verdict.OK})))[:2]:
        history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.OK, "anna")
        for content in (record.image_hash, record.map_hash):
            long_ago = time.time() - 2 * FRESH_S
            os.utime(state.workbench.storage.artefacts.path_of(content), (long_ago, long_ago))
    return 4


@pytest.fixture
def asked(qapp: QApplication) -> Iterator[Callable[[str], list[str]]]:
    """Answer the next question with the button of a text; what was asked."""
    timer = QTimer(qapp)

    def prepare(button: str) -> list[str]:
        seen: list[str] = []

        def look() -> None:
            box = qapp.activeModalWidget()
            if isinstance(box, QMessageBox):
                timer.stop()
                seen.append(box.text())
                next(made for made in box.buttons() if made.text() == button).click()

        timer.timeout.connect(look)
        timer.start(5)
        return seen

    yield prepare
    timer.deleteLater()


def set_quota(panel: GeneralPage, gigabytes: int) -> None:
    control = panel.fields["image_quota_gb"].control
    assert isinstance(control, QSpinBox)
    control.setValue(gigabytes)


def stored(state: AppState) -> float | None:
    return Settings(home=state.settings.home).image_quota_gb


def test_a_quota_that_removes_nothing_is_kept_without_a_question(
    panel: GeneralPage, state: AppState, old_images: int, until: Until
) -> None:
    set_quota(panel, 8)
    panel.save_button.click()
    until(lambda: panel.message.sentence == "Saved, and in force.")
    assert stored(state) == 8


@pytest.mark.parametrize(("button", "kept"), [("Save and remove them", True), ("Keep them", False)])
def test_rules_by_which_images_go_are_kept_only_when_that_is_meant(
    panel: GeneralPage,
    state: AppState,
    old_images: int,
    asked: Callable[[str], list[str]],
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
    button: str,
    kept: bool,
) -> None:
    # A GiB is the least that the box takes, and more than this test inspects.
    monkeypatch.setattr("workflows.keeping.retention.Retention._excess", lambda _self, stored: stored)
    seen = asked(button)
    set_quota(panel, 1)
    panel.save_button.click()
    until(lambda: bool(seen), "the question")
    until(lambda: bool(panel.message.sentence), "the answer is taken")
    assert f"Remove {old_images} image files" in seen[0]
    assert panel.message.sentence == ("Saved, and in force." if kept else "Nothing was saved, and no image is removed.")
    assert stored(state) == (1 if kept else None)
    # Asking removes nothing; the night does.
    history = state.workbench.history
    assert all(history.image(record) for record in history.page(InspectionFilter()) if record.width)


def test_nothing_is_counted_where_no_rule_of_retention_has_changed(
    panel: GeneralPage, state: AppState, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []
    monkeypatch.setattr("gui.settings.presenter.Retention", lambda *_: counted.append(1))
    panel.fields["font_scale"].control.setValue(120.0)  # type: ignore[attr-defined]
    panel.save_button.click()
    until(lambda: panel.message.sentence == "Saved, and in force.")
    assert counted == []
