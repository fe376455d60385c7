"""Focus and light of the newest judged picture, held against what its product needs."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from filo_core.picture_limits import PictureLimits, PictureQuality
from gui.widgets.controls import plain_label, set_shown
from gui.wording import number

_MOST_FOCUS = 3.0
"""Times what is needed, at the bar's end."""


class QualityBar(QWidget):
    """Two bars; nothing at all for a product that judges every picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.focus, self.light = self._bar(self.tr("Focus")), self._bar(self.tr("Light"))
        self.focus_text, self.light_text = plain_label(role="hint", wrap=False), plain_label(role="hint", wrap=False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for shown in (self.focus_text, self.focus, self.light_text, self.light):
            layout.addWidget(shown)
        self.hide()

    def _bar(self, name: str) -> QProgressBar:
        made = QProgressBar(self)
        made.setAccessibleName(name)
        made.setRange(0, 1000)
        made.setTextVisible(False)
        made.setFixedHeight(18)
        return made

    def show_quality(self, quality: PictureQuality | None, limits: PictureLimits | None) -> None:
        """Show what was measured, or nothing where nothing was."""
        set_shown(self, quality is not None and limits is not None)
        if quality is None or limits is None:
            return
        share = limits.focus_share(quality)
        self.focus.setValue(round(1000 * min(share / _MOST_FOCUS, 1.0)))
        focus = self.tr("Focus: %1 × what is needed") if share >= 1.0 else self.tr("Blurred: %1 × what is needed")
        self.focus_text.setText(focus.replace("%1", number(share, 2)))
        self.light.setValue(round(1000 * quality.brightness))
        fits = limits.darkest <= quality.brightness <= limits.brightest
        words = self.tr("Light: %1 % (%2 to %3)") if fits else self.tr("Light: %1 %, outside of %2 to %3")
        for mark, value in (("%1", quality.brightness), ("%2", limits.darkest), ("%3", limits.brightest)):
            words = words.replace(mark, number(100 * value))
        self.light_text.setText(words)
