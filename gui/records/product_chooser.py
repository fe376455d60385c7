"""Chooses among the products that can be inspected; Live and Folder share it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from filo_core.types import ProductDraft
from gui.background import asked
from gui.state import AppState


def ready_products(state: AppState) -> tuple[ProductDraft, ...]:
    """Products with a signed recipe, by name."""
    drafts = (draft for draft in asked(state.workbench.catalogue.drafts) if draft.signed_version is not None)
    return tuple(sorted(drafts, key=lambda draft: draft.description.name.casefold()))


class ProductChooser(QComboBox):
    """Follows and sets the product in hand; empty when no product has a signed recipe."""

    products_reloaded = Signal()

    def __init__(self, state: AppState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._drafts: tuple[ProductDraft, ...] = ()
        self.setAccessibleName(self.tr("Product"))
        self.setMinimumContentsLength(14)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._on_activated)
        state.products_changed.connect(self.reload)
        state.current_product_changed.connect(self._on_current_product_changed)
        self.reload()

    @property
    def draft(self) -> ProductDraft | None:
        """The chosen product; None when there is none."""
        index = self.currentIndex()
        return self._drafts[index] if 0 <= index < len(self._drafts) else None

    @property
    def product(self) -> str:
        """Name of the chosen product; empty when there is none."""
        return self.draft.description.name if self.draft else ""

    @property
    def note(self) -> str:
        """Which recipe is going to judge, as a sentence."""
        if self.draft is None:
            return ""
        note = self.tr("Recipe version %1.").replace("%1", str(self.draft.signed_version))
        if self.draft.changed_since_signing:
            note += " " + self.tr("Changes since then are not signed off and do not count.")
        return note

    def reload(self) -> None:
        """Read the products again, keeping the choice where it still exists."""
        chosen = self.product
        self._drafts = ready_products(self._state)
        names = [draft.description.name for draft in self._drafts]
        self.clear()
        self.addItems(names)
        wanted = self._state.current_product if self._state.current_product in names else chosen
        if wanted in names:
            self.setCurrentIndex(names.index(wanted))
        self.products_reloaded.emit()

    def _on_activated(self, index: int) -> None:
        if 0 <= index < len(self._drafts):
            self._state.set_current_product(self._drafts[index].description.name)

    def _on_current_product_changed(self, name: str) -> None:
        if name != self.product:
            self.reload()
        else:
            self.products_reloaded.emit()
