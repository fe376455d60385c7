"""Step three: pictures of good parts, from files or taken with a camera."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QStackedLayout, QWidget

from filo_core.types import WizardStep
from gui.picking import pick_folder, pick_images
from gui.products.regions_dialog import RegionsDialog
from gui.products.wizard.capture_dialog import CaptureDialog
from gui.products.wizard.page import WizardPage
from gui.products.wizard.reference_cards import ReferenceCards, ReferenceModel
from gui.products.wizard.reference_shelf import ReferenceShelf
from gui.products.wizard.session import DraftSession
from gui.products.wizard.shown_parts import ShownParts
from gui.products.wizard.sorting_dialog import SortingDialog
from gui.widgets.controls import button, plain_label
from gui.widgets.empty_page import EmptyPage
from gui.widgets.keys import on_key
from gui.widgets.rows_layout import RowsLayout
from gui.widgets.undo_bar import UndoBar


class ReferencesPage(WizardPage):
    """The shelf of good images. Warnings are said and refuse nothing: the operator knows the part."""

    step = WizardStep.REFERENCES

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.shelf = ReferenceShelf(session.state.workbench.catalogue, self)
        self.shown = ShownParts(session, self)
        self._model = ReferenceModel(self)
        self.cards = ReferenceCards(self._model, self)
        self._empty = EmptyPage(
            "image",
            self.tr("No good part has been shown yet."),
            self.tr("&Add image files …"),
            self.tr("Choose pictures of parts that are certainly good, taken as they will be inspected. Take four."),
            self,
        )
        self.add_button = button(self.tr("&Add files …"), "add", primary=True)
        self.capture_button = button(self.tr("Take &pictures …"), "live")
        self.sort_button = button(
            self.tr("&Sort a folder …"),
            "search",
            tip=self.tr("Finds good parts among 12 to 200 pictures that nobody has sorted; you confirm each of them"),
        )
        self.regions_button = button(
            self.tr("Re&gions …"), "edit", tip=self.tr("Where it is looked at, and what is ignored")
        )
        self.remove_button = button(self.tr("&Remove"), "delete", danger=True)
        self.summary = plain_label(role="hint")
        self.undo_bar = UndoBar(self)
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)

    def _lay_out(self) -> None:
        tools = QWidget(self)
        top = RowsLayout(tools)
        for control in (
            self.add_button,
            self.capture_button,
            self.sort_button,
            self.regions_button,
            self.remove_button,
        ):
            top.addWidget(control)
        stack = QWidget(self)
        self._stack = QStackedLayout(stack)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.cards)
        self.body.addWidget(tools)
        self.body.addWidget(self.summary)
        self.body.addWidget(stack, 1)
        self.body.addWidget(self.undo_bar)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self._on_add_clicked)
        self._empty.action_requested.connect(self._on_add_clicked)
        self.capture_button.clicked.connect(self._on_capture_clicked)
        self.sort_button.clicked.connect(self._on_sort_clicked)
        self.regions_button.clicked.connect(self._on_regions_clicked)
        self.remove_button.clicked.connect(self._on_remove_clicked)
        self.undo_bar.undo_requested.connect(self._on_undo_requested)
        self.shelf.items_changed.connect(self._on_items_changed)
        self.shelf.stored.connect(self._on_stored)
        self.shelf.problem_found.connect(self.message.show_error)
        self.shown.problem_found.connect(self.message.show_error)
        self.shelf.removed.connect(self._on_removed)
        self.shelf.busy_changed.connect(self._show_summary)
        self.cards.selectionModel().selectionChanged.connect(self._update_buttons)
        on_key(QKeySequence.StandardKey.Delete, self.cards, self._on_remove_clicked, alone=True)

    # The page --------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        self.message.clear()
        self.undo_bar.withdraw()
        if self.session.name:
            self.shelf.open(self.session.name)
        self._on_items_changed()
        self.add_button.setFocus()

    def close_page(self) -> None:
        self.shelf.close()
        self.shown.close()

    def add_paths(self, paths: list[Path]) -> None:
        """Add image files."""
        self.message.clear()
        self.undo_bar.withdraw()
        self.shelf.add_files(paths)

    # Drag and drop ---------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.add_paths(paths)

    # Slots -----------------------------------------------------------------------------------------------------

    @Slot()
    def _on_add_clicked(self) -> None:
        chosen = pick_images(self.session.state, self.tr("Pictures of good parts"), self)
        if chosen:
            self.add_paths(chosen)

    @Slot()
    def _on_capture_clicked(self) -> None:
        self.message.clear()
        self.undo_bar.withdraw()
        dialog = CaptureDialog(self.session.name, self)
        dialog.picture_taken.connect(self.shelf.add_frame)
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def _on_regions_clicked(self) -> None:
        dialog = RegionsDialog(self.session.state, self.session.name, self)
        dialog.saved.connect(self._on_stored)
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def _on_sort_clicked(self) -> None:
        folder = pick_folder(self.session.state, self.tr("Pictures that nobody has sorted"), self)
        if folder:
            self.sort_folder(Path(folder))

    def sort_folder(self, folder: Path) -> None:
        """Ask about the pictures of a folder; what is called good joins the shelf, what is called bad is shown."""
        self.message.clear()
        self.undo_bar.withdraw()
        dialog = SortingDialog(self.session.state, folder, self)
        if dialog.exec():
            self.add_paths(list(dialog.answers.good))
            if dialog.answers.bad:
                self.shown.add_files(dialog.answers.bad, bad=True)
        dialog.deleteLater()

    @Slot()
    def _on_remove_clicked(self) -> None:
        chosen = self.cards.chosen()
        if chosen:
            self.message.clear()
            self.undo_bar.withdraw()
            self.shelf.remove([item.image_hash for item in chosen])

    @Slot(list)
    def _on_removed(self, names: list[str]) -> None:
        one = self.tr("Removed: %1").replace("%1", names[0])
        self.undo_bar.offer(one if len(names) == 1 else self.tr("%1 images removed.").replace("%1", str(len(names))))

    @Slot()
    def _on_undo_requested(self) -> None:
        self.undo_bar.withdraw()
        self.shelf.undo_remove()

    @Slot()
    def _on_items_changed(self) -> None:
        more = len(self.shelf.items) > self._model.rowCount()
        # What needs a look comes first, so that it is in view however many there are.
        self._model.set_items(tuple(sorted(self.shelf.items, key=lambda item: not item.warnings)))
        if more and any(item.warnings for item in self.shelf.items):
            self.cards.scrollToTop()
        elif more:
            # Without it, the end is where it was before.
            self.cards.doItemsLayout()
            self.cards.scrollToBottom()
        self._stack.setCurrentWidget(self.cards if self.shelf.items else self._empty)
        self.add_button.setVisible(bool(self.shelf.items))
        self._show_summary()
        self._update_buttons()

    @Slot()
    def _on_stored(self) -> None:
        self.session.refresh()
        self.completeness_changed.emit()

    @Slot()
    def _show_summary(self) -> None:
        count = len(self.shelf.items)
        doubtful = sum(1 for item in self.shelf.items if item.warnings)
        text = self.tr("1 good image.") if count == 1 else self.tr("%1 good images.").replace("%1", str(count))
        if doubtful:
            text += " " + self.tr("With a warning: %1.").replace("%1", str(doubtful))
        if not count:
            text = self._without_text() if self.session.state.starts_without_pictures else ""
        if self.shelf.is_busy:
            text = self.tr("Reading pictures …")
        self.summary.setText(text)

    def _without_text(self) -> str:
        return self.tr(
            "You may go on without a picture: it then looks for what the list names, by words alone. Its limits are a "
            "guess until good parts are confirmed, and one good picture finds more."
        )

    @Slot()
    def _update_buttons(self) -> None:
        self.remove_button.setEnabled(bool(self.cards.chosen()))
        self.regions_button.setEnabled(bool(self.shelf.items))
