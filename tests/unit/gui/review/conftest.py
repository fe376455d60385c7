"""A record with something to decide about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.types import Inspection, Origin, Verdict
from gui.review.choice_bar import ChoiceBar
from gui.review.panel import ReviewPanel
from gui.state import AppState
from storage.recorder import Recorder
from workflows.workbench import Workbench

FIRST_MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def inspected(workbench: Workbench, product: str, parts: Path) -> str:
    """Eight inspections: three OK, two REVIEW, two NG, one NOT INSPECTED."""
    handle = workbench.inspector.inspect_folder(product, parts)
    handle.wait(20)
    assert handle.error is None
    return product


def record_without_pictures(workbench: Workbench, product: str, count: int) -> None:
    """Quick rows for long tables: images that could not be read, a minute apart."""
    recorder = Recorder(workbench.storage, product)
    recipe_hash = workbench.catalogue.recipe(product).recipe.content_hash
    for number in range(count):
        recorder.record_one(
            Inspection(
                name=f"image_{number:04}.png",
                image_hash="",
                recipe_hash=recipe_hash,
                verdict=Verdict.NOT_INSPECTED,
                origin=Origin.FOLDER,
                inspected_at=FIRST_MOMENT + timedelta(minutes=number),
                seconds=0.0,
                reason=f"image_{number:04}.png cannot be read. Copy it again.",
            )
        )


Press = Callable[..., None]
Answer = Callable[..., list[ChoiceBar]]


@pytest.fixture
def answer(qapp: QApplication) -> Answer:
    """Type into the next question as soon as it is asked."""

    def prepare(*keys: Qt.Key, text: str = "") -> list[ChoiceBar]:
        seen: list[ChoiceBar] = []
        timer = QTimer(qapp)

        def look() -> None:
            bars = [bar for window in qapp.topLevelWidgets() for bar in window.findChildren(ChoiceBar)]
            bar = next((one for one in bars if one.isVisible()), None)
            if bar is None:
                return
            timer.stop()
            timer.deleteLater()
            seen.append(bar)
            QTest.keyClicks(bar.edit, text)
            for key in keys:
                QTest.keyClick(bar.edit, key)

        timer.timeout.connect(look)
        timer.start(5)
        return seen

    return prepare


@pytest.fixture
def press(until: Callable[..., None]) -> Press:
    """Press a key once the picture is on screen; before that no key decides. Back when what it decided is stored."""

    def click(panel: ReviewPanel, *keys: Qt.Key) -> None:
        for key in keys:
            until(lambda: panel.detail.is_seen, "the picture is on screen")
            QTest.keyClick(panel.table, key)
            until(lambda: not panel.is_asking, "the question is answered")
            until(lambda: not panel.presenter.saves, "what was decided is stored")

    return click


@pytest.fixture
def take_back(until: Callable[..., None]) -> Callable[[ReviewPanel], None]:
    """Ctrl+Z in the table; back when that is stored."""

    def click(panel: ReviewPanel) -> None:
        QTest.keyClick(panel.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        until(lambda: not panel.presenter.saves, "what was taken back is stored")

    return click


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> Iterator[ReviewPanel]:
    made = ReviewPanel(state)
    qtbot.addWidget(made)
    made.resize(990, 640)
    yield made
    made.close_down()
