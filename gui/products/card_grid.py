"""The cards of all products: as many side by side as there is room for, those in sight first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from gui.canvas.thumbnails import Thumbnails
from gui.products.card_facts import CardFacts
from gui.products.product_card import NARROWEST_LETTERS, CardDeed, ProductCard
from gui.theme import SPACE

AT_ONCE = 12
"""Cards that are made before the next paint: about what a large screen shows."""
_MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -3, Qt.Key.Key_PageDown: 3}
"""In rows."""


class CardGrid(QScrollArea):
    """Keeps one of the cards in sight chosen. What was made once is kept and only told what changed."""

    chosen_changed = Signal(str)
    wanted = Signal(str, str)
    """Name of the product, and the :class:`CardDeed`."""

    def __init__(self, pictures: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._facts: dict[str, CardFacts] = {}
        self._cards: dict[str, ProductCard] = {}
        self._filter = ""
        self._chosen = self._last_chosen = ""
        self._columns = 1
        self._room = QWidget(self)
        self.setWidget(self._room)
        self.setWidgetResizable(False)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Products"))
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._make_more)

    # What is shown ---------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """Name of the product that is chosen; empty where none is in sight."""
        return self._chosen

    @property
    def names(self) -> list[str]:
        """The products that are wanted, in the order of their names."""
        return [name for name in self._facts if self._filter in name.casefold()]

    @property
    def is_complete(self) -> bool:
        """Whether every card was made."""
        return len(self._cards) == len(self._facts)

    def card(self, name: str) -> ProductCard:
        """The card of a product, made now where it was not yet."""
        made = self._cards.get(name)
        if made is None:
            made = ProductCard(self._facts[name], self._pictures, self._room)
            made.chosen.connect(self.choose)
            made.wanted.connect(self.wanted)
            self._cards[name] = made
        return made

    def set_facts(self, facts: Sequence[CardFacts]) -> None:
        """Show these products."""
        before, self._facts = self._facts, {one.name: one for one in sorted(facts, key=lambda one: one.name.casefold())}
        for name in [name for name in self._cards if name not in self._facts]:
            gone = self._cards.pop(name)
            gone.hide()
            gone.deleteLater()
        for name, card in self._cards.items():
            if before.get(name) != self._facts[name]:
                card.show_facts(self._facts[name])
        self._make_more()
        self._keep_one_chosen()

    def set_filter(self, text: str) -> None:
        """Show only products whose name has ``text`` in it, in whatever case."""
        self._filter = text.strip().casefold()
        self._place()
        self._keep_one_chosen()
        self.verticalScrollBar().setValue(0)

    def choose(self, name: str) -> None:
        """Choose a product; one that is not wanted leaves the choice as it is."""
        if name not in self.names:
            return
        changed, before = name != self._chosen, self._cards.get(self._chosen)
        if changed and before is not None:
            before.set_chosen(False)
        self._chosen = self._last_chosen = name
        card = self.card(name)
        card.set_chosen(True)
        if card.isHidden():
            self._place()
        if changed:
            self.chosen_changed.emit(name)

    def show_chosen(self) -> None:
        """Scroll to the chosen product."""
        if self._chosen:
            self.ensureWidgetVisible(self.card(self._chosen), 0, SPACE)

    def take_focus(self) -> None:
        """Give the keyboard to the chosen card."""
        if self._chosen:
            self.card(self._chosen).setFocus(Qt.FocusReason.OtherFocusReason)

    def _keep_one_chosen(self) -> None:
        wanted = self.names
        if self._chosen in wanted:
            self.choose(self._chosen)
            return
        if self._chosen in self._cards:
            self._cards[self._chosen].set_chosen(False)
        self._chosen = ""
        if wanted:
            # What a search had hidden is chosen again after it.
            self.choose(self._last_chosen if self._last_chosen in wanted else wanted[0])

    def _make_more(self) -> None:
        missing = [name for name in self._facts if name not in self._cards]
        for name in missing[:AT_ONCE]:
            self.card(name)
        self._place()
        if not self.is_complete:
            self._rest.start(0)

    # Where it is shown -----------------------------------------------------------------------------------------

    def _place(self) -> None:
        wanted = [self._cards[name] for name in self.names if name in self._cards]
        # With room for the scroll bar even where there is none: else one more row would change the columns.
        width = self.width() - self.verticalScrollBar().sizeHint().width()
        narrowest = max(NARROWEST_LETTERS * self.fontMetrics().averageCharWidth(), 320)
        self._columns = max(1, (width + SPACE) // (narrowest + SPACE))
        each = (width - (self._columns - 1) * SPACE) // self._columns
        y = 0
        for first in range(0, len(wanted), self._columns):
            row = wanted[first : first + self._columns]
            high = max(card.heightForWidth(each) for card in row)
            for column, card in enumerate(row):
                card.setGeometry(QRect(QPoint(column * (each + SPACE), y), QSize(each, high)))
            y += high + SPACE
        self._room.resize(width, max(y - SPACE, 0))
        shown = set(wanted)
        for card in self._cards.values():
            card.setVisible(card in shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wanted, key = self.names, Qt.Key(event.key())
        if self._chosen not in wanted or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
            return
        at = wanted.index(self._chosen)
        if key in _MOVES:
            self._go_to(wanted, at + _MOVES[key])
        elif key in _STEPS:
            to = at + _STEPS[key] * self._columns
            self._go_to(wanted, to if 0 <= to < len(wanted) else at % self._columns if to < 0 else len(wanted) - 1)
        elif key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self._go_to(wanted, 0 if key is Qt.Key.Key_Home else len(wanted) - 1)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.isAutoRepeat():
            self.wanted.emit(self._chosen, CardDeed.SET_UP.value)
        elif key is Qt.Key.Key_Delete and not event.isAutoRepeat():
            self.wanted.emit(self._chosen, CardDeed.DELETE.value)
        elif key is Qt.Key.Key_Menu:
            self.card(self._chosen).open_menu()
        else:
            super().keyPressEvent(event)

    def _go_to(self, wanted: Sequence[str], place: int) -> None:
        if 0 <= place < len(wanted):
            self.choose(wanted[place])
            self.take_focus()
            self.show_chosen()
