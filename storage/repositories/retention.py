"""Which images and maps may be removed, and in what order. Rows are never removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy import Select, String, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from filo_core.types import Verdict
from storage.columns import UtcDateTime
from storage.models import InspectionRow
from storage.pictures import spoken_of
from storage.repositories.standing_reviews import decided_verdict
from storage.view_models import PartViewRow

_BATCH = 10_000


class Rank(IntEnum):
    """The order of removal, lowest first. A picture of several inspections has the highest of their ranks."""

    CONFIRMED_OK = 0
    UNCONFIRMED_OK = 1
    DECIDED_NG = 2
    KEPT = 3
    """NG and REVIEW that nobody has decided on."""

    @property
    def words(self) -> str:
        """What it says on the screen."""
        return self.name.replace("_", " ").lower().replace("ok", "OK").replace("ng", "NG")


@dataclass(frozen=True, slots=True)
class RemovalCandidate:
    """A picture that may go: its hash, its rank, and when it was last inspected."""

    content_hash: str
    rank: Rank
    at: datetime


class RetentionRepository:
    """Reads only."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def candidates(self) -> Iterator[RemovalCandidate]:
        """Every picture that no rule keeps, in the order of removal: by rank, then oldest first."""
        protected = self.protected()
        pictures = _pictures().subquery()
        rank, at = func.max(pictures.c.rank), func.max(pictures.c.at, type_=UtcDateTime)
        query = (
            select(pictures.c.hash, rank, at)
            .group_by(pictures.c.hash)
            .having(rank < Rank.KEPT)
            .order_by(rank, at, pictures.c.hash)
            .execution_options(yield_per=_BATCH)
        )
        for content_hash, found, moment in self._session.execute(query):
            if content_hash not in protected:
                yield RemovalCandidate(content_hash, Rank(found), moment)

    def spoken_of(self) -> frozenset[str]:
        """Every picture that any row speaks of."""
        return frozenset(spoken_of(self._session))

    def protected(self) -> frozenset[str]:
        """Pictures that something other than an inspection uses: references, golden sets, recipes of any version."""
        return frozenset(spoken_of(self._session, inspected=False))


def _pictures() -> Select[tuple[str, int, datetime]]:
    """Hash, rank and time of every image and map, a row each."""
    decided = decided_verdict()
    rank = case(
        (decided == Verdict.OK.value, literal(int(Rank.CONFIRMED_OK))),
        (decided == Verdict.NG.value, literal(int(Rank.DECIDED_NG))),
        (InspectionRow.verdict == Verdict.OK.value, literal(int(Rank.UNCONFIRMED_OK))),
        else_=literal(int(Rank.KEPT)),
    )
    columns = (InspectionRow.image_hash, InspectionRow.map_hash, PartViewRow.image_hash, PartViewRow.map_hash)
    parts = [
        select(column.label("hash"), rank.label("rank"), InspectionRow.inspected_at.label("at")).where(column != "")
        for column in columns
    ]
    # Every view of a part stays as long as the part does.
    parts[2:] = [part.join(InspectionRow, InspectionRow.id == PartViewRow.inspection_id) for part in parts[2:]]
    every = union_all(*parts).subquery()
    return select(every.c.hash.cast(String), every.c.rank, every.c.at)
