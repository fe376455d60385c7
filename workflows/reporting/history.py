"""What was inspected, what people decided about it, and the pictures behind both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.events import RunCounts
from filo_core.fixture import NOWHERE, Placed
from filo_core.imaging import decode_image
from filo_core.types import (
    LONGEST_REASON,
    InspectionFilter,
    InspectionRecord,
    KnownAs,
    PageOrder,
    Review,
    ReviewDecision,
    SourceImage,
    Verdict,
    Withdrawal,
    standing_review,
)
from filo_core.views import view_records
from storage.names import tidy_name
from storage.repositories.reviews import BlindReview
from workflows.people.access import Access
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from storage.repositories.overview import Lately
    from storage.storage import Storage

LOOKED_AT = 500
"""Inspections among which those for a blind review are looked for."""

_AT_ONCE = 400
"""Inspections that are read in one statement."""
_DECIDED = (Verdict.OK, Verdict.NG)


class ReviewError(FiloError):
    """A review lacks something, or contradicts itself."""


class History:
    """The inspections of a record and their reviews. Safe to use from several threads."""

    def __init__(self, storage: Storage, access: Access | None = None) -> None:
        self._storage = storage
        # Without one nobody is signed in, which is enough until there are users.
        self._access = access or Access(storage)

    def page(
        self, wanted: InspectionFilter, before_id: int | None = None, limit: int = 100
    ) -> tuple[InspectionRecord, ...]:
        """The newest ``limit`` inspections that are wanted, newest first; costs the same however long the record is.

        Args:
            wanted: ``verdicts`` are the system's; *undecided* means without any review; ``anomaly_type`` is what a
                region was called or what the newest review calls it; ``since`` is included, ``until`` is not.
            before_id: continue after this inspection, the last of the page before.
            limit: at most so many.
        """
        with self._storage.reading() as transaction:
            return transaction.inspections.page(transaction.inspections.searched(wanted), before_id, limit)

    def following(self, wanted: InspectionFilter, after_id: int, limit: int) -> tuple[InspectionRecord, ...]:
        """The oldest ``limit`` inspections that are wanted and newer than ``after_id``, oldest first."""
        with self._storage.reading() as transaction:
            return transaction.inspections.following(transaction.inspections.searched(wanted), after_id, limit)

    def ordered(self, wanted: InspectionFilter, order: PageOrder, limit: int) -> tuple[int, ...]:
        """Ids of the wanted inspections in an order, ``limit`` at most; costs a look at each of them."""
        with self._storage.reading() as transaction:
            return transaction.inspections.ordered(transaction.inspections.searched(wanted), order, limit)

    def standing_counts(self, wanted: InspectionFilter) -> dict[tuple[Verdict, Verdict | None], int]:
        """How many of the wanted inspections have which verdict of the system and which decision, None for none."""
        with self._storage.reading() as transaction:
            return transaction.inspections.standing_counts(transaction.inspections.searched(wanted))

    def count(self, wanted: InspectionFilter) -> int:
        """How many inspections are wanted."""
        with self._storage.reading() as transaction:
            return transaction.inspections.count(transaction.inspections.searched(wanted))

    def get(self, inspection_id: int) -> InspectionRecord:
        """One inspection.

        Raises:
            StorageError: if there is none of this id.
        """
        with self._storage.reading() as transaction:
            return transaction.inspections.get(inspection_id)

    def several(self, ids: Sequence[int]) -> tuple[InspectionRecord, ...]:
        """Those of these inspections that are in the record, a few hundred at most, oldest first."""
        with self._storage.reading() as transaction:
            return transaction.inspections.several(ids)

    def of_jobs(self, name: str, since: datetime, newest: int) -> tuple[InspectionRecord, ...]:
        """What all jobs of a name that began since then have inspected, oldest first; the ``newest`` of it at most."""
        with self._storage.reading() as transaction:
            ids = transaction.jobs.inspections_of(name, since)[-newest:]
            found: list[InspectionRecord] = []
            for first in range(0, len(ids), _AT_ONCE):
                found.extend(transaction.inspections.several(ids[first : first + _AT_ONCE]))
        return tuple(found)

    def counts(self, product: str = "") -> RunCounts:
        """Totals of the system's verdicts on one product, or on all of them."""
        with self._storage.reading() as transaction:
            found = transaction.inspections.verdict_counts(InspectionFilter(product=product))
        return RunCounts.of(found)

    def lately(self, since: datetime, newest: int) -> dict[str, Lately]:
        """What came by of each product, by its name: its ``newest`` verdicts, and how many there were ``since`` then.

        Verdicts are those that count now. Known parts are left out, and a product without inspections.
        """
        with self._storage.reading() as transaction:
            return transaction.overview.lately(since, newest)

    def anomaly_types_seen(self) -> tuple[str, ...]:
        """Every name that a region or a review carries, in alphabetical order."""
        with self._storage.reading() as transaction:
            return transaction.inspections.anomaly_types()

    def reviews(self, inspection_id: int) -> tuple[Review, ...]:
        """All decisions on an inspection, oldest first; the last one counts, and may have taken one back."""
        with self._storage.reading() as transaction:
            return transaction.reviews.of(inspection_id)

    @asks(Right.REVIEW, Right.OVERRULE)
    def review(
        self,
        inspection_id: int,
        decision: ReviewDecision,
        verdict: Verdict,
        reviewer: str,
        reason: str = "",
        anomaly_type: str = "",
        pin: str = "",
        regions: Sequence[int] = (),
    ) -> InspectionRecord:
        """Add a decision to an inspection; back comes the inspection with it.

        What turns an NG into an OK lets a part go that was refused: it is a signature, for whoever may overrule, and
        needs the PIN again once there are users; see :meth:`asks_for_pin`.

        Args:
            inspection_id: what is decided on.
            decision: ``CONFIRM`` agrees with the system's verdict and ``OVERRULE`` does not, whatever was decided
                in between; where the system said REVIEW or NOT_INSPECTED, either verdict may follow. ``RETYPE``
                leaves an OK or NG that stands as it is.
            verdict: OK or NG, as it stands after this review.
            reviewer: who decides; once there are users, it is whoever is signed in instead.
            reason: why; an overruling needs one.
            anomaly_type: what the anomaly is; a retyping needs it.
            pin: of whoever is signed in, once more, where an NG becomes an OK.
            regions: those that the type is for, by their place in the inspection; all of them unless given.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this, or the PIN is wrong.
            PinNeededError: if the decision needs the PIN, and none was given.
            ReviewError: if something of that is missing or contradicts itself, or somebody else decided meanwhile.
            ProductError: if a name is too long or holds characters that cannot be seen.
            StorageError: if there is no such inspection.
        """
        # Before the PIN is looked at: no transaction waits for that. Only what becomes OK can let a part go.
        signs = verdict is Verdict.OK and _lets_go(self.get(inspection_id), verdict)
        right = Right.OVERRULE if signs or decision is ReviewDecision.OVERRULE else Right.REVIEW
        who = self._access.require(right, reviewer, pin if signs else None)
        review = Review(
            decision=decision,
            verdict=verdict,
            reviewer=tidy_name(who, "reviewer's name"),
            reviewed_at=datetime.now(UTC),
            reason=reason.strip(),
            anomaly_type=tidy_name(anomaly_type, "anomaly type"),
            regions=tuple(sorted(set(regions))),
        )
        _check(review)
        return self._kept(inspection_id, review, verdict, signed=signs)

    def _kept(self, inspection_id: int, review: Review, verdict: Verdict, *, signed: bool) -> InspectionRecord:
        with self._storage.transaction() as transaction:
            record = transaction.inspections.get(inspection_id)
            if not signed and _lets_go(record, verdict):
                raise ReviewError("Somebody else decided on {name} meanwhile. Look at it again.", name=record.name)
            _check_against(record, review)
            transaction.reviews.add(inspection_id, review)
        return record.with_decision(review)

    def asks_for_pin(self, record: InspectionRecord, verdict: Verdict) -> bool:
        """True if :meth:`review` needs the PIN again: there are users, and an NG becomes an OK."""
        return _lets_go(record, verdict) and self._access.is_needed

    @asks(Right.REVIEW, Right.OVERRULE)
    def withdraw(self, inspection_id: int, reviewer: str, pin: str = "") -> InspectionRecord:
        """Take back the decision that counts now, by a further entry; back comes the inspection as it is then.

        What was decided before that counts again; where nothing was, the inspection is undecided.

        Args:
            inspection_id: on what it was decided.
            reviewer: who takes it back, and has decided; once there are users, it is whoever is signed in instead.
            pin: of whoever is signed in, once more, where an NG becomes an OK by it.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this, or the PIN is wrong.
            PinNeededError: if it needs the PIN, and none was given.
            ReviewError: if nothing is decided, or somebody else has decided it.
            StorageError: if there is no such inspection.
        """
        signs = _withdrawal_lets_go(self.get(inspection_id))
        who = self._access.require(Right.OVERRULE if signs else Right.REVIEW, reviewer, pin if signs else None)
        who = tidy_name(who, "reviewer's name")
        with self._storage.transaction() as transaction:
            record = transaction.inspections.get(inspection_id)
            withdrawal = _withdrawal(record, who)
            if not signs and _is_let_go(record, withdrawal):
                raise ReviewError("Somebody else decided on {name} meanwhile. Look at it again.", name=record.name)
            transaction.reviews.add(inspection_id, withdrawal)
        return record.with_decision(withdrawal)

    def withdrawal_asks_for_pin(self, record: InspectionRecord) -> bool:
        """True if :meth:`withdraw` needs the PIN again: there are users, and an NG becomes an OK by it."""
        return self._access.is_needed and _withdrawal_lets_go(self.get(record.inspection_id))

    @asks(Right.REVIEW)
    def withdraw_blind(self, inspection_id: int, reviewer: str) -> None:
        """Take back what this person said in a blind review, by a further entry; it can be said anew.

        Raises:
            AccessError: if there are users and nobody is signed in who may do this.
            ReviewError: if this person has said nothing blind about the inspection.
            StorageError: if there is no such inspection.
        """
        who = tidy_name(self._access.require(Right.REVIEW, reviewer), "reviewer's name")
        with self._storage.transaction() as transaction:
            record = transaction.inspections.get(inspection_id)
            if transaction.reviews.blind_verdict(inspection_id, who) is None:
                raise ReviewError("{who} has no blind verdict on {name} to take back.", who=who, name=record.name)
            transaction.reviews.add_blind(inspection_id, BlindReview(None, who, datetime.now(UTC)))

    @asks(Right.REVIEW)
    def review_blind(self, inspection_id: int, verdict: Verdict, reviewer: str) -> None:
        """Add what a second person says without seeing what was said before; the decision that counts stays.

        Raises:
            ReviewError: if nobody reviews, the verdict decides nothing, or this person has seen the inspection before.
            ProductError: if the name is too long or holds characters that cannot be seen.
            StorageError: if there is no such inspection.
        """
        who = tidy_name(self._access.require(Right.REVIEW, reviewer), "reviewer's name")
        _check(Review(ReviewDecision.CONFIRM, verdict, who, datetime.now(UTC)))
        with self._storage.transaction() as transaction:
            record = transaction.inspections.get(inspection_id)
            if who in transaction.reviews.reviewers([inspection_id])[inspection_id]:
                raise ReviewError(
                    "{who} has judged {name} before. A blind review needs another person.", who=who, name=record.name
                )
            transaction.reviews.add_blind(inspection_id, BlindReview(verdict, who, datetime.now(UTC)))

    def blind_queue(self, wanted: InspectionFilter, reviewer: str, limit: int = 50) -> tuple[InspectionRecord, ...]:
        """The newest inspections that others have decided and this person has said nothing about yet.

        Looks at the newest :data:`LOOKED_AT` inspections that are wanted.
        """
        who = reviewer.strip()
        with self._storage.reading() as transaction:
            newest = transaction.inspections.page(wanted, None, LOOKED_AT)
            decided = [one for one in newest if one.review is not None and one.verdict is not Verdict.NOT_INSPECTED]
            known_by = transaction.reviews.reviewers([record.inspection_id for record in decided])
        return tuple(record for record in decided if who not in known_by[record.inspection_id])[:limit]

    def encoded(self, record: InspectionRecord) -> bytes:
        """The encoded bytes of an inspection's image.

        Raises:
            StorageError: if they are missing or were altered.
        """
        return self._storage.artefacts.get_bytes(record.image_hash)

    def image(self, record: InspectionRecord) -> SourceImage:
        """The image as it was inspected.

        Raises:
            StorageError: if it is missing, was altered, or could not be read when it was to be inspected.
        """
        encoded = self._storage.artefacts.get_bytes(record.image_hash)
        with self._storage.reading() as transaction:
            capture = transaction.inspections.capture(record.inspection_id)
        image = decode_image(encoded, record.name, captured_at=capture.captured_at or record.inspected_at)
        return replace(image, frame_id=capture.frame_id)

    def placed(self, record: InspectionRecord, pixels: NDArray[np.uint8]) -> Placed:
        """Where the regions of the recipe that judged an inspection lie in its picture; none where it cannot be read.

        A fixture is looked for again: the same picture and the same recipe give the same place. Of a part with views
        the picture is that of the one that decided, and so are the regions.
        """
        decided = (view for view in view_records(record) if view.image_hash == record.image_hash)
        record = next(decided, record)
        try:
            with self._storage.reading() as transaction:
                recipe = transaction.products.recipe(record.product, record.recipe_version).recipe
            from filo_core.method.sighting import located

            return located(recipe, pixels)
        except FiloError:
            # The picture is shown all the same; whoever needs the recipe is told.
            return NOWHERE

    def known_as(self, product: str, recipe_hash: str, image: SourceImage) -> KnownAs | None:
        """Which known part of a product a picture shows, under one of its recipes; None where it is news.

        Raises:
            ProductError: if there is no such product or recipe.
        """
        with self._storage.reading() as transaction:
            found = transaction.known.find(transaction.products.recipe_keys(product, recipe_hash), image)
        return None if found is None else found.known_as

    def anomaly_map(self, record: InspectionRecord) -> NDArray[np.float32]:
        """The anomaly map of an inspection: ``(H, W)`` float32 in [0, 1], in steps of 1/65535.

        Raises:
            StorageError: if it is missing, was altered, or nothing was judged.
        """
        return self._storage.artefacts.get_map(record.map_hash)


def _lets_go(record: InspectionRecord, verdict: Verdict) -> bool:
    """True if a part that the system or a person refused would count as good."""
    return verdict is Verdict.OK and Verdict.NG in {record.verdict, record.final_verdict}


def _is_let_go(record: InspectionRecord, withdrawal: Review) -> bool:
    """True if a part that counts as NG counts as good once the decision is taken back."""
    return record.final_verdict is Verdict.NG and (withdrawal.verdict or record.verdict) is Verdict.OK


def _withdrawal_lets_go(record: InspectionRecord) -> bool:
    return record.review is not None and _is_let_go(record, _withdrawal(record, record.review.reviewer))


def _withdrawal(record: InspectionRecord, who: str) -> Review:
    """The review that takes back the one that counts, and carries what stands after it."""
    taken_back = record.review
    if taken_back is None:
        raise ReviewError("Nothing is decided on {name} that could be taken back.", name=record.name)
    if taken_back.reviewer != who:
        raise ReviewError(
            "{reviewer} has decided on {name}. Decide it anew instead of taking it back.",
            reviewer=taken_back.reviewer,
            name=record.name,
        )
    withdrawal = Review(Withdrawal.WITHDRAW, None, who, datetime.now(UTC))
    before = standing_review((*record.decisions, withdrawal))
    if before is None:
        return withdrawal
    return replace(withdrawal, verdict=before.verdict, anomaly_type=before.anomaly_type)


def _check(review: Review) -> None:
    if review.verdict is None or review.verdict not in _DECIDED:
        said = review.verdict.value if review.verdict else "nothing"
        raise ReviewError("A review decides on OK or NG, not on {said}. Choose one of them.", said=said)
    if not review.reviewer:
        raise ReviewError("Nobody reviews. Enter who decides.")
    if len(review.reason) > LONGEST_REASON:
        raise ReviewError(
            "The reason has {count} characters. Say it in {longest_reason} or fewer.",
            count=len(review.reason),
            longest_reason=LONGEST_REASON,
        )
    if review.decision is ReviewDecision.OVERRULE and not review.reason:
        raise ReviewError("An overruled verdict needs a reason. Say why.")
    if review.decision is ReviewDecision.RETYPE and not review.anomaly_type:
        raise ReviewError("Say which anomaly type it is.")


def _check_against(record: InspectionRecord, review: Review) -> None:
    """Confirming and overruling answer the system's verdict, however often it was answered before."""
    system, current = record.verdict, record.final_verdict
    if any(not 0 <= ordinal < len(record.regions) for ordinal in review.regions):
        raise ReviewError(
            "{name} has {count} regions. Choose one of them.", name=record.name, count=len(record.regions)
        )
    match review.decision:
        case ReviewDecision.CONFIRM if system in _DECIDED and review.verdict is not system:
            raise ReviewError(
                "{name} was judged {value}. Overrule it, with a reason, to change that.",
                name=record.name,
                value=system.value,
            )
        case ReviewDecision.OVERRULE if review.verdict is system:
            raise ReviewError("{name} was judged {value}. Confirm it instead.", name=record.name, value=system.value)
        case ReviewDecision.RETYPE if current in _DECIDED and review.verdict is not current:
            raise ReviewError(
                "{name} counts as {value}. Overrule or confirm it first, then name the type.",
                name=record.name,
                value=current.value,
            )
