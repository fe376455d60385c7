"""What a product's card is made of: its picture, how it stands, its last verdicts."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from filo_core.types import Reference, Verdict
from gui.canvas.pictures import draw_fitted
from gui.canvas.thumbnails import Thumbnails
from gui.products.card_facts import Mood
from gui.theme import Tone, current_theme
from gui.widgets.controls import plain_label
from gui.widgets.icons import draw_icon
from gui.widgets.verdicts import draw_verdict_sign

PICTURE = QSize(132, 124)
_GAP = 4
_ICON_PX = 48
_VERDICTS = {Mood.READY: Verdict.OK, Mood.UNSURE: Verdict.REVIEW, Mood.MISSES: Verdict.NG}


class CardPicture(QWidget):
    """The first good image; asked for when it is first painted, so that what is out of sight is not read."""

    def __init__(self, pictures: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._shown: Reference | None = None
        self.setFixedSize(PICTURE)
        pictures.ready.connect(self._on_ready)

    def show_picture(self, reference: Reference | None) -> None:
        """Show another picture, or that there is none yet."""
        if reference != self._shown:
            self._shown = reference
            self.update()

    @property
    def is_there(self) -> bool:
        """Whether the picture was read."""
        shown = self._shown
        return shown is not None and self._pictures.get(shown.image_hash, shown.name) is not None

    def _on_ready(self, key: str) -> None:
        if self._shown is not None and self._shown.image_hash == key:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        theme, room = current_theme(), QRectF(self.rect())
        shown = self._shown
        image = self._pictures.get(shown.image_hash, shown.name) if shown is not None else None
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.picture_ground))
            if image is not None:
                draw_fitted(painter, room, image)
                return
            place = QRectF(0, 0, _ICON_PX, _ICON_PX)
            place.moveCenter(room.center())
            draw_icon(painter, "image", place, QColor(theme.muted))


class _MoodSign(QWidget):
    """A filled circle with a sign: colour never stands alone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._mood = Mood.UNFINISHED
        side = self.fontMetrics().height()
        self.setFixedSize(side, side)

    def set_mood(self, mood: Mood) -> None:
        """Show how a product stands."""
        self._mood = mood
        self.update()

    @property
    def tone(self) -> Tone:
        """Its colours."""
        theme, verdict = current_theme(), _VERDICTS.get(self._mood)
        return theme.accent if verdict is None else theme.verdict(verdict)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        tone, room, verdict = self.tone, QRectF(self.rect()), _VERDICTS.get(self._mood)
        inside = room.adjusted(*(sign * room.width() * 0.22 for sign in (1, 1, -1, -1)))
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tone.ground))
            painter.drawEllipse(room)
            if verdict is None:
                draw_icon(painter, "edit", inside, QColor(tone.text))
            else:
                draw_verdict_sign(painter, verdict, inside, QColor(tone.text))


class StateLine(QWidget):
    """How a product stands, in words beside a coloured sign."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sign = _MoodSign(self)
        self._words = plain_label()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._words, 1, Qt.AlignmentFlag.AlignTop)

    @property
    def text(self) -> str:
        """The words."""
        return self._words.text()

    def show_state(self, mood: Mood, sentence: str) -> None:
        """Say how a product stands."""
        self.sign.set_mood(mood)
        self._words.setText(sentence)


class VerdictStrip(QWidget):
    """The last verdicts as coloured squares with their signs, newest first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._verdicts: tuple[Verdict, ...] = ()
        self._side = round(1.1 * self.fontMetrics().height())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_verdicts(self, verdicts: tuple[Verdict, ...], sentence: str) -> None:
        """Show some verdicts; ``sentence`` says the same in words."""
        self._verdicts = verdicts
        self.updateGeometry()
        self.setAccessibleName(sentence)
        self.setToolTip(sentence)
        self.update()

    def sizeHint(self) -> QSize:
        count = len(self._verdicts)
        return QSize(count * self._side + max(count - 1, 0) * _GAP, self._side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        side, theme = self._side, current_theme()
        inside = 0.2 * side
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for place, verdict in enumerate(self._verdicts):
                tone = theme.verdict(verdict)
                square = QRectF(place * (side + _GAP), 0, side, side)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tone.ground))
                painter.drawRoundedRect(square, 4, 4)
                draw_verdict_sign(
                    painter, verdict, square.adjusted(inside, inside, -inside, -inside), QColor(tone.text)
                )
