"""Inspections with their regions and newest reviews."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Select, exists, func, select, text, union
from sqlalchemy import Row as ResultRow
from sqlalchemy.orm import Session

from filo_core.errors import StorageError
from filo_core.identity import MOST_TIMES, Identity, SeenBefore
from filo_core.types import (
    Box,
    Inspection,
    InspectionFilter,
    InspectionRecord,
    KnownAs,
    Limits,
    Origin,
    PageOrder,
    Position,
    Region,
    Review,
    Verdict,
    ViewRecord,
    retyped_regions,
    standing_review,
)
from filo_core.views import deciding_view, part_hash_of
from storage import constraints
from storage.audit.contents import INSPECTIONS, sha256
from storage.audit.reading import rows_of
from storage.counts import dump_counts, load_counts, load_placement
from storage.models import IDENTITY_COLUMNS, InspectionRow, ProductRow, RecipeVersionRow, RegionRow, ReviewRow
from storage.naming_models import NamedRegionRow, NamingRow
from storage.repositories.filters import called_by_region, called_by_review, conditions, newest_in_time
from storage.repositories.namings import SAID, KeptNaming, naming_of, naming_row, with_shares
from storage.repositories.products import RecipeKeys
from storage.repositories.reviews import review_of
from storage.repositories.standing_reviews import decided_verdict
from storage.repositories.views import views_of
from storage.session_models import KnownInspectionRow
from storage.trust_models import AuditRow

_BEYOND_ALL = 1e9
"""A distance from the limit that no score has."""
_Found = ResultRow[InspectionRow, str, int, str, str, str, str, str, str, int]
"""An :class:`InspectionRow`, product, recipe version and hash, known part, then what :func:`naming_of` reads."""


@dataclass(frozen=True, slots=True)
class Capture:
    """When an inspected image was captured, and its number at its camera; None where that is not known."""

    captured_at: datetime | None
    frame_id: int | None


class InspectionRepository:
    """Inspections are added and read, never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, inspection: Inspection, keys: RecipeKeys, map_hash: str, station: str, operator: str) -> int:
        """Store an inspection with its regions; back comes its id. The views of a part are added apart."""
        prediction, image = inspection.prediction, inspection.image
        deciding = deciding_view(inspection)
        region = (keys if deciding is None else deciding).limits.region
        width, height = image.size if image else (0, 0)
        row = InspectionRow(
            product_id=keys.product_id,
            recipe_version_id=keys.recipe_version_id,
            name=inspection.name,
            image_hash=inspection.image_hash,
            map_hash=map_hash,
            model_hash=keys.model_hash,
            width=width,
            height=height,
            verdict=inspection.verdict.value,
            reason=inspection.reason,
            image_score=prediction.image_score if prediction else None,
            limit_ok=keys.limits.ok,
            limit_ng=keys.limits.ng,
            # Of a part its regions are those of the view that decided.
            limit_region=region,
            trained=prediction.trained if prediction else False,
            origin=inspection.origin.value,
            station=station,
            operator=operator,
            captured_at=image.captured_at if image else None,
            inspected_at=inspection.inspected_at,
            seconds=inspection.seconds,
            stage_seconds=json.dumps(dict(prediction.stage_seconds) if prediction else {}),
            frame_id=image.frame_id if image else None,
            frame_age_ms=inspection.frame_age_ms,
            counted=dump_counts(prediction.counts, prediction.placement) if prediction else None,
            part_hash=part_hash_of(inspection),
            **{IDENTITY_COLUMNS[name]: value for name, value in inspection.identity.said.items()},
        )
        self._session.add(row)
        self._session.flush()
        if prediction:
            self._session.add_all(_region_rows(row.id, prediction.regions))
            naming = naming_row(row.id, prediction)
            if naming is not None:
                self._session.add(naming)
            self._session.flush()
        return row.id

    def judged(self, recipe_version_id: int, image_hash: str) -> int | None:
        """Id of the folder inspection that judged this content under this recipe version, None without one."""
        return self._session.scalar(
            select(InspectionRow.id).where(
                InspectionRow.recipe_version_id == recipe_version_id,
                InspectionRow.image_hash == image_hash,
                # Spelled as in the partial index, which is used only then.
                text(constraints.JUDGED_ONCE),
            )
        )

    def all_judged(self, recipe_version_id: int) -> list[tuple[str, int]]:
        """Hash of every picture that has a verdict as :meth:`judged` tells, and the id of its inspection."""
        query = select(InspectionRow.image_hash, InspectionRow.id).where(
            InspectionRow.recipe_version_id == recipe_version_id, text(constraints.JUDGED_ONCE)
        )
        return [(image_hash, inspection_id) for image_hash, inspection_id in self._session.execute(query)]

    def judged_part(self, recipe_version_id: int, part_hash: str) -> int | None:
        """The same of a part with several views, by the pictures of all of them."""
        return self._session.scalar(
            select(InspectionRow.id).where(
                InspectionRow.recipe_version_id == recipe_version_id,
                InspectionRow.part_hash == part_hash,
                text(constraints.PART_JUDGED_ONCE),
            )
        )

    def of_serial(self, product_id: int, serial: str) -> SeenBefore | None:
        """What the record has of a product's part; None where the serial is new."""
        query = select(InspectionRow.id).where(InspectionRow.serial == serial, InspectionRow.product_id == product_id)
        ids = self._session.scalars(query.order_by(InspectionRow.id.desc()).limit(MOST_TIMES)).all()
        if not ids:
            return None
        newest = self.get(ids[0])
        return SeenBefore(len(ids), newest.final_verdict.value, newest.inspected_at, newest.inspection_id)

    def searched(self, wanted: InspectionFilter) -> InspectionFilter:
        """The filter, with a search for a serial that there is as a look into its index, and not at every name."""
        if not wanted.name or wanted.identity.serial:
            return wanted
        serial = select(InspectionRow.id).where(InspectionRow.serial == wanted.name).limit(1)
        if self._session.scalar(serial) is None:
            return wanted
        return replace(wanted, name="", identity=replace(wanted.identity, serial=wanted.name))

    def page(self, wanted: InspectionFilter, before_id: int | None, limit: int) -> tuple[InspectionRecord, ...]:
        """The newest ``limit`` inspections that are wanted and older than ``before_id``.

        Three statements, and a fourth where an end of time is wanted.
        """
        # Ids alone first: the filter is answered from indexes, and only the rows of this page are read and joined.
        span = self._span() if wanted.until is not None else None
        chosen = _newest(wanted, newest_in_time(wanted, span), before_id, limit)
        query = _with_recipe().where(InspectionRow.id.in_(chosen)).order_by(InspectionRow.id.desc())
        return self._records(self._session.execute(query).all())

    def _span(self) -> tuple[datetime, datetime] | None:
        """When the first and the last inspection were: the two ends of an index."""
        # Each in a statement of its own within this one: together, SQLite would read the whole index.
        first, last = (select(end(InspectionRow.inspected_at)).scalar_subquery() for end in (func.min, func.max))
        found = self._session.execute(select(first, last)).one()
        return None if found[0] is None else (found[0], found[1])

    def following(self, wanted: InspectionFilter, after_id: int, limit: int) -> tuple[InspectionRecord, ...]:
        """The oldest ``limit`` inspections that are wanted and newer than ``after_id``, oldest first."""
        newer = (*conditions(wanted), InspectionRow.id > after_id)
        chosen = select(InspectionRow.id).where(*newer).order_by(InspectionRow.id).limit(limit)
        query = _with_recipe().where(InspectionRow.id.in_(chosen)).order_by(InspectionRow.id)
        return self._records(self._session.execute(query).all())

    def get(self, inspection_id: int) -> InspectionRecord:
        """One inspection.

        Raises:
            StorageError: if there is none of this id.
        """
        records = self._records(self._session.execute(_with_recipe().where(InspectionRow.id == inspection_id)).all())
        if not records:
            raise StorageError(
                "There is no inspection {inspection_id} in this record. Refresh the list.", inspection_id=inspection_id
            )
        return records[0]

    def several(self, ids: Sequence[int]) -> tuple[InspectionRecord, ...]:
        """Those of these inspections that are in the record, a few hundred at most, oldest first."""
        query = _with_recipe().where(InspectionRow.id.in_(ids)).order_by(InspectionRow.id)
        return self._records(self._session.execute(query).all())

    def kept_at(self, moment: datetime) -> tuple[InspectionRecord, ...]:
        """Those of exactly this moment: mostly one."""
        return self._records(self._session.execute(_with_recipe().where(InspectionRow.inspected_at == moment)).all())

    def is_as_chained(self, inspection_id: int) -> bool:
        """Whether an inspection with its regions is as the audit chain took it in."""
        row = next(rows_of(self._session, INSPECTIONS, [inspection_id]), None)
        entry = select(AuditRow.content_hash).where(
            AuditRow.table_name == INSPECTIONS, AuditRow.row_id == inspection_id
        )
        # The newest entries first: what is asked for was mostly just added.
        chained = self._session.scalar(entry.order_by(AuditRow.sequence.desc()).limit(1))
        return row is not None and chained == sha256(row.content)

    def capture(self, inspection_id: int) -> Capture:
        """Where the image of an existing inspection came from."""
        query = select(InspectionRow.captured_at, InspectionRow.frame_id).where(InspectionRow.id == inspection_id)
        captured_at, frame_id = self._session.execute(query).one()
        return Capture(captured_at, frame_id)

    def count(self, wanted: InspectionFilter) -> int:
        """How many inspections are wanted."""
        return self._session.scalar(select(func.count(InspectionRow.id)).where(*conditions(wanted))) or 0

    def verdict_counts(self, wanted: InspectionFilter) -> dict[Verdict, int]:
        """How many of the wanted inspections have each of the system's verdicts; absent ones are left out."""
        query = select(InspectionRow.verdict, func.count()).where(*conditions(wanted)).group_by(InspectionRow.verdict)
        return {Verdict(verdict): number for verdict, number in self._session.execute(query)}

    def ordered(self, wanted: InspectionFilter, order: PageOrder, limit: int) -> tuple[int, ...]:
        """Ids of the wanted inspections in an order, ``limit`` at most; without a score they come last."""
        query = select(InspectionRow.id).where(*conditions(wanted))
        times = InspectionRow.image_score / func.nullif(InspectionRow.limit_ok, 0.0)
        match order:
            case PageOrder.HIGHEST:
                query = query.order_by(func.coalesce(times, -1.0).desc())
            case PageOrder.NEAREST:
                query = query.order_by(func.coalesce(func.abs(times - 1.0), _BEYOND_ALL))
        return tuple(self._session.scalars(query.order_by(InspectionRow.id.desc()).limit(limit)))

    def standing_counts(self, wanted: InspectionFilter) -> dict[tuple[Verdict, Verdict | None], int]:
        """How many of the wanted inspections have which verdict of the system and which decision; None for neither."""
        decided = func.coalesce(decided_verdict(), "").label("decided")
        found = select(InspectionRow.verdict, decided).where(*conditions(wanted)).subquery()
        query = select(found.c.verdict, found.c.decided, func.count()).group_by(found.c.verdict, found.c.decided)
        return {
            (Verdict(verdict), Verdict(said) if said else None): number
            for verdict, said, number in self._session.execute(query)
        }

    def anomaly_types(self) -> tuple[str, ...]:
        """Every name that a region or a review carries, in alphabetical order."""
        named = select(RegionRow.anomaly_type).union(select(ReviewRow.anomaly_type).where(ReviewRow.anomaly_type != ""))
        return tuple(sorted(self._session.scalars(named)))

    def _records(self, found: Sequence[_Found]) -> tuple[InspectionRecord, ...]:
        ids = [row.id for row, *_ in found]
        regions, said = self._regions(ids), self._reviews(ids)
        views = views_of(self._session, [row.id for row, *_ in found if row.part_hash])
        return tuple(
            _record(
                row,
                (product, version, recipe_hash, known_as),
                regions.get(row.id, ()),
                said.get(row.id, ()),
                naming_of(kept),
                views.get(row.id, ()),
            )
            for row, product, version, recipe_hash, known_as, *kept in found
        )

    def _regions(self, ids: Sequence[int]) -> dict[int, tuple[Region, ...]]:
        query = (
            select(RegionRow)
            .where(RegionRow.inspection_id.in_(ids))
            .order_by(RegionRow.inspection_id, RegionRow.ordinal)
        )
        found: defaultdict[int, list[Region]] = defaultdict(list)
        for row in self._session.scalars(query):
            found[row.inspection_id].append(_region(row))
        return {inspection_id: tuple(regions) for inspection_id, regions in found.items()}

    def _reviews(self, ids: Sequence[int]) -> dict[int, list[Review]]:
        """Every decision on these inspections, oldest first, with the regions that each is for; one statement."""
        query = (
            select(ReviewRow, NamedRegionRow.ordinal)
            .outerjoin(NamedRegionRow, NamedRegionRow.review_id == ReviewRow.id)
            .where(ReviewRow.inspection_id.in_(ids))
            .order_by(ReviewRow.id, NamedRegionRow.ordinal)
        )
        said: defaultdict[int, list[Review]] = defaultdict(list)
        for row, together in groupby(self._session.execute(query).all(), key=lambda found: found[0]):
            regions = tuple(ordinal for _, ordinal in together if ordinal is not None)
            said[row.inspection_id].append(review_of(row, regions))
        return said


def _newest(
    wanted: InspectionFilter, bound: ColumnElement[bool] | None, before_id: int | None, limit: int
) -> Select[int]:
    """Ids of the newest inspections that are wanted."""
    narrowed = [*conditions(replace(wanted, anomaly_type=""))]
    if bound is not None:
        narrowed.append(bound)
    if before_id is not None:
        narrowed.append(InspectionRow.id < before_id)
    if not wanted.anomaly_type:
        return select(InspectionRow.id).where(*narrowed).order_by(InspectionRow.id.desc()).limit(limit)
    # Each half in the order of an index that begins with the type. As a join, a database may begin with the other
    # conditions instead, and sort all that they find.
    halves = []
    for called in (called_by_region(wanted.anomaly_type), called_by_review(wanted.anomaly_type)):
        owner = called.selected_columns[0]
        half = called.distinct().where(exists().where(InspectionRow.id == owner, *narrowed))
        halves.append(select(half.order_by(owner.desc()).limit(limit).subquery().c[0]))
    found = union(*halves).subquery()
    return select(found.c[0]).order_by(found.c[0].desc()).limit(limit)


def _with_recipe() -> Select[InspectionRow, str, int, str, str, str, str, str, str, int]:
    recipe = RecipeVersionRow
    return (
        select(InspectionRow, ProductRow.name, recipe.version, recipe.content_hash, KnownInspectionRow.known_as, *SAID)
        .join(ProductRow, ProductRow.id == InspectionRow.product_id)
        .join(RecipeVersionRow, RecipeVersionRow.id == InspectionRow.recipe_version_id)
        .outerjoin(NamingRow, NamingRow.inspection_id == InspectionRow.id)
        .outerjoin(KnownInspectionRow, KnownInspectionRow.inspection_id == InspectionRow.id)
    )


def _record(
    row: InspectionRow,
    beside: tuple[str, int, str, str | None],
    regions: tuple[Region, ...],
    said: Sequence[Review],
    naming: KeptNaming,
    views: tuple[ViewRecord, ...],
) -> InspectionRecord:
    """``beside`` is product, recipe version and hash, and what the part is known as."""
    product, recipe_version, recipe_hash, known_as = beside
    return InspectionRecord(
        inspection_id=row.id,
        product=product,
        recipe_version=recipe_version,
        recipe_hash=recipe_hash,
        name=row.name,
        image_hash=row.image_hash,
        map_hash=row.map_hash,
        width=row.width,
        height=row.height,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        image_score=row.image_score,
        limits=Limits(row.limit_ok, row.limit_ng, row.limit_region),
        trained=row.trained,
        origin=Origin(row.origin),
        inspected_at=row.inspected_at,
        seconds=row.seconds,
        regions=with_shares(regions, naming),
        review=standing_review(said) if said else None,
        retyped=retyped_regions(len(regions), said) if said else (),
        anomaly_types=naming.image_types,
        unfiltered_sides=naming.unfiltered,
        embedding_space=naming.space,
        examples=naming.examples,
        decisions=tuple(said),
        known_as=KnownAs(known_as) if known_as else None,
        counts=load_counts(row.counts if row.counted is None else row.counted),
        placement=load_placement(row.counted or ""),
        views=views,
        identity=Identity(**{name: getattr(row, column) or "" for name, column in IDENTITY_COLUMNS.items()}),
    )


def _region(row: RegionRow) -> Region:
    return Region(
        box=Box(row.x, row.y, row.width, row.height),
        area_px=row.area_px,
        score=row.score,
        anomaly_type=row.anomaly_type,
        type_confidence=row.type_confidence,
        position=Position(row.position),
    )


def _region_rows(inspection_id: int, regions: Sequence[Region]) -> list[RegionRow]:
    return [
        RegionRow(
            inspection_id=inspection_id,
            ordinal=ordinal,
            x=region.box.x,
            y=region.box.y,
            width=region.box.width,
            height=region.box.height,
            area_px=region.area_px,
            score=region.score,
            anomaly_type=region.anomaly_type,
            type_confidence=region.type_confidence,
            position=region.position.value,
        )
        for ordinal, region in enumerate(regions)
    ]
