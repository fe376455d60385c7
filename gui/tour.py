"""The tour: what each screen is for, with the screen itself in front. Short, in nobody's way, and never twice."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSettings, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gui.screens import SCREENS
from gui.state import Screen
from gui.theme import SPACE
from gui.translation import QT_TRANSLATE_NOOP
from gui.widgets.controls import button, plain_label
from gui.widgets.icons import icon
from gui.widgets.rows_layout import RowsLayout

_CLOSED = "tour/closed"
STEPS: dict[Screen, str] = {
    Screen.PRODUCTS: QT_TRANSLATE_NOOP(
        "TourStrip", "The parts you inspect. Show a few pictures of good ones once; then Inspect or Live on its card."
    ),
    Screen.LIVE: QT_TRANSLATE_NOOP(
        "TourStrip", "Put a part under the camera and read the answer: OK, REVIEW for doubtful, NG for bad."
    ),
    Screen.FOLDER: QT_TRANSLATE_NOOP(
        "TourStrip", "Inspect pictures that are on the disk already: a whole folder, or each new one as it arrives."
    ),
    Screen.REVIEW: QT_TRANSLATE_NOOP(
        "TourStrip", "Look at what was doubtful or bad and say whether that is right. Your word counts."
    ),
    Screen.STATISTICS: QT_TRANSLATE_NOOP(
        "TourStrip", "How many parts were good, whether it got worse, and which defect comes most often."
    ),
    Screen.SETTINGS: QT_TRANSLATE_NOOP(
        "TourStrip", "Language and size of text, the camera, who may sign in, and where answers are sent."
    ),
}


def is_first_start(settings: QSettings | None) -> bool:
    """Whether nobody has closed the tour on this station yet; without anywhere to remember it, it does not begin."""
    return settings is not None and settings.value(_CLOSED) is None


class TourStrip(QFrame):
    """Above the screens: it covers none of them and takes no key from them."""

    step_shown = Signal(object)
    """The :class:`Screen` that is told of."""

    def __init__(self, settings: QSettings | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._specs = {spec.screen: spec for spec in SCREENS}
        self._place = 0
        self.setProperty("role", "card")
        self._icon = QLabel(self)
        self._title = plain_label("", "heading")
        self._text = plain_label()
        self.back_button = button(self.tr("Back"), "back")
        self.next_button = button("", primary=True)
        self.skip_button = button(self.tr("Skip the tour"))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._title)
        words.addWidget(self._text)
        buttons = RowsLayout()
        for control in (self.back_button, self.next_button, self.skip_button):
            buttons.addWidget(control)
        words.addLayout(buttons)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        line.setSpacing(SPACE)
        line.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(words, 1)
        self.back_button.clicked.connect(lambda: self._show(self._place - 1))
        self.next_button.clicked.connect(self._on_next)
        self.skip_button.clicked.connect(self.end)
        self.hide()

    @property
    def text(self) -> str:
        """What is said now."""
        return self._text.text()

    def begin(self) -> None:
        """Tell of the first screen."""
        self.show()
        self._show(0)

    def end(self) -> None:
        """Go away, for good unless it is asked for."""
        self.hide()
        if self._settings is not None:
            self._settings.setValue(_CLOSED, True)

    def _on_next(self) -> None:
        if self._place + 1 < len(STEPS):
            self._show(self._place + 1)
        else:
            self.end()

    def _show(self, place: int) -> None:
        self._place = place
        screen = tuple(STEPS)[place]
        spec = self._specs[screen]
        self._icon.setPixmap(icon(spec.icon_name).pixmap(QSize(40, 40)))
        title = QCoreApplication.translate("MainWindow", spec.title)
        count = self.tr("%1 of %2: %3").replace("%1", str(place + 1)).replace("%2", str(len(STEPS)))
        self._title.setText(count.replace("%3", title))
        meaning = STEPS[screen]
        self._text.setText(QCoreApplication.translate("TourStrip", meaning))
        self.setAccessibleName(f"{self._title.text()}. {self._text.text()}")
        self.back_button.setEnabled(place > 0)
        last = place + 1 == len(STEPS)
        self.next_button.setText(self.tr("Done") if last else self.tr("Next"))
        self.next_button.setAccessibleName(self.next_button.text())
        self.skip_button.setVisible(not last)
        self.step_shown.emit(screen)
