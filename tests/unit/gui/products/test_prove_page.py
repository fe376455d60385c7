"""The page that proves a product: it begins by itself, says in one line what it tells apart, and is signed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtTest import QTest

from filo_core.proof import Standing
from filo_core.types import AnomalyType, InspectionFilter, Limits, ProductDescription, Verdict, WizardStep
from gui.products.panel import ProductsPanel
from gui.products.wizard.part_tray import tile_size
from gui.products.wizard.prove_page import ProvePage
from gui.products.wizard.references_page import ReferencesPage
from gui.state import AppState, ModelState
from gui.widgets.message_fold import MessageKind
from tests.unit.gui.conftest import RedEngine, picture, source_image
from workflows.products.golden import GoldenSets

Until = Callable[..., None]


@pytest.fixture
def shown(panel: ProductsPanel, product: str, until: Until) -> ProvePage:
    """The page of a signed product that was never shown a bad part."""
    panel.set_up(product)
    assert isinstance(panel.wizard.page, ProvePage)
    idle(panel.wizard.page, until)
    return panel.wizard.page


def idle(page: ProvePage, until: Until) -> None:
    until(lambda: not page.calibration.is_running, "the parts are judged")


def show_bad(page: ProvePage, until: Until, folder: Path, *reds: int) -> None:
    paths = [folder / f"bad_{red}.png" for red in reds]
    for red, path in zip(reds, paths, strict=True):
        picture(red, red).save(path)
    page.show_files(paths, bad=True)
    until(lambda: len(page.trays.bad.tray.tiles) == len(reds) and not page.calibration.is_running, "all are judged")


def test_it_begins_by_itself_and_says_that_it_was_never_shown_a_bad_part(shown: ProvePage) -> None:
    assert shown.headline.text() == "Never shown a bad part: it may miss everything."
    assert [tile.verdict for tile in shown.trays.good.tray.tiles] == [Verdict.OK, Verdict.OK]
    assert shown.trays.bad.tray.tiles == ()
    assert "OK up to 0.300" in shown.scale.accessibleDescription()


def test_looking_at_a_signed_product_changes_nothing(shown: ProvePage, state: AppState, product: str) -> None:
    assert not state.workbench.catalogue.draft(product).changed_since_signing
    assert not shown.signing.isVisible()
    assert "Version 1 is in force." in shown.state_text.text()
    assert "ready" not in shown.state_text.text()


def test_bad_parts_that_are_told_apart_end_green_and_are_the_golden_set(
    shown: ProvePage, state: AppState, product: str, tmp_path: Path, until: Until
) -> None:
    show_bad(shown, until, tmp_path, 200, 230)
    assert shown.headline.text() == "Tells your 2 good parts from 2 bad ones."
    assert [tile.verdict for tile in shown.trays.bad.tray.tiles] == [Verdict.NG, Verdict.NG]
    parts = GoldenSets(state.workbench.storage).parts(product)
    assert {part.expected for part in parts} == {Verdict.NG}
    assert "up to 8.5 may pass" in shown.bound.text()
    QTest.mouseClick(shown.signing.sign_button, Qt.MouseButton.LeftButton)
    assert state.workbench.catalogue.signed_proof(product).counts.standing is Standing.TELLS
    assert "ready to inspect" in shown.state_text.text()


def test_a_missed_bad_part_is_red_comes_first_and_needs_a_reason(
    shown: ProvePage, state: AppState, product: str, tmp_path: Path, until: Until
) -> None:
    show_bad(shown, until, tmp_path, 30, 220)
    assert shown.headline.text() == "Misses 1 of 2 bad parts."
    first = shown.trays.bad.tray.tiles[0]
    assert (first.name, first.missed, first.verdict) == ("bad_30.png", True, Verdict.OK)
    assert "Sign anyway" in shown.signing.sign_button.text().replace("&", "")
    assert not shown.signing.sign_button.isEnabled()
    QTest.keyClicks(shown.signing.reason_edit, "sorted by hand")
    QTest.mouseClick(shown.signing.sign_button, Qt.MouseButton.LeftButton)
    signed = state.workbench.catalogue.signed_proof(product)
    assert signed.sentence == "Misses 1 of 2 bad parts. Signed anyway: sorted by hand"
    assert "Reason: sorted by hand" in shown.state_text.text()
    assert "ready" not in shown.state_text.text()


def test_limits_that_are_dragged_say_at_once_what_they_miss(
    shown: ProvePage, state: AppState, product: str, tmp_path: Path, until: Until
) -> None:
    show_bad(shown, until, tmp_path, 100, 220)
    assert shown.headline.text().startswith("Tells")
    start = shown.scale.handle_place("ok").toPoint()
    end = QPoint(start.x() + 260, start.y())
    QTest.mousePress(shown.scale, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(shown.scale, end)
    QTest.mouseRelease(shown.scale, Qt.MouseButton.LeftButton, pos=end)
    assert shown.headline.text() == "Misses 1 of 2 bad parts."
    until(lambda: (state.workbench.catalogue.draft(product).limits or Limits(0, 0, 0)).ok > 0.35, "it is written")


def test_moved_limits_are_written_a_moment_later_and_found_again_by_a_button(
    shown: ProvePage, state: AppState, product: str, until: Until
) -> None:
    shown.details_button.click()
    shown.begin()
    idle(shown, until)
    shown.details.ok_spin.setValue(0.05)
    assert "2 of 2 good parts would be stopped" in shown.bound.text()
    until(lambda: state.workbench.catalogue.draft(product).limits == Limits(0.05, 0.6, 0.4))
    assert "moved the OK limit below" in shown.details.promise.text()
    QTest.mouseClick(shown.details.reset_button, Qt.MouseButton.LeftButton)
    assert state.workbench.catalogue.draft(product).limits == Limits(0.3, 0.6, 0.4)
    assert not shown.details.reset_button.isEnabled()


def test_the_two_limits_never_cross(shown: ProvePage) -> None:
    shown.details.ok_spin.setValue(0.8)
    assert shown.details.ng_spin.value() == pytest.approx(0.8)
    shown.details.ng_spin.setValue(0.2)
    assert shown.details.ok_spin.value() == pytest.approx(0.2)


def test_a_limit_moved_just_before_leaving_is_not_lost(
    shown: ProvePage, panel: ProductsPanel, state: AppState, product: str
) -> None:
    shown.details.region_spin.setValue(0.123)
    panel.wizard.go_to(WizardStep.REFERENCES)
    limits = state.workbench.catalogue.draft(product).limits
    assert limits is not None
    assert limits.region == pytest.approx(0.123)


def test_other_references_are_judged_when_the_page_opens(
    shown: ProvePage, panel: ProductsPanel, state: AppState, product: str, until: Until
) -> None:
    state.workbench.catalogue.add_reference(product, source_image(25, 9, "third.png"))
    panel.set_up(product)
    idle(shown, until)
    assert len(shown.trays.good.tray.tiles) == 3
    assert state.workbench.catalogue.draft(product).limits is not None


def test_without_a_good_image_the_page_says_to_add_one(panel: ProductsPanel, state: AppState) -> None:
    state.workbench.catalogue.create(ProductDescription("bare", "nut"))
    panel.set_up("bare")
    panel.wizard.go_to(WizardStep.CALIBRATE)
    page = panel.wizard.page
    assert isinstance(page, ProvePage)
    assert not page.calibration.is_running
    assert not page.signing.sign_button.isEnabled()
    assert panel.wizard.missing_sentence == page.headline.text() != ""


def test_a_defect_is_drawn_on_a_good_part_and_taken_away_again(
    shown: ProvePage, state: AppState, product: str, until: Until
) -> None:
    QTest.mouseClick(shown.trays.draw_button, Qt.MouseButton.LeftButton)
    until(lambda: len(shown.trays.bad.tray.tiles) == 1 and not shown.calibration.is_running, "it is judged")
    assert shown.trays.bad.tray.tiles[0].name.startswith("drawn ")
    shown.trays.bad.tray.selectAll()
    QTest.mouseClick(shown.trays.remove_button, Qt.MouseButton.LeftButton)
    until(lambda: not GoldenSets(state.workbench.storage).parts(product) and not shown.calibration.is_running)
    until(lambda: shown.trays.bad.tray.tiles == ())
    assert shown.headline.text().startswith("Never shown")


def test_a_good_image_is_refused_as_a_bad_part(shown: ProvePage, state: AppState, tmp_path: Path, until: Until) -> None:
    path = tmp_path / "same.png"
    path.write_bytes(source_image(20, 0).encoded)
    shown.show_files([path], bad=True)
    until(lambda: shown.message.kind is MessageKind.ERROR)
    assert "one of the good images" in shown.message.sentence
    assert state.workbench.history.count(InspectionFilter()) == 0


def test_a_file_that_is_no_picture_is_told_by_name(shown: ProvePage, tmp_path: Path, until: Until) -> None:
    (tmp_path / "note.png").write_text("no picture")
    shown.show_files([tmp_path / "note.png"], bad=True)
    until(lambda: shown.message.kind is MessageKind.ERROR)
    assert "note.png" in shown.message.sentence


def test_what_was_found_out_since_is_signed_though_the_recipe_is_the_same(
    shown: ProvePage, state: AppState, product: str, tmp_path: Path, until: Until
) -> None:
    show_bad(shown, until, tmp_path, 220)
    assert not state.workbench.catalogue.draft(product).changed_since_signing
    assert "version 1" in shown.signing.sign_button.text()
    QTest.mouseClick(shown.signing.sign_button, Qt.MouseButton.LeftButton)
    assert state.workbench.catalogue.recipe(product).version == 1
    assert state.workbench.catalogue.signed_proof(product).sentence == ""


def test_a_model_that_failed_is_told(
    shown: ProvePage, engine: RedEngine, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(engine, "calibrate", refuse)
    shown.begin()
    idle(shown, until)
    assert shown.message.kind is MessageKind.ERROR
    assert "Try it again" in shown.message.sentence


def test_while_the_model_is_loading_the_page_says_so(
    panel: ProductsPanel, state: AppState, product: str, engine: RedEngine, until: Until
) -> None:
    state.workbench.catalogue.add_reference(product, source_image(25, 9, "third.png"))
    state.set_model_state(ModelState.LOADING)
    engine.gate.clear()
    panel.set_up(product)
    page = panel.wizard.page
    assert isinstance(page, ProvePage)
    assert page.headline.text() == "The model is still loading …"
    assert page.cancel_button.isVisible()
    engine.gate.set()
    idle(page, until)
    assert not page.cancel_button.isVisible()


@pytest.mark.parametrize("size", [(1130, 640), (1790, 960)])
def test_nothing_scrolls_and_all_parts_are_seen(
    shown: ProvePage, panel: ProductsPanel, tmp_path: Path, until: Until, size: tuple[int, int]
) -> None:
    show_bad(shown, until, tmp_path, 180, 200, 220)
    panel.resize(*size)
    until(lambda: panel.size().toTuple() == size, "the window can be as small")
    for tray in (shown.trays.good.tray, shown.trays.bad.tray):
        until(lambda tray=tray: tray.verticalScrollBar().maximum() == 0, "all tiles are in view")
    assert shown.signing.isVisible()
    bottom = shown.signing.mapTo(panel, shown.signing.rect().bottomLeft()).y()
    assert bottom < size[1]


def test_handles_and_tiles_can_be_hit_with_a_glove(shown: ProvePage, tmp_path: Path, until: Until) -> None:
    show_bad(shown, until, tmp_path, 180, 220)
    handle = shown.scale.handle_place("ok").toPoint()
    QTest.mousePress(shown.scale, Qt.MouseButton.LeftButton, pos=handle + QPoint(21, 0))
    QTest.mouseMove(shown.scale, handle + QPoint(60, 0))
    QTest.mouseRelease(shown.scale, Qt.MouseButton.LeftButton, pos=handle + QPoint(60, 0))
    assert shown.scale.handle_place("ok").x() > handle.x()
    trays = shown.trays
    for control in (trays.add_bad_button, trays.camera_button, trays.draw_button, trays.session_button):
        assert min(control.width(), control.height()) >= 44


@pytest.mark.parametrize(
    ("count", "room", "expected"),
    [
        (3, QSize(860, 480), QSize(286, 303)),
        (6, QSize(860, 480), QSize(286, 240)),
        (1, QSize(860, 480), QSize(330, 350)),
        (200, QSize(560, 130), QSize(124, 84)),
    ],
)
def test_tiles_are_as_large_as_all_of_them_allow(count: int, room: QSize, expected: QSize) -> None:
    assert tile_size(count, room) == expected


def show_another_day(page: ProvePage, until: Until, folder: Path, *reds: int) -> None:
    paths = [folder / f"night_{red}.png" for red in reds]
    for red, path in zip(reds, paths, strict=True):
        picture(red, red).save(path)
    before = len(page.trays.good.tray.tiles)
    page.show_session(paths)
    until(
        lambda: len(page.trays.good.tray.tiles) == before + len(reds) and not page.calibration.is_running, "all judged"
    )


def test_the_promise_says_which_day_it_is_of_and_is_held_against_another_one(
    shown: ProvePage, state: AppState, product: str, tmp_path: Path, until: Until
) -> None:
    shown.begin()
    idle(shown, until)
    assert "All its good parts are of one session" in shown.sessions.text()
    assert shown.trays.session_button.isEnabled()
    assert not shown.trays.join_button.isVisibleTo(shown)
    show_another_day(shown, until, tmp_path, 200, 210, 220, 230)
    assert [tile.apart for tile in shown.trays.good.tray.tiles].count(True) == 4
    said = shown.sessions.text()
    assert "4 of 4 good parts NG" in said
    assert "more than promised" in said
    assert GoldenSets(state.workbench.storage).parts(product) == ()
    assert state.workbench.catalogue.draft(product).limits == Limits(0.3, 0.6, 0.4)
    assert shown.trays.join_button.isVisibleTo(shown)
    QTest.mouseClick(shown.trays.join_button, Qt.MouseButton.LeftButton)
    until(lambda: len(GoldenSets(state.workbench.storage).parts(product)) == 4, "they joined")
    until(lambda: not shown.calibration.is_running and not shown.trays.join_button.isVisibleTo(shown), "judged")


def test_a_day_like_the_others_is_counted_and_widens_what_is_stated(
    shown: ProvePage, tmp_path: Path, until: Until
) -> None:
    shown.begin()
    idle(shown, until)
    show_another_day(shown, until, tmp_path, 20, 22)
    said = shown.sessions.text()
    assert "0 of 2 good parts NG" in said
    assert "more than promised" not in said
    assert "Expect up to" in said
    shown.trays.removal_wanted.emit([tile.image_hash for tile in shown.trays.good.tray.tiles if tile.apart])
    until(lambda: "Expect up to" not in shown.sessions.text(), "they are taken away")


def test_a_profile_that_judges_by_words_needs_no_picture_and_says_what_that_is_worth(
    panel: ProductsPanel, state: AppState, engine: RedEngine, until: Until
) -> None:
    engine.starts_without_pictures = True
    catalogue = state.workbench.catalogue
    catalogue.create(ProductDescription("plate", "plate"))
    catalogue.set_anomaly_types("plate", [AnomalyType("scratch")])
    panel.set_up("plate")
    wizard = panel.wizard
    assert wizard.current is WizardStep.REFERENCES
    references = wizard.page
    assert isinstance(references, ReferencesPage)
    until(lambda: "by words alone" in references.summary.text(), "it says that no picture is needed")
    assert wizard.next_button.isEnabled()
    wizard.go_to(WizardStep.CALIBRATE)
    page = wizard.page
    assert isinstance(page, ProvePage)
    idle(page, until)
    assert page.headline.text().startswith("No good part shown: it judges by words alone")
    assert not page.signing.sign_button.isEnabled()
    QTest.keyClicks(page.signing.reason_edit, "no part has been made yet")
    QTest.mouseClick(page.signing.sign_button, Qt.MouseButton.LeftButton)
    assert catalogue.recipe("plate").recipe.references == ()
