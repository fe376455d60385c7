"""The keys and the words of the program on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.theme import SPACE
from gui.translation import QT_TRANSLATE_NOOP
from gui.widgets.controls import button, plain_label

KEYS: tuple[tuple[str, str], ...] = (
    ("Ctrl+1 … Ctrl+6", QT_TRANSLATE_NOOP("HelpDialog", "Products, Live, Folder, Review, Statistics, Settings")),
    ("Space", QT_TRANSLATE_NOOP("HelpDialog", "Live: acknowledge a frozen NG")),
    ("Enter", QT_TRANSLATE_NOOP("HelpDialog", "Live by key: inspect the part that lies there")),
    ("F5", QT_TRANSLATE_NOOP("HelpDialog", "Live and Folder: start or stop")),
    ("H, B", QT_TRANSLATE_NOOP("HelpDialog", "Picture: heat map and region boxes on or off")),
    ("+  -  0", QT_TRANSLATE_NOOP("HelpDialog", "Picture: zoom in, zoom out, fit")),
    ("C, O, T, N", QT_TRANSLATE_NOOP("HelpDialog", "Review: verdict is right, is wrong, change type, skip")),
    ("Space", QT_TRANSLATE_NOOP("HelpDialog", "Review: hold to see the bare picture")),
    ("I, V", QT_TRANSLATE_NOOP("HelpDialog", "Review: details; picture, list or small pictures")),
    ("Ctrl+F", QT_TRANSLATE_NOOP("HelpDialog", "Review: search by name")),
    ("Ctrl+Z", QT_TRANSLATE_NOOP("HelpDialog", "Review: take back what was decided last")),
    ("G, U", QT_TRANSLATE_NOOP("HelpDialog", "Review: this is good, take that back")),
    ("W", QT_TRANSLATE_NOOP("HelpDialog", "Review: why, beside the nearest good part")),
    ("F11", QT_TRANSLATE_NOOP("HelpDialog", "Full screen")),
    ("Ctrl+U", QT_TRANSLATE_NOOP("HelpDialog", "Change the operator")),
)

WORDS: tuple[tuple[str, str], ...] = (
    (QT_TRANSLATE_NOOP("HelpDialog", "Recipe"),
     QT_TRANSLATE_NOOP("HelpDialog", "A product's signed set-up. Every verdict names the recipe that made it.")),
    (QT_TRANSLATE_NOOP("HelpDialog", "Reference"),
     QT_TRANSLATE_NOOP("HelpDialog", "An image of a good part, which others are compared with.")),
    (QT_TRANSLATE_NOOP("HelpDialog", "Score"),
     QT_TRANSLATE_NOOP("HelpDialog", "How far an image is from the good parts: 0 is like them, 1 is not at all.")),
    (QT_TRANSLATE_NOOP("HelpDialog", "OK, REVIEW, NG"),
     QT_TRANSLATE_NOOP("HelpDialog", "Below the first limit, between the two, above the second.")),
    (QT_TRANSLATE_NOOP("HelpDialog", "NOT INSPECTED"),
     QT_TRANSLATE_NOOP("HelpDialog", "No answer, for instance an unreadable file. Never taken as OK.")),
    (QT_TRANSLATE_NOOP("HelpDialog", "Untrained"),
     QT_TRANSLATE_NOOP("HelpDialog", "The model's weights have not been trained: scores are a first impression only.")),
)  # fmt: skip


class HelpDialog(QDialog):
    """Read only."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and words"))
        self.setMinimumSize(720, 660)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setSpacing(SPACE)
        column.addWidget(plain_label(self.tr("Keys"), "heading"))
        column.addLayout(self._table(KEYS, translate_first=False))
        column.addWidget(plain_label(self.tr("Words"), "heading"))
        column.addLayout(self._table(WORDS, translate_first=True))
        column.addStretch(1)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setWidget(content)
        area.setAccessibleName(self.tr("Keys and words"))
        close = button(self.tr("Close"), primary=True)
        close.setShortcut(QKeySequence(Qt.Key.Key_Escape))
        close.clicked.connect(self.accept)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        layout.addLayout(line)

    def _table(self, rows: tuple[tuple[str, str], ...], *, translate_first: bool) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * SPACE)
        grid.setColumnStretch(1, 1)
        for row, (term, meaning) in enumerate(rows):
            name = plain_label(self.tr(term) if translate_first else term, wrap=False)
            font = name.font()
            font.setBold(True)
            name.setFont(font)
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(self.tr(meaning)), row, 1)
        return grid
