"""One page of the general settings: a heading, its fields, and what else belongs there."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from gui.settings.field import Field
from gui.theme import SPACE
from gui.widgets.controls import plain_label, set_shown


class SettingsCard(QFrame):
    """Fields that belong together.

    Args:
        title: above them.
        fields: each with what is shown: itself, or what it is a part of.
        parent: owner.
    """

    def __init__(self, title: str, fields: Mapping[Field, QWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.title = title
        self._fields = dict(fields)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, SPACE, 16, SPACE)
        self._column.setSpacing(SPACE)
        self._column.addWidget(plain_label(title, "heading", wrap=False))
        for shown in self._fields.values():
            self._column.addWidget(shown)

    def put(self, widget: QWidget, after: QWidget | None = None) -> None:
        """Add something else, below a field or right under the heading."""
        place = 1 if after is None else self._column.indexOf(after) + 1
        # A button is as wide as its words.
        align = Qt.AlignmentFlag.AlignLeft if isinstance(widget, QPushButton) else Qt.AlignmentFlag(0)
        self._column.insertWidget(place, widget, 0, align)

    def search(self, text: str) -> bool:
        """Show only what has ``text`` in its caption or note, all of it where the heading has; whether anything has."""
        everything = text.casefold() in self.title.casefold()
        found = False
        for field, shown in self._fields.items():
            fits = everything or field.has(text)
            set_shown(shown, fits)
            found = found or fits
        return found
