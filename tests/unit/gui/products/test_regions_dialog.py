"""Regions drawn on a good picture: with the mouse, with keys alone, from a file, from another product."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from filo_core.picture_limits import PictureLimits, PictureQuality
from filo_core.types import AnomalyType, Limits, ProductDescription
from filo_core.zones import CodeRead, Unreadable, Zone, ZoneKind, ZoneShape
from gui.canvas.image_view import ImageView
from gui.canvas.pictures import PictureContent
from gui.canvas.zone_canvas import Tool
from gui.live.quality_bar import QualityBar
from gui.products import regions_dialog
from gui.products.regions_dialog import RegionsDialog
from gui.state import AppState
from gui.widgets.message_fold import MessageKind
from gui.widgets.question import Question
from tests.unit.filo_core.method import parts_to_find as parts

Until = Callable[..., None]
_LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(qtbot: QtBot, state: AppState, product: str, until: Until) -> RegionsDialog:
    made = RegionsDialog(state, product)
    # Not by its frame: that asks about what was drawn.
    qtbot.addWidget(made, before_close_func=lambda one: one.done(0))
    made.show()
    until(lambda: made.canvas.content is not None, "the good picture")
    return made


def _place(dialog: RegionsDialog, x: float, y: float) -> QPoint:
    content = dialog.canvas.content
    assert content is not None
    width, height = content.size
    return QPoint(*(round(value) for value in dialog.canvas.viewport.to_view(x * width, y * height)))


def _drag(dialog: RegionsDialog, begin: tuple[float, float], end: tuple[float, float]) -> None:
    QTest.mousePress(dialog.canvas, _LEFT, pos=_place(dialog, *begin))
    QTest.mouseMove(dialog.canvas, _place(dialog, (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2))
    QTest.mouseMove(dialog.canvas, _place(dialog, *end))
    QTest.mouseRelease(dialog.canvas, _LEFT, pos=_place(dialog, *end))


def test_regions_are_drawn_changed_and_saved(dialog: RegionsDialog, state: AppState, product: str) -> None:
    assert not dialog.save_button.isEnabled()
    _drag(dialog, (0.1, 0.1), (0.5, 0.4))
    dialog.name.setText("thread")
    dialog.name.editingFinished.emit()
    dialog.limit.setValue(0.4)
    dialog.limit.editingFinished.emit()
    dialog.kind_of_new.setCurrentIndex(1)
    dialog.use(Tool.POLYGON)
    for corner in ((0.6, 0.6), (0.9, 0.6), (0.75, 0.9)):
        QTest.mouseClick(dialog.canvas, _LEFT, pos=_place(dialog, *corner))
    QTest.keyClick(dialog.canvas, Qt.Key.Key_Return)
    dialog.use(Tool.CHOOSE)
    _drag(dialog, (0.3, 0.25), (0.4, 0.25))
    dialog.save_button.click()
    thread, mask = state.workbench.catalogue.draft(product).zones
    assert (thread.name, thread.shape, thread.limit) == ("thread", ZoneShape.RECTANGLE, 0.4)
    assert np.allclose(thread.points, ((0.2, 0.1), (0.6, 0.4)), atol=0.02)
    assert (mask.kind, mask.shape, len(mask.points)) == (ZoneKind.IGNORE, ZoneShape.POLYGON, 3)
    assert state.workbench.catalogue.draft(product).limits is None


def test_keys_alone_draw_move_and_take_back(dialog: RegionsDialog, state: AppState, product: str) -> None:
    canvas = dialog.canvas
    QTest.keyClick(canvas, Qt.Key.Key_E)
    QTest.keyClick(canvas, Qt.Key.Key_A)
    (before,) = canvas.edits.zones
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    (after,) = canvas.edits.zones
    assert after.shape is ZoneShape.ELLIPSE
    assert after.points[0][0] < before.points[0][0]
    assert after.points[1][1] > before.points[1][1]
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.edits.zones == ()
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert canvas.edits.zones == (after,)
    zoom = canvas.viewport.zoom
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.viewport.zoom > zoom
    dialog.save()
    assert [zone.name for zone in state.workbench.catalogue.draft(product).zones] == ["region 1"]


def test_what_cannot_be_is_said_and_nothing_is_written(dialog: RegionsDialog, state: AppState, product: str) -> None:
    _drag(dialog, (0.2, 0.2), (0.6, 0.6))
    dialog.kind_of_new.setCurrentIndex(1)
    _drag(dialog, (0.05, 0.05), (0.95, 0.95))
    dialog.save_button.click()
    assert dialog.message.kind is MessageKind.ERROR
    assert "Everything in region region 1 is ignored" in dialog.message.sentence
    assert dialog.isVisible()
    assert state.workbench.catalogue.draft(product).zones == ()


def test_regions_come_from_a_file_and_a_file_of_no_use_is_a_sentence(dialog: RegionsDialog, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    dialog.read_file(tmp_path / "bad.json")
    assert "is no JSON" in dialog.message.sentence
    one = {"name": "rim", "shape": "rectangle", "points": [[0.1, 0.1], [0.4, 0.4]]}
    (tmp_path / "good.json").write_text(json.dumps({"format": "filo-regions", "version": 1, "regions": [one]}))
    dialog.read_file(tmp_path / "good.json")
    assert dialog.message.sentence == ""
    assert [zone.name for zone in dialog.canvas.edits.zones] == ["rim"]
    dialog.undo_button.click()
    assert dialog.canvas.edits.zones == ()


def test_what_was_drawn_is_not_lost_by_escape_alone(dialog: RegionsDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[Question] = []
    answers = [False, True]

    def answer(question: Question, _parent: QWidget) -> bool:
        asked_for.append(question)
        return answers.pop(0)

    monkeypatch.setattr(regions_dialog, "is_meant", answer)
    _drag(dialog, (0.1, 0.1), (0.5, 0.4))
    QTest.keyClick(dialog.canvas, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert len(dialog.canvas.edits.zones) == 1
    dialog.cancel_button.click()
    assert not dialog.isVisible()
    assert len(asked_for) == 2


def test_a_product_that_another_program_has_deleted_is_a_sentence(qtbot: QtBot, state: AppState) -> None:
    dialog = RegionsDialog(state, "gone")
    qtbot.addWidget(dialog)
    assert "gone" in dialog.message.sentence


def test_regions_are_copied_from_another_product(qtbot: QtBot, state: AppState, product: str) -> None:
    catalogue = state.workbench.catalogue
    catalogue.create(ProductDescription("other", "other"))
    catalogue.set_zones("other", (Zone("rim", ((0.1, 0.1), (0.4, 0.4))),))
    dialog = RegionsDialog(state, product)
    qtbot.addWidget(dialog)
    dialog.copy_button.click()
    dialog.save()
    assert [zone.name for zone in catalogue.draft(product).zones] == ["rim"]


def test_an_inspected_picture_shows_the_outlines_of_its_recipe(qtbot: QtBot, until: Until) -> None:
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    pixels = np.full((300, 400, 3), 90, np.uint8)
    values, limits = np.zeros((30, 40), np.float32), Limits(0.2, 0.4, 0.3)
    drawn = PictureContent(pixels, values, limits, (), (Zone("rim", ((0.2, 0.2), (0.6, 0.6))),))
    for content in (PictureContent(pixels, values, limits), drawn):
        view.show_content(content)
        until(lambda content=content: view.content is content, "the picture is shown")
        grabbed = view.grab().toImage()
        place = [round(value) for value in view.viewport.to_view(160, 60)]
        around = [grabbed.pixelColor(place[0], place[1] + by).lightness() for by in range(-3, 4)]
        assert (max(around) - min(around) > 60) is bool(content.zones)


def test_a_tick_withholds_the_verdict_of_blurred_pictures(dialog: RegionsDialog, state: AppState, product: str) -> None:
    dialog.judges_pictures.click()
    assert dialog.save_button.isEnabled()
    dialog.save_button.click()
    assert state.workbench.catalogue.draft(product).picture_limits is not None


def test_live_shows_focus_and_light_as_bars(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    bar = QualityBar(holder)
    holder.show()
    limits = PictureLimits(0.1, 0.3, 0.7)
    bar.show_quality(PictureQuality(0.2, 0.5), limits)
    assert bar.isVisible()
    assert bar.focus_text.text() == "Focus: 2.00 × what is needed"
    assert bar.light_text.text() == "Light: 50 % (30 to 70)"
    bar.show_quality(PictureQuality(0.05, 0.1), limits)
    assert "Blurred: 0.50" in bar.focus_text.text()
    assert "outside of 30 to 70" in bar.light_text.text()
    bar.show_quality(None, limits)
    assert not bar.isVisible()


@pytest.fixture
def brackets(qtbot: QtBot, state: AppState, until: Until) -> RegionsDialog:
    """The regions of a product whose parts lie differently in its three good pictures."""
    catalogue = state.workbench.catalogue
    catalogue.create(ProductDescription("bracket", "bracket"))
    for seed, (angle, moved) in enumerate(((0.0, (0.0, 0.0)), (12.0, (14.0, -9.0)), (-20.0, (-8.0, 11.0)))):
        catalogue.add_reference("bracket", parts.image(parts.picture(angle, moved, seed=seed), f"{seed}.png"))
    return _opened(qtbot, state, until)


def _opened(qtbot: QtBot, state: AppState, until: Until) -> RegionsDialog:
    made = RegionsDialog(state, "bracket")
    qtbot.addWidget(made, before_close_func=lambda one: one.done(0))
    made.show()
    until(lambda: made.canvas.content is not None, "the good picture")
    return made


def _draw_bracket(dialog: RegionsDialog, fixture: tuple[float, float, float, float] = (0.3, 0.25, 0.7, 0.75)) -> None:
    _drag(dialog, (0.34, 0.3), (0.66, 0.7))
    dialog.kind_of_new.setCurrentIndex(2)
    _drag(dialog, fixture[:2], fixture[2:])


def test_a_fixture_is_drawn_shown_on_other_pictures_and_taught_when_it_is_saved(
    brackets: RegionsDialog, state: AppState, until: Until, qtbot: QtBot
) -> None:
    _draw_bracket(brackets)
    assert brackets.fixture.isVisible()
    assert brackets.list.item(1).text() == "fixture 1 (fixture)"
    brackets.fixture.turn.setCurrentIndex(1)
    brackets.fixture.turn.activated.emit(1)
    still = brackets.canvas.content
    brackets.pictures.setCurrentIndex(1)
    until(lambda: brackets.canvas.content is not still, "the other picture")
    assert "turned by +12." in brackets.message.sentence
    content = brackets.canvas.content
    assert content is not None
    assert np.abs(content.pixels[90:270, 144:336].astype(int) - parts.picture()[90:270, 144:336]).mean() < 8.0
    brackets.save()
    draft = state.workbench.catalogue.draft("bracket")
    assert draft.fixture is not None
    assert (draft.fixture.turn, draft.fixture.taught_on) == (45.0, 3)
    assert draft.fixture.picture == draft.references[0].image_hash
    again = _opened(qtbot, state, until)
    again.canvas.edits.choose(1)
    again._show()
    assert "At most 33 % of good parts are refused" in again.fixture.words.text()


def test_a_fixture_that_teaches_nothing_is_said_and_the_dialog_stays(brackets: RegionsDialog, state: AppState) -> None:
    _draw_bracket(brackets, (0.02, 0.02, 0.2, 0.2))
    brackets.save()
    assert brackets.isVisible()
    assert "too few edges" in brackets.message.sentence
    assert state.workbench.catalogue.draft("bracket").fixture is None


def test_a_picture_without_the_part_is_shown_as_it_is_and_said(
    brackets: RegionsDialog, state: AppState, until: Until, qtbot: QtBot
) -> None:
    brackets.reject()
    state.workbench.catalogue.add_reference("bracket", parts.image(parts.picture(part=False), "empty.png"))
    dialog = _opened(qtbot, state, until)
    _draw_bracket(dialog)
    dialog.pictures.setCurrentIndex(3)
    until(lambda: "not found" in dialog.message.sentence, "that the part is not there")
    dialog.save()
    assert "not told from its surroundings in empty.png" in dialog.message.sentence


def test_one_item_is_marked_in_a_region_that_counts(dialog: RegionsDialog, state: AppState, product: str) -> None:
    dialog.kind_of_new.setCurrentText("counted")
    _drag(dialog, (0.1, 0.1), (0.9, 0.9))
    assert dialog.count.isVisible()
    dialog.save()
    assert "shows no example" in dialog.message.sentence
    dialog.count.what.setText("screws")
    dialog.count.what.editingFinished.emit()
    dialog.count.expected.setValue(4)
    dialog.count.mark_button.click()
    _drag(dialog, (0.2, 0.2), (0.4, 0.4))
    assert len(dialog.canvas.examples) == 1
    assert not dialog.count.mark_button.isChecked()
    dialog.save()
    (zone,) = state.workbench.catalogue.draft(product).zones
    assert zone.count is not None
    assert (zone.count.what, zone.count.expected) == ("screws", 4)
    (example,) = zone.count.examples
    assert example.picture == state.workbench.catalogue.draft(product).references[0].image_hash
    assert np.allclose(example.points, ((0.2, 0.2), (0.4, 0.4)), atol=0.02)


def test_marked_items_are_forgotten_and_brought_back(dialog: RegionsDialog) -> None:
    dialog.kind_of_new.setCurrentText("counted")
    _drag(dialog, (0.1, 0.1), (0.9, 0.9))
    dialog.count.mark_button.click()
    _drag(dialog, (0.2, 0.2), (0.4, 0.4))
    dialog.count.forget_button.click()
    assert dialog.canvas.examples == ()
    dialog.undo()
    assert len(dialog.canvas.examples) == 1


def test_the_whole_part_is_added_beside_a_map_and_taken_away_again(
    dialog: RegionsDialog, state: AppState, product: str
) -> None:
    dialog.as_a_whole.click()
    assert [(zone.name, zone.kind) for zone in dialog.canvas.edits.zones] == [
        ("whole picture", ZoneKind.INSPECT),
        ("whole part", ZoneKind.WHOLE),
    ]
    dialog.as_a_whole.click()
    assert dialog.canvas.edits.zones == ()
    dialog.undo_button.click()
    assert dialog.as_a_whole.isChecked()
    dialog.save_button.click()
    kinds = [zone.kind for zone in state.workbench.catalogue.draft(product).zones]
    assert kinds == [ZoneKind.INSPECT, ZoneKind.WHOLE]


def test_the_whole_part_spans_what_the_regions_span(dialog: RegionsDialog) -> None:
    _drag(dialog, (0.1, 0.1), (0.5, 0.4))
    (drawn,) = dialog.canvas.edits.zones
    dialog.as_a_whole.click()
    region, whole = dialog.canvas.edits.zones
    assert region == drawn
    assert whole.points == drawn.points
    dialog.as_a_whole.click()
    assert dialog.canvas.edits.zones == (drawn,)


def test_a_region_lists_anomalies_of_its_own(qtbot: QtBot, state: AppState, product: str, until: Until) -> None:
    state.workbench.catalogue.set_anomaly_types(product, [AnomalyType("dent"), AnomalyType("scratch")])
    dialog = RegionsDialog(state, product)
    qtbot.addWidget(dialog, before_close_func=lambda one: one.done(0))
    dialog.show()
    until(lambda: dialog.canvas.content is not None, "the good picture")
    assert not dialog.names.isVisible()
    _drag(dialog, (0.1, 0.1), (0.5, 0.4))
    assert dialog.names.isVisible()
    dialog.names.list.item(1).setCheckState(Qt.CheckState.Checked)
    dialog.kind.setCurrentIndex(1)
    dialog.kind.activated.emit(1)
    assert not dialog.names.isVisible()
    dialog.undo_button.click()
    dialog.save_button.click()
    (zone,) = state.workbench.catalogue.draft(product).zones
    assert zone.anomalies == ("scratch",)


def test_a_code_region_says_which_field_it_names_and_what_an_unreadable_one_costs(
    dialog: RegionsDialog, state: AppState, product: str
) -> None:
    dialog.kind_of_new.setCurrentIndex(5)
    _drag(dialog, (0.1, 0.1), (0.5, 0.4))
    assert dialog.code.isVisible()
    assert dialog.list.item(0).text() == "code 1 (code)"
    dialog.code.field.setCurrentIndex(1)
    dialog.code.field.activated.emit(1)
    dialog.code.unreadable.setCurrentIndex(1)
    dialog.code.unreadable.activated.emit(1)
    dialog.kind_of_new.setCurrentIndex(0)
    _drag(dialog, (0.6, 0.5), (0.9, 0.9))
    assert not dialog.code.isVisible(), "another region reads no code"
    dialog.save_button.click()
    label, _ = state.workbench.catalogue.draft(product).zones
    assert (label.kind, label.code) == (ZoneKind.CODE, CodeRead("lot", Unreadable.NG))
