"""Controls that no longer fit side by side go on in another row, whole."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

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
