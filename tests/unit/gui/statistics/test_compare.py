"""Recipe against recipe in the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from filo_core.types import InspectionFilter, Limits, ReviewDecision, Verdict
from gui.state import AppState
from gui.statistics.compare_dialog import CompareDialog
from tests.unit.gui.conftest import RedEngine
from workflows.workbench import Workbench

Until = Callable[..., None]


@pytest.fixture
def dialog(
    qtbot: QtBot, state: AppState, workbench: Workbench, product: str, parts: Path, until: Until
) -> Iterator[CompareDialog]:
    workbench.inspector.inspect_folder(product, parts).wait(20)
    for record in workbench.history.page(InspectionFilter(product=product)):
        if record.verdict is Verdict.NG:
            workbench.history.review(record.inspection_id, ReviewDecision.CONFIRM, Verdict.NG, "ada")
    workbench.catalogue.set_limits(product, Limits(0.95, 0.97, 0.5))
    workbench.catalogue.sign_off(product, "anna", RedEngine.model_hash)
    made = CompareDialog(state, product)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close_down()


def test_a_milder_version_is_held_against_the_one_before(
    dialog: CompareDialog, workbench: Workbench, product: str, until: Until
) -> None:
    assert (dialog.first.currentData(), dialog.second.currentData()) == ("1", "2")
    head = workbench.storage.head()
    dialog.start_button.click()
    until(dialog.table.isVisible, "both have judged")
    assert dialog.words.text().startswith("6 pictures, 2 of them decided: 2 newly missed")
    assert dialog.table.item(0, 4).text() == "newly missed"  # type: ignore[union-attr]
    assert workbench.storage.head() == head


def test_a_recipe_against_itself_is_refused(dialog: CompareDialog, until: Until) -> None:
    dialog.first.setCurrentIndex(0)
    dialog.start_button.click()
    until(lambda: bool(dialog.message.sentence), "the refusal is told")
    assert "cannot be compared with itself" in dialog.message.sentence
    assert dialog.start_button.isEnabled()
