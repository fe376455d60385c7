"""Where a product is looked at: regions and ignore masks, drawn on its good pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from filo_core.errors import FiloError
from filo_core.shown_items import examples_on
from filo_core.types import ProductDraft, Reference
from filo_core.whole_part import LEAST_PARTS
from filo_core.zones import (
    LONGEST_ZONE_NAME,
    CodeRead,
    FixtureSearch,
    ItemCount,
    ItemExample,
    Point,
    Zone,
    ZoneKind,
    fixture_of,
    with_whole_part,
    without_ease,
    without_whole_part,
)
from gui.background import Background, asked, sentence_of
from gui.canvas.zone_canvas import Tool, ZoneCanvas
from gui.canvas.zone_edits import ZoneEdits
from gui.picking import first_folder
from gui.products.code_panel import CodePanel
from gui.products.count_panel import CountPanel
from gui.products.fixture_panel import FixturePanel
from gui.products.names_panel import NamesPanel
from gui.products.picture_read import PictureRead, read_picture
from gui.theme import SPACE
from gui.translation import in_language
from gui.widgets.controls import button, captioned, limit_spin, plain_label, set_shown
from gui.widgets.keys import on_key
from gui.widgets.message_fold import MessageFold
from gui.widgets.question import Question, is_meant
from gui.wording import number
from workflows.products.region_files import read_regions

if TYPE_CHECKING:
    from filo_core.fixture import Fixture
    from gui.state import AppState

_KINDS = (
    ZoneKind.INSPECT,
    ZoneKind.IGNORE,
    ZoneKind.FIXTURE,
    ZoneKind.COUNT,
    ZoneKind.WHOLE,
    ZoneKind.CODE,
)


class RegionsDialog(QDialog):
    """Draws on one good picture at a time; nothing is written before *Save*."""

    saved = Signal()
    """The draft has other regions now."""

    def __init__(self, state: AppState, product: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._product = product
        self._background = Background()
        self._begun_with: tuple[Zone, ...] = ()
        self._judged_pictures = False
        self._others: dict[str, tuple[Zone, ...]] = {}
        self._references: tuple[Reference, ...] = ()
        self._fixture: Fixture | None = None
        self._told_of_place = False
        self._is_moved = False
        self.message = MessageFold(self, closable=False)
        self.canvas = ZoneCanvas(self)
        self.canvas.stem = self.tr("region")
        self.tools = {tool: self._tool_button(tool) for tool in Tool}
        self.kind_of_new = self._kinds(self.tr("New regions are"))
        self.undo_button = button(self.tr("&Undo"), "undo")
        self.redo_button = button(self.tr("Red&o"))
        self.pictures = QComboBox(self)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Regions"))
        self.name = QLineEdit(self)
        self.name.setAccessibleName(self.tr("Name of the region"))
        self.name.setMaxLength(LONGEST_ZONE_NAME)
        self.kind = self._kinds(self.tr("The region is"))
        self.limit = limit_spin(self.tr("Limit of the region by hand; 0 takes it from the good parts"), self)
        self.limit.setMaximum(0.999)
        self.limit.setSpecialValueText(self.tr("from good parts"))
        self.fixture = FixturePanel(self)
        self.count = CountPanel(self)
        self.names = NamesPanel(self)
        self.code = CodePanel(state.settings.identity_fields, self)
        self.remove_button = button(self.tr("&Remove"), "delete", danger=True)
        self.file_button = button(self.tr("Read a &file …"), "import", tip=self.tr("Ours, labelme's or COCO's"))
        self.others = QComboBox(self)
        self.copy_button = button(self.tr("&Copy from it"), "copy")
        self.judges_pictures = QCheckBox(self.tr("No verdict on pictures that are blurred or badly lit"), self)
        self.judges_pictures.setToolTip(self.tr("Limits are taken from the good pictures when this is saved."))
        self.as_a_whole = QCheckBox(self.tr("Whole part as well"), self)
        tip = self.tr(
            "Asks besides whether anything is missing, too many or swapped, wherever it lies: how much of each kind of "
            "place good parts have. Needs %1 good pictures, and has a limit of its own."
        )
        self.as_a_whole.setToolTip(tip.replace("%1", number(LEAST_PARTS)))
        self.save_button = button(self.tr("&Save"), "check", primary=True)
        self.cancel_button = button(self.tr("Cancel"))
        self._lay_out()
        self._connect()
        self._load()

    # Building --------------------------------------------------------------------------------------------------

    def _tool_button(self, tool: Tool) -> QPushButton:
        words = {
            Tool.CHOOSE: (self.tr("Move"), self.tr("Key: V. Choose and move; drag a corner to change it.")),
            Tool.RECTANGLE: (self.tr("Rectangle"), self.tr("Key: R")),
            Tool.ELLIPSE: (self.tr("Ellipse"), self.tr("Key: E")),
            Tool.POLYGON: (self.tr("Polygon"), self.tr("Key: P. Tap each corner, then Enter or the first corner.")),
        }
        made = button(words[tool][0], tip=words[tool][1], checkable=True, parent=self)
        made.clicked.connect(lambda: self.use(tool))
        return made

    def _kinds(self, name: str) -> QComboBox:
        made = QComboBox(self)
        made.setAccessibleName(name)
        made.addItems(
            [
                self.tr("inspected"),
                self.tr("ignored"),
                self.tr("a fixture"),
                self.tr("counted"),
                self.tr("seen as a whole"),
                self.tr("a code"),
            ]
        )
        tips = (
            self.tr("A fixture is a shape that is found in each picture: the regions move with it."),
            self.tr("Where items are counted, their number alone decides."),
            self.tr("Seen as a whole: how much there is of each kind of place decides, wherever it lies."),
            self.tr("A code says which part it is; how it looks is compared with nothing."),
        )
        made.setToolTip("\n".join(tips))
        return made

    def _lay_out(self) -> None:
        self.setWindowTitle(self.tr("Regions of %1").replace("%1", self._product))
        self.resize(1080, 720)
        top = QHBoxLayout()
        top.setSpacing(8)
        for control in (*self.tools.values(), self.kind_of_new, self.as_a_whole):
            top.addWidget(control)
        top.addStretch(1)
        top.addWidget(self.undo_button)
        top.addWidget(self.redo_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addWidget(self.message)
        layout.addLayout(top)
        middle = QHBoxLayout()
        middle.setSpacing(SPACE)
        middle.addWidget(self.canvas, 1)
        middle.addWidget(self._side())
        layout.addLayout(middle, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        hint = self.tr(
            "Only what lies in a region is inspected; without any region, the whole picture is. With a fixture the "
            "regions move with the part, and where it is not found there is no verdict."
        )
        bottom.addWidget(plain_label(hint, "hint"), 1)
        bottom.addWidget(self.judges_pictures)
        bottom.addWidget(self.cancel_button)
        bottom.addWidget(self.save_button)
        layout.addLayout(bottom)

    def _side(self) -> QWidget:
        side = QWidget(self)
        side.setFixedWidth(250)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(captioned(self.tr("Good picture"), self.pictures))
        column.addWidget(captioned(self.tr("Regions"), self.list), 1)
        column.addWidget(captioned(self.tr("Name"), self.name))
        column.addWidget(captioned(self.tr("It is"), self.kind))
        self._limit_row = captioned(self.tr("Limit for OK"), self.limit)
        column.addWidget(self._limit_row)
        column.addWidget(self.fixture)
        column.addWidget(self.count)
        column.addWidget(self.names)
        column.addWidget(self.code)
        column.addWidget(self.remove_button)
        self._others_row = captioned(self.tr("Another product"), self.others)
        column.addWidget(self._others_row)
        column.addWidget(self.copy_button)
        column.addWidget(self.file_button)
        return side

    def _connect(self) -> None:
        self.canvas.edited.connect(self._show)
        self.canvas.tool_wanted.connect(self.use)
        self.kind_of_new.currentIndexChanged.connect(self._on_kind_of_new)
        self.undo_button.clicked.connect(self.undo)
        self.redo_button.clicked.connect(self.redo)
        self.pictures.currentIndexChanged.connect(self._show_picture)
        self.list.currentRowChanged.connect(self._on_row)
        self.name.editingFinished.connect(lambda: self._change(name=self.name.text()))
        self.kind.activated.connect(self._on_kind)
        self.fixture.chosen.connect(self._on_search)
        self.count.chosen.connect(lambda what, expected: self._change_count(what=what, expected=expected))
        self.count.forgotten.connect(lambda: self._change_count(examples=()))
        self.count.marks.connect(self._on_marks)
        self.names.chosen.connect(lambda names: self._change(anomalies=names))
        self.canvas.marked.connect(self._on_marked)
        self.code.chosen.connect(lambda code: self._change(code=code))
        self.limit.editingFinished.connect(lambda: self._change(limit=self.limit.value() or None))
        self.remove_button.clicked.connect(self.remove)
        self.file_button.clicked.connect(self._on_file_clicked)
        self.copy_button.clicked.connect(lambda: self.copy_from(self.others.currentText()))
        self.judges_pictures.toggled.connect(self._show)
        self.as_a_whole.clicked.connect(self._on_as_a_whole)
        self.save_button.clicked.connect(self.save)
        self.cancel_button.clicked.connect(self.reject)
        on_key(QKeySequence.StandardKey.Undo, self, self.undo)
        on_key(QKeySequence.StandardKey.Redo, self, self.redo)

    # What is shown ---------------------------------------------------------------------------------------------

    def _load(self) -> None:
        try:
            catalogue = self._state.workbench.catalogue
            # Another program may have deleted it since it was listed.
            own, drafts = asked(lambda: (catalogue.draft(self._product), catalogue.drafts()))
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self._begun_with = without_ease(own.zones)
        self._references, self._fixture = own.references, own.fixture
        self.names.take([entry.name for entry in own.anomaly_types if entry.enabled])
        self._judged_pictures = own.picture_limits is not None
        self.judges_pictures.setChecked(self._judged_pictures)
        self.judges_pictures.setEnabled(bool(own.references))
        with QSignalBlocker(self.pictures):
            self.pictures.addItems([reference.name for reference in own.references])
        with_zones = [one for one in drafts if one.zones and one.description.name != self._product]
        self._others = {one.description.name: without_ease(one.zones) for one in with_zones}
        self.others.addItems(list(self._others))
        self.canvas.take(ZoneEdits(self._begun_with))
        self.use(Tool.CHOOSE if own.zones else Tool.RECTANGLE)
        if own.references:
            self._show_picture(0)
        else:
            self.canvas.clear(self.tr("There is no good picture to draw on yet. Add one first."))
        self._tell_of_the_old_rectangle(own)

    def _tell_of_the_old_rectangle(self, draft: ProductDraft) -> None:
        if draft.region_of_interest is not None:
            self.message.show_note(
                self.tr("This product has one rectangle from before there were regions. Regions take its place.")
            )

    @Slot(int)
    def _show_picture(self, index: int) -> None:
        reference, zone = self._references[index], fixture_of(self.canvas.edits.zones)
        self._prepare_search()
        by_hash = {one.image_hash: one for one in self._references}
        home = by_hash.get(zone.search.picture) if zone is not None and zone.search is not None else None
        get_bytes = self._state.workbench.storage.artefacts.get_bytes
        self._background.cancel_waiting()
        self._background.run(
            lambda: read_picture(get_bytes, reference, zone, home),
            self._on_read,
            lambda error: self.message.show_error(*sentence_of(error)),
        )

    @Slot(object)
    def _on_read(self, read: PictureRead) -> None:
        self.canvas.show_content(read.content)
        self._is_moved = bool(read.place)
        self._show()
        if read.problem:
            self.message.show_error(in_language(read.problem))
        elif read.place:
            shown = self.tr("%1 is shown with its part where the fixture was drawn: %2.")
            name = self.pictures.currentText()
            self.message.show_note(shown.replace("%1", name).replace("%2", in_language(read.place)))
        elif self._told_of_place:
            self.message.clear()
        self._told_of_place = bool(read.problem or read.place)

    def _prepare_search(self) -> None:
        """A fixture that is drawn now is of the picture that is shown."""
        index = self.pictures.currentIndex()
        is_fixture = self.canvas.kind is ZoneKind.FIXTURE
        self.canvas.search = FixtureSearch(picture=self._shown_hash(index)) if is_fixture else None
        self.canvas.count = self._new_count() if self.canvas.kind is ZoneKind.COUNT else None

    def _shown_hash(self, index: int) -> str:
        return self._references[index].image_hash if 0 <= index < len(self._references) else ""

    @Slot()
    def _show(self) -> None:
        edits = self.canvas.edits
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([self._line(zone) for zone in edits.zones])
            self.list.setCurrentRow(edits.chosen)
        zone = edits.zone
        is_as_taught = zone is not None and zone in self._begun_with and self._fixture is not None
        self.fixture.show_search(
            zone.search if zone is not None else None,
            in_language(self._fixture.words) if is_as_taught and self._fixture else "",
        )
        self.count.show_count(zone.count if zone is not None else None)
        self.names.show_names(zone.anomalies if zone is not None and zone.has_map else None)
        with QSignalBlocker(self.as_a_whole):
            self.as_a_whole.setChecked(any(one.kind is ZoneKind.WHOLE for one in edits.zones))
        self.code.show_code((zone.code or CodeRead()) if zone is not None and zone.kind is ZoneKind.CODE else None)
        self.canvas.examples = examples_on(edits.zones, self._shown_hash(self.pictures.currentIndex()))
        for control in (self.name, self.kind, self.limit, self.remove_button):
            control.setEnabled(zone is not None)
        self.limit.setEnabled(zone is not None and zone.kind is ZoneKind.INSPECT)
        with QSignalBlocker(self.name), QSignalBlocker(self.kind), QSignalBlocker(self.limit):
            self.name.setText(zone.name if zone is not None else "")
            self.kind.setCurrentIndex(_KINDS.index(zone.kind) if zone is not None else 0)
            self.limit.setValue((zone.limit or 0.0) if zone is not None else 0.0)
        self.undo_button.setEnabled(edits.can_undo)
        self.redo_button.setEnabled(edits.can_redo)
        set_shown(self._limit_row, zone is None or zone.kind in {ZoneKind.INSPECT, ZoneKind.IGNORE})
        for row in (self._others_row, self.copy_button):
            set_shown(row, self.others.count() > 0)
        judges = self.judges_pictures.isChecked() != self._judged_pictures
        self.save_button.setEnabled(edits.zones != self._begun_with or judges)

    def _line(self, zone: Zone) -> str:
        if zone.kind is ZoneKind.IGNORE:
            return self.tr("%1 (ignored)").replace("%1", zone.name)
        if zone.kind is ZoneKind.FIXTURE:
            return self.tr("%1 (fixture)").replace("%1", zone.name)
        if zone.kind is ZoneKind.WHOLE:
            return self.tr("%1 (as a whole)").replace("%1", zone.name)
        if zone.kind is ZoneKind.CODE:
            return self.tr("%1 (code)").replace("%1", zone.name)
        if zone.count is not None:
            return f"{zone.name}: {zone.count.expected} × {zone.count.what}"
        return zone.name if zone.limit is None else f"{zone.name}  ≤ {number(zone.limit, 3)}"

    # What is done ----------------------------------------------------------------------------------------------

    @Slot(Tool)
    def use(self, tool: Tool) -> None:
        """Draw with a tool from now on."""
        self.canvas.tool = tool
        for other, control in self.tools.items():
            control.setChecked(other is tool)
        self.canvas.setFocus()

    @Slot(int)
    def _on_kind_of_new(self, index: int) -> None:
        self.canvas.kind = _KINDS[index]
        stems = {
            ZoneKind.IGNORE: self.tr("ignored"),
            ZoneKind.FIXTURE: self.tr("fixture"),
            ZoneKind.COUNT: self.tr("count"),
            ZoneKind.WHOLE: self.tr("as a whole"),
            ZoneKind.CODE: self.tr("code"),
        }
        self.canvas.stem = stems.get(self.canvas.kind, self.tr("region"))
        self._prepare_search()

    @Slot(int)
    def _on_kind(self, index: int) -> None:
        is_fixture, shown = _KINDS[index] is ZoneKind.FIXTURE, self._shown_hash(self.pictures.currentIndex())
        zone = self.canvas.edits.zone
        count = (zone.count if zone is not None else None) or self._new_count()
        self._change(
            kind=_KINDS[index],
            search=FixtureSearch(picture=shown) if is_fixture else None,
            count=count if _KINDS[index] is ZoneKind.COUNT else None,
            code=CodeRead() if _KINDS[index] is ZoneKind.CODE else None,
        )

    @Slot(bool)
    def _on_as_a_whole(self, wanted: bool) -> None:
        edits, picture = self.canvas.edits, self.tr("whole picture")
        changed = with_whole_part(edits.zones, self.tr("whole part"), picture) if wanted else None
        edits.replace_all(without_whole_part(edits.zones, picture) if changed is None else changed)
        self.canvas.update()
        self._show()

    def _new_count(self) -> ItemCount:
        return ItemCount(self.tr("items"), 1, ())

    def _change_count(self, **fields: Any) -> None:
        zone = self.canvas.edits.zone
        if zone is not None and zone.count is not None:
            self._change(count=replace(zone.count, **fields))

    @Slot(bool)
    def _on_marks(self, marks: bool) -> None:
        if marks and self._is_moved:
            self.count.mark_button.setChecked(False)
            self.message.show_error(
                self.tr("Choose the picture on which the fixture was drawn, and mark the item there.")
            )
            return
        self.canvas.marks = marks
        if marks:
            self.use(Tool.RECTANGLE)

    @Slot(object)
    def _on_marked(self, box: tuple[Point, Point]) -> None:
        """One box is marked at a time; a box that has to be drawn again is forgotten first."""
        zone, shown = self.canvas.edits.zone, self._shown_hash(self.pictures.currentIndex())
        self.count.mark_button.setChecked(False)
        if zone is not None and zone.count is not None and shown:
            self._change_count(examples=(*zone.count.examples, ItemExample(shown, box)))

    @Slot(float, float)
    def _on_search(self, turn: float, scale: float) -> None:
        zone = self.canvas.edits.zone
        if zone is not None and zone.search is not None:
            self._change(search=replace(zone.search, turn=turn, scale=scale))

    @Slot(int)
    def _on_row(self, row: int) -> None:
        self.canvas.edits.choose(row)
        self.canvas.update()
        self._show()

    def _change(self, **fields: object) -> None:
        self.canvas.edits.change(**fields)
        self.canvas.update()
        self._show()

    @Slot()
    def undo(self) -> None:
        """Take the last step back."""
        self.canvas.edits.undo()
        self.canvas.update()
        self._show()

    @Slot()
    def redo(self) -> None:
        """Do again what was taken back."""
        self.canvas.edits.redo()
        self.canvas.update()
        self._show()

    @Slot()
    def remove(self) -> None:
        """Remove the chosen region; *Undo* brings it back."""
        self.canvas.edits.remove()
        self.canvas.update()
        self._show()

    def copy_from(self, product: str) -> None:
        """Take the regions of another product in place of these; *Undo* brings them back."""
        if product in self._others:
            self.canvas.edits.replace_all(self._others[product])
            self.canvas.update()
            self._show()

    @Slot()
    def _on_file_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Read regions"), first_folder(self._state), self.tr("Regions (*.json)")
        )
        if path:
            self.read_file(Path(path))

    def read_file(self, path: Path) -> None:
        """Take the regions of a file in place of these."""
        try:
            zones = read_regions(path)
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self.message.clear()
        self.canvas.edits.replace_all(zones)
        self.canvas.update()
        self._show()

    @Slot()
    def save(self) -> None:
        """Write the regions into the draft; what cannot be is said, and the dialog stays open."""
        self._change(name=self.name.text())
        zones, catalogue = self.canvas.edits.zones, self._state.workbench.catalogue
        judges, judged = self.judges_pictures.isChecked(), self._judged_pictures

        def write() -> None:
            catalogue.set_zones(self._product, zones)
            if judges != judged:
                catalogue.judge_pictures(self._product, judges=judges)

        try:
            asked(write)
        except FiloError as error:
            self.message.show_error(in_language(str(error)))
            return
        self._state.products_changed.emit()
        self.saved.emit()
        self.accept()

    def done(self, result: int) -> None:
        self._background.close()
        super().done(result)

    def reject(self) -> None:
        """Close without saving; Escape alone loses nothing that was drawn."""
        if not self.save_button.isEnabled() or is_meant(self._leaving(), self):
            super().reject()

    def _leaving(self) -> Question:
        return Question(
            self.tr("Regions of %1").replace("%1", self._product),
            self.tr("Close without saving?"),
            self.tr("What you drew or changed here will be lost."),
            self.tr("Close without saving"),
            self.tr("Go on drawing"),
        )
