"""From run events to rows: nobody sees a verdict before it is in the record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from filo_core.events import ImageInspected, ImageSkipped, RunEvent, RunFinished
from filo_core.types import Inspection, JobState, Origin, Verdict
from storage.engine import BrokenRuleError
from storage.repositories.products import RecipeKeys
from storage.storage import Storage, Transaction


class Recorder:
    """Writes the inspections of one product.

    Args:
        storage: the record.
        product: name of the product; only recipes that were signed off for it are accepted.
        station: where the inspecting is done, kept with every inspection.
        operator: who does it.
    """

    def __init__(self, storage: Storage, product: str, *, station: str = "", operator: str = "") -> None:
        self._storage = storage
        self._product = product
        self._station = station
        self._operator = operator
        self._keys: dict[str, RecipeKeys] = {}

    def record(self, events: Iterable[RunEvent]) -> Iterator[RunEvent]:
        """The same events, each passed on once it is stored.

        An image that another program has judged in the meantime comes back as skipped, and is counted so.

        Raises:
            ProductError: if an inspection's recipe was not signed off for this product.
            StorageError: if an inspection cannot be stored; the run ends there, and the same run can be started again.
        """
        judged_elsewhere: list[Verdict] = []
        for event in events:
            if isinstance(event, ImageInspected):
                inspection = event.inspection
                _, is_new = self._store(inspection)
                if not is_new:
                    judged_elsewhere.append(inspection.verdict)
                    yield ImageSkipped(event.index, inspection.name, inspection.image_hash)
                    continue
            elif isinstance(event, RunFinished):
                yield _recounted(event, judged_elsewhere)
                continue
            yield event

    def record_one(self, inspection: Inspection) -> int:
        """Store one inspection; back comes its id, the earlier one's where a folder image was judged before.

        Raises:
            ProductError: if its recipe was not signed off for this product.
            StorageError: if it cannot be stored.
        """
        inspection_id, _ = self._store(inspection)
        return inspection_id

    @contextmanager
    def job(self, name: str) -> Iterator[None]:
        """Keep in the record that this work goes on, and how it ended; a crash is noted by the next start.

        Raises:
            StorageError: if the database fails.
        """
        with self._storage.transaction() as transaction:
            number = transaction.jobs.start(name, self._station, self._operator, self._storage.artefacts.run)
        state = JobState.FAILED
        try:
            yield
            state = JobState.FINISHED
        except GeneratorExit:
            state = JobState.STOPPED
            raise
        finally:
            with self._storage.transaction() as transaction:
                transaction.jobs.end(number, state)

    def already_judged(self, image_hash: str, recipe_hash: str) -> bool:
        """True if a folder image of this content has a verdict under the recipe; NOT_INSPECTED is none.

        Raises:
            ProductError: if the recipe was not signed off for this product.
            StorageError: if the database fails.
        """
        keys = self._keys_of(recipe_hash)
        with self._storage.reading() as transaction:
            return transaction.inspections.judged(keys.recipe_version_id, image_hash) is not None

    def _store(self, inspection: Inspection) -> tuple[int, bool]:
        """Image, then map, then all rows at once. Back comes the id, and whether it is a new one."""
        keys = self._keys_of(inspection.recipe_hash)
        artefacts = self._storage.artefacts
        if inspection.image is not None:
            artefacts.put_image(inspection.image)
        map_hash = artefacts.put_map(inspection.prediction.anomaly_map) if inspection.prediction else ""
        try:
            with self._storage.transaction() as transaction:
                earlier = _earlier(transaction, keys, inspection)
                if earlier is not None:
                    return earlier, False
                added = transaction.inspections.add(inspection, keys, map_hash, self._station, self._operator)
            return added, True
        except BrokenRuleError:
            # Only where writers do not wait for each other: another station stored the same image meanwhile.
            with self._storage.reading() as transaction:
                earlier = _earlier(transaction, keys, inspection)
            if earlier is None:
                raise
            return earlier, False

    def _keys_of(self, recipe_hash: str) -> RecipeKeys:
        if recipe_hash not in self._keys:
            with self._storage.reading() as transaction:
                self._keys[recipe_hash] = transaction.products.recipe_keys(self._product, recipe_hash)
        return self._keys[recipe_hash]


def _earlier(transaction: Transaction, keys: RecipeKeys, inspection: Inspection) -> int | None:
    if inspection.origin is not Origin.FOLDER or inspection.verdict is Verdict.NOT_INSPECTED:
        return None
    return transaction.inspections.judged(keys.recipe_version_id, inspection.image_hash)


def _recounted(event: RunFinished, judged_elsewhere: list[Verdict]) -> RunFinished:
    if not judged_elsewhere:
        return event
    counts = event.counts
    recounted = replace(
        counts,
        ok=counts.ok - judged_elsewhere.count(Verdict.OK),
        review=counts.review - judged_elsewhere.count(Verdict.REVIEW),
        ng=counts.ng - judged_elsewhere.count(Verdict.NG),
        skipped=counts.skipped + len(judged_elsewhere),
    )
    return replace(event, counts=recounted)
