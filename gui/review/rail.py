"""A narrow column beside the picture: in a wide window always there, in a small one over the picture when asked for."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from gui.theme import SPACE
from gui.widgets.column_area import ColumnArea

RAIL_PX = 212
BESIDE_FROM_PX = 1500
"""A window that is narrower has the column over the picture."""


class Rail(ColumnArea):
    """Its parent gives it its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, narrowest=RAIL_PX)
        self.content.setAutoFillBackground(True)
        self.column.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
