"""A narrow column beside the picture: in a wide window always there, in a small one over the picture when asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

RAIL_PX = 212
BESIDE_FROM_PX = 1500
"""A window that is narrower has the column over the picture."""


class Rail(QScrollArea):
    """Scrolls what is higher than the window; its parent gives it its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._content = QWidget(self)
        self._content.setAutoFillBackground(True)
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(8, 4, 8, 4)
        self._column.setSpacing(8)
        self.setWidget(self._content)

    @property
    def wanted_px(self) -> int:
        """Width that everything in it needs, with the scroll bar."""
        return max(RAIL_PX, self._content.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width())

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Add a widget under the others."""
        self._column.addWidget(widget, stretch)
