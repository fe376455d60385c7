from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pytestqt.qtbot import QtBot

from gui.state import AppState
from gui.statistics.panel import StatisticsPanel
from storage.recorder import Recorder
from tests.unit.storage.making import make_inspection, make_region
from workflows.workbench import Workbench

START = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
SCORES = (0.1, 0.12, 0.75, 0.14, 0.4, 0.7, 0.1, 0.2, 0.8, 0.05, 0.1, 0.2)


@pytest.fixture
def counted(workbench: Workbench, product: str) -> str:
    """Twelve inspections, one an hour: eight OK, one REVIEW, three NG (OK up to 0.3, NG above 0.6)."""
    recipe = workbench.catalogue.recipe(product).recipe
    recorder = Recorder(workbench.storage, product, station="line 1")
    for number, score in enumerate(SCORES):
        regions = (make_region("scratch" if number < 4 else "unknown"),) if score > 0.5 else ()
        moment = START + timedelta(hours=number)
        recorder.record_one(make_inspection(recipe, number, score, regions=regions, inspected_at=moment))
    return product


@pytest.fixture
def panel(qtbot: QtBot, state: AppState) -> Iterator[StatisticsPanel]:
    made = StatisticsPanel(state)
    qtbot.addWidget(made)
    made.resize(1230, 760)
    yield made
    made.close_down()
