"""What is exported, in the order it was inspected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from filo_core.naming.part_types import part_called
from filo_core.types import TOP_SHARES, UNKNOWN_TYPE, InspectionFilter, InspectionRecord, TypeShare, Verdict
from filo_core.views import picture_record, view_records
from workflows.reporting.history import History

_PAGE = 200
_VIEWS_FROM = 1 << 40
"""Beyond the number of any inspection, and with eight views far below 2^53."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The inspections to export.

    Args:
        history: of the record they are in.
        wanted: which of them.
        reviewed: only those that a person has decided on.
        keep: leaves out what it is False for.
    """

    history: History
    wanted: InspectionFilter
    reviewed: bool = False
    keep: Callable[[InspectionRecord], bool] = lambda _: True

    def records(self) -> Iterator[InspectionRecord]:
        """All of them, oldest first; memory holds one page at a time."""
        after_id = 0
        while page := self.history.following(self.wanted, after_id, _PAGE):
            chosen = (record for record in page if record.review is not None or not self.reviewed)
            yield from filter(self.keep, chosen)
            after_id = page[-1].inspection_id


@dataclass(frozen=True, slots=True)
class Looked:
    """One picture of an inspection: the only one, or that of one of the views of a part."""

    record: InspectionRecord
    """As an inspection of its own, with what people said of it."""
    view: str = ""
    """Name of the view; empty without views."""
    place: int = 0
    """Among the views."""

    @property
    def number(self) -> int:
        """The inspection's own; of a view one that no inspection has, and that any reader of JSON can hold."""
        return self.record.inspection_id + (_VIEWS_FROM * (self.place + 1) if self.view else 0)


def looked_at(record: InspectionRecord) -> tuple[Looked, ...]:
    """What each picture of an inspection came to.

    A part that a person called good is good in every view. NG is about the view that decided, and what the others show
    nobody has said: they keep the system's verdict.
    """
    if not record.views:
        return (Looked(record),)
    decided, is_good = picture_record(record), record.final_verdict is Verdict.OK

    def said(own: InspectionRecord) -> InspectionRecord:
        if own == decided:
            return replace(own, anomaly_types=record.anomaly_types, retyped=record.retyped)
        return own if is_good else replace(own, review=None)

    looks = zip(record.views, view_records(record), strict=True)
    return tuple(Looked(said(own), view.name, place) for place, (view, own) in enumerate(looks))


def anomaly_type_of(record: InspectionRecord) -> str:
    """What an anomalous part has: the newest review's word, else that of the region that stands out most."""
    return type_share_of(record)[0]


def type_share_of(record: InspectionRecord) -> tuple[str, float | None]:
    """:func:`anomaly_type_of` and the share of that type; None where it is a person's word, or unknown."""
    if any(record.retyped):
        named = zip(record.retyped, record.regions, strict=True)
        # The strongest region that somebody named: others may be dust beside it.
        return max(((region.score, name) for name, region in named if name))[1], None
    if record.review is not None and record.review.anomaly_type:
        return record.review.anomaly_type, None
    name, share = part_called(record.verdict, record.regions, record.anomaly_types)
    return name or UNKNOWN_TYPE, share or None


def shares_in_words(shares: Sequence[TypeShare]) -> str:
    """The best types with their shares: ``dent 0.62; burr 0.21``."""
    return "; ".join(f"{one.name} {one.share:.2f}" for one in shares[:TOP_SHARES])
