"""The screen *Review*: filters, the table, and the one inspection that is looked at. Everything has its key."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from filo_core.errors import FiloError
from filo_core.types import InspectionRecord, ReviewDecision, Verdict
from gui.canvas.pictures import PictureContent
from gui.records.choices import Choices
from gui.review.decisions import can_retype, confirmed_verdict, has_picture, overruled_verdict
from gui.review.detail_view import ReviewDetail
from gui.review.filter_bar import FilterBar
from gui.review.picture_loader import PictureLoader
from gui.review.presenter import ReviewPresenter
from gui.review.questions import ask_reason, ask_type
from gui.review.second_look import SecondLook
from gui.review.table_view import InspectionTable
from gui.review.taking_back import TakingBack
from gui.review.thumbnails import Thumbnails
from gui.review.why_pane import WhyPane
from gui.state import AppState, Screen
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.undo_bar import UndoBar
from gui.wording import number

UNDO_SHOWN_S = 10.0


class ReviewPanel(QWidget):
    """C confirms, O overrules, T retypes, G teaches, U takes that back, W says why, N goes on, F5 reads again."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.presenter = ReviewPresenter(state, parent=self)
        self._thumbnails = Thumbnails(state.workbench.history, self)
        self._pictures = PictureLoader(state.workbench.history, self)
        self._count = plain_label(role="hint", wrap=False)
        self.refresh_button = button(self.tr("Read again (F5)"), "refresh")
        self.filter_bar = FilterBar(self)
        self.message = MessageFold(self)
        self.table = InspectionTable(self.presenter.model, self._thumbnails, self)
        self.second = SecondLook(state)
        self.detail = ReviewDetail(self)
        self.why = WhyPane(state, self.detail)
        self.detail.add_pane(self.why)
        self.detail.add_row(self.second)
        self._empty = EmptyPage("review", "", parent=self)
        self.taking_back = TakingBack(state, self.presenter, self.second, self)
        self.toast = UndoBar(self, seconds=UNDO_SHOWN_S, text=self.tr("Undo (Ctrl+Z)"))
        self._stale = self._names_stale = True
        self._named_region = (0, -1)
        self._lay_out()
        self._connect()

    # Building --------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        bottom.addWidget(self._count, 1)
        bottom.addWidget(self.refresh_button)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.table, 1)
        column.addLayout(bottom)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(left)
        self._splitter.addWidget(self.detail)
        self._splitter.setSizes([480, 640])
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 2)
        self.table.setMinimumWidth(330)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._splitter)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self.filter_bar)
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
        }
        self._letters = keys | {"H": self.detail.picture.toggle_heat_map}
        self.table.letter_typed.connect(self._on_letter_typed)
        for key, slot in keys.items():
            on_key(key, self.detail, slot)
        on_key(Qt.Key.Key_F5, self, self.refresh)
        on_key(QKeySequence.StandardKey.Undo, self, self.undo)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._names_stale:
            self._read_names()
        if self._stale:
            self._stale = False
            self.filter_bar.choose_product(self._state.current_product)
        elif self.presenter.arrived:
            self.refresh()
        self.table.setFocus()

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
        if self.presenter.model.rowCount():
            self._stack.setCurrentWidget(self._splitter)
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
                self.tr("At first only what somebody has to look at is shown: REVIEW, NG and NOT INSPECTED."),
            )
        self._stack.setCurrentWidget(self._empty)

    @Slot()
    def _on_empty_action(self) -> None:
        if self.presenter.choices.restrict:
            self.filter_bar.show_everything()
        else:
            self._state.request_screen(Screen.FOLDER)

    def _show_count(self) -> None:
        if self.presenter.counts is None:
            self._count.setText(self.tr("Counting …"))
            return
        shown, undecided = self.presenter.counts
        text = self.tr("%1 shown, %2 undecided").replace("%1", number(shown)).replace("%2", number(undecided))
        self._count.setText(text)

    @Slot(int)
    def _on_arrived_changed(self, arrived: int) -> None:
        text = self.tr("Read again (F5)")
        if arrived:
            text = self.tr("%1 new: read again (F5)").replace("%1", str(arrived))
        self.refresh_button.setText(text)
        self.refresh_button.setAccessibleName(text)

    # Looking ---------------------------------------------------------------------------------------------------

    def _go_to(self, row: int) -> None:
        index = self.presenter.model.index(row, 0)
        self.table.setCurrentIndex(index)
        self.table.scrollTo(index)

    @Slot(QModelIndex)
    def _on_row_changed(self, index: QModelIndex) -> None:
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
            self._pictures.want(record, self.presenter.model.record_at(row + 1))

    @Slot(int, object)
    def _on_picture_loaded(self, inspection_id: int, content: PictureContent) -> None:
        if self.detail.record is not None and self.detail.record.inspection_id == inspection_id:
            self.detail.show_picture(content)

    @Slot(int, str, str)
    def _on_picture_failed(self, inspection_id: int, sentence: str, details: str) -> None:
        if self.detail.record is not None and self.detail.record.inspection_id == inspection_id:
            self.detail.show_no_picture(sentence)
            if details:
                self.message.show_error(sentence, details)

    # Deciding --------------------------------------------------------------------------------------------------

    @Slot()
    def confirm(self) -> None:
        """Agree with the verdict, and go on."""
        record = self._seen()
        pin = self._signature(record, confirmed_verdict(record)) if record is not None else None
        if record is not None and pin is not None:
            self._after(asked_for=self.presenter.confirm(record, pin))

    @Slot()
    def overrule(self) -> None:
        """Ask for the reason, disagree with the verdict, and go on."""
        record = self._seen()
        if record is None:
            return
        verdict = overruled_verdict(record)
        reason = ask_reason(record, self.presenter.used_reasons(verdict), self)
        pin = self._signature(record, verdict) if reason else None
        if pin is not None:
            self._after(asked_for=self.presenter.overrule(record, reason, pin))

    def _signature(self, record: InspectionRecord, verdict: Verdict) -> str | None:
        """The PIN where an NG becomes an OK, empty where none is asked for; None where it was given up."""
        return self.taking_back.ask_for_pin() if self.presenter.asks_for_pin(record, verdict) else ""

    @Slot()
    def retype(self) -> None:
        """Ask what the chosen region is, or all of them, and go on once each has been named."""
        record = self._seen()
        if record is None:
            return
        if not can_retype(record):
            self.message.show_note(self.tr("This part is OK. Overrule it first; then say what is wrong with it."))
            return
        region = self.detail.regions.currentRow()
        anomaly_type = ask_type(record, self.presenter.type_choices(record), region, self)
        self._named_region = record.inspection_id, region
        asked_for = bool(anomaly_type) and self.presenter.retype(record, anomaly_type, region)
        if region < 0:
            self._after(asked_for=asked_for)

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
        self.table.setFocus()

    def _seen(self) -> InspectionRecord | None:
        """The inspection to decide on: nobody decides on what was not on screen yet."""
        current = self.current
        return (
            current if current is not None and self.detail.is_seen and not self.presenter.is_saving(current) else None
        )

    def _after(self, *, asked_for: bool) -> None:
        """Go on: what was decided is stored meanwhile."""
        if asked_for:
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
        self._place_toast()

    @Slot(object)
    def _show_again(self, record: InspectionRecord) -> None:
        row = self.presenter.model.row_of(record.inspection_id)
        if row >= 0:
            self._go_to(row)
            self._show_row(row)
        self._show_count()
        self.table.setFocus()

    def _place_toast(self) -> None:
        """Over the lower edge of the table: nothing moves, and the picture stays free."""
        corner = self.table.mapTo(self, self.table.rect().bottomLeft())
        height = self.toast.sizeHint().height()
        self.toast.setGeometry(corner.x(), corner.y() - height, self.table.width(), height)
        self.toast.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_toast()

    @Slot(str)
    def _on_letter_typed(self, letter: str) -> None:
        slot = self._letters.get(letter)
        if slot is not None:
            slot()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.message.show_error(str(error))
