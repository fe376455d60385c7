from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from filo_core.types import InspectionFilter, Limits, ProductDescription, WizardStep
from gui.products.panel import ProductsPanel
from gui.products.wizard.calibrate_page import CalibratePage
from gui.state import AppState, ModelState
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import RedEngine, picture, source_image

Until = Callable[..., None]


@pytest.fixture
def shown(panel: ProductsPanel, product: str) -> CalibratePage:
    panel.set_up(product)
    panel.wizard.go_to(WizardStep.CALIBRATE)
    assert isinstance(panel.wizard.page, CalibratePage)
    return panel.wizard.page


def calibrate(page: CalibratePage, until: Until) -> None:
    QTest.mouseClick(page.start_button, Qt.MouseButton.LeftButton)
    until(lambda: not page.calibration.is_running)


def test_the_found_limits_come_with_scores_promise_and_untrained_note(shown: CalibratePage, until: Until) -> None:
    calibrate(shown, until)
    result = shown.calibration.result()
    assert result is not None
    assert len(result.scores) == 2
    assert shown.ok_spin.value() == pytest.approx(0.3)
    assert shown.ng_spin.value() == pytest.approx(0.6)
    assert shown._recount.text() == "With these limits 2 of 2 good parts are OK, 0 REVIEW, 0 NG."
    assert shown._promise.text() == "2 good parts: the lowest promise is 33.3%."
    assert shown._untrained.isVisible()
    assert "OK up to 0.300" in shown.scale.accessibleDescription()


def test_moved_limits_are_counted_at_once_and_written_a_moment_later(
    shown: CalibratePage, state: AppState, product: str, until: Until
) -> None:
    calibrate(shown, until)
    shown.ok_spin.setValue(0.05)
    assert "0 of 2 good parts are OK, 2 REVIEW" in shown._recount.text()
    assert "moved the OK limit below" in shown._promise.text()
    until(lambda: state.workbench.catalogue.draft(product).limits == Limits(0.05, 0.6, 0.4))
    QTest.mouseClick(shown.reset_button, Qt.MouseButton.LeftButton)
    assert state.workbench.catalogue.draft(product).limits == Limits(0.3, 0.6, 0.4)
    assert not shown.reset_button.isEnabled()


def test_the_two_limits_never_cross(shown: CalibratePage) -> None:
    shown.ok_spin.setValue(0.8)
    assert shown.ng_spin.value() == pytest.approx(0.8)
    shown.ng_spin.setValue(0.2)
    assert shown.ok_spin.value() == pytest.approx(0.2)


def test_a_limit_moved_just_before_leaving_is_not_lost(
    shown: CalibratePage, panel: ProductsPanel, state: AppState, product: str
) -> None:
    shown.region_spin.setValue(0.123)
    panel.wizard.go_to(WizardStep.SIGN_OFF)
    limits = state.workbench.catalogue.draft(product).limits
    assert limits is not None
    assert limits.region == pytest.approx(0.123)


def test_scores_of_other_references_are_not_shown(
    shown: CalibratePage, panel: ProductsPanel, state: AppState, product: str, until: Until
) -> None:
    calibrate(shown, until)
    state.workbench.catalogue.add_reference(product, source_image(25, 9, "third.png"))
    panel.set_up(product)
    panel.wizard.go_to(WizardStep.CALIBRATE)
    assert shown.calibration.result() is None
    assert panel.wizard.missing_sentence == "Set the limits from the good images."
    assert not shown.ok_spin.isEnabled()


def test_without_a_good_image_the_page_says_to_add_one(panel: ProductsPanel, state: AppState) -> None:
    state.workbench.catalogue.create(ProductDescription("bare", "nut"))
    panel.set_up("bare")
    panel.wizard.go_to(WizardStep.CALIBRATE)
    page = panel.wizard.page
    assert isinstance(page, CalibratePage)
    assert not page.start_button.isEnabled()
    assert panel.wizard.missing_sentence == "Add at least one good image; four are better."
    assert "step 3" in page._doing.text()


def test_while_the_model_is_loading_the_page_says_that_it_begins_by_itself(
    shown: CalibratePage, state: AppState, until: Until
) -> None:
    state.set_model_state(ModelState.LOADING)
    QTest.mouseClick(shown.start_button, Qt.MouseButton.LeftButton)
    assert "begins by itself" in shown._doing.text()
    assert shown.cancel_button.isVisible()
    until(lambda: not shown.calibration.is_running)
    assert not shown.cancel_button.isVisible()


def test_a_tried_picture_gets_its_verdict_and_nothing_is_recorded(
    shown: CalibratePage, state: AppState, tmp_path: Path, until: Until
) -> None:
    picture(200).save(tmp_path / "bad.png")
    shown.try_file(tmp_path / "bad.png")
    until(lambda: shown._trial_text.text() != "")
    assert shown._trial_text.text().startswith("bad.png: score 0.8")
    assert shown._trial_chip.accessibleName() == "NG"
    shown.ng_spin.setValue(0.95)
    assert shown._trial_chip.accessibleName() == "REVIEW"
    assert state.workbench.history.count(InspectionFilter()) == 0


def test_a_tried_file_that_is_no_picture_is_told_by_name(shown: CalibratePage, tmp_path: Path, until: Until) -> None:
    (tmp_path / "note.png").write_text("no picture")
    shown.try_file(tmp_path / "note.png")
    until(lambda: not shown.calibration.is_running)
    assert shown.message.kind is MessageKind.ERROR
    assert "note.png" in shown.message.sentence


def test_a_cancelled_trial_leaves_the_page_ready(
    shown: CalibratePage, engine: RedEngine, tmp_path: Path, until: Until
) -> None:
    picture(20).save(tmp_path / "good.png")
    engine.gate.clear()
    shown.try_file(tmp_path / "good.png")
    until(lambda: shown.calibration._handle is not None)
    assert not shown.start_button.isEnabled()
    QTest.mouseClick(shown.cancel_button, Qt.MouseButton.LeftButton)
    engine.gate.set()
    until(lambda: not shown.calibration.is_running)
    assert shown.start_button.isEnabled()
    assert shown.message.sentence == ""


def test_a_model_that_failed_is_told_when_one_calibrates(
    panel: ProductsPanel, shown: CalibratePage, engine: RedEngine, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(engine, "calibrate", refuse)
    calibrate(shown, until)
    assert shown.message.kind is MessageKind.ERROR
    assert "Try it again" in shown.message.sentence


def test_the_scores_of_the_good_parts_come_from_the_record_after_the_program_was_closed(
    shown: CalibratePage, state: AppState, product: str
) -> None:
    # The product was calibrated and signed before this page was built, so it found nothing itself.
    assert shown.calibration.result() is None
    assert shown.calibration.scores() == state.workbench.catalogue.good_part_scores(product) != ()
    assert shown._recount.text() == "With these limits 2 of 2 good parts are OK, 0 REVIEW, 0 NG."


def test_scores_of_other_good_parts_are_not_shown(shown: CalibratePage, state: AppState, product: str) -> None:
    catalogue = state.workbench.catalogue
    limits = catalogue.draft(product).limits
    catalogue.add_reference(product, source_image(30, 9, "another.png"))
    assert limits is not None
    catalogue.set_limits(product, limits)
    assert catalogue.good_part_scores(product) == ()
