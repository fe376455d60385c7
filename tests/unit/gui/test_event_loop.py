"""The window answers and paints while the real model is busy: measured, not hoped for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from filo_core.imaging import read_image
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, ProductDescription
from gui.live.panel import LivePanel
from gui.sources.choice import SourceChoice, SourceKind
from gui.state import AppState, ModelState
from workflows.settings.settings import Settings
from workflows.workbench import Workbench, open_workbench

Until = Callable[..., None]
MEASURED_S = 6.0
LONGEST_GAP_MS = 50.0
FEWEST_PAINTS = 30.0


class Heartbeat(QObject):
    """Notes when the event loop comes round, and when the watched widget is painted."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__()
        self._watched = watched
        self.beats: list[float] = []
        self.paints = 0
        watched.installEventFilter(self)
        self._beat = QTimer(self)
        self._beat.setTimerType(Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(lambda: self.beats.append(time.perf_counter()))
        # As fast as a screen shows pictures.
        self._frame = QTimer(self)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(watched.update)
        self._beat.start(2)
        self._frame.start(16)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.paints += 1
        return super().eventFilter(watched, event)

    def stop(self) -> None:
        self._beat.stop()
        self._frame.stop()
        self._watched.removeEventFilter(self)

    def gaps_ms(self) -> np.ndarray:
        return 1000.0 * np.diff(self.beats)


@pytest.fixture
def real_workbench(filo_home: Path) -> Iterator[Workbench]:
    opened = open_workbench(Settings(operator="anna", device="cpu"))
    yield opened
    opened.close()


@pytest.fixture
def bracket(real_workbench: Workbench) -> str:
    """The demo product, signed off with the compact profile."""
    name = "Bracket FB-204"
    catalogue = real_workbench.catalogue
    catalogue.create(ProductDescription(name, "metal bracket"))
    catalogue.set_anomaly_types(name, (AnomalyType("scratch"), AnomalyType("crack")))
    for path in sorted(resource_path("demo", "bracket", "train", "good").iterdir())[:4]:
        catalogue.add_reference(name, read_image(path))
    handle = real_workbench.inspector.calibrate(name)
    handle.wait(120)
    assert handle.error is None
    catalogue.sign_off(name, "anna", catalogue.draft(name).model_hash)
    return name


@pytest.mark.slow
def test_no_paint_waits_for_the_model(
    qtbot: QtBot, real_workbench: Workbench, bracket: str, until: Until, record_property: Callable[[str, object], None]
) -> None:
    state = AppState("anna")
    state.set_workbench(real_workbench)
    state.set_model_state(ModelState.READY)
    panel = LivePanel(state)
    qtbot.addWidget(panel)
    panel.resize(1200, 760)
    panel.show()
    state.set_current_product(bracket)
    panel.freeze.setChecked(False)
    images = resource_path("demo", "bracket", "test")
    # More pictures than can be judged: the worker never rests.
    panel.source.set_choice(SourceChoice(SourceKind.FOLDER, str(images), 0.02))
    panel.start_stop.click()
    until(lambda: panel.presenter.facts.inspected >= 3, "the model judges", 60)
    judged = panel.presenter.facts.inspected
    heart = Heartbeat(panel.picture.view)
    ends = time.perf_counter() + MEASURED_S
    until(lambda: time.perf_counter() >= ends, "the time is over", MEASURED_S + 10)
    heart.stop()
    judged = panel.presenter.facts.inspected - judged
    panel.close_down()
    QApplication.processEvents()
    gap, paints = float(np.percentile(heart.gaps_ms(), 99)), heart.paints / MEASURED_S
    record_property("gap_p99_ms", round(gap, 1))
    record_property("gap_longest_ms", round(float(heart.gaps_ms().max()), 1))
    record_property("paints_per_s", round(paints, 1))
    record_property("judged_per_s", round(judged / MEASURED_S, 1))
    assert judged > 0
    assert gap < LONGEST_GAP_MS
    assert paints > FEWEST_PAINTS
