"""What can be done with the list of products, without a widget."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import ProductError
from filo_core.proof import SignedProof
from filo_core.types import ProductDraft
from gui.background import asked
from gui.products.card_facts import NEWEST, CardFacts
from workflows.products.product_file import ProductFile

if TYPE_CHECKING:
    from gui.state import AppState
    from storage.repositories.overview import Lately

EXPORT_SUFFIX = ".filo.zip"
_FORBIDDEN = '<>:"/\\|?*'


def export_file_name(product: str) -> str:
    """A file name that every system takes, for a product called anything."""
    kept = "".join(
        "_" if character in _FORBIDDEN or not character.isprintable() else character for character in product
    )
    return (kept.strip(" .") or "product")[:100] + EXPORT_SUFFIX


@dataclass(frozen=True, slots=True)
class Read:
    """The products as they were read."""

    drafts: tuple[ProductDraft, ...]
    proven: dict[str, SignedProof]
    """By name: what is known of the versions in force of those that lack nothing."""
    lately: dict[str, Lately]

    @property
    def by_name(self) -> dict[str, ProductDraft]:
        """The drafts by their names."""
        return {draft.description.name: draft for draft in self.drafts}

    @property
    def cards(self) -> tuple[CardFacts, ...]:
        """What is shown of them."""
        return tuple(
            CardFacts.of(draft, self.proven.get(name), self.lately.get(name)) for name, draft in self.by_name.items()
        )


class ProductListPresenter:
    """Every method raises :class:`FiloError` with a sentence for the user when something cannot be done."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._deleted: ProductDraft | None = None

    def read(self, before: Read | None = None) -> Read:
        """All products with what their cards say. Any thread but the window's.

        Args:
            before: what was read last; what is known of a version is read again only where its product has changed.
        """
        workbench, kept = self._state.workbench, {} if before is None else before.by_name
        drafts = workbench.catalogue.drafts()
        proven: dict[str, SignedProof] = {}
        for draft in drafts:
            name = draft.description.name
            known = before.proven.get(name) if before is not None and kept.get(name) == draft else None
            if known is None and draft.next_step is None:
                with suppress(ProductError):
                    # Deleted since, by another program: the next look has a list without it.
                    known = workbench.catalogue.signed_proof(name)
            if known is not None:
                proven[name] = known
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return Read(drafts, proven, workbench.history.lately(midnight, NEWEST))

    def drafts(self) -> tuple[ProductDraft, ...]:
        """All products."""
        return asked(self._state.workbench.catalogue.drafts)

    def suggested_clone_name(self, name: str) -> str:
        """A name for a copy that is not taken yet."""
        taken = {draft.description.name.casefold() for draft in self.drafts()}
        number = 2
        while f"{name} {number}".casefold() in taken:
            number += 1
        return f"{name} {number}"

    def clone(self, name: str, new_name: str) -> str:
        """Copy a product under another name, which is returned.

        Raises:
            ProductError: if the new name is empty or taken.
        """
        wanted = new_name.strip()
        if not wanted:
            raise ProductError("The copy needs a name. Type one.")
        asked(lambda: self._state.workbench.catalogue.clone(name, wanted))
        self._changed(wanted)
        return wanted

    def delete(self, name: str) -> None:
        """Delete a product that was never used to inspect; :meth:`undo_delete` brings it back.

        Raises:
            AccessError: if it was signed off, and nobody is signed in who may do this.
            ProductError: if inspections exist.
        """
        catalogue = self._state.workbench.catalogue

        def remove() -> ProductDraft:
            draft = catalogue.draft(name)
            catalogue.delete(name)
            return draft

        self._deleted = asked(remove)
        if self._state.current_product == name:
            self._state.set_current_product("")
        self._state.products_changed.emit()

    def undo_delete(self) -> str:
        """Bring the product back that was deleted last; its name, empty when there is none.

        Raises:
            ProductError: if another product has got its name meanwhile.
        """
        draft = self._deleted
        if draft is None:
            return ""
        asked(lambda: self._state.workbench.catalogue.bring_back(draft))
        self._deleted = None
        self._changed(draft.description.name)
        return draft.description.name

    def export(self, name: str, path: Path) -> None:
        """Write a product into one file. Any thread."""
        self._state.workbench.catalogue.export(name, path)

    def read_file(self, path: Path) -> str:
        """Import a product from a file, under another name if its own is taken; the name it has then.

        Any thread; call :meth:`imported` afterwards.

        Raises:
            ProductError: if the file is not intact.
        """
        with ProductFile(path) as file:
            name = file.draft.description.name
        taken = {draft.description.name.casefold() for draft in self.drafts()}
        new_name = self.suggested_clone_name(name) if name.casefold() in taken else ""
        return self._state.workbench.catalogue.import_product(path, new_name).description.name

    def imported(self, name: str) -> None:
        """Tell the other screens."""
        self._changed(name)

    def _changed(self, name: str) -> None:
        self._state.set_current_product(name)
        self._state.products_changed.emit()
