"""Decided inspections whose regions say what they look like: what a product's names are learnt from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from filo_core.types import Review
from storage.models import InspectionRow, ProductRow, RecipeVersionRow, RegionRow, ReviewRow
from storage.naming_models import CarriedExampleRow, NamingRow
from storage.repositories.namings import embeddings_of, text_of, vector_of
from storage.repositories.reviews import named_regions, review_of
from storage.view_models import PartViewRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class DecidedInspection:
    """An inspection that somebody has decided on, as far as names are concerned; regions in their order."""

    inspection_id: int
    image_hash: str
    space: str
    types: tuple[str, ...]
    embeddings: tuple[NDArray[np.float32] | None, ...]
    reviews: tuple[Review, ...]
    """Oldest first, those that were taken back as well."""


@dataclass(frozen=True, slots=True, eq=False)
class CarriedExample:
    """A named region that came with an imported product."""

    name: str
    space: str
    part: str
    embedding: NDArray[np.float32]


class ExampleRepository:
    """What names are learnt from."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def newest_review(self) -> int:
        """Id of the newest decision of the record; 0 without any. A moment: whoever asks wants to know of a change."""
        return self._session.scalar(select(func.max(ReviewRow.id))) or 0

    def decided(self, product_id: int, limit: int) -> tuple[DecidedInspection, ...]:
        """The newest ``limit`` decided inspections of a product that have embeddings, newest first.

        Of a view they are the parts that it decided: what a part's regions look like is kept of that view.
        """
        any_review = aliased(ReviewRow)
        query = (
            select(NamingRow.inspection_id, InspectionRow.image_hash, NamingRow.space, NamingRow.embeddings)
            .join(InspectionRow, InspectionRow.id == NamingRow.inspection_id)
            .where(self._shows(product_id), NamingRow.space != "")
            .where(exists().where(any_review.inspection_id == NamingRow.inspection_id))
            .order_by(NamingRow.inspection_id.desc())
            .limit(limit)
        )
        rows = self._session.execute(query).all()
        ids = [row.inspection_id for row in rows]
        types, reviews = self._types(ids), self._reviews(ids)
        return tuple(
            DecidedInspection(
                row.inspection_id,
                row.image_hash,
                row.space,
                types.get(row.inspection_id, ()),
                embeddings_of(row.embeddings),
                reviews.get(row.inspection_id, ()),
            )
            for row in rows
        )

    def _shows(self, product_id: int) -> ColumnElement[bool]:
        """That an inspection is of a product, or of a part whose regions are those of this view."""
        own = InspectionRow.product_id == product_id
        part = self._session.scalar(select(ProductRow.view_of).where(ProductRow.id == product_id))
        if part is None:
            return own
        decided = (
            exists()
            .where(PartViewRow.inspection_id == InspectionRow.id, PartViewRow.recipe_version_id == RecipeVersionRow.id)
            .where(PartViewRow.image_hash == InspectionRow.image_hash, PartViewRow.verdict == InspectionRow.verdict)
            .where(RecipeVersionRow.product_id == product_id)
        )
        return or_(own, and_(InspectionRow.product_id == part, decided))

    def carried(self, product_id: int) -> tuple[CarriedExample, ...]:
        """Those that came with an imported product, in their order."""
        query = select(CarriedExampleRow).where(CarriedExampleRow.product_id == product_id)
        rows = self._session.scalars(query.order_by(CarriedExampleRow.id))
        return tuple(CarriedExample(row.name, row.space, row.part, vector_of(row.embedding)) for row in rows)

    def carry(self, product_id: int, examples: Iterable[CarriedExample]) -> None:
        """Keep what came with a product."""
        self._session.add_all(
            CarriedExampleRow(
                product_id=product_id,
                name=one.name,
                space=one.space,
                part=one.part,
                embedding=text_of(one.embedding),
            )
            for one in examples
        )
        self._session.flush()

    def _types(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        query = select(RegionRow.inspection_id, RegionRow.anomaly_type).where(RegionRow.inspection_id.in_(ids))
        found: defaultdict[int, list[str]] = defaultdict(list)
        for owner, name in self._session.execute(query.order_by(RegionRow.inspection_id, RegionRow.ordinal)):
            found[owner].append(name)
        return {owner: tuple(names) for owner, names in found.items()}

    def _reviews(self, ids: Sequence[int]) -> dict[int, tuple[Review, ...]]:
        rows = self._session.scalars(
            select(ReviewRow).where(ReviewRow.inspection_id.in_(ids)).order_by(ReviewRow.id)
        ).all()
        regions = named_regions(self._session, [row.id for row in rows])
        found: defaultdict[int, list[Review]] = defaultdict(list)
        for row in rows:
            found[row.inspection_id].append(review_of(row, regions.get(row.id, ())))
        return {owner: tuple(said) for owner, said in found.items()}
