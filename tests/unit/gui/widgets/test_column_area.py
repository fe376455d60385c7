"""What is too high for its window scrolls; nothing is squeezed and nothing is scrolled sideways."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.column_area import LowArea, fit_into_window
from gui.widgets.controls import plain_label


def page_of(*widgets: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    for widget in widgets:
        layout.addWidget(widget)
    return page


@pytest.mark.parametrize(("height", "scrolls"), [(700, False), (160, True)])
def test_a_page_is_as_high_as_the_window_until_it_would_be_squeezed(qtbot: QtBot, height: int, scrolls: bool) -> None:
    words = plain_label("a sentence that takes several lines in a window as narrow as this one " * 3)
    buttons = [QPushButton(f"button {number}") for number in range(4)]
    area = LowArea(page_of(words, *buttons))
    qtbot.addWidget(area)
    area.resize(300, height)
    area.show()
    QApplication.processEvents()
    assert (area.verticalScrollBar().maximum() > 0) is scrolls
    assert area.horizontalScrollBar().maximum() == 0
    assert words.height() >= words.heightForWidth(words.width())
    assert all(made.height() >= made.sizeHint().height() for made in buttons)


def test_a_page_that_grows_while_it_is_shown_scrolls(qtbot: QtBot) -> None:
    page = page_of(QLabel("first"))
    area = LowArea(page)
    qtbot.addWidget(area)
    area.resize(300, 120)
    area.show()
    layout = page.layout()
    assert layout is not None
    for number in range(10):
        layout.addWidget(QPushButton(f"button {number}"))
    # They are shown by one event, and laid out by the next.
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)


def test_a_dialog_is_no_larger_than_its_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(500, 300)
    dialog = QDialog(window)
    layout = QVBoxLayout(dialog)
    layout.addWidget(LowArea(page_of(*(QPushButton(f"button {number}") for number in range(20)))))
    fit_into_window(dialog)
    assert dialog.height() <= 300
