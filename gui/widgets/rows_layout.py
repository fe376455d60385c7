"""Controls side by side, in as many rows as the width asks for: words differ in length from language to language."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLabel, QLayout, QLayoutItem, QWidget

from gui.theme import SPACE, TOUCH_PX


@dataclass(frozen=True, slots=True)
class _Line:
    """What lies side by side, and how much width nobody in it asked for."""

    places: list[int]
    height: int
    left_over: int


class RowsLayout(QLayout):
    """Gives each control the width it wants, and begins another row where none is left.

    What is left over in a row goes to those that :meth:`add` was told to stretch. Controls of a row stand on one line,
    so that a button stands beside a field and not beside its caption.

    Args:
        parent: the widget whose layout it is.
        spacing: between controls and between rows, in pixels.
    """

    def __init__(self, parent: QWidget | None = None, spacing: int = SPACE) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._stretches: dict[QWidget, int] = {}
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Add a control that takes so many shares of what is left over in its row."""
        self._stretches[widget] = stretch
        self.addWidget(widget)

    # What Qt asks of a layout ---------------------------------------------------------------------------------

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = self._rows(width)
        return sum(row.height for row in rows) + self.spacing() * max(len(rows) - 1, 0)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        y = rect.y()
        for row in self._rows(rect.width()):
            self._place(row, rect.x(), y)
            y += row.height + self.spacing()

    def sizeHint(self) -> QSize:
        shown = [_wanted(item) for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self.spacing() * max(len(shown) - 1, 0)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:
        shown = [item for item in self._items if not item.isEmpty()]
        least = [item.minimumSize() if self._stretch(item) else _wanted(item) for item in shown]
        return QSize(
            max((size.width() for size in least), default=0), max((_wanted(item).height() for item in shown), default=0)
        )

    def _stretch(self, item: QLayoutItem) -> int:
        widget = item.widget()
        return self._stretches.get(widget, 0) if widget is not None else 0

    def _rows(self, width: int) -> list[_Line]:
        rows: list[_Line] = []
        places: list[int] = []
        used = 0
        for place, item in enumerate(self._items):
            if item.isEmpty():
                continue
            wanted = _wanted(item).width()
            if places and used + self.spacing() + wanted > width:
                rows.append(self._row(places, width - used))
                places, used = [], 0
            used += wanted + (self.spacing() if places else 0)
            places.append(place)
        if places:
            rows.append(self._row(places, width - used))
        return rows

    def _row(self, places: list[int], left_over: int) -> _Line:
        return _Line(places, max(_wanted(self._items[place]).height() for place in places), left_over)

    def _place(self, row: _Line, x: int, y: int) -> None:
        items = [self._items[place] for place in row.places]
        shares = sum(map(self._stretch, items))
        for item in items:
            wanted = _wanted(item)
            share = row.left_over * self._stretch(item) // shares if shares else min(0, row.left_over)
            width = wanted.width() + share
            below = (TOUCH_PX - wanted.height()) // 2 if _is_beside_a_control(item, row) else 0
            item.setGeometry(QRect(x, y + row.height - wanted.height() - below, width, wanted.height()))
            x += width + self.spacing()


def _is_beside_a_control(item: QLayoutItem, row: _Line) -> bool:
    """Whether it is a line of words, which stands at the middle of the control beside it."""
    return isinstance(item.widget(), QLabel) and _wanted(item).height() < TOUCH_PX <= row.height


def _wanted(item: QLayoutItem) -> QSize:
    return item.sizeHint().expandedTo(item.minimumSize())
