"""The screen *Review*: a desk with one large picture, its neighbours under it, and a key for everything."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.types import InspectionRecord, ReviewDecision
from gui.canvas.pictures import Composition, PictureContent
from gui.canvas.thumbnails import Thumbnails
from gui.records.choices import Choices
from gui.review.choice_bar import ChoiceBar
from gui.review.deciding import Deciding
from gui.review.decisions import has_picture
from gui.review.detail_view import ReviewDetail
from gui.review.filmstrip import Filmstrip
from gui.review.filter_bar import FilterBar
from gui.review.picture_loader import PictureLoader
from gui.review.presenter import ReviewPresenter
from gui.review.second_look import SecondLook
from gui.review.table_view import InspectionTable
from gui.review.taking_back import TakingBack
from gui.review.why_pane import WhyPane
from gui.state import AppState, Screen
from gui.widgets.controls import button, icon_button, plain_label
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.undo_bar import UndoBar
from gui.wording import number

UNDO_SHOWN_S = 10.0
AHEAD = 2
"""Pictures that are read before anybody asks for them."""


class ReviewPanel(QWidget):
    """C agrees, O disagrees, T names, N skips, W says why, I shows details, V the list, G teaches, F5 reads again.

    Several that are chosen in the strip are decided together, one entry of the record each.
    """

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = ReviewPresenter(state, parent=self)
        self._thumbnails = Thumbnails(state.workbench.storage.artefacts.get_bytes, self)
        self._pictures = PictureLoader(state.workbench.history, self)
        self._count = plain_label(wrap=False, parent=self)
        self._count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.refresh_button = button(self.tr("Refresh (F5)"), "refresh")
        self.filter_bar = FilterBar(self)
        self.message = MessageFold(self)
        self.table = InspectionTable(self.presenter.model, self._thumbnails, self)
        self.strip = Filmstrip(self.presenter.model, self._thumbnails, parent=self)
        self.grid = Filmstrip(self.presenter.model, self._thumbnails, grid=True, parent=self)
        for view in (self.strip, self.grid):
            view.setSelectionModel(self.table.selectionModel())
        self.second = SecondLook(state)
        self.detail = ReviewDetail(self)
        self.why = WhyPane(state, self.detail)
        self.ask = ChoiceBar(self)
        self.views = {
            name: icon_button(text, icon_name, checkable=True)
            for name, text, icon_name in (
                ("picture", self.tr("One large picture (V)"), "image"),
                ("list", self.tr("List (V)"), "review"),
                ("grid", self.tr("Small pictures (V)"), "regions"),
            )
        }
        self._empty = EmptyPage("review", "", parent=self)
        self.taking_back = TakingBack(state, self.presenter, self.second, self)
        self.deciding = Deciding(self.presenter, self.ask, self.taking_back, self)
        self.toast = UndoBar(self, seconds=UNDO_SHOWN_S, text=self.tr("Undo (Ctrl+Z)"))
        self._stale = self._names_stale = True
        self._named_region = (0, -1)
        self._lay_out()
        self._connect()

    # Building --------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        detail = self.detail
        detail.add_pane(self.why)
        detail.add_row(self.strip)
        detail.add_to_bar(self.second.why_button, "search")
        detail.add_to_bar(detail.rail_button, "note")
        detail.bar.addWidget(self._count, 1)
        for made in self.views.values():
            detail.bar.addWidget(made)
        self.views["picture"].setChecked(True)
        detail.rail.add(self.second)
        detail.rail.add(self.refresh_button)
        for view in (self.table, self.grid):
            detail.add_view(view)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(detail)
        self._stack.addWidget(self._empty)
        top = QWidget(self)
        row = QVBoxLayout(top)
        row.setContentsMargins(8, 0, 8, 0)
        row.addWidget(self.filter_bar)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(self.message)
        layout.addWidget(self._stack, 1)

    def _connect(self) -> None:
        presenter = self.presenter
        presenter.filter_applied.connect(self._on_filter_applied)
        presenter.failed.connect(self._on_failed)
        presenter.decided.connect(self._on_decided)
        presenter.not_decided.connect(self._on_not_decided)
        presenter.arrived_changed.connect(self._on_arrived_changed)
        presenter.counts_changed.connect(self._show_count)
        self.ask.shown.connect(self._place_over)
        self.ask.hidden.connect(self._focus)
        self.deciding.noted.connect(self.message.show_note)
        self.deciding.asked_for.connect(self._go_on)
        self.deciding.region_named.connect(self._on_region_named)
        for name, made in self.views.items():
            made.clicked.connect(partial(self.show_view, name))
        for seen in (self.table, self.grid):
            seen.doubleClicked.connect(lambda: self.show_view("picture"))
        for watched in (self.table, self.strip, self.grid, self.detail.picture.view):
            watched.installEventFilter(self)
        presenter.names_read.connect(lambda names: self.filter_bar.set_seen(*names))
        self.filter_bar.choices_changed.connect(self._on_choices_changed)
        self.refresh_button.clicked.connect(self.refresh)
        self._empty.action_requested.connect(self._on_empty_action)
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self._pictures.loaded.connect(self._on_picture_loaded)
        self._pictures.failed.connect(self._on_picture_failed)
        self.detail.confirm_requested.connect(self.confirm)
        self.detail.overrule_requested.connect(self.overrule)
        self.detail.retype_requested.connect(self.retype)
        self.detail.next_requested.connect(self.go_to_next)
        self.second.noted.connect(self.message.show_note)
        self.second.warned.connect(self.message.show_warning)
        self.second.failed.connect(self.message.show_error)
        self.second.teach_button.clicked.connect(self.teach)
        self.second.undo_button.clicked.connect(self.second.undo)
        self.second.blind_button.clicked.connect(self.review_blind)
        self.second.why_button.toggled.connect(self.why.set_open)
        # Choosing in the picture marks the row in the list, which then tells nobody.
        self.detail.regions.region_chosen.connect(self.why.set_region)
        self.detail.picture.region_chosen.connect(self.why.set_region)
        self.taking_back.offered.connect(self._on_offered)
        self.taking_back.settled.connect(self.toast.withdraw)
        self.taking_back.reopened.connect(self._show_again)
        self.taking_back.noted.connect(self.message.show_note)
        self.taking_back.failed.connect(self._on_failed)
        self.toast.undo_requested.connect(self.undo)
        self._state.products_changed.connect(self._on_names_stale)
        self._state.current_product_changed.connect(self._on_product_changed)
        self._connect_keys()

    def _connect_keys(self) -> None:
        keys: dict[str, Callable[[], None]] = {
            "C": self.confirm,
            "O": self.overrule,
            "T": self.retype,
            "N": self.go_to_next,
            "G": self.teach,
            "U": self.second.undo,
            "W": self.second.why_button.toggle,
            "I": self.detail.toggle_rail,
            "V": self.show_next_view,
        }
        self._letters = keys | {"H": self.detail.picture.toggle_heat_map}
        for view in (self.table, self.strip, self.grid):
            view.letter_typed.connect(self._on_letter_typed)
        for key, slot in keys.items():
            on_key(key, self.detail, slot)
        on_key(Qt.Key.Key_F5, self, self.refresh)
        on_key(QKeySequence.StandardKey.Undo, self, self.undo)
        on_key(QKeySequence.StandardKey.Find, self, self.filter_bar.search.setFocus)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._names_stale:
            self._read_names()
        job = self._state.take_wanted_job()
        if job is not None:
            self._stale = False
            self.filter_bar.choose_job(self._state.current_product, *job)
        elif self._stale:
            self._stale = False
            self.filter_bar.choose_product(self._state.current_product)
        elif self.presenter.arrived:
            self.refresh()
        self._focus()

    def close_down(self) -> None:
        """Stop reading pictures; called before the window closes."""
        self.presenter.close_down()
        self._thumbnails.close()
        self._pictures.close()
        self.second.close_down()
        self.why.close_down()

    # Filtering -------------------------------------------------------------------------------------------------

    @property
    def current(self) -> InspectionRecord | None:
        """The inspection that is looked at."""
        return self.presenter.model.record_at(self.table.currentIndex().row())

    @Slot()
    def refresh(self) -> None:
        """Read the record again, staying at the same inspection where it is still shown."""
        current = self.current
        self._read_names()
        self.presenter.refresh()
        row = self.presenter.model.row_of(current.inspection_id) if current else -1
        if row > 0:
            self._go_to(row)

    def _read_names(self) -> None:
        self._names_stale = False
        try:
            self.filter_bar.set_products(self.presenter.products())
        except FiloError as error:
            self._on_failed(error)
        self.presenter.read_names()

    @Slot()
    def _on_names_stale(self) -> None:
        if self.isVisible():
            self._read_names()
        else:
            self._names_stale = True

    @Slot()
    def _on_product_changed(self) -> None:
        # Whoever inspects another product and comes here wants to see that one.
        if not self.isVisible():
            self._stale = True

    @Slot(object)
    def _on_choices_changed(self, choices: Choices) -> None:
        self.message.clear()
        self.presenter.apply(choices)

    @Slot()
    def _on_filter_applied(self) -> None:
        self.ask.give_up()
        if self.presenter.model.rowCount():
            self._stack.setCurrentWidget(self.detail)
            self._go_to(0)
        else:
            self._show_empty()
            self.detail.show_record(None, ())
        self._show_count()
        self.second.watch_drift(self.presenter.choices.product)

    def _show_empty(self) -> None:
        if not self.presenter.choices.restrict:
            self._empty.set_content(
                self.tr("Nothing has been inspected yet."),
                self.tr("Inspect a &folder"),
                self.tr("Every verdict is kept and can be looked at here."),
            )
        else:
            self._empty.set_content(
                self.tr("No inspection fits this filter."),
                self.tr("Show &everything"),
                self.tr("At first only what nobody has decided yet is shown: REVIEW, NG and NOT INSPECTED."),
            )
        self._stack.setCurrentWidget(self._empty)

    @Slot()
    def _on_empty_action(self) -> None:
        if self.presenter.choices.restrict:
            self.filter_bar.show_everything()
        else:
            self._state.request_screen(Screen.FOLDER)

    def _show_count(self) -> None:
        self.filter_bar.set_counts(self.presenter.queue_counts)
        if self.presenter.counts is None:
            self._count.setText(self.tr("Counting …"))
            return
        shown, undecided = self.presenter.counts
        text = self.tr("%1 of %2 decided")
        text = text.replace("%1", number(shown - undecided)).replace("%2", number(shown))
        minutes = self.presenter.minutes_left
        if minutes is not None:
            text += ", " + self.tr("about %1 min left").replace("%1", number(minutes))
        self._count.setText(text)

    @Slot(int)
    def _on_arrived_changed(self, arrived: int) -> None:
        text = self.tr("Refresh (F5)")
        if arrived:
            text = self.tr("%1 new: refresh (F5)").replace("%1", str(arrived))
        self.refresh_button.setText(text)
        self.refresh_button.setAccessibleName(text)

    # Looking ---------------------------------------------------------------------------------------------------

    def _go_to(self, row: int) -> None:
        index = self.presenter.model.index(row, 0)
        # Alone, whatever key is down: with Ctrl held, as after Ctrl+Z, a view would choose it beside the others.
        alone = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().setCurrentIndex(index, alone)
        for view in (self.table, self.strip, self.grid):
            view.scrollTo(index)

    @Slot(QModelIndex)
    def _on_row_changed(self, index: QModelIndex) -> None:
        # An answer belongs to the picture that it was asked beside.
        self.ask.give_up()
        self._show_row(index.row())

    def _show_row(self, row: int) -> None:
        record = self.presenter.model.record_at(row)
        # The newest on top.
        reviews = record.decisions[::-1] if record is not None else ()
        self.detail.show_record(record, reviews)
        self.second.set_record(record)
        self.why.set_record(record)
        if record is None or not has_picture(record):
            self._pictures.forget_wish()
        else:
            self._pictures.want(record, *map(self.presenter.model.record_at, self.presenter.open_rows(row, AHEAD)))

    @Slot(int, object, object)
    def _on_picture_loaded(self, inspection_id: int, content: PictureContent, composed: Composition) -> None:
        if self.detail.record is not None and self.detail.record.inspection_id == inspection_id:
            self.detail.show_picture(content, composed)

    @Slot(int, str, str)
    def _on_picture_failed(self, inspection_id: int, sentence: str, details: str) -> None:
        if self.detail.record is not None and self.detail.record.inspection_id == inspection_id:
            self.detail.show_no_picture(sentence)
            if details:
                self.message.show_error(sentence, details)

    # Deciding --------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> tuple[InspectionRecord, ...]:
        """The inspections that are chosen together, in the order of the rows; the one looked at where it is alone."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        found = (self.presenter.model.record_at(row) for row in rows)
        return tuple(one for one in found if one is not None and not self.presenter.is_saving(one))

    @Slot()
    def confirm(self) -> None:
        """Agree with the verdict, and go on."""
        self.deciding.confirm(self.chosen, self._seen())

    @Slot()
    def overrule(self) -> None:
        """Ask for the reason, disagree with the verdict, and go on."""
        self.deciding.overrule(self.chosen, self._seen())

    @Slot()
    def retype(self) -> None:
        """Ask what the chosen region is, or all of them, and go on once each has been named."""
        self.deciding.retype(self.chosen, self._seen(), self.detail.regions.currentRow())

    @property
    def is_asking(self) -> bool:
        """True while a reason or a name is asked for."""
        return not self.ask.isHidden()

    @Slot(object, int)
    def _on_region_named(self, record: InspectionRecord, region: int) -> None:
        self._named_region = record.inspection_id, region

    def _after_region(self, region: int) -> None:
        """Stay while other regions of it have no name from a person: the next one is chosen."""
        unnamed = [number for number, name in enumerate(self.detail.named) if not name]
        if not unnamed:
            self.go_to_next()
            return
        following = next((number for number in unnamed if number > region), unnamed[0])
        self.detail.choose_region(following)

    @Slot()
    def teach(self) -> None:
        """Let the chosen region, or all of them, join the memory bank as good."""
        if self._seen() is not None:
            self.second.teach(self.detail.regions.currentRow())

    @Slot()
    def review_blind(self) -> None:
        """Let a second person judge what others decided on."""
        self.second.review_blind(self.presenter.choices.product)

    @Slot()
    def go_to_next(self) -> None:
        """Go to the next inspection nobody has decided."""
        try:
            row = self.presenter.next_undecided(self.table.currentIndex().row())
        except FiloError as error:
            self._on_failed(error)
            return
        if row >= 0:
            self._go_to(row)
        else:
            self.message.show_note(self.tr("Everything shown here is decided."))
        self._focus()

    def _seen(self) -> InspectionRecord | None:
        """The inspection to decide on: nobody decides on what was not on screen yet."""
        current = self.current
        return (
            current if current is not None and self.detail.is_seen and not self.presenter.is_saving(current) else None
        )

    @Slot()
    def _go_on(self) -> None:
        """What was decided is stored meanwhile."""
        self.message.clear()
        self.go_to_next()

    @Slot(object)
    def _on_decided(self, decided: InspectionRecord) -> None:
        if decided.decisions and isinstance(decided.decisions[-1].decision, ReviewDecision):
            self.taking_back.remember(decided)
        self._show_anew(decided)
        self._show_count()
        of, region = self._named_region
        if of == decided.inspection_id and region >= 0:
            self._named_region = (0, -1)
            self.message.clear()
            self._after_region(region)

    @Slot(object, str)
    def _on_not_decided(self, record: InspectionRecord, why: str) -> None:
        self.message.show_error(why)
        self._show_anew(record)

    def _show_anew(self, record: InspectionRecord) -> None:
        """What was decided on it is stored, or could not be: show that where it is looked at."""
        current = self.current
        if current is not None and current.inspection_id == record.inspection_id:
            self._show_row(self.table.currentIndex().row())

    @Slot()
    def undo(self) -> None:
        """Take back what was done last here, and show it again."""
        self.taking_back.undo()

    @Slot(str)
    def _on_offered(self, sentence: str) -> None:
        self.toast.offer(sentence)
        self._place_over()

    @Slot(object)
    def _show_again(self, record: InspectionRecord) -> None:
        row = self.presenter.model.row_of(record.inspection_id)
        if row >= 0:
            self._go_to(row)
            self._show_row(row)
        self._show_count()
        self._focus()

    # Looking at several ----------------------------------------------------------------------------------------

    @property
    def view(self) -> str:
        """What is in the middle: ``picture``, ``list`` or ``grid``."""
        return next(name for name, made in self.views.items() if made.isChecked())

    def show_view(self, name: str) -> None:
        """Show one large picture, the list, or small pictures."""
        for other, made in self.views.items():
            made.setChecked(other == name)
        if name != "picture":
            # It compares with the picture, which is away.
            self.second.why_button.setChecked(False)
        self.detail.show_view({"list": self.table, "grid": self.grid}.get(name))
        self._focus()

    @Slot()
    def show_next_view(self) -> None:
        """From the picture to the list, to the small pictures, and round again."""
        names = list(self.views)
        self.show_view(names[(names.index(self.view) + 1) % len(names)])

    def _focus(self) -> None:
        """The keyboard belongs to the inspections, unless somebody types a question's answer."""
        if not self.is_asking:
            {"list": self.table, "grid": self.grid}.get(self.view, self.strip).setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While Space is held the picture is shown without what was drawn into it."""
        pressed, released = event.type() is QEvent.Type.KeyPress, event.type() is QEvent.Type.KeyRelease
        if (pressed or released) and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.detail.picture.set_original(pressed)
            return True
        if event.type() is QEvent.Type.FocusOut:
            # Whoever looks elsewhere lets go of the key there.
            self.detail.picture.set_original(False)
        return super().eventFilter(watched, event)

    def _place_over(self) -> None:
        """Over the lower edge of the picture: nothing moves, and its middle stays free."""
        bar = self.detail.bar.geometry()
        corner = self.detail.mapTo(self, bar.topLeft())
        height = self.ask.wanted_height(self.width())
        self.ask.setGeometry(8, corner.y() - height, self.width() - 16, height)
        width = min(self.width() // 2, 560)
        height = self.toast.sizeHint().height()
        self.toast.setGeometry(8, corner.y() - self.strip.height() - height - 8, width, height)
        for over in (self.toast, self.ask):
            over.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_over()

    @Slot(str)
    def _on_letter_typed(self, letter: str) -> None:
        slot = self._letters.get(letter)
        if slot is not None:
            slot()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.message.show_error(str(error))
