"""Models from the network: what there is to fetch, how large, under which licence, and how far it has come."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from filo_core.profiles.published import WantedWeights
from gui.settings.controls import plain_table
from gui.settings.models_presenter import ModelsPresenter
from gui.settings.wording import model_title
from gui.state import AppState
from gui.theme import SPACE
from gui.widgets.controls import button, plain_label, set_shown
from gui.widgets.message_fold import MessageFold
from gui.wording import size
from workflows.people.model_offers import ModelOffer

_LOOK_EVERY_MS = 250
_STEPS = 1000


class ModelsPage(QWidget):
    """Shows what :class:`ModelsPresenter` holds. Sizes and licences stand there before anything is fetched."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presenter = ModelsPresenter(state, self)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_EVERY_MS)
        self.message = MessageFold(self)
        headers = [self.tr("Model"), self.tr("Here"), self.tr("Download"), self.tr("Licence")]
        self.table: QTableWidget = plain_table(self.tr("Models from the network"), headers, stretched=0, parent=self)
        self.parts = plain_label("", "hint")
        tip = self.tr("Files already downloaded are not fetched again")
        self.fetch_button = button(self.tr("&Download and install"), "export", primary=True, tip=tip)
        self.stop_button = button(self.tr("&Cancel"), "close", tip=self.tr("Downloaded files are kept for next time"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, _STEPS)
        self.bar.setAccessibleName(self.tr("How far the download is"))
        self._lay_out()
        self._connect()
        self._show_offers()

    def _lay_out(self) -> None:
        hint = self.tr(
            "The compact model came with the program. These come from where their authors publish them, over the "
            "internet, and are checked before they are used. Then choose one under General."
        )
        tools = QHBoxLayout()
        tools.setSpacing(SPACE)
        for control in (self.fetch_button, self.stop_button):
            tools.addWidget(control)
        tools.addWidget(self.bar, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACE, 0, 0)
        layout.setSpacing(SPACE)
        for part in (self.message, plain_label(hint, "hint")):
            layout.addWidget(part)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.parts)
        layout.addLayout(tools)

    def _connect(self) -> None:
        self.presenter.changed.connect(self._show_offers)
        self.presenter.installed.connect(self._on_installed)
        self.presenter.failed.connect(self.message.show_error)
        self.table.itemSelectionChanged.connect(self._show_chosen)
        self.fetch_button.clicked.connect(self.fetch)
        self.stop_button.clicked.connect(self.presenter.stop)
        self._look.timeout.connect(self._show_progress)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._look.stop()

    def close_down(self) -> None:
        """Expect nothing any more."""
        self._look.stop()
        self.presenter.close_down()

    # Showing ---------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> ModelOffer | None:
        """The model that is chosen in the list."""
        row, offers = self.table.currentRow(), self.presenter.offers
        return offers[row] if 0 <= row < len(offers) else None

    @Slot()
    def _show_offers(self) -> None:
        row, offers = max(0, self.table.currentRow()), self.presenter.offers
        self.table.setRowCount(len(offers))
        for index, offer in enumerate(offers):
            for column, text in enumerate(self._cells(offer)):
                self.table.setItem(index, column, QTableWidgetItem(text))
        self.table.selectRow(min(row, len(offers) - 1))
        self._show_chosen()

    def _cells(self, offer: ModelOffer) -> tuple[str, ...]:
        here = self.tr("yes") if offer.here else self.tr("no")
        return (model_title(offer.name), here, size(offer.size), ", ".join(offer.licences))

    @Slot()
    def _show_chosen(self) -> None:
        presenter, offer = self.presenter, self.chosen
        comes = bool(presenter.fetched)
        self.parts.setText("" if offer is None else "\n".join(map(_in_words, offer.parts)))
        self.fetch_button.setEnabled(not comes and offer is not None and presenter.may_install)
        self.stop_button.setEnabled(comes and not presenter.is_stopping)
        set_shown(self.bar, comes)
        if comes and self.isVisible():
            self._look.start()
        elif not comes:
            self._look.stop()
        self._show_progress()

    @Slot()
    def _show_progress(self) -> None:
        arriving = self.presenter.arriving
        self.bar.setValue(_STEPS * arriving.done // arriving.total if arriving.total else 0)
        text = self.tr("%1: %2 of %3")
        if self.presenter.is_stopping:
            text = self.tr("Ending …")
        elif not arriving.file:
            text = self.tr("Asking for the first file …")
        elif arriving.done >= arriving.total:
            text = self.tr("%1 is complete; checking and installing …")
        total = size(arriving.total) if arriving.total else "?"
        for mark, value in (("%1", arriving.file), ("%2", size(arriving.done)), ("%3", total)):
            text = text.replace(mark, value)
        self.bar.setFormat(text.replace("%", "%%"))

    # Wishes ----------------------------------------------------------------------------------------------------

    @Slot()
    def fetch(self) -> None:
        """Fetch and install the chosen model."""
        offer = self.chosen
        if offer is not None:
            self.message.clear()
            self.presenter.fetch(offer.name)

    @Slot(str)
    def _on_installed(self, name: str) -> None:
        self.message.show_note(self.tr("%1 is installed.").replace("%1", model_title(name)))


def _in_words(part: WantedWeights) -> str:
    """A part of a model on one line: what it is, how large it comes at most, its licence."""
    largest = "?" if part.sizes is None else size(part.sizes[1])
    return f"{part.title}: {largest}, {part.licence}"
