from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton
from pytestqt.qtbot import QtBot

import gui
from filo_core.types import Verdict
from gui.letters import BASE_POINT_SIZE
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT, SPACE, TOUCH_PX, Theme, current_theme, palette_of, theme_for
from gui.widgets.controls import button
from tests.unit.gui.contrast import contrast_ratio

_SELECTED = (QPalette.ColorRole.HighlightedText, QPalette.ColorRole.Highlight)
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def test_black_on_white_has_the_largest_contrast() -> None:
    assert contrast_ratio("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast_ratio("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@THEMES
def test_every_text_is_readable_on_its_ground(theme: Theme) -> None:
    grounds = (theme.window, theme.surface, theme.raised)
    pairs = [(text, ground) for text in (theme.text, theme.muted) for ground in grounds]
    pairs += [(tone.text, tone.ground) for tone in (theme.accent, theme.note, theme.warning, theme.error)]
    pairs += [(tone.text, tone.ground) for _, tone in theme.verdicts]
    pairs += [(theme.danger.ground, ground) for ground in (theme.window, theme.raised)]
    pairs += [(theme.text, theme.picture_ground), (theme.text, theme.bar)]
    too_weak = [(pair, round(contrast_ratio(*pair), 2)) for pair in pairs if contrast_ratio(*pair) < 4.5]
    assert too_weak == []


@THEMES
def test_edges_of_controls_can_be_seen(theme: Theme) -> None:
    ratios = {ground: contrast_ratio(theme.border, ground) for ground in (theme.window, theme.surface)}
    assert min(ratios.values()) >= 3.0, ratios


@THEMES
def test_a_checked_box_carries_a_tick(theme: Theme, qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, theme)
    box = QCheckBox("Stand still on NG")
    qtbot.addWidget(box)
    box.show()
    box.setChecked(True)
    image = box.grab().toImage()
    drawn = {image.pixelColor(x, y).name() for x in range(28) for y in range(image.height())}
    assert {theme.accent.ground, theme.accent.text} <= drawn


@THEMES
def test_every_verdict_has_a_colour_of_its_own(theme: Theme) -> None:
    grounds = [theme.verdict(verdict).ground for verdict in Verdict]
    assert len(set(grounds)) == len(Verdict)


@THEMES
def test_selected_text_is_readable(theme: Theme) -> None:
    palette = palette_of(theme)
    text, ground = (palette.color(role).name() for role in _SELECTED)
    assert contrast_ratio(text, ground) >= 4.5


@pytest.mark.parametrize(
    ("scheme", "theme"),
    [(Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT), (Qt.ColorScheme.Unknown, LIGHT)],
)
def test_the_theme_follows_the_systems_colour_scheme(scheme: Qt.ColorScheme, theme: Theme) -> None:
    assert theme_for(scheme) is theme


@THEMES
def test_an_applied_theme_is_the_current_one_and_letters_are_large_enough(theme: Theme, qapp: QApplication) -> None:
    apply_theme(qapp, theme)
    assert current_theme() is theme
    assert qapp.font().pointSizeF() >= BASE_POINT_SIZE


def test_buttons_are_large_enough_for_gloves(qtbot: QtBot) -> None:
    made = button("Start", "play")
    qtbot.addWidget(made)
    made.show()
    assert isinstance(made, QPushButton)
    assert made.height() >= TOUCH_PX == 48


def test_distances_lie_on_the_grid() -> None:
    told = re.compile(r"\.(?:set(?:ContentsMargins|Spacing|HorizontalSpacing|VerticalSpacing)|addSpacing)\(([\d, ]+)\)")
    root = Path(gui.__file__).parent
    off = {
        f"{path.relative_to(root)}: {found.group(0)}"
        for path in root.rglob("*.py")
        for found in told.finditer(path.read_text(encoding="utf-8"))
        if any(int(distance) % (SPACE // 2) for distance in found.group(1).split(","))
    }
    assert off == set()
