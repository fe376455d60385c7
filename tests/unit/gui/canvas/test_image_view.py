from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.types import Box, Limits, Position, Region
from gui.canvas import composer
from gui.canvas.geometry import fitted
from gui.canvas.image_panel import ImagePanel
from gui.canvas.image_view import ImageView
from gui.canvas.pictures import Composition, PictureContent, compose

Until = Callable[..., None]


def content(red: int = 80, size: tuple[int, int] = (400, 300)) -> PictureContent:
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[..., 0] = red
    values = np.zeros((size[1] // 10, size[0] // 10), np.float32)
    values[8:14, 10:20] = 1.0
    region = Region(Box(100, 80, 100, 60), 6000, 0.9, "dent", 0.8, Position.CENTER)
    return PictureContent(pixels, values, Limits(0.2, 0.4, 0.3), (region,))


@pytest.fixture
def view(qtbot: QtBot, until: Until) -> ImageView:
    made = ImageView()
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    shown = content()
    made.show_content(shown)
    until(lambda: made.content is shown, "the picture is shown")
    return made


def test_a_picture_is_fitted_into_the_view(view: ImageView) -> None:
    assert view.viewport == fitted((400, 300), (800, 600), 6)


def test_a_picture_stays_fitted_when_the_view_changes_its_size(view: ImageView) -> None:
    view.resize(400, 500)
    QApplication.processEvents()
    assert view.viewport == fitted((400, 300), (400, 500), 6)


def test_the_heat_map_is_painted_and_can_be_switched_off(view: ImageView) -> None:
    view.set_regions_shown(False)
    place = QPoint(*(round(value) for value in view.viewport.to_view(150, 110)))
    hot = view.grab().toImage().pixelColor(place)
    view.set_heat_shown(False)
    plain = view.grab().toImage().pixelColor(place)
    assert plain == QColor(80, 0, 0)
    assert hot != plain


def test_without_opacity_the_heat_map_disappears(view: ImageView, until: Until) -> None:
    view.set_regions_shown(False)
    place = QPoint(*(round(value) for value in view.viewport.to_view(150, 110)))
    view.set_opacity(0.0)
    until(lambda: view.grab().toImage().pixelColor(place) == QColor(80, 0, 0), "the heat map fades")
    assert view.opacity == 0.0


def test_the_wheel_zooms_about_the_pointer(view: ImageView) -> None:
    place = QPointF(500, 200)
    before = view.viewport.to_image(place.x(), place.y())
    event = QWheelEvent(
        place,
        place,
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    zoom = view.viewport.zoom
    QApplication.sendEvent(view, event)
    assert view.viewport.zoom == pytest.approx(zoom * 1.25**2)
    assert view.viewport.to_image(place.x(), place.y()) == pytest.approx(before)


def test_zoom_and_fit_work_by_keyboard(view: ImageView) -> None:
    fit = view.viewport
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.viewport.zoom > fit.zoom
    left = view.viewport.left
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.viewport.left > left
    QTest.keyClick(view, Qt.Key.Key_0)
    assert view.viewport == fit


def test_a_tap_on_a_region_chooses_it_and_beside_it_chooses_none(view: ImageView, qtbot: QtBot) -> None:
    inside = QPoint(*(round(value) for value in view.viewport.to_view(150, 110)))
    with qtbot.waitSignal(view.region_chosen) as chosen:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=inside)
    assert chosen.args == [0]
    assert view.chosen_region == 0
    with qtbot.waitSignal(view.region_chosen) as missed:
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(20, 590))
    assert missed.args == [-1]


def test_a_new_picture_of_the_same_size_keeps_the_zoom(view: ImageView, until: Until) -> None:
    view.zoom_by(3.0)
    zoomed = view.viewport
    newer = content(red=200)
    view.show_content(newer)
    until(lambda: view.content is newer)
    assert view.viewport == zoomed


def test_a_new_picture_of_another_size_is_fitted(view: ImageView, until: Until) -> None:
    view.zoom_by(3.0)
    newer = content(size=(900, 200))
    view.show_content(newer)
    until(lambda: view.content is newer)
    assert view.viewport == fitted((900, 200), (800, 600), 6)


def test_of_many_pictures_the_newest_is_shown_last(view: ImageView, until: Until) -> None:
    shown: list[PictureContent | None] = []
    view.content_shown.connect(lambda: shown.append(view.content))
    pictures = [content(red) for red in range(0, 200, 4)]
    for one in pictures:
        view.show_content(one)
    until(lambda: view.content is pictures[-1])
    assert shown == [pictures[-1]]


def test_a_cleared_view_does_not_show_what_was_still_being_composed(view: ImageView, until: Until) -> None:
    view.show_content(content(red=120))
    view.clear("Nothing chosen")
    last = content(red=10)
    view.show_content(last)
    until(lambda: view.content is not None)
    assert view.content is last


def test_controls_that_have_nothing_to_act_on_are_disabled(qtbot: QtBot) -> None:
    panel = ImagePanel()
    qtbot.addWidget(panel)
    assert not panel._heat.isEnabled()
    panel.show_content(PictureContent(np.zeros((20, 20, 3), np.uint8)))
    assert not panel._heat.isEnabled()
    assert panel._fit.isEnabled()
    panel.show_content(content())
    assert panel._heat.isEnabled()
    assert panel._boxes.isEnabled()


def test_keys_switch_heat_map_and_boxes(qtbot: QtBot, until: Until) -> None:
    panel = ImagePanel()
    qtbot.addWidget(panel)
    panel.resize(700, 500)
    panel.show()
    panel.show_content(content())
    until(lambda: panel.view.content is not None)
    panel.activateWindow()
    panel.view.setFocus()
    until(panel.view.hasFocus, "the view has the focus")
    QTest.keyClick(panel.view, Qt.Key.Key_H)
    assert not panel.view.heat_shown
    QTest.keyClick(panel.view, Qt.Key.Key_H)
    assert panel.view.heat_shown


def test_pictures_are_composed_away_from_the_gui_thread(
    qtbot: QtBot, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def compose_and_note(shown: PictureContent, opacity: float) -> Composition:
        threads.append(threading.get_ident())
        return compose(shown, opacity)

    monkeypatch.setattr(composer, "compose", compose_and_note)
    view = ImageView()
    qtbot.addWidget(view)
    view.show_content(content())
    until(lambda: view.content is not None)
    assert threads
    assert threading.get_ident() not in threads
