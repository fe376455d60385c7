"""One product: what it looks like, how it stands, what came by of it, and what can be done with it."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QCoreApplication, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from gui.canvas.thumbnails import Thumbnails
from gui.products.card_facts import CardFacts
from gui.products.card_parts import CardPicture, StateLine, VerdictStrip
from gui.theme import SPACE, current_theme
from gui.translation import QT_TRANSLATE_NOOP
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.rows_layout import RowsLayout

NARROWEST_LETTERS = 44
"""Width of a card in letters: its buttons stand side by side, and a state takes two lines."""
_ROUND_PX = 8


class CardDeed(StrEnum):
    """What can be done with a product from its card."""

    INSPECT = "inspect"
    LIVE = "live"
    SET_UP = "set up"
    GOLDEN = "golden"
    REGIONS = "regions"
    CLONE = "clone"
    EXPORT = "export"
    DELETE = "delete"


NEEDS_SIGNATURE = frozenset({CardDeed.INSPECT, CardDeed.LIVE, CardDeed.GOLDEN})
_BUTTONS = (
    (
        CardDeed.INSPECT,
        QT_TRANSLATE_NOOP("ProductCard", "Inspect"),
        QT_TRANSLATE_NOOP("ProductCard", "Inspect a folder"),
    ),
    (
        CardDeed.LIVE,
        QT_TRANSLATE_NOOP("ProductCard", "Live"),
        QT_TRANSLATE_NOOP("ProductCard", "Inspect with a camera"),
    ),
    (
        CardDeed.SET_UP,
        QT_TRANSLATE_NOOP("ProductCard", "Set up"),
        QT_TRANSLATE_NOOP("ProductCard", "Continue the set-up (Enter)"),
    ),
)
_MENU = (
    (CardDeed.GOLDEN, QT_TRANSLATE_NOOP("ProductCard", "&Golden set …")),
    (CardDeed.REGIONS, QT_TRANSLATE_NOOP("ProductCard", "Region&s …")),
    (CardDeed.CLONE, QT_TRANSLATE_NOOP("ProductCard", "&Clone …")),
    (CardDeed.EXPORT, QT_TRANSLATE_NOOP("ProductCard", "&Export …")),
    (CardDeed.DELETE, QT_TRANSLATE_NOOP("ProductCard", "&Delete …")),
)


class ProductCard(QWidget):
    """Chosen by a click, or by the arrow keys of the grid it lies in; only the chosen one is a stop of Tab."""

    chosen = Signal(str)
    """Name of the product whose card was clicked or reached."""
    wanted = Signal(str, str)
    """Name of the product, and the :class:`CardDeed`."""

    def __init__(self, facts: CardFacts, pictures: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._facts = facts
        self._is_chosen = False
        self._picture = CardPicture(pictures, self)
        self._name = plain_label("", "heading")
        self._what = plain_label("", "hint")
        self._state = StateLine(self)
        self._newest = VerdictStrip(self)
        self._today = plain_label(wrap=False)
        self.buttons = {deed: self._button(deed, text, tip) for deed, text, tip in _BUTTONS}
        self.more_button = button("…", parent=self)
        self.more_button.setToolTip(self.tr("More"))
        self.more_button.clicked.connect(self.open_menu)
        self._lay_out()
        self.set_chosen(False)
        self.show_facts(facts)

    def _button(self, deed: CardDeed, text: str, tip: str) -> QPushButton:
        made = button(self.tr(text), tip=self.tr(tip), primary=deed is CardDeed.INSPECT, parent=self)
        made.setStyleSheet("QPushButton { padding: 0 12px; }")
        made.clicked.connect(lambda: self._on_pressed(deed))
        return made

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        for widget in (self._name, self._what, self._state):
            words.addWidget(widget)
        words.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(SPACE)
        upper.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        upper.addLayout(words, 1)
        lately = RowsLayout(spacing=SPACE)
        lately.addWidget(self._newest)
        lately.addWidget(self._today)
        row = RowsLayout()
        for made in (*self.buttons.values(), self.more_button):
            row.addWidget(made)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addLayout(upper, 1)
        layout.addLayout(lately)
        layout.addLayout(row)

    # What is shown ---------------------------------------------------------------------------------------------

    @property
    def facts(self) -> CardFacts:
        """What is shown."""
        return self._facts

    @property
    def picture(self) -> CardPicture:
        """The picture of the product."""
        return self._picture

    @property
    def is_chosen(self) -> bool:
        """Whether it is the one that keys are for."""
        return self._is_chosen

    def show_facts(self, facts: CardFacts) -> None:
        """Show a product."""
        self._facts = facts
        self.setAccessibleName(facts.name)
        self.setAccessibleDescription(facts.spoken)
        self._name.setText(facts.name)
        self._what.setText(facts.what)
        self._picture.show_picture(facts.picture)
        self._state.show_state(facts.mood, facts.state)
        self._newest.show_verdicts(facts.newest, facts.newest_sentence)
        self._today.setText(facts.today)
        set_shown(self._newest, bool(facts.newest))
        set_shown(self._today, bool(facts.today))
        for deed, made in self.buttons.items():
            made.setEnabled(facts.is_signed or deed not in NEEDS_SIGNATURE)
            made.setAccessibleName(f"{made.text()}: {facts.name}")
        self.more_button.setAccessibleName(self.tr("More for %1").replace("%1", facts.name))

    def set_chosen(self, chosen: bool) -> None:
        """Make it the one that keys are for, or no longer."""
        self._is_chosen = chosen
        # With hundreds of cards Tab would never come to an end.
        reached = Qt.FocusPolicy.StrongFocus if chosen else Qt.FocusPolicy.ClickFocus
        self.setFocusPolicy(reached)
        for made in (*self.buttons.values(), self.more_button):
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus if chosen else Qt.FocusPolicy.NoFocus)
        self.update()

    # What is done ----------------------------------------------------------------------------------------------

    def _on_pressed(self, deed: CardDeed) -> None:
        self.chosen.emit(self._facts.name)
        self.wanted.emit(self._facts.name, deed.value)

    def menu(self) -> QMenu:
        """What else can be done."""
        made = QMenu(self)
        made.setAccessibleName(self.more_button.accessibleName())
        for deed, text in _MENU:
            action = made.addAction(QCoreApplication.translate("ProductCard", text))
            action.setEnabled(self._facts.is_signed or deed not in NEEDS_SIGNATURE)
            action.setData(deed.value)
        return made

    def open_menu(self) -> None:
        """Ask what else is to be done."""
        self.chosen.emit(self._facts.name)
        menu = self.menu()
        picked = menu.exec(self.more_button.mapToGlobal(self.more_button.rect().bottomLeft()))
        menu.deleteLater()
        if picked is not None:
            self.wanted.emit(self._facts.name, picked.data())

    # Events ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self._facts.name)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._on_pressed(CardDeed.SET_UP)
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.chosen.emit(self._facts.name)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        theme = current_theme()
        edge, width = (theme.accent.ground, 2.0) if self._is_chosen else (theme.raised, 1.0)
        if self.hasFocus():
            edge, width = theme.accent.ground, 4.0
        room = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(edge), width))
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(room, _ROUND_PX, _ROUND_PX)
