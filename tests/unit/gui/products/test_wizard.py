from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from filo_core.descriptions.library import AnomalyLibrary
from filo_core.types import ProductDescription, ProductKind, WizardStep
from gui.products.panel import ProductsPanel
from gui.products.wizard.anomalies_page import AnomaliesPage
from gui.products.wizard.describe_page import DescribePage
from gui.products.wizard.page import WizardPage
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.references_page import ReferencesPage
from gui.products.wizard.wizard import Wizard
from gui.state import AppState, Screen
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import RedEngine

Until = Callable[..., None]
Page = TypeVar("Page", bound=WizardPage)


def press(control: QAbstractButton) -> None:
    assert control.isEnabled(), f"{control.text()} cannot be pressed"
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)


def page(wizard: Wizard, kind: type[Page]) -> Page:
    assert isinstance(wizard.page, kind)
    return wizard.page


def describe(wizard: Wizard, name: str = "Nut M8") -> None:
    shown = page(wizard, DescribePage)
    QTest.keyClicks(shown.name_edit, name)
    QTest.keyClicks(shown.noun_edit, "metal nut")
    press(wizard.next_button)


def list_anomalies(wizard: Wizard, until: Until) -> None:
    press(page(wizard, AnomaliesPage).suggest_button)
    until(wizard.next_button.isEnabled, "a list is there")
    press(wizard.next_button)


def show_good_parts(wizard: Wizard, files: list[Path], until: Until) -> None:
    shown = page(wizard, ReferencesPage)
    shown.add_paths(files)
    until(lambda: len(shown.shelf.items) == len(files) and not shown.shelf.is_busy)
    press(wizard.next_button)


def judged(wizard: Wizard, until: Until) -> ProvePage:
    shown = page(wizard, ProvePage)

    def found() -> bool:
        draft = wizard.session.draft
        return draft is not None and draft.limits is not None and not shown.calibration.is_running

    until(found, "limits are found")
    return shown


def sign(wizard: Wizard, until: Until, reason: str = "none was made yet") -> ProvePage:
    shown = judged(wizard, until)
    QTest.keyClicks(shown.signing.reason_edit, reason)
    press(shown.signing.sign_button)
    return shown


def test_four_steps_lead_from_nothing_to_a_signed_recipe_each_saying_what_is_missing(
    wizard: Wizard, state: AppState, good_files: list[Path], until: Until, qtbot: QtBot
) -> None:
    assert wizard.missing_sentence == "Give the product a name."
    assert not wizard.next_button.isEnabled()
    QTest.keyClicks(page(wizard, DescribePage).name_edit, "Nut M8")
    assert wizard.missing_sentence == ""
    press(wizard.next_button)
    assert wizard.missing_sentence == "List at least one thing that can go wrong."
    list_anomalies(wizard, until)
    assert wizard.missing_sentence == "Add at least one good image; four are better."
    show_good_parts(wizard, good_files, until)
    shown = judged(wizard, until)
    assert wizard.missing_sentence == "Sign off to freeze this recipe."
    assert not wizard.next_button.isVisible()
    assert shown.signing.name_edit.text() == "anna"
    assert not shown.signing.sign_button.isEnabled(), "no bad part was shown, so it needs a reason"
    sign(wizard, until)
    assert wizard.missing_sentence == ""
    version = state.workbench.catalogue.recipe("Nut M8")
    assert (version.version, version.signed_by) == (1, "anna")
    assert len(version.recipe.references) == 3
    assert "by anna" in shown.state_text.text()
    with qtbot.waitSignal(state.screen_requested) as requested:
        press(shown.folder_button)
    assert requested.args == [Screen.FOLDER.value, "Nut M8"]
    assert state.current_product == "Nut M8"
    with qtbot.waitSignal(state.screen_requested) as requested:
        press(shown.live_button)
    assert requested.args == [Screen.LIVE.value, "Nut M8"]


def test_a_product_left_in_the_middle_is_taken_up_where_it_was_by_another_window(
    panel: ProductsPanel, wizard: Wizard, state: AppState, until: Until, qtbot: QtBot
) -> None:
    describe(wizard)
    list_anomalies(wizard, until)
    press(wizard.list_button)
    assert panel.currentWidget() is panel.list_view
    until(lambda: panel.list_view.chosen == "Nut M8", "the product in hand is chosen")
    other = ProductsPanel(state)
    qtbot.addWidget(other)
    other.set_up("Nut M8")
    assert other.wizard.current is WizardStep.REFERENCES
    other.close_down()


def test_editing_a_signed_product_makes_the_next_version_at_the_next_signature(
    panel: ProductsPanel, product: str, state: AppState, until: Until
) -> None:
    panel.set_up(product)
    wizard = panel.wizard
    assert wizard.current is WizardStep.CALIBRATE
    assert page(wizard, ProvePage).folder_button.isVisible()
    assert not page(wizard, ProvePage).signing.isVisible()
    wizard.step_bar._buttons[WizardStep.ANOMALIES].click()
    shown = page(wizard, AnomaliesPage)
    QTest.keyClicks(shown.new_edit, "broken thread")
    QTest.keyClick(shown.new_edit, Qt.Key.Key_Return)
    assert "The last step sets them again" in shown.message.sentence
    wizard.go_to(WizardStep.SIGN_OFF)
    proving = judged(wizard, until)
    assert "+ broken thread" in proving.details.changes.text()
    assert "version 2" in proving.signing.sign_button.text()
    sign(wizard, until)
    assert state.workbench.catalogue.recipe(product).version == 2
    assert state.workbench.catalogue.recipe(product, 1).recipe.anomaly_types[-1].name == "dent"


def test_enter_in_the_reason_signs(panel: ProductsPanel, product: str, state: AppState, until: Until) -> None:
    panel.set_up(product)
    proving = page(panel.wizard, ProvePage)
    until(lambda: not proving.calibration.is_running)
    proving.details.ok_spin.setValue(0.25)
    signing = proving.signing
    signing.name_edit.clear()
    QTest.keyClicks(signing.reason_edit, "a trial")
    QTest.keyClick(signing.reason_edit, Qt.Key.Key_Return)
    assert state.workbench.catalogue.recipe(product).version == 1
    QTest.keyClicks(signing.name_edit, "bert")
    QTest.keyClick(signing.name_edit, Qt.Key.Key_Return)
    assert state.workbench.catalogue.recipe(product).signed_by == "bert"
    assert state.workbench.catalogue.recipe(product).recipe.limits.ok == pytest.approx(0.25)


@pytest.mark.parametrize("names", [False, True])
def test_a_profile_that_needs_no_list_asks_for_a_name_and_pictures(
    panel: ProductsPanel, state: AppState, engine: RedEngine, good_files: list[Path], until: Until, names: bool
) -> None:
    engine.names_types, engine.lights_phrases, engine.profile = names, False, "compact"
    panel.set_up_new()
    wizard = panel.wizard
    assert not wizard.step_bar._buttons[WizardStep.ANOMALIES].isVisible()
    described = page(wizard, DescribePage)
    assert not described.noun_edit.isVisible()
    QTest.keyClicks(described.name_edit, "Nut M8")
    press(wizard.next_button)
    show_good_parts(wizard, good_files, until)
    sign(wizard, until)
    made = state.workbench.catalogue.recipe("Nut M8").recipe
    assert (made.class_name, made.kind) == ("part", ProductKind.OBJECT)
    usual = AnomalyLibrary.load().suggest(ProductDescription("Nut M8", "part"))
    assert made.anomaly_types == (usual if names else ()), "what names regions has the usual words to do it with"
    wizard.go_to(WizardStep.DESCRIBE)
    press(described.more_button)
    assert described.noun_edit.isVisible()
    press(described.list_button)
    assert isinstance(wizard.page, AnomaliesPage), "a list stays possible"
    press(wizard.next_button)
    assert isinstance(wizard.page, ReferencesPage)


def test_a_taken_name_keeps_the_page_and_says_so(wizard: Wizard, product: str) -> None:
    describe(wizard, product.upper())
    shown = page(wizard, DescribePage)
    assert shown.message.kind is MessageKind.ERROR
    assert product in shown.message.sentence.casefold()
    assert wizard.session.draft is None


def test_later_steps_cannot_be_reached_before_the_product_has_a_name(wizard: Wizard) -> None:
    wizard.go_to(WizardStep.REFERENCES)
    assert wizard.current is WizardStep.DESCRIBE
    assert wizard.step_bar.current is WizardStep.DESCRIBE


def test_leaving_an_unnamed_product_creates_none(panel: ProductsPanel, wizard: Wizard, state: AppState) -> None:
    QTest.keyClicks(page(wizard, DescribePage).noun_edit, "nut")
    press(wizard.list_button)
    assert panel.currentWidget() is panel.list_view
    assert state.workbench.catalogue.drafts() == ()


def test_the_kind_is_chosen_by_a_large_card_and_kept(wizard: Wizard, state: AppState) -> None:
    shown = page(wizard, DescribePage)
    QTest.keyClicks(shown.name_edit, "Cloth")
    QTest.keyClicks(shown.noun_edit, "woven fabric")
    QTest.keyClicks(shown.domain_edit, "textile")
    press(shown.texture_card)
    press(wizard.next_button)
    assert state.workbench.catalogue.draft("Cloth").description == ProductDescription(
        "Cloth", "woven fabric", ProductKind.TEXTURE, "textile"
    )
    press(wizard.back_button)
    assert page(wizard, DescribePage).texture_card.isChecked()


def test_a_signed_product_keeps_its_name_and_the_page_says_what_to_do(
    panel: ProductsPanel, product: str, state: AppState
) -> None:
    panel.set_up(product)
    panel.wizard.go_to(WizardStep.DESCRIBE)
    shown = page(panel.wizard, DescribePage)
    shown.name_edit.setText("another name")
    press(panel.wizard.next_button)
    assert panel.wizard.current is WizardStep.DESCRIBE
    assert "Clone it" in shown.message.sentence


def test_a_product_that_was_deleted_meanwhile_leads_back_to_the_list(panel: ProductsPanel) -> None:
    panel.set_up("gone")
    assert panel.currentWidget() is panel.list_view
    assert "gone" in panel.list_view.message.sentence


def test_the_step_bar_says_for_a_screen_reader_what_is_done(wizard: Wizard) -> None:
    describe(wizard)
    spoken = [button.accessibleName() for button in wizard.step_bar._buttons.values()]
    assert spoken[0] == "1. Describe: done"
    assert spoken[1] == "2. Anomalies: to do"
    assert wizard.step_bar._buttons[WizardStep.ANOMALIES].accessibleDescription() == (
        "List at least one thing that can go wrong."
    )


def test_enter_in_a_field_goes_on_only_once_the_step_is_complete(wizard: Wizard) -> None:
    shown = page(wizard, DescribePage)
    QTest.keyClick(shown.name_edit, Qt.Key.Key_Return)
    assert isinstance(wizard.page, DescribePage)
    QTest.keyClicks(shown.name_edit, "Nut M8")
    QTest.keyClick(shown.name_edit, Qt.Key.Key_Return)
    assert wizard.current is WizardStep.ANOMALIES
