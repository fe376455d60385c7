"""Cookie and screws set up with three bad parts each in a real window. Run by ``test_proven_by_hand.py``."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from filo_core.imaging import read_image
from filo_core.types import Eyes, ProductDescription, Sight, Verdict
from gui.products.panel import ProductsPanel
from gui.products.wizard.prove_page import ProvePage
from gui.state import AppState, ModelState
from gui.theme import current_theme
from workflows.keeping.nightly import NightlyWork
from workflows.settings.settings import Settings
from workflows.workbench import Workbench, open_workbench

DEV = Path(__file__).resolve().parents[5] / "shared" / "data" / "dev"
CATEGORIES = {"cookie": DEV / "aws_cookie" / "cookie", "screws": DEV / "screws_block" / "screws"}


@pytest.fixture
def workbench(filo_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """The shipped profile, with the light trunk alone."""
    monkeypatch.setattr(NightlyWork, "start", lambda _: None)
    made = open_workbench(Settings(operator="anna", supervised=False))
    yield made
    made.close()


def set_up(workbench: Workbench, name: str) -> list[Path]:
    category, rng = CATEGORIES[name], random.Random(0)
    good = sorted((category / "train" / "good").iterdir())
    bad = sorted(path for path in (category / "test").glob("*/*") if path.parent.name != "good")
    workbench.catalogue.create(ProductDescription(name, name))
    for path in rng.sample(good, 6):
        workbench.catalogue.add_reference(name, read_image(path))
    workbench.catalogue.set_eyes(name, Eyes(Sight.FAST, 256))
    return rng.sample(bad, 3)


@pytest.mark.parametrize("name", sorted(CATEGORIES))
def test_three_bad_parts_end_green_only_where_they_are_told_apart(
    name: str, workbench: Workbench, qtbot: QtBot, until: Callable[..., None]
) -> None:
    bad = set_up(workbench, name)
    state = AppState("anna")
    state.set_workbench(workbench)
    until(lambda: workbench.worker.engine is not None, "the model is loaded", 60.0)
    state.set_model_state(ModelState.READY)
    panel = ProductsPanel(state)
    qtbot.addWidget(panel)
    panel.resize(1150, 680)
    panel.show()
    panel.set_up(name)
    page = panel.wizard.page
    assert isinstance(page, ProvePage)
    until(lambda: not page.calibration.is_running and workbench.catalogue.draft(name).limits is not None, name, 60.0)
    assert page.headline.text() == "Never shown a bad part: it may miss everything."
    page.show_files(bad, bad=True)
    until(lambda: not page.calibration.is_running and len(page.trays.bad.tray.tiles) == 3, "all are judged", 60.0)
    good_scores = [part.score for part in workbench.catalogue.proof(name).good]
    bad_scores = [part.score for part in workbench.catalogue.proof(name).bad]
    limits = workbench.catalogue.draft(name).limits
    assert limits is not None
    missed = sum(limits.verdict(score) is Verdict.OK for score in bad_scores)
    apart = min(bad_scores) > max(good_scores) and missed == 0
    text, green = page.headline.text(), current_theme().verdict(Verdict.OK).ground
    assert text.startswith("Misses") == bool(missed)
    assert (green in page.headline.styleSheet()) == apart == text.startswith("Tells")
    if missed:
        assert page.trays.bad.tray.tiles[0].missed
        assert not page.signing.sign_button.isEnabled()
        QTest.keyClicks(page.signing.reason_edit, "a trial")
    QTest.mouseClick(page.signing.sign_button, Qt.MouseButton.LeftButton)
    assert ("ready to inspect" in page.state_text.text()) == apart
    print(f"{name}: {text}")
    panel.close_down()
