"""The keys and the words of the program on one page."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.state import Screen
from gui.theme import SPACE
from gui.translation import QT_TRANSLATE_NOOP
from gui.widgets.controls import button, plain_label

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys that count on one screen, or everywhere."""

    screen: Screen | None
    title: str
    """Source text, translated in the context ``HelpDialog``."""
    rows: Rows


_EVERYWHERE = KeyGroup(
    None,
    QT_TRANSLATE_NOOP("HelpDialog", "Everywhere"),
    (
        ("Ctrl+1 … Ctrl+6", QT_TRANSLATE_NOOP("HelpDialog", "Products, Live, Folder, Review, Statistics, Settings")),
        ("F1", QT_TRANSLATE_NOOP("HelpDialog", "This page, with the keys of the screen in front of you first")),
        ("F11", QT_TRANSLATE_NOOP("HelpDialog", "Full screen")),
        ("Ctrl+U", QT_TRANSLATE_NOOP("HelpDialog", "Change the operator")),
        ("Ctrl+Q", QT_TRANSLATE_NOOP("HelpDialog", "Quit")),
    ),
)
_PICTURE = KeyGroup(
    None,
    QT_TRANSLATE_NOOP("HelpDialog", "Every picture"),
    (
        ("H, B", QT_TRANSLATE_NOOP("HelpDialog", "Heat map and region boxes on or off")),
        ("+  -  0", QT_TRANSLATE_NOOP("HelpDialog", "Zoom in, zoom out, fit")),
        ("← ↑ → ↓", QT_TRANSLATE_NOOP("HelpDialog", "Move a picture that is zoomed in")),
    ),
)
KEY_GROUPS: tuple[KeyGroup, ...] = (
    KeyGroup(
        Screen.PRODUCTS,
        QT_TRANSLATE_NOOP("HelpDialog", "Products"),
        (
            ("← ↑ → ↓", QT_TRANSLATE_NOOP("HelpDialog", "Choose another product")),
            ("Enter", QT_TRANSLATE_NOOP("HelpDialog", "Open the chosen product")),
            ("Tab", QT_TRANSLATE_NOOP("HelpDialog", "To its buttons; the last one opens a menu with everything else")),
            ("Ctrl+F", QT_TRANSLATE_NOOP("HelpDialog", "Search by name")),
            ("Delete", QT_TRANSLATE_NOOP("HelpDialog", "Delete it, after a question")),
        ),
    ),
    KeyGroup(
        Screen.LIVE,
        QT_TRANSLATE_NOOP("HelpDialog", "Live"),
        (
            ("F5", QT_TRANSLATE_NOOP("HelpDialog", "Start or stop")),
            ("Enter", QT_TRANSLATE_NOOP("HelpDialog", "With the trigger Key: inspect the part that lies there")),
            ("Space", QT_TRANSLATE_NOOP("HelpDialog", "Acknowledge a frozen NG")),
        ),
    ),
    KeyGroup(
        Screen.FOLDER,
        QT_TRANSLATE_NOOP("HelpDialog", "Folder"),
        (("F5", QT_TRANSLATE_NOOP("HelpDialog", "Start or stop")),),
    ),
    KeyGroup(
        Screen.REVIEW,
        QT_TRANSLATE_NOOP("HelpDialog", "Review"),
        (
            ("C, O", QT_TRANSLATE_NOOP("HelpDialog", "The verdict is right; it is wrong, with a reason")),
            ("T, N", QT_TRANSLATE_NOOP("HelpDialog", "Change the type; skip")),
            ("Ctrl+Z", QT_TRANSLATE_NOOP("HelpDialog", "Take back what was decided last")),
            ("W", QT_TRANSLATE_NOOP("HelpDialog", "Why: the place beside the nearest good part")),
            ("Space", QT_TRANSLATE_NOOP("HelpDialog", "Hold to see the bare picture")),
            ("I, V", QT_TRANSLATE_NOOP("HelpDialog", "Details; picture, list or small pictures")),
            ("Shift, Ctrl", QT_TRANSLATE_NOOP("HelpDialog", "Choose several in the strip, to decide together")),
            ("G, U", QT_TRANSLATE_NOOP("HelpDialog", "This is good; take that back")),
            ("Ctrl+F, F5", QT_TRANSLATE_NOOP("HelpDialog", "Search by name; refresh")),
        ),
    ),
    _PICTURE,
    _EVERYWHERE,
)
KEYS: Rows = tuple(row for group in KEY_GROUPS for row in group.rows)

WORDS: Rows = (
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
    """Read only.

    Args:
        parent: of the window.
        screen: the one in front of whoever asks; its keys come first.
    """

    def __init__(self, parent: QWidget | None = None, screen: Screen | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and words"))
        self.setMinimumSize(720, 600)
        self.wants_tour = False
        """Whether it was closed to see what the screens are for."""
        content = QWidget()
        column = QVBoxLayout(content)
        column.setSpacing(SPACE)
        self.groups = sorted(KEY_GROUPS, key=lambda group: screen is None or group.screen is not screen)
        for group in self.groups:
            title = self.tr("Keys: %1").replace("%1", self.tr(group.title))
            column.addWidget(plain_label(title, "heading"))
            column.addLayout(self._table(group.rows, translate_first=False))
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
        self.tour_button = button(self.tr("What the screens are &for"), "play")
        self.tour_button.clicked.connect(self._on_tour)
        line = QHBoxLayout()
        line.addWidget(self.tour_button)
        line.addStretch(1)
        line.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        layout.addLayout(line)

    def _on_tour(self) -> None:
        self.wants_tour = True
        self.accept()

    def _table(self, rows: Rows, *, translate_first: bool) -> QGridLayout:
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
