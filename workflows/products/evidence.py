"""Good parts that people confirmed: evidence for the limits, and what the drift watch looks at.

Parts must be taken as they came. Whoever decides only on what the system doubted collects high scores, whoever only
nods off what it passed collects low ones, and either makes the promise false. So the parts of an hour count once
every judged image of that hour has been decided, and none of them before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filo_core.calibration.drift import LEAST_CALIBRATION_PARTS, start_watch
from filo_core.calibration.evidence import ConfirmedPart
from filo_core.errors import EvidenceError, StorageError
from filo_core.imaging import decode_image
from filo_core.sentence import Sentence, sentences
from filo_core.types import Recipe, Verdict
from workflows.people.rights import free

if TYPE_CHECKING:
    from storage.repositories.calibrations import AnsweredInspection, KeptCalibration
    from storage.storage import Storage, Transaction

MOST_CONFIRMED = 1_000
"""Confirmed parts that a calibration looks at, the newest ones."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Confirmed good parts outside the memory bank, in the order in which their hours were decided."""

    parts: tuple[ConfirmedPart, ...]
    waiting: int
    """Confirmed parts that do not count yet, since other images of their hour are undecided."""

    @property
    def sentence(self) -> str:
        """Why confirmed parts are left out; empty where none is."""
        if not self.waiting:
            return ""
        return Sentence(
            "{waiting} confirmed good parts do not count yet: other images of the same hour are "
            "undecided, and parts must be taken as they came. Review the rest of that hour.",
            waiting=self.waiting,
        )


@dataclass(frozen=True, slots=True)
class Drift:
    """What the watch over confirmed good parts says."""

    alarm: bool
    """Whether to calibrate again."""
    sentence: str


def confirmed_evidence(storage: Storage, name: str, recipe: Recipe) -> Evidence:
    """Confirmed good parts of a product that may stand behind the limits of ``recipe``.

    Scores come from the record where they were found with the same set-up; other parts bring their image along to
    be scored again, and are left out where it is not kept any more.

    Raises:
        ProductError: if there is no such product.
    """
    with storage.reading() as transaction:
        rows = transaction.calibrations.answered(transaction.products.product_id(name))
        comparable = _comparable(transaction, name, recipe.scoring_hash)
    rows = _outside(rows, recipe)
    decided = [row for hour in _decided_hours(rows) for row in hour if row.review_verdict is Verdict.OK]
    good = _each_once(decided)
    confirmed = {row.image_hash for row in rows if row.review_verdict is Verdict.OK}
    found = (_part(storage, row, row.recipe_version_id in comparable) for row in good[-MOST_CONFIRMED:])
    return Evidence(
        tuple(part for part in found if part is not None), len(confirmed - {row.image_hash for row in good})
    )


@free("what it finds is kept as an alarm, which anybody may raise")
def drift(storage: Storage, name: str) -> Drift:
    """Whether confirmed good parts still score like those the limits were set with; an alarm is kept.

    Each view of a part is watched by itself, and said with its name.

    Raises:
        ProductError: if there is no such product.
    """
    with storage.reading() as transaction:
        draft = transaction.products.draft(name)
    if not draft.views:
        return _drift(storage, name)
    found = [(view.name, _drift(storage, view.draft.description.name)) for view in draft.views]
    said = (Sentence("{view}: {sentence}", view=view, sentence=one.sentence) for view, one in found)
    return Drift(any(one.alarm for _, one in found), sentences(*said))


def _drift(storage: Storage, name: str) -> Drift:
    with storage.reading() as transaction:
        product_id = transaction.products.product_id(name)
        kept = transaction.calibrations.newest(product_id)
        if kept is None:
            return Drift(
                alarm=False,
                sentence=Sentence("{name} has no calibration in the record yet. Calibrate it first.", name=name),
            )
        alarm = transaction.calibrations.alarm(kept.calibration_id)
        if alarm is not None:
            return Drift(alarm=True, sentence=alarm)
        rows = transaction.calibrations.answered(product_id)
        comparable = _comparable(transaction, name, kept.scoring_hash)
        recipes = [version.recipe for row_id, version in transaction.products.recipes(name) if row_id in comparable]
    if recipes:
        rows = _outside(rows, recipes[-1])
    found = _watched(kept, [row for row in rows if row.recipe_version_id in comparable])
    if found.alarm:
        with storage.transaction() as transaction:
            if transaction.calibrations.alarm(kept.calibration_id) is None:
                transaction.calibrations.add_alarm(kept.calibration_id, found.sentence, datetime.now(UTC))
    return found


def _watched(kept: KeptCalibration, rows: Sequence[AnsweredInspection]) -> Drift:
    scores = [*kept.confirmed_scores, *(row.image_score for row in _new_good(kept, rows))]
    # A calibration on references alone has none of its own: the first parts confirmed then are what later ones meet.
    base = max(len(kept.confirmed_scores), LEAST_CALIBRATION_PARTS)
    try:
        watch = start_watch(scores[:base], seed=kept.calibration_id).observe_all(scores[base:])
    except EvidenceError as error:
        return Drift(alarm=False, sentence=str(error))
    return Drift(watch.alarm, watch.sentence)


def _new_good(kept: KeptCalibration, rows: Sequence[AnsweredInspection]) -> list[AnsweredInspection]:
    """Good parts that the calibration has not seen.

    The order is that in which hours were decided, so what is decided later is only ever added at the end and the
    watch is one and the same test, however often it is asked.
    """
    found = []
    for hour in _decided_hours(rows):
        earlier = [row for row in hour if row.inspection_id <= kept.last_inspection_id]
        seen = earlier and all((row.first_review_id or 0) <= kept.last_review_id for row in earlier)
        skipped = {row.inspection_id for row in earlier} if seen else set()
        found += [row for row in hour if row.inspection_id not in skipped and row.review_verdict is Verdict.OK]
    return found


def _decided_hours(rows: Iterable[AnsweredInspection]) -> list[list[AnsweredInspection]]:
    hours: defaultdict[datetime, list[AnsweredInspection]] = defaultdict(list)
    for row in rows:
        hours[row.inspected_at.replace(minute=0, second=0, microsecond=0)].append(row)
    decided = [hour for hour in hours.values() if all(row.review_verdict is not None for row in hour)]
    return sorted(decided, key=lambda hour: max(row.first_review_id or 0 for row in hour))


def _outside(rows: Iterable[AnsweredInspection], recipe: Recipe) -> tuple[AnsweredInspection, ...]:
    in_bank = {entry.image_hash for entry in recipe.bank_images}
    return tuple(row for row in rows if row.image_hash not in in_bank)


def _each_once(rows: Iterable[AnsweredInspection]) -> list[AnsweredInspection]:
    return list({row.image_hash: row for row in rows}.values())


def _comparable(transaction: Transaction, name: str, scoring_hash: str) -> frozenset[int]:
    """Recipe versions by row id whose scores can be compared."""
    recipes = transaction.products.recipes(name)
    return frozenset(row_id for row_id, version in recipes if version.recipe.scoring_hash == scoring_hash)


def _part(storage: Storage, row: AnsweredInspection, comparable: bool) -> ConfirmedPart | None:
    if comparable:
        return ConfirmedPart(row.name, score=row.image_score, image_hash=row.image_hash)
    try:
        encoded = storage.artefacts.get_bytes(row.image_hash)
    except StorageError:
        # Retention takes the images of confirmed good parts first.
        return None
    return ConfirmedPart(row.name, decode_image(encoded, row.name), image_hash=row.image_hash)
