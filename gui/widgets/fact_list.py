"""Names and values in two columns, for numbers that change several times a second."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gui.widgets.controls import plain_label


class FactList(QWidget):
    """The rows are given once; only their values change, so nothing moves while one reads."""

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[QLabel] = []
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(names):
            grid.addWidget(plain_label(name, "hint", wrap=False), row, 0)
            # In a narrow window a long value takes a second line; its first letter is never cut off.
            value = plain_label("–")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setAccessibleName(name)
            grid.addWidget(value, row, 1)
            self._values.append(value)

    def set_values(self, values: Sequence[str]) -> None:
        """New values, in the order of the names."""
        for label, value in zip(self._values, values, strict=True):
            if label.text() != value:
                label.setText(value)

    def set_tip(self, row: int, tip: str) -> None:
        """What is told about one value to whoever points at it."""
        self._values[row].setToolTip(tip)

    @property
    def values(self) -> tuple[str, ...]:
        """The values shown."""
        return tuple(label.text() for label in self._values)
