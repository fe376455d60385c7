"""From run events to rows: nobody sees a verdict before it is in the record."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from filo_core.errors import DiskFullError
from filo_core.events import ImageInspected, ImageSkipped, RunCounts, RunEvent, RunFinished
from filo_core.identity import SeenBefore
from filo_core.types import EventKind, Inspection, KeptJobState, Origin, Verdict, ViewInspection
from filo_core.views import part_hash, part_hash_of, view_product
from storage.engine import BrokenRuleError
from storage.known_pictures import RecognisedPart
from storage.repositories.products import RecipeKeys
from storage.storage import Storage, Transaction

DISK_RESERVE_BYTES = 256 << 20
"""Free space below which nothing is inspected any more: what is left is for rows, which say so."""

Operator = str | Callable[[], str]
"""A name, or what tells the name of this moment: people change while a line runs."""

logger = logging.getLogger(__name__)


def name_of(operator: Operator) -> str:
    """The name as it is now."""
    return operator() if callable(operator) else operator


@dataclass(frozen=True, slots=True)
class _Kept:
    """What became of an inspection in the record."""

    inspection_id: int
    is_new: bool = True
    """False where the inspection is an earlier one."""
    known: RecognisedPart | None = None
    seen: SeenBefore | None = None

    def told_of(self, inspection: Inspection) -> Inspection:
        """The inspection with what the record found out."""
        if self.known is None and self.seen is None:
            return inspection
        return replace(inspection, known_as=self.known.known_as if self.known else None, seen_before=self.seen)


class Recorder:
    """Writes the inspections of one product.

    Args:
        storage: the record.
        product: name of the product; only recipes that were signed off for it are accepted.
        station: where the inspecting is done, kept with every inspection.
        operator: who does it; asked anew for every inspection, and never within a transaction.
        reserve_bytes: free disk space below which inspecting stops.
    """

    def __init__(
        self,
        storage: Storage,
        product: str,
        *,
        station: str = "",
        operator: Operator = "",
        reserve_bytes: int = DISK_RESERVE_BYTES,
    ) -> None:
        self._storage = storage
        self._product = product
        self._station = station
        self._operator = operator
        self._reserve_bytes = reserve_bytes
        self._disk_was_full = False
        self._refusal_id: int | None = None
        self._job_id: int | None = None
        self._keys: dict[str, RecipeKeys] = {}
        self._named_by = ""

    @property
    def storage(self) -> Storage:
        """The record."""
        return self._storage

    @property
    def station(self) -> str:
        """Where the inspecting is done."""
        return self._station

    def record(self, events: Iterable[RunEvent]) -> Iterator[RunEvent]:
        """The same events, each passed on once it is stored, with its id in the record.

        An image that another program has judged in the meantime comes back as skipped, and is counted so.

        Raises:
            ProductError: if an inspection's recipe was not signed off for this product.
            DiskFullError: if there is no room; the last inspection is NOT_INSPECTED then, and says so.
            StorageError: if an inspection cannot be stored; the run ends there, and the same run can be started again.
        """
        judged_elsewhere: list[Verdict] = []
        for event in events:
            if isinstance(event, ImageInspected):
                inspection = event.inspection
                try:
                    kept = self._store(inspection)
                except DiskFullError as error:
                    yield ImageInspected(event.index, _refused(inspection, error), self._refusal_id)
                    raise
                if kept.is_new:
                    yield replace(event, inspection=kept.told_of(inspection), inspection_id=kept.inspection_id)
                else:
                    judged_elsewhere.append(inspection.verdict)
                    yield ImageSkipped(event.index, inspection.name, inspection.image_hash, kept.inspection_id)
                continue
            yield _recounted(event, judged_elsewhere) if isinstance(event, RunFinished) else event

    def record_one(self, inspection: Inspection) -> int:
        """Store one inspection; back comes its id, the earlier one's where a folder image was judged before.

        Raises:
            ProductError: if its recipe was not signed off for this product.
            DiskFullError: if there is no room; NOT_INSPECTED was stored instead.
            StorageError: if it cannot be stored.
        """
        return self._store(inspection).inspection_id

    def keep(self, inspection: Inspection) -> Inspection:
        """Store one inspection; back comes what is known of it then: a part seen before, or a known one.

        Raises:
            FiloError: as :meth:`record_one`.
        """
        return self._store(inspection).told_of(inspection)

    def part_judged(self, image_hashes: Sequence[tuple[str, str]], recipe_hash: str) -> int | None:
        """As :meth:`already_judged`, of a part with several views.

        Args:
            image_hashes: name of each view, and hash of its picture.
            recipe_hash: of the part's recipe.
        """
        keys = self._keys_of(recipe_hash)
        with self._storage.reading() as transaction:
            return transaction.inspections.judged_part(keys.recipe_version_id, part_hash(image_hashes))

    @contextmanager
    def job(self, name: str) -> Iterator[None]:
        """Keep in the record that this work goes on, what it inspects, and how it ended.

        A crash is noted by the next start.

        Raises:
            StorageError: if the database fails.
        """
        operator = name_of(self._operator)
        with self._storage.transaction() as transaction:
            number = transaction.jobs.start(name, self._station, operator, self._storage.artefacts.run)
        state = KeptJobState.FAILED
        self._job_id = number
        try:
            yield
            state = KeptJobState.FINISHED
        except GeneratorExit:
            state = KeptJobState.STOPPED
            raise
        finally:
            self._job_id = None
            with self._storage.transaction() as transaction:
                transaction.jobs.end(number, state)

    def already_judged(self, image_hash: str, recipe_hash: str) -> int | None:
        """Id of the folder inspection that has the verdict of this content under the recipe; NOT_INSPECTED is none.

        Raises:
            ProductError: if the recipe was not signed off for this product.
            StorageError: if the database fails.
        """
        keys = self._keys_of(recipe_hash)
        with self._storage.reading() as transaction:
            return transaction.inspections.judged(keys.recipe_version_id, image_hash)

    def all_judged(self, recipe_hash: str) -> list[tuple[str, int]]:
        """Every picture that :meth:`already_judged` knows under a recipe, by its hash, with the id of its inspection.

        Raises:
            ProductError: if the recipe was not signed off for this product.
            StorageError: if the database fails.
        """
        keys = self._keys_of(recipe_hash)
        with self._storage.reading() as transaction:
            return transaction.inspections.all_judged(keys.recipe_version_id)

    def _store(self, inspection: Inspection) -> _Kept:
        """As :meth:`_store_whole`; where the disk is full, an alarm and NOT_INSPECTED are stored before the error."""
        try:
            if inspection.image is not None:
                self._storage.artefacts.require_room(self._reserve_bytes)
            stored = self._store_whole(inspection)
        except DiskFullError as error:
            self._alarm(inspection, error)
            raise
        self._disk_was_full = False
        return stored

    def _alarm(self, inspection: Inspection, error: DiskFullError) -> None:
        logger.error("%s", error)
        self._refusal_id = None
        # Where not even a row finds room, the log and the error that follows are the alarm.
        with suppress(DiskFullError):
            self._refusal_id = self._store_whole(_refused(inspection, error)).inspection_id
            error.is_in_record = True
            if not self._disk_was_full:
                operator = name_of(self._operator)
                with self._storage.transaction() as transaction:
                    detail = {"reason": str(error)}
                    transaction.events.add(EventKind.DISK_FULL, operator, self._station, "disk", detail)
        self._disk_was_full = True

    def _store_whole(self, inspection: Inspection) -> _Kept:
        """Image, then map, then all rows at once."""
        keys, operator = self._keys_of(inspection.recipe_hash), name_of(self._operator)
        map_hash = self._put_pictures(inspection)
        views = [
            (view, self._keys_of(view.inspection.recipe_hash, view.name), self._put_pictures(view.inspection))
            for view in inspection.views
        ]
        try:
            with self._storage.transaction() as transaction:
                earlier = _earlier(transaction, keys, inspection)
                if earlier is not None:
                    return _Kept(earlier, is_new=False)
                seen = self._seen_before(transaction, keys, inspection, operator)
                added = transaction.inspections.add(inspection, keys, map_hash, self._station, operator)
                if views:
                    transaction.views.add(added, views)
                known = _known(transaction, keys, inspection, views)
                if known is not None:
                    transaction.known.add(added, known)
                if inspection.prediction is not None and inspection.prediction.named_by not in {"", self._named_by}:
                    self._tell_names(transaction, inspection.prediction.named_by, operator)
                if self._job_id is not None:
                    transaction.jobs.inspected(self._job_id, added)
            self._named_by = inspection.prediction.named_by if inspection.prediction else self._named_by
            return _Kept(added, known=known, seen=seen)
        except BrokenRuleError:
            # Only where writers do not wait for each other: another station stored the same image meanwhile.
            with self._storage.reading() as transaction:
                earlier = _earlier(transaction, keys, inspection)
            if earlier is None:
                raise
            return _Kept(earlier, is_new=False)

    def _seen_before(
        self, transaction: Transaction, keys: RecipeKeys, inspection: Inspection, operator: str
    ) -> SeenBefore | None:
        """What the record has of this serial; an event says that it came again."""
        serial = inspection.identity.serial
        seen = transaction.inspections.of_serial(keys.product_id, serial) if serial else None
        if seen is not None:
            detail = {"serial": serial, "times": seen.times, "last": seen.inspection_id, "verdict": seen.verdict}
            transaction.events.add(EventKind.SERIAL_REPEATED, operator, self._station, self._product, detail)
        return seen

    def _put_pictures(self, inspection: Inspection) -> str:
        """Keep image and map as far as there are any; the map's hash, empty without one."""
        artefacts = self._storage.artefacts
        if inspection.image is not None:
            artefacts.put_image(inspection.image)
        return artefacts.put_map(inspection.prediction.anomaly_map) if inspection.prediction else ""

    def _tell_names(self, transaction: Transaction, named_by: str, operator: str) -> None:
        """Put into the chain what names regions from words from here on, unless the last such event says so."""
        head, _, words = named_by.partition(":")
        detail = {"head": head, "words": words}
        for told in transaction.events.about(EventKind.NAMES_READ, self._product):
            if told.station == self._station:
                if json.loads(told.detail) == detail:
                    return
                break
        transaction.events.add(EventKind.NAMES_READ, operator, self._station, self._product, detail)

    def _keys_of(self, recipe_hash: str, view: str = "") -> RecipeKeys:
        if recipe_hash not in self._keys:
            product = view_product(self._product, view) if view else self._product
            with self._storage.reading() as transaction:
                self._keys[recipe_hash] = transaction.products.recipe_keys(product, recipe_hash)
        return self._keys[recipe_hash]


def _refused(inspection: Inspection, error: DiskFullError) -> Inspection:
    """Not judged: a verdict that cannot be kept with its evidence is none."""
    return replace(inspection, verdict=Verdict.NOT_INSPECTED, image=None, prediction=None, reason=str(error), views=())


def _known(
    transaction: Transaction,
    keys: RecipeKeys,
    inspection: Inspection,
    views: Sequence[tuple[ViewInspection, RecipeKeys, str]],
) -> RecognisedPart | None:
    """Which known part this is; of a part with several views, by any of them."""
    pictures = [(of, view.inspection.image) for view, of, _ in views] or [(keys, inspection.image)]
    found = (transaction.known.find(of, image) for of, image in pictures if image is not None)
    return next((one for one in found if one is not None), None)


def _earlier(transaction: Transaction, keys: RecipeKeys, inspection: Inspection) -> int | None:
    if inspection.origin is not Origin.FOLDER or inspection.verdict is Verdict.NOT_INSPECTED:
        return None
    if inspection.views:
        return transaction.inspections.judged_part(keys.recipe_version_id, part_hash_of(inspection))
    return transaction.inspections.judged(keys.recipe_version_id, inspection.image_hash)


def _recounted(event: RunFinished, judged_elsewhere: list[Verdict]) -> RunFinished:
    if not judged_elsewhere:
        return event
    counts, elsewhere = event.counts, RunCounts.of(Counter(judged_elsewhere))
    recounted = replace(
        counts,
        ok=counts.ok - elsewhere.ok,
        review=counts.review - elsewhere.review,
        ng=counts.ng - elsewhere.ng,
        skipped=counts.skipped + len(judged_elsewhere),
    )
    return replace(event, counts=recounted)
