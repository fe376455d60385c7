"""The steps in a row: which are done, which one is in view, which one lacks something."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from filo_core.types import WizardStep
from gui.letters import Size, lettered
from gui.products.wizard.steps import STEPS, StepInfo, step_title
from gui.theme import Tone, current_theme
from gui.widgets.controls import set_shown
from gui.widgets.icons import draw_icon

_LOWEST_PX = 56
_AIR_PX = 12
_CIRCLE_PX = 30


class _StepButton(QAbstractButton):
    def __init__(self, step: WizardStep, parent: QWidget) -> None:
        super().__init__(parent)
        self._info: StepInfo | None = None
        self.step = step
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setText(step_title(step))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_info(self, info: StepInfo) -> None:
        self._info = info
        self.setEnabled(info.reachable)
        self.setAccessibleName(f"{info.number}. {step_title(info.step)}: {self.state_word()}")
        self.setAccessibleDescription(info.missing)
        self.update()

    def state_word(self) -> str:
        if self._info is None:
            return ""
        return self.tr("done") if self._info.complete else self.tr("to do")

    def sizeHint(self) -> QSize:
        lines = QFontMetricsF(self.font()).height() + QFontMetricsF(self._small()).height()
        return QSize(150, max(_LOWEST_PX, round(lines) + _AIR_PX))

    def _small(self) -> QFont:
        return lettered(self.font(), Size.CAPTION)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        rect = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        if self.isChecked():
            painter.setPen(QPen(QColor(theme.accent.ground), 2))
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(rect, 6, 6)
        elif self.underMouse() and self.isEnabled():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.raised))
            painter.drawRoundedRect(rect, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.text), 1.5, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(3, 3, -3, -3), 4, 4)
        circle = QRectF(rect.left() + 10, rect.center().y() - _CIRCLE_PX / 2, _CIRCLE_PX, _CIRCLE_PX)
        self._paint_circle(painter, circle)
        self._paint_words(
            painter, QRectF(circle.right() + 9, rect.top(), rect.right() - circle.right() - 13, rect.height())
        )
        painter.end()

    def _paint_circle(self, painter: QPainter, circle: QRectF) -> None:
        theme = current_theme()
        complete = self._info is not None and self._info.complete
        if complete:
            tone = Tone(theme.text, theme.window)
        else:
            tone = theme.accent if self.isChecked() else Tone(theme.raised, theme.text)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tone.ground))
        painter.drawEllipse(circle)
        if complete:
            draw_icon(painter, "check", circle.adjusted(6, 6, -6, -6), QColor(tone.text))
            return
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor(tone.text))
        number = str(self._info.number if self._info is not None else STEPS.index(self.step) + 1)
        painter.drawText(circle, int(Qt.AlignmentFlag.AlignCenter), number)

    def _paint_words(self, painter: QPainter, rect: QRectF) -> None:
        theme = current_theme()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(theme.text if self.isEnabled() else theme.muted))
        title = QFontMetricsF(font).elidedText(self.text(), Qt.TextElideMode.ElideRight, rect.width())
        high, low = QFontMetricsF(font).height(), QFontMetricsF(self._small()).height()
        upper = QRectF(rect.left(), rect.center().y() - (high + low) / 2, rect.width(), high)
        painter.drawText(upper, int(Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft), title)
        painter.setFont(self._small())
        painter.setPen(QColor(theme.muted))
        lower = QRectF(rect.left(), upper.bottom(), rect.width(), low)
        painter.drawText(lower, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), self.state_word())


class StepBar(QWidget):
    """Emits which step was asked for; it shows another one only when it is told to."""

    step_requested = Signal(object)
    """A :class:`WizardStep`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = {step: _StepButton(step, self) for step in STEPS}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._current = STEPS[0]
        for step, step_button in self._buttons.items():
            layout.addWidget(step_button, 1)
            step_button.clicked.connect(lambda _checked=False, step=step: self._on_clicked(step))
        self.setAccessibleName(self.tr("Steps"))

    @property
    def current(self) -> WizardStep:
        """The step in view."""
        return self._current

    def show_steps(self, infos: Sequence[StepInfo], current: WizardStep) -> None:
        """Show the state of all steps, with ``current`` in view."""
        self._current = current
        shown = {info.step: info for info in infos}
        for step, step_button in self._buttons.items():
            set_shown(step_button, step in shown)
            if step in shown:
                step_button.set_info(shown[step])
        self._buttons[current].setChecked(True)

    def _on_clicked(self, step: WizardStep) -> None:
        # Whether the page in view may be left is not ours to say, so the mark stays until we are told.
        self._buttons[self._current].setChecked(True)
        if step is not self._current:
            self.step_requested.emit(step)
