"""From an empty list of products to the first verdict on one's own pictures, counted in clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from gui.folder.panel import FolderPanel
from gui.folder.phases import RunPhase
from gui.products.panel import ProductsPanel
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.references_page import ReferencesPage
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine

MOST_CLICKS = 12
IN_PICKING_FILES = 3
"""The first file, the last one with Shift, and Open."""
IN_PICKING_A_FOLDER = 1
"""Choose: the dialog opens where pictures were chosen last."""


def test_twelve_clicks_and_a_name_lead_to_the_first_verdict(
    panel: ProductsPanel,
    state: AppState,
    engine: RedEngine,
    parts: Path,
    good_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    until: Callable[..., None],
) -> None:
    engine.lights_phrases, engine.profile = False, "compact"
    clicks = 0

    def press(control: QAbstractButton) -> None:
        nonlocal clicks
        until(lambda: control.isEnabled() and control.isVisible(), f"{control.text()} can be pressed")
        clicks += 1
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)

    def picked(what: object, cost: int) -> object:
        nonlocal clicks
        clicks += cost
        return what

    monkeypatch.setattr(
        "gui.products.wizard.references_page.pick_images", lambda *_: picked(good_files, IN_PICKING_FILES)
    )
    monkeypatch.setattr("gui.folder.panel.pick_folder", lambda *_: picked(str(parts), IN_PICKING_A_FOLDER))
    wizard = panel.wizard
    until(panel.list_view._empty.isVisible)
    press(panel.list_view._empty.findChildren(QAbstractButton)[0])
    QTest.keyClicks(wizard.page.name_edit, "Nut M8")  # type: ignore[attr-defined]
    QTest.keyClick(wizard.page.name_edit, Qt.Key.Key_Return)  # type: ignore[attr-defined]
    references = wizard.page
    assert isinstance(references, ReferencesPage)
    press(references._empty.findChildren(QAbstractButton)[0])
    until(lambda: len(references.shelf.items) == len(good_files) and not references.shelf.is_busy)
    press(wizard.next_button)
    proving = wizard.page
    assert isinstance(proving, ProvePage)
    until(lambda: proving.signing.reason_edit.isVisible() and not proving.calibration.is_running)
    clicks += 1
    QTest.mouseClick(proving.signing.reason_edit, Qt.MouseButton.LeftButton)
    QTest.keyClicks(proving.signing.reason_edit, "first trial")
    press(proving.signing.sign_button)
    press(proving.folder_button)
    folder = FolderPanel(state)
    qtbot.addWidget(folder)
    folder.resize(990, 640)
    folder.show()
    press(folder.browse)
    press(folder.start)
    until(lambda: folder.presenter.model.rowCount() > 0, "the first verdict")
    assert clicks <= MOST_CLICKS
    until(lambda: folder.presenter.phase is RunPhase.FINISHED, "the folder is inspected")
    folder.close_down()
