"""The line on sessions, in the colours of the theme that is applied now."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from filo_core.calibration.guard import Guard
from gui.products.wizard.session_line import SessionLine
from gui.style_sheet import apply_theme
from gui.theme import DARK, LIGHT
from tests.unit.gui.test_guard_words import guard


@pytest.mark.parametrize(("shown", "is_broken"), [(guard(0.1, 0.2), False), (guard(0.7, 0.7, 0.7, 0.1), True)])
def test_the_line_changes_its_colours_with_the_theme(
    qtbot: QtBot, qapp: QApplication, shown: Guard, is_broken: bool
) -> None:
    line = SessionLine()
    qtbot.addWidget(line)
    line.show_guard(shown)
    line.show()
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        QApplication.processEvents()
        wanted = theme.error.text if is_broken else theme.muted
        assert f"color: {wanted}" in line.styleSheet()
