"""The screen *Products*: either the list or the wizard."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from gui.products.list_view import ProductListView
from gui.products.wizard.wizard import Wizard
from gui.state import AppState


class ProductsPanel(QStackedWidget):
    """Switches between the two."""

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.list_view = ProductListView(state, self)
        self._wizard: Wizard | None = None
        self.addWidget(self.list_view)
        self.list_view.new_requested.connect(self.set_up_new)
        self.list_view.open_requested.connect(self.set_up)

    @property
    def wizard(self) -> Wizard:
        """Built when it is first asked for: its pages take longer than all else that is shown at the start."""
        if self._wizard is None:
            self._wizard = Wizard(self._state, self)
            self.addWidget(self._wizard)
            self._wizard.closed.connect(self.show_list)
        return self._wizard

    def build_more(self) -> None:
        """Build the wizard before somebody waits for it."""
        self.wizard.ensurePolished()

    @Slot()
    def set_up_new(self) -> None:
        """Lead through the set-up of a new product."""
        self.setCurrentWidget(self.wizard)
        self.wizard.start_new()

    @Slot(str)
    def set_up(self, name: str) -> None:
        """Go on with the set-up of a product where it lacks something."""
        self.setCurrentWidget(self.wizard)
        if self.wizard.open(name):
            self._state.set_current_product(name)
        else:
            self.show_list()
            self.list_view.message.show_error(
                self.tr("%1 can no longer be opened. The list was refreshed.").replace("%1", name)
            )

    @Slot()
    def show_list(self) -> None:
        """Go back to the list."""
        if self._wizard is not None and self._wizard.session.name:
            self._state.set_current_product(self._wizard.session.name)
        self.setCurrentWidget(self.list_view)
        self.list_view.reload()
        self.list_view.grid.take_focus()

    @property
    def is_busy(self) -> bool:
        """True while a product is being set up."""
        return self.currentWidget() is self._wizard

    def close_down(self) -> None:
        """End what runs; called before the window closes."""
        if self._wizard is not None:
            self._wizard.close_down()
        self.list_view.close_down()
