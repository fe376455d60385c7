"""Controls that no longer fit side by side go on in another row, whole."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.theme import TOUCH_PX
from gui.widgets.controls import button, captioned
from gui.widgets.rows_layout import RowsLayout

WORDS = ("Dateien hinzufügen …",) * 4


@pytest.mark.parametrize(("share", "rows"), [(1.0, 1), (0.55, 2), (0.1, 4)])
def test_every_control_keeps_the_width_that_its_words_want(qtbot: QtBot, share: float, rows: int) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = RowsLayout(holder)
    controls = [QPushButton(words) for words in WORDS]
    for control in controls:
        layout.addWidget(control)
    wide = round(share * layout.sizeHint().width())
    holder.resize(max(wide, layout.minimumSize().width()), layout.heightForWidth(wide))
    holder.show()
    assert all(control.width() >= control.sizeHint().width() for control in controls)
    assert len({control.y() for control in controls}) == rows
    assert all(control.geometry().bottom() < holder.height() for control in controls)
    assert all(control.geometry().right() < holder.width() for control in controls)


def test_a_hidden_control_takes_no_room(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = RowsLayout(holder)
    first, second = QPushButton("first"), QPushButton("second")
    layout.addWidget(first)
    layout.addWidget(second)
    before = layout.sizeHint().width()
    first.hide()
    assert layout.sizeHint().width() < before
    assert layout.takeAt(5) is None
    assert layout.count() == 2


def test_what_is_left_over_goes_to_those_that_stretch(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = RowsLayout(holder)
    fixed, twice, once = QPushButton("fixed"), QPushButton("twice"), QPushButton("once")
    for control, stretch in ((fixed, 0), (twice, 2), (once, 1)):
        layout.add(control, stretch)
    holder.resize(layout.sizeHint().width() + 300, 60)
    holder.show()
    gained = [control.width() - control.sizeHint().width() for control in (fixed, twice, once)]
    assert gained == [0, 200, 100]


def test_a_button_and_a_line_of_words_stand_beside_a_field_and_not_beside_its_caption(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    outer = QVBoxLayout(holder)
    layout = RowsLayout()
    outer.addLayout(layout)
    field, go, words = button("field"), button("Go"), QLabel("words")
    for control in (captioned("Caption", field), go, words):
        layout.add(control)
    holder.show()
    assert go.mapTo(holder, go.rect().bottomLeft()).y() == field.mapTo(holder, field.rect().bottomLeft()).y()
    middle = words.geometry().center().y() - go.geometry().center().y()
    assert abs(middle) <= 1
    assert words.height() < TOUCH_PX
