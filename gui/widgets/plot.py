"""A plot in the colours of the theme, without the menus and the zoom that pyqtgraph's own one brings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QGraphicsItem, QSizePolicy, QWidget

from gui.letters import Size, lettered, points
from gui.theme import Theme, current_theme
from gui.wording import number


class _Axis(pg.AxisItem):  # type: ignore[misc]
    """An axis whose numbers are written as the language of the window does."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        digits = max(0, math.ceil(-math.log10(spacing * scale))) if spacing * scale > 0 else 0
        return [number(value * scale, digits) for value in values]


class Plot(pg.GraphicsView):  # type: ignore[misc]
    """Two labelled axes and what is drawn between them. Shows; whatever can be moved in it has fields beside it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drawn: list[QGraphicsItem] = []
        # Until something is drawn; its own ground is black.
        self.setBackground(current_theme().surface)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(name)
        self.view = pg.ViewBox(enableMenu=False)
        self.view.setMouseEnabled(x=False, y=False)
        self.view.setDefaultPadding(0.0)
        self.left = _Axis("left")
        self.bottom = _Axis("bottom")
        layout = pg.GraphicsLayout()
        layout.setContentsMargins(4, 8, 8, 4)
        layout.setSpacing(0)
        layout.addItem(self.left, 0, 0)
        layout.addItem(self.view, 0, 1)
        layout.addItem(self.bottom, 1, 1)
        for axis in (self.left, self.bottom):
            axis.linkToView(self.view)
        self.setCentralItem(layout)

    def sizeHint(self) -> QSize:
        return QSize(420, 220)

    def begin(self, theme: Theme, left: str, bottom: str) -> None:
        """Take everything away and begin anew with these axis labels, units in brackets."""
        while self._drawn:
            self.view.removeItem(self._drawn.pop())
        self.setBackground(theme.surface)
        font = lettered(self.font(), Size.CAPTION)
        for axis, label in ((self.left, left), (self.bottom, bottom)):
            axis.setPen(theme.border)
            axis.setTextPen(theme.text)
            axis.setStyle(tickFont=font, tickLength=-4)
            axis.setTicks(None)
            # Scores would be shown in thousandths.
            axis.setLabel(
                label, siPrefixEnableRanges=(), **{"font-size": f"{points(Size.CAPTION):.2f}pt", "color": theme.text}
            )

    def add_text(self, text: str, at: QPointF, theme: Theme, anchor: tuple[float, float] = (0.0, 0.5)) -> None:
        """A few words at a place of the plot. Plain text: names come from people and models."""
        item = pg.TextItem(color=QColor(theme.text), anchor=anchor)
        item.setPlainText(text)
        font = lettered(self.font(), Size.CAPTION)
        item.setFont(font)
        item.setPos(at)
        self.add(item)

    def add(self, item: QGraphicsItem) -> None:
        """Draw ``item``; what is seen is for :meth:`show_range` to say."""
        self.view.addItem(item, ignoreBounds=True)
        self._drawn.append(item)

    @property
    def drawn(self) -> tuple[QGraphicsItem, ...]:
        """What was drawn since :meth:`begin`."""
        return tuple(self._drawn)

    @property
    def seen(self) -> QRectF:
        """What part of the plane is seen."""
        return QRectF(self.view.viewRect())

    def show_range(self, area: QRectF) -> None:
        """What part of the plane is seen."""
        self.view.setRange(area, padding=0.0, disableAutoRange=True)

    def share_for(self, label: str) -> float:
        """What share of the plot's width such a label takes, in (0, 0.5]."""
        font = lettered(self.font(), Size.CAPTION)
        share: float = (QFontMetricsF(font).horizontalAdvance(label) + 14) / max(1.0, 0.85 * self.width())
        return min(0.5, share)

    def room_for(self, label: str) -> int:
        """How many ticks with such a label can be read side by side."""
        font = lettered(self.font(), Size.CAPTION)
        return max(2, int(0.85 * self.width() / (QFontMetricsF(font).horizontalAdvance(label) + 14)))


def thinned(labels: Sequence[str], at_most: int) -> list[tuple[float, str]]:
    """Ticks at whole numbers, not more than can be read side by side."""
    step = max(1, -(-len(labels) // max(1, at_most)))
    return [(float(index), labels[index]) for index in range(0, len(labels), step)]


def whole_numbers(highest: float, at_most: int = 6) -> list[tuple[float, str]]:
    """Ticks for counts: 0 and round whole numbers up to ``highest``."""
    step = max(1, round(highest / at_most))
    digits = len(str(step)) - 1
    step = -(-step // 10**digits) * 10**digits
    return [(float(value), number(value)) for value in range(0, int(highest) + 1, step)]
