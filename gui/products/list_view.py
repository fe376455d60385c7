"""The products as cards, and what can be done with one of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from gui.background import Background, sentence_of
from gui.canvas.thumbnails import Thumbnails
from gui.products.card_grid import CardGrid
from gui.products.demo_set_up import DemoSetUp
from gui.products.list_presenter import ProductListPresenter, Read
from gui.products.product_card import CardDeed
from gui.products.product_deeds import ProductDeeds
from gui.state import AppState
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.undo_bar import UndoBar
from gui.wording import number

LOOK_EVERY_MS = 5_000
"""Whether another program has changed the products, or inspected one."""


class ProductListView(QWidget):
    """Emits what is wanted of the wizard, and does the rest itself. Everything it shows is read elsewhere."""

    new_requested = Signal()
    open_requested = Signal(str)

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._presenter = ProductListPresenter(state)
        self._reading = Background()
        self._read: Read | None = None
        self._look_again = QTimer(self)
        self._look_again.setInterval(LOOK_EVERY_MS)
        self._look_again.timeout.connect(self._look)
        self._stale = True
        self._chosen_next = ""
        """Is chosen as soon as the list has it."""
        self.message = MessageFold(self)
        self.undo_bar = UndoBar(self)
        self.deeds = ProductDeeds(state, self.message, self.undo_bar, self)
        self.new_button = button(self.tr("&New product"), "add", primary=True)
        self.import_button = button(self.tr("&Import …"), "import", tip=self.tr("Import a product from a file"))
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setToolTip(self.tr("Search by name (Ctrl+F)"))
        self.search.setAccessibleName(self.tr("Search by name"))
        self.search.setClearButtonEnabled(True)
        self._found = plain_label("", "hint", wrap=False)
        self._pictures = Thumbnails(state.workbench.storage.artefacts.get_bytes, self)
        self.grid = CardGrid(self._pictures, self)
        self._empty = EmptyPage(
            "products",
            self.tr("No product has been set up yet."),
            self.tr("&Set up the first product"),
            self.tr("A few short steps: say what it is, show good parts, prove it with bad ones and sign off."),
            self,
        )
        self._empty.offer(
            self.tr("&Try a demo product"),
            self.tr("Sets up a bracket from rendered pictures, which are no photographs, and signs it off."),
        )
        self._nothing = EmptyPage("search", self.tr("No product is called that."), self.tr("Show &all products"))
        self.demo = DemoSetUp(state, self)
        self._lay_out()
        self._connect()

    # Building --------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE)
        top.addWidget(plain_label(self.tr("Products"), "title", wrap=False))
        top.addWidget(self.search, 1)
        top.addWidget(self._found)
        top.addStretch(1)
        top.addWidget(self.import_button)
        top.addWidget(self.new_button)
        middle = QWidget(self)
        self._stack = QStackedLayout(middle)
        # Nothing is said of the products before they are read.
        for page in (QWidget(middle), self._empty, self.grid, self._nothing):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addLayout(top)
        layout.addWidget(self.message)
        layout.addWidget(self.undo_bar)
        layout.addWidget(middle, 1)
        for control in (self.new_button, self.search, self._found):
            control.hide()

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.new_requested)
        self.import_button.clicked.connect(self.deeds.ask_to_import)
        self._empty.action_requested.connect(self.new_requested)
        self._empty.other_requested.connect(self.demo.start)
        self._nothing.action_requested.connect(self.search.clear)
        self.demo.changed.connect(self._on_demo_changed)
        self.demo.finished.connect(self._on_demo_finished)
        self.demo.failed.connect(self.message.show_error)
        self.grid.wanted.connect(self._on_wanted)
        self.grid.chosen_changed.connect(self._state.set_current_product)
        self.deeds.made.connect(self.choose)
        self.search.textChanged.connect(self._on_searched)
        self._state.products_changed.connect(self._on_products_changed)
        self._state.inspection_recorded.connect(lambda _: self._mark_stale())
        self._state.review_recorded.connect(lambda _: self._mark_stale())
        self._state.current_product_changed.connect(self.choose)
        on_key(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        for key in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            on_key(key, self.search, self.grid.take_focus, alone=True)
        on_key(Qt.Key.Key_Escape, self.search, self.search.clear, alone=True)

    def close_down(self) -> None:
        """Expect nothing any more of an export, an import or the demo product."""
        self._look_again.stop()
        self._reading.close()
        self._pictures.close()
        self.deeds.close_down()
        self.demo.close_down()

    # What is shown ---------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """Name of the product that is chosen, empty when none is."""
        return self.grid.chosen

    @property
    def is_read(self) -> bool:
        """Whether what is shown is what the record has, as far as this window knows."""
        return not self._stale and not self._reading.is_busy and self.grid.is_complete

    @Slot()
    def reload(self) -> None:
        """Read all of the products again, keeping the choice."""
        self._stale = False
        self._reading.cancel_waiting()
        self._reading.run(self._presenter.read, self._take, self._tell)

    def _look(self) -> None:
        """A product that another program has made, changed, inspected or deleted shows that by itself."""
        if self._reading.is_busy:
            return
        self._stale, before = False, self._read
        self._reading.run(lambda: self._presenter.read(before), self._take, lambda _: None)

    def _take(self, read: Read) -> None:
        if read == self._read and not self._chosen_next:
            return
        is_first, self._read = self._read is None, read
        self.grid.set_facts(read.cards)
        wanted = self._chosen_next or self._state.current_product
        self._chosen_next = ""
        self.grid.choose(wanted)
        self.grid.show_chosen()
        for control in (self.new_button, self.search):
            set_shown(control, bool(read.drafts))
        self._show_found()
        if is_first and self.isVisible():
            self.grid.take_focus()

    def _show_found(self) -> None:
        names, drafts = self.grid.names, self._read.drafts if self._read is not None else ()
        self._stack.setCurrentWidget(self.grid if names else self._nothing if drafts else self._empty)
        found = self.tr("%1 of %2").replace("%1", number(len(names))).replace("%2", number(len(drafts)))
        self._found.setText(found)
        set_shown(self._found, bool(self.search.text()) and bool(drafts))

    def _on_searched(self, text: str) -> None:
        self.grid.set_filter(text)
        self._show_found()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look_again.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_again.start()
        if self._stale:
            self.reload()

    def _mark_stale(self) -> None:
        # Verdicts come by the second: the next look has them, and so has whoever comes back to this screen.
        self._stale = self._stale or not self.isVisible()

    @Slot()
    def _on_products_changed(self) -> None:
        # The wizard writes at every edit; the list is read again only when it is looked at.
        self._stale = True
        if self.isVisible():
            self.reload()

    @Slot(str)
    def choose(self, name: str) -> None:
        """Choose a product; one that is not read yet as soon as it is."""
        if not name or name == self.chosen:
            return
        if self._read is not None and name in self._read.by_name:
            if name not in self.grid.names:
                self.search.clear()
            self.grid.choose(name)
        else:
            self._chosen_next = name

    # What is done ----------------------------------------------------------------------------------------------

    def _on_wanted(self, name: str, deed: str) -> None:
        if deed == CardDeed.SET_UP.value:
            self.message.clear()
            self.open_requested.emit(name)
        else:
            self.deeds.do(name, CardDeed(deed))

    @Slot()
    def _on_demo_changed(self) -> None:
        self._empty.other_button.setEnabled(not self.demo.is_running)
        if self.demo.is_running:
            self.message.show_note(self.demo.progress)

    @Slot(str)
    def _on_demo_finished(self, name: str) -> None:
        self.choose(name)
        self.message.show_note(
            self.tr(
                "%1 is ready to try out. Its pictures are rendered and measure nothing. Press “Inspect” to see it."
            ).replace("%1", name)
        )

    def _tell(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self.message.show_error(sentence, details)
