"""One inspection: its picture, what was found, and what people decided about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from filo_core.types import InspectionRecord, Review, Verdict
from gui.canvas.image_panel import ImagePanel
from gui.canvas.pictures import PictureContent
from gui.known_words import known_sentence
from gui.review.decisions import (
    can_retype,
    confirmed_verdict,
    has_picture,
    overruled_verdict,
    review_sentence,
    short_moment,
)
from gui.theme import SPACE
from gui.widgets.controls import ElidedLabel, button, plain_label, set_shown
from gui.widgets.regions_list import RegionsList
from gui.widgets.untrained_note import UntrainedNote
from gui.widgets.verdicts import VerdictChip, verdict_word
from gui.wording import raw_score, times_limit


class ReviewDetail(QWidget):
    """Shows a record and asks for decisions; the buttons say what would come of them."""

    confirm_requested = Signal()
    overrule_requested = Signal()
    retype_requested = Signal()
    next_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._record: InspectionRecord | None = None
        self.named: tuple[str, ...] = ()
        """What people call each region; empty where nobody said, nothing where nobody said anything."""
        self._picture_is_there = False
        self._chip = VerdictChip(parent=self)
        self._arrow = plain_label(self.tr("decided:"), "hint", wrap=False)
        self._final_chip = VerdictChip(parent=self)
        self._name = ElidedLabel(parent=self)
        self._facts = plain_label(role="hint")
        self._untrained = UntrainedNote(short=True, parent=self)
        self.picture = ImagePanel(self)
        self.regions = RegionsList(self)
        self.history = QListWidget(self)
        self.history.setAccessibleName(self.tr("Decisions on this inspection"))
        self.history.setWordWrap(True)
        self.history.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.confirm_button = button("", "check", primary=True, tip=self.tr("Key: C"))
        self.overrule_button = button("", tip=self.tr("Key: O. A reason is asked for."))
        self.retype_button = button(self.tr("Retype (T)"), tip=self.tr("Key: T. Say what it really is."))
        self.next_button = button(self.tr("Next (N)"), tip=self.tr("Key: N. The next one nobody has decided."))
        self._lay_out()
        self._connect()
        self.show_record(None, ())

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        for label in (self._chip, self._arrow, self._final_chip):
            top.addWidget(label)
        top.addWidget(self._name, 1)
        top.addWidget(self._untrained)
        lists = QHBoxLayout()
        lists.setSpacing(8)
        for caption, widget in ((self.tr("Regions"), self.regions), (self.tr("Decisions"), self.history)):
            column = QVBoxLayout()
            column.setSpacing(2)
            title = plain_label(caption, "hint", wrap=False)
            title.setBuddy(widget)
            column.addWidget(title)
            column.addWidget(widget)
            lists.addLayout(column, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for control in (self.confirm_button, self.overrule_button, self.retype_button):
            buttons.addWidget(control)
        buttons.addStretch(1)
        buttons.addWidget(self.next_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self._facts)
        layout.addWidget(self.picture, 1)
        self._panes = QVBoxLayout()
        layout.addLayout(self._panes)
        layout.addLayout(lists)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.confirm_button.clicked.connect(self.confirm_requested)
        self.overrule_button.clicked.connect(self.overrule_requested)
        self.retype_button.clicked.connect(self.retype_requested)
        self.next_button.clicked.connect(self.next_requested)
        self.picture.region_chosen.connect(self.regions.choose)
        self.regions.region_chosen.connect(self._on_region_chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # In a low window the picture needs the room more than the lists.
        height = min(130, max(60, self.height() // 7))
        for shown in (self.regions, self.history):
            shown.setFixedHeight(height)

    def add_pane(self, pane: QWidget) -> None:
        """Add a pane under the picture."""
        self._panes.addWidget(pane)

    def add_row(self, row: QWidget) -> None:
        """Add a row of controls below the buttons."""
        layout = self.layout()
        assert layout is not None, "it is laid out when it is made"
        layout.addWidget(row)

    @property
    def record(self) -> InspectionRecord | None:
        """The inspection shown."""
        return self._record

    @property
    def is_seen(self) -> bool:
        """Whether the picture of the inspection, or why there is none, has been on screen: only then one may decide."""
        return self._record is not None and self._picture_is_there and self.picture.view.is_painted

    def show_record(self, record: InspectionRecord | None, reviews: Sequence[Review]) -> None:
        """Show everything but the picture, which comes when it is read."""
        changes = record is None or self._record is None or record.inspection_id != self._record.inspection_id
        self._record = record
        self._chip.set_verdict(record.verdict if record else None)
        decided = record is not None and record.review is not None
        self._final_chip.set_verdict(record.final_verdict if record is not None and decided else None)
        set_shown(self._arrow, decided)
        self._name.set_full_text(record.name if record else "")
        self._facts.setText(self._fact_sentence(record))
        self._facts.setToolTip(raw_score(record.image_score, record.limits) if record else "")
        self._untrained.set_trained(record.trained if record and record.image_score is not None else None)
        self.named = record.retyped if record else ()
        self.regions.set_regions(record.regions if record else (), named=self.named)
        self.history.clear()
        for review in reviews:
            self.history.addItem(review_sentence(review))
        if not reviews:
            self.history.addItem(self.tr("Nobody has decided yet."))
        self._show_buttons(record)
        if changes:
            self._picture_is_there = record is not None and not has_picture(record)
            self.picture.clear(self._waiting_text(record))

    def choose_region(self, index: int) -> None:
        """Mark a region in the list and in the picture."""
        self.regions.choose(index)
        self.picture.choose_region(index, zoom_to=False)

    def show_picture(self, content: PictureContent) -> None:
        """Show the picture of the inspection."""
        self._picture_is_there = True
        self.picture.show_content(content)

    def show_no_picture(self, sentence: str) -> None:
        """Say why there is no picture."""
        self._picture_is_there = True
        self.picture.clear(sentence)

    def _fact_sentence(self, record: InspectionRecord | None) -> str:
        if record is None:
            return ""
        if record.verdict is Verdict.NOT_INSPECTED:
            return record.reason
        numbers = times_limit(record.image_score, record.limits)
        recipe = self.tr("recipe %1").replace("%1", str(record.recipe_version))
        moment = short_moment(record.inspected_at, datetime.now().astimezone())
        facts = [known_sentence(record.known_as), numbers, f"{record.product}, {recipe}", moment]
        if record.examples:
            facts.append(self.tr("names learnt from %1 decided regions").replace("%1", str(record.examples)))
        if record.unfiltered_sides:
            facts.append(self.tr("filtering was not applied: %1").replace("%1", ", ".join(record.unfiltered_sides)))
        return "  ·  ".join(filter(None, facts))

    def _waiting_text(self, record: InspectionRecord | None) -> str:
        if record is None:
            return self.tr("Choose an inspection in the list.")
        return "" if has_picture(record) else self.tr("There is no picture of it.")

    def _show_buttons(self, record: InspectionRecord | None) -> None:
        for control in (self.confirm_button, self.overrule_button):
            control.setEnabled(record is not None)
        self.retype_button.setEnabled(record is not None and can_retype(record))
        agreed = verdict_word(confirmed_verdict(record)) if record else ""
        other = verdict_word(overruled_verdict(record)) if record else ""
        for control, text, verdict in (
            (self.confirm_button, self.tr("Confirm %1 (C)"), agreed),
            (self.overrule_button, self.tr("Overrule: %1 (O)"), other),
        ):
            control.setText(text.replace("%1", verdict).replace("  ", " "))
            control.setAccessibleName(control.text())

    @Slot(int)
    def _on_region_chosen(self, index: int) -> None:
        self.picture.choose_region(index, zoom_to=True)
