"""Golden sets: their parts change, the log of checks and releases only grows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from filo_core.golden_set import GoldenAnswer, GoldenCheck, GoldenChecked, GoldenPart, GoldenRelease
from filo_core.types import EventKind, Verdict
from storage.audit.standing import NO_GOLDEN_SET, golden_standing
from storage.calibration_models import GoldenCheckRow, GoldenDemandRow, GoldenPartRow, GoldenReleaseRow
from storage.models import ProductRow, RecipeVersionRow
from storage.repositories.events import EventRepository

_ANSWERS = TypeAdapter(tuple[GoldenAnswer, ...])


class GoldenRepository:
    """Known parts of products by row id, what was found on them, and who let inspection go on."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def parts(self, product_id: int) -> tuple[GoldenPart, ...]:
        """The golden set in the order of its names."""
        rows = self._session.scalars(
            select(GoldenPartRow)
            .where(GoldenPartRow.product_id == product_id)
            .order_by(GoldenPartRow.name, GoldenPartRow.id)
        )
        return tuple(GoldenPart(row.image_hash, row.name, Verdict(row.expected)) for row in rows)

    def count(self, product_id: int) -> int:
        """How many parts the golden set has."""
        query = select(func.count(GoldenPartRow.id)).where(GoldenPartRow.product_id == product_id)
        return self._session.scalar(query) or 0

    def put(self, product_id: int, part: GoldenPart, by: str) -> None:
        """Add a part; one of the same content is replaced. An event says by whom."""
        self._delete(product_id, part.image_hash)
        self._session.add(
            GoldenPartRow(
                product_id=product_id, image_hash=part.image_hash, name=part.name, expected=part.expected.value
            )
        )
        self._session.flush()
        self._tell(product_id, by, {"added": part.image_hash, "name": part.name, "expected": part.expected.value})

    def remove(self, product_id: int, image_hash: str, by: str) -> None:
        """Take a part out; an event says by whom."""
        self._delete(product_id, image_hash)
        self._tell(product_id, by, {"removed": image_hash})

    def demand(self, product_id: int) -> str | None:
        """Starts of the shifts in each of which the product demands a check, None where it demands none."""
        return self._session.scalar(
            select(GoldenDemandRow.shift_starts).where(GoldenDemandRow.product_id == product_id)
        )

    def set_demand(self, product_id: int, shift_starts: str | None, by: str) -> None:
        """Demand a check in each shift, or none any more; an event says by whom."""
        self._session.execute(delete(GoldenDemandRow).where(GoldenDemandRow.product_id == product_id))
        if shift_starts is not None:
            self._session.add(GoldenDemandRow(product_id=product_id, shift_starts=shift_starts))
        self._session.flush()
        self._tell(product_id, by, {"demanded": shift_starts})

    def add_check(
        self, product_id: int, recipe_version_id: int, checked: GoldenChecked, checked_by: str, checked_at: datetime
    ) -> int:
        """Log a check as it came out; back comes its id."""
        row = GoldenCheckRow(
            product_id=product_id,
            recipe_version_id=recipe_version_id,
            parts=len(checked.answers),
            wrong=len(checked.wrong),
            answers=_ANSWERS.dump_json(checked.answers).decode(),
            checked_by=checked_by,
            checked_at=checked_at,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def checks(self, product_id: int, limit: int) -> tuple[GoldenCheck, ...]:
        """The newest checks, newest first."""
        rows = self._session.execute(
            select(GoldenCheckRow, RecipeVersionRow.version, RecipeVersionRow.content_hash)
            .join(RecipeVersionRow, RecipeVersionRow.id == GoldenCheckRow.recipe_version_id)
            .where(GoldenCheckRow.product_id == product_id)
            .order_by(GoldenCheckRow.id.desc())
            .limit(limit)
        )
        return tuple(
            GoldenCheck(
                row.id,
                version,
                GoldenChecked(_ANSWERS.validate_json(row.answers), recipe_hash),
                row.checked_by,
                row.checked_at,
            )
            for row, version, recipe_hash in rows
        )

    def add_release(self, product_id: int, release: GoldenRelease) -> None:
        """Log that somebody let inspection go on."""
        self._session.add(
            GoldenReleaseRow(
                product_id=product_id,
                check_id=release.check_id,
                problem=release.problem,
                reason=release.reason,
                signed_by=release.signed_by,
                signed_at=release.signed_at,
            )
        )
        self._session.flush()

    def releases(self, product_id: int, limit: int) -> tuple[GoldenRelease, ...]:
        """The newest releases, newest first."""
        rows = self._session.scalars(
            select(GoldenReleaseRow)
            .where(GoldenReleaseRow.product_id == product_id)
            .order_by(GoldenReleaseRow.id.desc())
            .limit(limit)
        )
        return tuple(GoldenRelease(row.check_id, row.problem, row.reason, row.signed_by, row.signed_at) for row in rows)

    def _delete(self, product_id: int, image_hash: str) -> None:
        self._session.execute(
            delete(GoldenPartRow).where(GoldenPartRow.product_id == product_id, GoldenPartRow.image_hash == image_hash)
        )

    def _tell(self, product_id: int, by: str, change: dict[str, Any]) -> None:
        """The rows change, so the chain holds what has become of them."""
        digest = golden_standing(self._session, product_id).get(product_id, NO_GOLDEN_SET)
        name = self._session.scalars(select(ProductRow.name).where(ProductRow.id == product_id)).one()
        detail = change | {"product": product_id, "digest": digest}
        EventRepository(self._session).add(EventKind.GOLDEN_SET_CHANGED, by, "", name, detail)
