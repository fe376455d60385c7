"""An entry of the navigation, which says of its screen whether it runs, and whether somebody is waited for there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from filo_core.types import Verdict
from gui.state import Badge
from gui.theme import current_theme
from gui.widgets.verdicts import draw_verdict_sign

_SIDE_PX = 22
_EDGE_PX = 6


class NavigationButton(QToolButton):
    """A triangle while its screen runs, the sign of NG while an NG waits there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._badge = Badge.NONE

    @property
    def badge(self) -> Badge:
        """What is said of the screen."""
        return self._badge

    def set_badge(self, badge: Badge) -> None:
        """Say how the screen is."""
        if badge is self._badge:
            return
        self._badge = badge
        said = {Badge.NONE: "", Badge.RUNS: self.tr("running"), Badge.WAITS: self.tr("an NG waits")}[badge]
        self.setAccessibleDescription(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._badge is Badge.NONE:
            return
        theme = current_theme()
        verdict = Verdict.NG if self._badge is Badge.WAITS else Verdict.OK
        tone = theme.verdict(verdict)
        place = QRectF(self.width() - _SIDE_PX - _EDGE_PX, _EDGE_PX, _SIDE_PX, _SIDE_PX)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(tone.ground))
            painter.setPen(QPen(QColor(theme.raised), 2))
            painter.drawEllipse(place)
            if self._badge is Badge.WAITS:
                draw_verdict_sign(painter, verdict, place.adjusted(5, 5, -5, -5), QColor(tone.text))
                return
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tone.text))
            left, middle = place.left() + 8, place.center().y()
            painter.drawPolygon([QPointF(left, middle - 5), QPointF(left, middle + 5), QPointF(left + 8, middle)])
