"""Good parts of another day or shift: kept apart from the evidence, and held against the promise made without them.

They join the evidence when somebody says so, and are known good parts of the golden set from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filo_core.errors import StorageError, UnreadableImageError
from filo_core.imaging import decode_image, printable_name
from filo_core.imaging.taken import taken_at
from filo_core.sessions import SessionPart
from filo_core.types import Recipe, SourceImage, Verdict
from storage.names import tidy_name
from workflows.people.access import Access
from workflows.people.rights import Right, asks
from workflows.products.golden import MOST_SHOWN, GoldenSetError, GoldenSets

if TYPE_CHECKING:
    from storage.storage import Storage


class SessionParts:
    """The sessions of a record's products. Safe to use from several threads.

    Args:
        storage: the record.
        access: who is signed in; showing parts asks for what a golden set asks for.
    """

    def __init__(self, storage: Storage, access: Access | None = None) -> None:
        self._storage = storage
        self._access = access or Access(storage)

    def parts(self, name: str) -> tuple[SessionPart, ...]:
        """All good parts that were shown as those of a session, joined or not."""
        with self._storage.reading() as transaction:
            return transaction.sessions.parts(transaction.products.product_id(name))

    @asks(Right.GOLDEN_SET)
    def show(self, name: str, session: str, images: Sequence[SourceImage], by: str = "") -> None:
        """Show good parts of a session; nothing is set by them until they join the evidence.

        Raises:
            GoldenSetError: if a part is evidence already, or known to be bad, or there would be too many.
            ProductError: if the session has no usable name, or there is no such product.
            AccessError: if there are users and nobody who may change a golden set is signed in.
            StorageError: if an image cannot be stored.
        """
        who, called = self._access.require(Right.GOLDEN_SET, by), tidy_name(session, "session")
        if not called:
            raise GoldenSetError("Give the session a name, such as the day or the shift.")
        with self._storage.reading() as transaction:
            product_id = transaction.products.product_id(name)
            known = {part.image_hash: part.expected for part in transaction.golden.parts(product_id)}
            own = {reference.image_hash for reference in transaction.products.draft(name).references}
            shown = {part.image_hash for part in transaction.sessions.parts(product_id)}
        for image in images:
            if known.get(image.image_hash) is Verdict.NG:
                raise GoldenSetError(
                    "{name} is one of the bad parts of {product}. Show good parts only.", name=image.name, product=name
                )
            if image.image_hash in own or image.image_hash in known:
                raise GoldenSetError(
                    "{name} is one of the good parts that the promise rests on. Show parts of another day.",
                    name=image.name,
                )
        if len(shown | {image.image_hash for image in images}) > MOST_SHOWN:
            raise GoldenSetError(
                "{most_shown} parts of other sessions are enough. Take an older session away first.",
                most_shown=MOST_SHOWN,
            )
        for image in images:
            self._storage.artefacts.put_image(image)
        with self._storage.transaction() as transaction:
            for image in images:
                transaction.known.note(image, taken_at(image))
            parts = [SessionPart(image.image_hash, printable_name(image.name), called) for image in images]
            transaction.sessions.put(product_id, parts, who)

    @asks(Right.GOLDEN_SET)
    def join(self, name: str, session: str = "", by: str = "") -> int:
        """Make a session's parts evidence, or those of all sessions; back comes how many joined.

        They count from the next calibration on.

        Raises:
            AccessError: if there are users and nobody who may change a golden set is signed in.
            StorageError: if an image is missing from the image store.
        """
        self._access.require(Right.GOLDEN_SET, by)
        joining = [part for part in self._apart(name) if session in {"", part.session}]
        images = [self._image(part) for part in joining]
        GoldenSets(self._storage, self._access).add_shown(name, images, Verdict.OK, by)
        return len(images)

    def proposed_name(self, name: str, images: Sequence[SourceImage]) -> str:
        """What to call a session: the day of its first picture, with the time of now where that is taken already."""
        first = min((taken_at(image).at for image in images), default=datetime.now(UTC))
        day = f"{first.astimezone():%Y-%m-%d}"
        return f"{day} {datetime.now().astimezone():%H:%M:%S}" if day in self._names_taken(name) else day

    def _names_taken(self, name: str) -> set[str]:
        """Names of sessions, and days that the good images are of."""
        with self._storage.reading() as transaction:
            product_id = transaction.products.product_id(name)
            own = [reference.image_hash for reference in transaction.products.draft(name).references]
            days = {f"{one.at.astimezone():%Y-%m-%d}" for one in transaction.known.taken(product_id, own).values()}
            return days | {part.session for part in transaction.sessions.parts(product_id)}

    @asks(Right.GOLDEN_SET)
    def withdraw(self, name: str, image_hashes: Sequence[str], by: str = "") -> None:
        """Take single parts out of their sessions; those of none are passed over.

        Raises:
            AccessError: if there are users and nobody who may change a golden set is signed in.
        """
        who = self._access.require(Right.GOLDEN_SET, by)
        with self._storage.transaction() as transaction:
            product_id = transaction.products.product_id(name)
            shown = {part.image_hash for part in transaction.sessions.parts(product_id)}
            gone = [image_hash for image_hash in image_hashes if image_hash in shown]
            if gone:
                transaction.sessions.withdraw(product_id, gone, who)

    @asks(Right.GOLDEN_SET)
    def remove(self, name: str, session: str, by: str = "") -> None:
        """Take a session away; parts that joined the evidence stay in the golden set.

        Raises:
            AccessError: if there are users and nobody who may change a golden set is signed in.
        """
        who = self._access.require(Right.GOLDEN_SET, by)
        with self._storage.transaction() as transaction:
            transaction.sessions.remove(transaction.products.product_id(name), session, who)

    def images(self, recipe: Recipe) -> tuple[SourceImage, ...]:
        """Parts that are no evidence yet; those whose picture is gone or in the recipe's memory bank are left out."""
        own, found = {reference.image_hash for reference in recipe.bank_images}, []
        for part in self._apart(recipe.product):
            try:
                if part.image_hash not in own:
                    found.append(self._image(part))
            except (StorageError, UnreadableImageError):
                # Retention, or a backup without pictures: the guard says that the session waits.
                continue
        return tuple(found)

    def _apart(self, name: str) -> list[SessionPart]:
        with self._storage.reading() as transaction:
            product_id = transaction.products.product_id(name)
            known = {part.image_hash for part in transaction.golden.parts(product_id)}
            return [part for part in transaction.sessions.parts(product_id) if part.image_hash not in known]

    def _image(self, part: SessionPart) -> SourceImage:
        return decode_image(self._storage.artefacts.get_bytes(part.image_hash), part.name)
