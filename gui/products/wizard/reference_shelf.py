"""The good images of the product in hand: read, measured and made small away from the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from filo_core.calibration.reference_checks import (
    ReferenceMeasures,
    ReferenceWarning,
    check_references,
    measure_reference,
)
from filo_core.errors import ProductError
from filo_core.imaging import encode_frame, read_image
from filo_core.types import ProductDraft, SourceImage
from gui.background import Background, sentence_of
from gui.canvas.pictures import thumbnail

if TYPE_CHECKING:
    from filo_core.line.sources.base import Frame
    from workflows.products.catalogue import Catalogue

THUMBNAIL_PX = 320

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceItem:
    """One good image, ready to be shown."""

    image_hash: str
    name: str
    picture: QImage
    measures: ReferenceMeasures
    warnings: tuple[ReferenceWarning, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Added:
    draft: ProductDraft
    item: ReferenceItem


def item_of(image: SourceImage) -> ReferenceItem:
    """Measure an image and make it small; runs on any thread."""
    return ReferenceItem(image.image_hash, image.name, thumbnail(image.pixels, THUMBNAIL_PX), measure_reference(image))


class ReferenceShelf(QObject):
    """Shows what the database has. One thread works in order, so removing and adding cannot overtake each other."""

    items_changed = Signal()
    stored = Signal()
    """The database has another set of references now."""
    problem_found = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""
    removed = Signal(list)
    """Names of the images that were taken away and can be brought back."""
    busy_changed = Signal(bool)

    def __init__(self, catalogue: Catalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._catalogue = catalogue
        self._background = Background()
        self._product = ""
        self._items: tuple[ReferenceItem, ...] = ()
        self._removed: tuple[SourceImage, ...] = ()
        self._pending = 0

    @property
    def items(self) -> tuple[ReferenceItem, ...]:
        """The good images in the order they came, each with its warnings."""
        return self._items

    @property
    def is_busy(self) -> bool:
        """True while pictures are being read or written."""
        return self._pending > 0

    def open(self, product: str) -> None:
        """Show the references of ``product``."""
        if product != self._product:
            self._set_items(())
            self._removed = ()
        self._product = product
        self._run(
            lambda: tuple(item_of(image) for image in self._catalogue.references(product)),
            self._set_items,
        )

    def add_files(self, paths: Sequence[Path]) -> None:
        """Add image files; one that cannot be used is told by name, and the others go on."""
        for path in paths:
            self._add(partial(read_image, path))

    def add_frame(self, frame: Frame, name: str) -> None:
        """Add a picture taken with a camera, kept without loss."""
        self._add(lambda: encode_frame(frame.pixels, name, frame.captured_at, frame.frame_id))

    def remove(self, image_hashes: Sequence[str]) -> None:
        """Take images away; :meth:`undo_remove` brings them back."""
        product, gone = self._product, frozenset(image_hashes)

        def work() -> tuple[SourceImage, ...]:
            images = tuple(image for image in self._catalogue.references(product) if image.image_hash in gone)
            for image in images:
                self._catalogue.remove_reference(product, image.image_hash)
            return images

        self._run(work, lambda images: self._on_removed(product, images))

    def undo_remove(self) -> None:
        """Bring back the images that were taken away last."""
        images, self._removed = self._removed, ()
        for image in images:
            self._add(partial(_same, image))

    def close(self) -> None:
        """Stop the thread; what was asked for and has not begun is not done."""
        self._background.close()

    def _add(self, read: Callable[[], SourceImage]) -> None:
        product = self._product

        def work() -> _Added:
            image = read()
            item = item_of(image)
            if any(reference.image_hash == image.image_hash for reference in self._catalogue.draft(product).references):
                raise ProductError("{name} is among the good images already. Use another part.", name=image.name)
            return _Added(self._catalogue.add_reference(product, image), item)

        self._run(work, lambda added: self._on_added(product, added))

    def _run(self, work: Callable[[], Outcome], then: Callable[[Outcome], None]) -> None:
        self._pending += 1
        if self._pending == 1:
            self.busy_changed.emit(True)
        self._background.run(work, lambda outcome: self._end(lambda: then(outcome)), self._on_failed)

    def _end(self, then: Callable[[], None]) -> None:
        then()
        self._pending -= 1
        if self._pending == 0:
            self.busy_changed.emit(False)

    def _on_failed(self, error: Exception) -> None:
        self._end(lambda: self._tell(error))

    def _tell(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self.problem_found.emit(sentence or self.tr("The picture could not be used. Try another one."), details)

    def _on_added(self, product: str, added: _Added) -> None:
        if product == self._product:
            self._set_items((*self._items, added.item))
        self.stored.emit()

    def _on_removed(self, product: str, images: tuple[SourceImage, ...]) -> None:
        self.stored.emit()
        if product != self._product or not images:
            return
        self._removed = images
        gone = {image.image_hash for image in images}
        self._set_items(tuple(item for item in self._items if item.image_hash not in gone))
        self.removed.emit([image.name for image in images])

    def _set_items(self, items: tuple[ReferenceItem, ...]) -> None:
        warnings = check_references({item.image_hash: item.measures for item in items})
        self._items = tuple(
            ReferenceItem(item.image_hash, item.name, item.picture, item.measures, warnings[item.image_hash])
            for item in items
        )
        self.items_changed.emit()


def _same(image: SourceImage) -> SourceImage:
    return image
