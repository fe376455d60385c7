"""A product with views: set up in the wizard, looked at through two cameras in Live, shown side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from filo_core.types import AnomalyType, InspectionFilter, ProductDescription, Verdict, WizardStep
from filo_core.views import PART_LIMITS
from gui.background import asked
from gui.canvas.pictures import PictureContent
from gui.canvas.side_by_side import ViewPicture, side_by_side
from gui.live.panel import LivePanel
from gui.live.presenter import LivePresenter
from gui.products.wizard import wizard as wizard_module
from gui.products.wizard.view_dialog import ViewDialog, ViewWish
from gui.products.wizard.wizard import Wizard
from gui.records.part_pictures import content_of_record
from gui.sources.choice import SourceChoice
from gui.state import AppState
from tests.unit.gui.conftest import RedEngine, source_image
from tests.unit.gui.live.conftest import CHOICE, HandSource
from tests.unit.storage.making import make_region
from workflows.line.triggers import TriggerChoice
from workflows.workbench import Workbench

Until = Callable[..., None]
VIEWS = ("top", "side")


@pytest.fixture
def housing(workbench: Workbench) -> str:
    """OK below 0.3 red in both views, NG above 0.6."""
    catalogue = workbench.catalogue
    catalogue.create(ProductDescription("housing", "housing"))
    catalogue.set_anomaly_types("housing", (AnomalyType("scratch"),))
    for view in VIEWS:
        catalogue.add_view("housing", view, suffix=f"_{view}", source=view)
    for place, view in enumerate(VIEWS):
        catalogue.add_reference(f"housing / {view}", source_image(20, place))
        handle = workbench.inspector.calibrate(f"housing / {view}")
        handle.wait(20)
        assert handle.error is None
    catalogue.sign_off("housing", "anna", RedEngine.model_hash, reason="a test")
    return "housing"


@pytest.fixture
def cameras() -> dict[str, HandSource]:
    return {view: HandSource() for view in VIEWS}


@pytest.fixture
def presenter(state: AppState, cameras: dict[str, HandSource]) -> Iterator[LivePresenter]:
    def source(choice: SourceChoice) -> HandSource:
        return cameras[choice.value]

    made = LivePresenter(state, source)
    yield made
    if isValid(made):
        made.close_down()


def judged(presenter: LivePresenter, cameras: dict[str, HandSource], until: Until, top: int, side: int) -> None:
    before = presenter.display.newest

    def both_look() -> bool:
        cameras["top"].show(top)
        cameras["side"].show(side, (48, 96))
        return presenter.display.newest is not before

    until(both_look, "the next verdict")


def test_two_cameras_give_one_verdict_shown_side_by_side_and_one_row(
    presenter: LivePresenter, cameras: dict[str, HandSource], housing: str, workbench: Workbench, until: Until
) -> None:
    presenter.start(housing, CHOICE)
    judged(presenter, cameras, until, 20, 230)
    shown = presenter.display.newest
    assert shown is not None
    assert shown.verdict is Verdict.NG
    assert shown.content is not None
    assert [zone.name for zone in shown.content.zones] == ["top", "side"]
    presenter.stop()
    until(lambda: not presenter.is_triggered)
    (record, *_) = workbench.history.page(InspectionFilter(product=housing, verdicts=frozenset({Verdict.NG})))
    assert [view.verdict for view in record.views] == [Verdict.OK, Verdict.NG]
    content = asked(lambda: content_of_record(workbench.history, record))
    assert content.size == shown.content.size
    assert [region.box for region in content.regions] == [region.box for region in shown.content.regions]


def test_a_lost_camera_is_named_and_nothing_is_judged_meanwhile(
    presenter: LivePresenter, cameras: dict[str, HandSource], housing: str, until: Until
) -> None:
    presenter.start(housing, CHOICE, TriggerChoice())
    judged(presenter, cameras, until, 20, 20)
    cameras["side"].lose()
    until(lambda: "side: Camera 0 does not answer" in presenter.problem)
    assert presenter.is_camera_lost


def test_the_live_screen_says_which_cameras_the_views_have(state: AppState, housing: str, qtbot: QtBot) -> None:
    panel = LivePanel(state)
    qtbot.addWidget(panel)
    state.set_current_product(housing)
    assert panel.source.isHidden()
    assert "top: top" in panel.cameras.full_text
    panel.close_down()


def test_regions_move_with_the_view_they_were_found_in() -> None:
    black = np.zeros((100, 200, 3), np.uint8)
    heat = np.full((10, 20), 0.5, np.float32)
    found = make_region(x=5)
    content = PictureContent(black, heat, PART_LIMITS, (found,))
    made = side_by_side([ViewPicture("top", None), ViewPicture("side", content)], PART_LIMITS, 1)
    (moved,) = made.regions
    assert made.size[1] == 100
    assert moved.box.x == made.size[0] - 200 + found.box.x
    assert made.anomaly_map is not None
    assert made.anomaly_map[0, 0] == 0.0
    assert made.anomaly_map[0, -1] == pytest.approx(0.5)


def test_views_are_added_and_set_up_in_the_wizard(
    state: AppState, workbench: Workbench, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    workbench.catalogue.create(ProductDescription("case", "case"))
    wizard = Wizard(state)
    qtbot.addWidget(wizard)
    assert wizard.open("case")
    wizard.go_to(WizardStep.REFERENCES)
    wishes = [ViewWish("top", "_top", ""), ViewWish("side", "_side", "1")]
    monkeypatch.setattr(wizard_module, "ask_for_view", lambda *_: wishes.pop(0))
    wizard.view_bar.add_button.click()
    wizard.view_bar.add_button.click()
    assert wizard.session.name == "case / side"
    assert [wizard.view_bar.tabs.tabText(place) for place in range(2)] == ["top", "side"]
    wizard.view_bar.tabs.setCurrentIndex(0)
    assert wizard.session.name == "case / top"
    wizard.go_to(WizardStep.DESCRIBE)
    assert wizard.session.name == "case"
    assert wizard.view_bar.isHidden()
    wizard.go_to(WizardStep.REFERENCES)
    wizard.view_bar.remove_button.click()
    assert [view.name for view in workbench.catalogue.draft("case").views] == ["side"]
    wizard.close_down()


def test_the_name_of_a_view_that_is_there_stays(qtbot: QtBot, workbench: Workbench, housing: str) -> None:
    view = workbench.catalogue.draft(housing).views[0]
    dialog = ViewDialog(view)
    qtbot.addWidget(dialog)
    assert dialog.name.isReadOnly()
    assert dialog.wish == ViewWish("top", "_top", "top")
