"""One inspection: its picture as large as the window allows, what is known of it beside, and the decisions under it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from filo_core.types import InspectionRecord, Review, Verdict
from gui.canvas.image_panel import ImagePanel
from gui.canvas.pictures import Composition, PictureContent
from gui.known_words import known_sentence
from gui.review.decisions import answer_texts, can_retype, has_picture, review_sentence, short_moment
from gui.review.rail import BESIDE_FROM_PX, Rail
from gui.theme import SPACE
from gui.widgets.controls import ElidedLabel, button, plain_label, set_shown
from gui.widgets.icons import icon
from gui.widgets.regions_list import RegionsList
from gui.widgets.untrained_note import UntrainedNote
from gui.widgets.verdicts import VerdictChip
from gui.wording import raw_score, times_limit

_BOLD_PX = 4


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
        self.rail = Rail(self)
        self._rail_wanted: bool | None = None
        self._views: list[QWidget] = []
        self._secondary: dict[QPushButton, tuple[str, str]] = {}
        self._answers_short = False
        self._untrained = UntrainedNote(short=True, parent=self)
        self.picture = ImagePanel(self, tools_apart=True)
        self.regions = RegionsList(self)
        self.history = QListWidget(self)
        self.history.setAccessibleName(self.tr("Decisions on this inspection"))
        self.history.setWordWrap(True)
        self.history.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.history.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.confirm_button = button("", "check", primary=True, tip=self.tr("Key: C"))
        self.overrule_button = button("", tip=self.tr("Key: O. A reason is asked for."))
        self.retype_button = button(self.tr("Change type (T)"), tip=self.tr("Key: T. Say what it really is."))
        self.next_button = button(self.tr("Skip (N)"), tip=self.tr("Key: N. The next one nobody has decided."))
        self.rail_button = button(
            self.tr("Details (I)"), checkable=True, tip=self.tr("Key: I. What is known of this part, and the tools.")
        )
        self._lay_out()
        self._connect()
        self.show_record(None, ())

    def _lay_out(self) -> None:
        self._fill_rail()
        self._middle = QHBoxLayout()
        self._middle.setSpacing(0)
        self._middle.addWidget(self.picture, 1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.bar = QHBoxLayout()
        self.bar.setContentsMargins(8, 0, 8, 0)
        self.bar.setSpacing(8)
        for control in (self.confirm_button, self.overrule_button, self.retype_button):
            self.bar.addWidget(control)
        self.add_to_bar(self.next_button, "next")
        self.bar.addWidget(self._untrained)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._middle, 1)
        layout.addLayout(self._rows)
        layout.addLayout(self.bar)

    def _fill_rail(self) -> None:
        chips = QWidget(self.rail)
        row = QHBoxLayout(chips)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for label in (self._chip, self._arrow, self._final_chip):
            row.addWidget(label)
        row.addStretch(1)
        for widget in (chips, self._name, self._facts):
            self.rail.add(widget)
        for caption, shown in ((self.tr("Regions"), self.regions), (self.tr("Decisions"), self.history)):
            title = plain_label(caption, "hint", wrap=False)
            title.setBuddy(shown)
            self.rail.add(title)
            self.rail.add(shown, 1)
            # As high as what is left over, and never wider than the column.
            shown.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
            shown.setMinimumSize(80, 84)
        self.rail.add(self.picture.legend)
        self.rail.add(self.picture.tools)

    def _connect(self) -> None:
        self.confirm_button.clicked.connect(self.confirm_requested)
        self.overrule_button.clicked.connect(self.overrule_requested)
        self.retype_button.clicked.connect(self.retype_requested)
        self.next_button.clicked.connect(self.next_requested)
        self.rail_button.clicked.connect(self.toggle_rail)
        self.picture.region_chosen.connect(self.regions.choose)
        self.regions.region_chosen.connect(self._on_region_chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bar()
        self._place_rail()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Other letters; while it is built there is no bar yet.
        if event.type() is QEvent.Type.StyleChange and self.isVisible():
            self._fit_bar()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place_rail()

    @property
    def is_rail_shown(self) -> bool:
        """Whether the column is there; in a wide window it is until somebody wants it away."""
        return self._rail_wanted if self._rail_wanted is not None else self.width() >= BESIDE_FROM_PX

    @Slot()
    def toggle_rail(self) -> None:
        """Show the column beside or over the picture, or take it away."""
        self._rail_wanted = not self.is_rail_shown
        self._place_rail()

    def _fit_bar(self) -> None:
        """Large letters and long words: what is pressed less shows its icon alone, then the answers say one word."""
        items = (self.bar.itemAt(place) for place in range(self.bar.count()))
        controls = (item.widget() for item in items if item is not None)
        there = [one for one in controls if one is not None and not one.isHidden()]
        told = [one for one in there if type(one) is QLabel]
        shown = [one for one in there if one not in told]
        for level in range(3):
            for control, (text, icon_name) in self._secondary.items():
                control.setText(text if level == 0 else "")
                control.setIcon(QIcon() if level == 0 else icon(icon_name))
                control.setAccessibleName(text)
            self._answers_short = level == 2
            self._show_answers()
            edges = self.bar.contentsMargins()
            room = self.width() - edges.left() - edges.right() - sum(one.sizeHint().width() + SPACE for one in shown)
            for one in told:
                one.setWordWrap(False)
                # What is left over is the last thing to take a second line.
                one.setWordWrap(one.minimumSizeHint().width() + 5 * SPACE > room)
            if not any(one.wordWrap() for one in told):
                break

    def add_to_bar(self, control: QPushButton, icon_name: str) -> None:
        """Add a button that may show its icon alone where there is little room."""
        self._secondary[control] = (control.text(), icon_name)
        self.bar.addWidget(control)

    def _place_rail(self) -> None:
        shown, beside = self.is_rail_shown, self.width() >= BESIDE_FROM_PX
        width = min(self.rail.wanted_px, self.width() // 2)
        self._middle.setContentsMargins(0, 0, width if shown and beside else 0, 0)
        layout = self.layout()
        assert layout is not None, "it is laid out when it is made"
        layout.activate()
        self.rail.setGeometry(self.width() - width, 0, width, self._middle.geometry().height())
        self.rail.setVisible(shown)
        self.rail.raise_()
        self.rail_button.setChecked(shown)

    def add_pane(self, pane: QWidget) -> None:
        """Add a pane beside the picture, as wide as it."""
        self._middle.addWidget(pane, 1)

    def add_view(self, view: QWidget) -> None:
        """Add a view that :meth:`show_view` can show in place of the picture."""
        view.hide()
        self._views.append(view)
        self._middle.addWidget(view, 2)

    def show_view(self, view: QWidget | None) -> None:
        """Show another view in place of the picture, or the picture again."""
        for other in self._views:
            other.setVisible(other is view)
        self.picture.setVisible(view is None)

    def add_row(self, row: QWidget) -> None:
        """Add a row between the picture and the buttons."""
        self._rows.addWidget(row)

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

    def show_picture(self, content: PictureContent, composed: Composition | None = None) -> None:
        """Show the picture of the inspection, at once where it was composed ahead."""
        self._picture_is_there = True
        if composed is not None:
            self.picture.show_composed(composed)
        else:
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
        facts = [known_sentence(record.known_as), record.identity.words, numbers, f"{record.product}, {recipe}", moment]
        if record.reason:
            facts.append(record.reason)
        if record.examples:
            facts.append(self.tr("names learnt from %1 decided regions").replace("%1", str(record.examples)))
        if record.unfiltered_sides:
            facts.append(self.tr("filtering was not applied: %1").replace("%1", ", ".join(record.unfiltered_sides)))
        return "\n".join(filter(None, facts))

    def _waiting_text(self, record: InspectionRecord | None) -> str:
        if record is None:
            return self.tr("Choose an inspection in the list.")
        return "" if has_picture(record) else self.tr("There is no picture of it.")

    def _show_buttons(self, record: InspectionRecord | None) -> None:
        for control in (self.confirm_button, self.overrule_button):
            control.setEnabled(record is not None)
        self.retype_button.setEnabled(record is not None and can_retype(record))
        self._fit_bar()

    def _show_answers(self) -> None:
        record = self._record
        texts = ("", "") if record is None else answer_texts(record, short=self._answers_short)
        what = self.tr("Type") if self._answers_short else self.tr("Change type")
        answers = (self.confirm_button, self.overrule_button, self.retype_button)
        for control, text, key in zip(answers, (texts[0], texts[1], what), "COT", strict=True):
            control.setText(f"{text} ({key})".strip())
            control.setAccessibleName(control.text())
            # Bold letters are a little wider than what a button asks for them.
            control.setMinimumWidth(0)
            control.setMinimumWidth(control.sizeHint().width() + _BOLD_PX)

    @Slot(int)
    def _on_region_chosen(self, index: int) -> None:
        self.picture.choose_region(index, zoom_to=True)
