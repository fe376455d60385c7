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
        self.wizard = Wizard(state, self)
        self.addWidget(self.list_view)
        self.addWidget(self.wizard)
        self.list_view.new_requested.connect(self.set_up_new)
        self.list_view.open_requested.connect(self.set_up)
        self.wizard.closed.connect(self.show_list)

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
        if self.wizard.session.name:
            self._state.set_current_product(self.wizard.session.name)
        self.setCurrentWidget(self.list_view)
        self.list_view.reload()
        self.list_view.grid.take_focus()

    @property
    def is_busy(self) -> bool:
        """True while a product is being set up."""
        return self.currentWidget() is self.wizard

    def close_down(self) -> None:
        """End what runs; called before the window closes."""
        self.wizard.close_down()
        self.list_view.close_down()
