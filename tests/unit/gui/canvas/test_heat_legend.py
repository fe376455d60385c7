"""The legend shows the ramp of the one renderer, its mark in the middle, and moves nothing when it goes."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from filo_core.rendering import heat_ramp
from filo_core.types import Limits
from gui.canvas.heat_legend import HeatLegend
from gui.canvas.image_panel import ImagePanel
from gui.canvas.pictures import PictureContent


def test_the_strip_runs_through_the_colours_of_the_renderer(qtbot: QtBot) -> None:
    legend = HeatLegend()
    qtbot.addWidget(legend)
    legend.resize(legend.sizeHint().width() + 120, legend.sizeHint().height())
    image = legend.grab().toImage()
    # The upper edge of the strip, where no word is.
    row = [QColor(image.pixel(x, image.height() // 2 - 5)) for x in range(image.width())]
    seen = np.array([(colour.red(), colour.green(), colour.blue()) for colour in row])
    for place in (0.1, 0.5, 0.9):
        wanted = heat_ramp()[round(255 * place)].astype(int)
        assert np.abs(seen - wanted).sum(axis=1).min() < 24, place


def test_it_is_there_with_a_heat_map_only_and_moves_nothing(qtbot: QtBot) -> None:
    panel = ImagePanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    pixels = np.zeros((30, 40, 3), np.uint8)
    panel.show_content(PictureContent(pixels, np.zeros((3, 4), np.float32), Limits(0.2, 0.4, 0.3)))
    assert panel.legend.isVisible()
    place = panel.view.geometry()
    panel.toggle_heat_map()
    assert not panel.legend.isVisible()
    panel.toggle_heat_map()
    panel.show_content(PictureContent(pixels))
    assert not panel.legend.isVisible()
    assert panel.view.geometry() == place


def test_a_narrow_one_keeps_the_strip_and_says_the_rest_to_whoever_points_at_it(qtbot: QtBot) -> None:
    legend = HeatLegend()
    qtbot.addWidget(legend)
    legend.resize(90, legend.sizeHint().height())
    assert not legend.grab().isNull()
    assert "like good parts" in legend.toolTip()
