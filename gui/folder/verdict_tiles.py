"""How many images got which verdict; a tile that is pressed filters the list."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from filo_core.types import Verdict
from gui.letters import Size, lettered
from gui.theme import current_theme
from gui.widgets.rows_layout import RowsLayout
from gui.widgets.verdicts import draw_verdict_sign, verdict_word
from gui.wording import number

_AIR_PX = 12
"""Over and under the two lines."""


class VerdictTile(QAbstractButton):
    """Sign, number and word of one verdict."""

    def __init__(self, verdict: Verdict, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = verdict
        self._count = 0
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(self.tr("Show only these in the list"))
        self.set_count(0)

    def set_count(self, count: int) -> None:
        """Show ``count``."""
        self._count = count
        self.setAccessibleName(f"{verdict_word(self._verdict)}: {count}")
        self.update()

    @property
    def count(self) -> int:
        """The number shown."""
        return self._count

    def sizeHint(self) -> QSize:
        return QSize(0, self._lines_px + _AIR_PX)

    def minimumSizeHint(self) -> QSize:
        word = QFontMetrics(self._word_font()).horizontalAdvance(verdict_word(self._verdict))
        return QSize(word + 44, self.sizeHint().height())

    def _count_font(self) -> QFont:
        return lettered(self.font(), Size.TITLE, strong=True)

    def _word_font(self) -> QFont:
        return lettered(self.font(), Size.CAPTION, strong=True)

    @property
    def _lines_px(self) -> int:
        return sum(QFontMetrics(font).height() for font in (self._count_font(), self._word_font()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        theme = current_theme()
        tone = theme.verdict(self._verdict)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        filled = self.isChecked()
        painter.setBrush(QColor(tone.ground if filled else theme.surface))
        outline = theme.accent.ground if self.hasFocus() else theme.border
        painter.setPen(QPen(QColor(outline), 3 if self.hasFocus() else 1))
        painter.drawRoundedRect(rect, 7, 7)
        badge = QRectF(rect.left() + 6, rect.center().y() - 13, 26, 26)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.ground))
        painter.drawEllipse(badge)
        draw_verdict_sign(painter, self._verdict, badge.adjusted(6, 6, -6, -6), QColor(tone.text))
        self._paint_words(painter, rect.adjusted(37, 3, -2, -3), QColor(tone.text if filled else theme.text))
        painter.end()

    def _paint_words(self, painter: QPainter, rect: QRectF, colour: QColor) -> None:
        painter.setPen(colour)
        painter.setFont(self._count_font())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), number(self._count))
        painter.setFont(self._word_font())
        word = verdict_word(self._verdict)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), word)


class VerdictTiles(QWidget):
    """One tile a verdict, in a row."""

    filter_changed = Signal(object)
    """The chosen verdicts as a frozenset; empty means all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = {verdict: VerdictTile(verdict, self) for verdict in Verdict}
        layout = RowsLayout(self)
        for verdict, tile in self.tiles.items():
            layout.add(tile, 3 if verdict is Verdict.NOT_INSPECTED else 2)
            tile.toggled.connect(self._on_toggled)

    @property
    def chosen(self) -> frozenset[Verdict]:
        """Verdicts whose tiles are pressed."""
        return frozenset(verdict for verdict, tile in self.tiles.items() if tile.isChecked())

    def _on_toggled(self, _: bool) -> None:
        self.filter_changed.emit(self.chosen)
