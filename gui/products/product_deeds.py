"""What can be done with a product of the list, with the questions that go before it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QWidget

from filo_core.errors import FiloError
from gui.background import Background, sentence_of
from gui.picking import first_folder
from gui.products.delete_question import wants_to_delete
from gui.products.golden_dialog import GoldenDialog
from gui.products.list_presenter import EXPORT_SUFFIX, ProductListPresenter, export_file_name
from gui.products.product_card import CardDeed
from gui.products.regions_dialog import RegionsDialog
from gui.state import AppState, Screen
from gui.translation import in_language
from gui.widgets.message_fold import MessageFold
from gui.widgets.undo_bar import UndoBar


class ProductDeeds(QObject):
    """Does what a card asks for, but the set-up, and tells how it went.

    Args:
        state: of the window.
        message: where it is told.
        undo_bar: where a deletion can be taken back.
        parent: what the questions lie over.
    """

    made = Signal(str)
    """A product of this name is there now, and is to be chosen."""

    def __init__(self, state: AppState, message: MessageFold, undo_bar: UndoBar, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._message = message
        self._undo_bar = undo_bar
        self._over = parent
        self._presenter = ProductListPresenter(state)
        self._background = Background()
        self._slots: dict[CardDeed, Callable[[str], object]] = {
            CardDeed.INSPECT: lambda name: state.request_screen(Screen.FOLDER, name),
            CardDeed.LIVE: lambda name: state.request_screen(Screen.LIVE, name),
            CardDeed.GOLDEN: lambda name: _run(GoldenDialog(state, name, parent)),
            CardDeed.REGIONS: lambda name: _run(RegionsDialog(state, name, parent)),
            CardDeed.CLONE: self.ask_to_clone,
            CardDeed.EXPORT: self.ask_to_export,
            CardDeed.DELETE: self.ask_to_delete,
        }
        undo_bar.undo_requested.connect(self.undo_delete)

    def do(self, name: str, deed: CardDeed) -> None:
        """Do something with a product."""
        self._slots[deed](name)

    def close_down(self) -> None:
        """Expect nothing any more of an export or an import."""
        self._background.close()

    def ask_to_clone(self, name: str) -> None:
        """Copy a product under a name that is asked for."""
        new_name, accepted = QInputDialog.getText(
            self._over,
            _tr("Clone a product"),
            _tr("Name of the copy:"),
            text=self._presenter.suggested_clone_name(name),
        )
        if accepted:
            self.clone(name, new_name)

    def clone(self, name: str, new_name: str) -> None:
        """Copy a product, and choose the copy."""
        try:
            made = self._presenter.clone(name, new_name)
        except FiloError as error:
            self._message.show_error(in_language(str(error)))
            return
        self.made.emit(made)
        self._message.show_note(_tr("%1 was made. It needs its own sign-off.").replace("%1", made))

    def ask_to_export(self, name: str) -> None:
        """Write a product into a file that is asked for."""
        path, _ = QFileDialog.getSaveFileName(
            self._over, _tr("Export %1").replace("%1", name), export_file_name(name), _file_filter()
        )
        if path:
            self.export(name, Path(path))

    def export(self, name: str, path: Path) -> None:
        """Write a product into ``path``."""
        self._message.show_note(_tr("Writing %1 …").replace("%1", path.name))
        self._background.run(
            lambda: self._presenter.export(name, path),
            lambda _: self._message.show_note(_tr("%1 was written to %2").replace("%1", name).replace("%2", str(path))),
            self._tell,
        )

    def ask_to_import(self) -> None:
        """Read a product from a file that is asked for."""
        path, _ = QFileDialog.getOpenFileName(
            self._over, _tr("Import a product"), first_folder(self._state), _file_filter()
        )
        if path:
            self.import_file(Path(path))

    def import_file(self, path: Path) -> None:
        """Read a product from ``path``, and choose it."""
        self._message.show_note(_tr("Reading %1 …").replace("%1", path.name))
        self._background.run(lambda: self._presenter.read_file(path), self._on_imported, self._tell)

    def _on_imported(self, name: str) -> None:
        self._presenter.imported(name)
        self.made.emit(name)
        self._message.show_note(_tr("%1 was imported.").replace("%1", name))

    def ask_to_delete(self, name: str) -> None:
        """Delete a product, if that is meant."""
        if wants_to_delete(name, self._over):
            self.delete(name)

    def delete(self, name: str) -> None:
        """Delete a product; one that was used to inspect is refused."""
        try:
            self._presenter.delete(name)
        except FiloError as error:
            self._message.show_error(in_language(str(error)))
            return
        self._message.clear()
        self._undo_bar.offer(_tr("%1 was deleted.").replace("%1", name))

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        try:
            name = self._presenter.undo_delete()
        except FiloError as error:
            self._message.show_error(in_language(str(error)))
            return
        self._undo_bar.withdraw()
        self.made.emit(name)

    def _tell(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self._message.show_error(sentence or _tr("That did not work. Try again."), details)


def _run(dialog: QDialog) -> None:
    dialog.exec()
    dialog.deleteLater()


def _file_filter() -> str:
    return _tr("FiLo products (*%1)").replace("%1", EXPORT_SUFFIX)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProductListView", text)
