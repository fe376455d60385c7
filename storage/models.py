"""The tables as typed rows.

Recipe versions, inspections, regions and reviews are only ever added (:mod:`storage.sessions` refuses anything
else). A product's row is its draft and may change. Images and maps are not in here but in the image store, under
the hashes that stand here.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from filo_core.identity import FIELDS, LONGEST_FIELD
from storage import constraints
from storage.columns import LONGEST_NAME, Hash, PlainText, RowId, UtcDateTime, Word

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Row(DeclarativeBase):
    """Base of every table class."""

    metadata = MetaData(naming_convention=_NAMING)


class ProductRow(Row):
    """A product and its draft."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint(constraints.KIND_KNOWN, name="kind_known"),
        CheckConstraint(constraints.LIMITS_WHOLE, name="limits_whole"),
        CheckConstraint(constraints.ROI_WHOLE, name="roi_whole"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    # Casefolding can make a name up to three times longer.
    name_key: Mapped[str] = mapped_column(String(3 * LONGEST_NAME), unique=True)
    class_name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    kind: Mapped[str] = mapped_column(Word)
    domain: Mapped[str] = mapped_column(String(LONGEST_NAME))
    roi_x: Mapped[int | None]
    roi_y: Mapped[int | None]
    roi_width: Mapped[int | None]
    roi_height: Mapped[int | None]
    profile: Mapped[str] = mapped_column(String(LONGEST_NAME))
    eyes: Mapped[str] = mapped_column(String(LONGEST_NAME), server_default="")
    """In words; empty until chosen, and with a profile that has no choice."""
    learned_map: Mapped[str] = mapped_column(PlainText, server_default="")
    """What the map learnt from confirmed defects, as JSON; empty while nothing was."""
    zones: Mapped[str] = mapped_column(PlainText, server_default="")
    """JSON list of the drawn regions and ignore masks; empty without any."""
    picture_limits: Mapped[str] = mapped_column(PlainText, server_default="")
    """JSON; empty where every picture is judged."""
    fixture: Mapped[str] = mapped_column(PlainText, server_default="")
    """JSON of what the zones move with; empty where they stay."""
    view_of: Mapped[int | None] = mapped_column(RowId, index=True)
    """Id of the product that this is one of the views of; None for a product of its own."""
    view_name: Mapped[str] = mapped_column(String(LONGEST_NAME), server_default="")
    """Empty also for a view that was taken away, and stays since something was signed for it."""
    view_suffix: Mapped[str] = mapped_column(String(LONGEST_NAME), server_default="")
    view_source: Mapped[str] = mapped_column(PlainText, server_default="")
    limit_ok: Mapped[float | None]
    limit_ng: Mapped[float | None]
    limit_region: Mapped[float | None]
    calibration_note: Mapped[str] = mapped_column(PlainText)
    model_hash: Mapped[str] = mapped_column(Hash)
    signed_version: Mapped[int | None]
    """The recipe version in force. Signing an older content again puts that version back in force."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    anomaly_types: Mapped[list[AnomalyTypeRow]] = relationship(
        order_by="AnomalyTypeRow.ordinal", cascade="all, delete-orphan"
    )
    references: Mapped[list[ReferenceRow]] = relationship(order_by="ReferenceRow.ordinal", cascade="all, delete-orphan")


class AnomalyTypeRow(Row):
    """An entry of a draft's anomaly list."""

    __tablename__ = "anomaly_types"
    __table_args__ = (
        UniqueConstraint("product_id", "name"),
        CheckConstraint(constraints.SEVERITY_KNOWN, name="severity_known"),
        CheckConstraint(constraints.PROVENANCE_KNOWN, name="provenance_known"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    severity: Mapped[str] = mapped_column(Word)
    enabled: Mapped[bool]
    provenance: Mapped[str] = mapped_column(Word)


class ReferenceRow(Row):
    """A good image of a draft."""

    __tablename__ = "reference_images"
    __table_args__ = (UniqueConstraint("product_id", "image_hash"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    image_hash: Mapped[str] = mapped_column(Hash)
    name: Mapped[str] = mapped_column(PlainText)


class RecipeVersionRow(Row):
    """A recipe that was signed off: its whole content, and the hash of it that every verdict refers to."""

    __tablename__ = "recipe_versions"
    __table_args__ = (
        UniqueConstraint("product_id", "version"),
        UniqueConstraint("product_id", "content_hash"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    version: Mapped[int]
    content: Mapped[str] = mapped_column(PlainText)
    content_hash: Mapped[str] = mapped_column(Hash)
    model_hash: Mapped[str] = mapped_column(Hash)
    signed_by: Mapped[str] = mapped_column(String(LONGEST_NAME))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


IDENTITY_COLUMNS = {name: "order_number" if name == "order" else name for name in FIELDS}
"""Columns by the fields of an identity; ``order`` is a word of SQL."""


def _index_of_identity(name: str) -> Index:
    column = IDENTITY_COLUMNS[name]
    there = text(f"{column} IS NOT NULL")
    return Index(None, column, "id", sqlite_where=there, postgresql_where=there)


class InspectionRow(Row):
    """One image judged once under one recipe version."""

    __tablename__ = "inspections"
    __table_args__ = (
        CheckConstraint(constraints.VERDICT_KNOWN, name="verdict_known"),
        CheckConstraint(constraints.ORIGIN_KNOWN, name="origin_known"),
        CheckConstraint(constraints.JUDGED_WITH_EVIDENCE, name="judged_with_evidence"),
        Index(
            "uq_inspections_judged_once",
            "recipe_version_id",
            "image_hash",
            unique=True,
            sqlite_where=text(constraints.JUDGED_ONCE),
            postgresql_where=text(constraints.JUDGED_ONCE),
        ),
        Index(
            "uq_inspections_part_judged_once",
            "recipe_version_id",
            "part_hash",
            unique=True,
            sqlite_where=text(constraints.PART_JUDGED_ONCE),
            postgresql_where=text(constraints.PART_JUDGED_ONCE),
        ),
        Index(None, "recipe_version_id"),
        # A page is the newest rows of a filter, so each of these ends in the id or in time.
        Index(None, "product_id", "id"),
        Index(None, "product_id", "verdict", "id"),
        # The verdict as well: a count by time is answered from the index alone.
        Index(None, "product_id", "inspected_at", "verdict"),
        Index(None, "verdict", "id"),
        Index(None, "inspected_at", "verdict"),
        # What belongs together by name, newest last; rows without one are in none of them.
        *(_index_of_identity(name) for name in IDENTITY_COLUMNS),
        # Ids are never given out twice, not even after the newest row is gone.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    recipe_version_id: Mapped[int] = mapped_column(ForeignKey("recipe_versions.id"))
    name: Mapped[str] = mapped_column(PlainText)
    image_hash: Mapped[str] = mapped_column(Hash)
    map_hash: Mapped[str] = mapped_column(Hash)
    model_hash: Mapped[str] = mapped_column(Hash, server_default="")
    width: Mapped[int]
    height: Mapped[int]
    verdict: Mapped[str] = mapped_column(Word)
    reason: Mapped[str] = mapped_column(PlainText)
    image_score: Mapped[float | None]
    limit_ok: Mapped[float]
    limit_ng: Mapped[float]
    limit_region: Mapped[float]
    trained: Mapped[bool]
    origin: Mapped[str] = mapped_column(Word)
    station: Mapped[str] = mapped_column(PlainText)
    operator: Mapped[str] = mapped_column(PlainText)
    captured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    inspected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float]
    stage_seconds: Mapped[str] = mapped_column(PlainText)
    """JSON object: seconds per stage, in order."""
    frame_id: Mapped[int | None] = mapped_column(RowId)
    frame_age_ms: Mapped[float | None]
    counts: Mapped[str] = mapped_column(PlainText, server_default="")
    """What :attr:`counted` is, of inspections from before that was chained; empty since then."""
    part_hash: Mapped[str] = mapped_column(Hash, server_default="")
    """Of a part with several views, over the pictures of all of them; empty where there is one picture."""
    serial: Mapped[str | None] = mapped_column(String(LONGEST_FIELD))
    """NULL where nobody said which part it was; so the five that follow."""
    lot: Mapped[str | None] = mapped_column(String(LONGEST_FIELD))
    order_number: Mapped[str | None] = mapped_column(String(LONGEST_FIELD))
    field_1: Mapped[str | None] = mapped_column(String(LONGEST_FIELD))
    field_2: Mapped[str | None] = mapped_column(String(LONGEST_FIELD))
    field_3: Mapped[str | None] = mapped_column(String(LONGEST_FIELD))
    counted: Mapped[str | None] = mapped_column(PlainText)
    """JSON: what was counted, and where it was found; NULL where nothing was. How many is part of the reason."""


class RegionRow(Row):
    """A region of an inspection."""

    __tablename__ = "regions"
    __table_args__ = (UniqueConstraint("inspection_id", "ordinal"), Index(None, "anomaly_type", "inspection_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"))
    ordinal: Mapped[int]
    x: Mapped[int]
    y: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    area_px: Mapped[int]
    score: Mapped[float]
    anomaly_type: Mapped[str] = mapped_column(String(LONGEST_NAME))
    type_confidence: Mapped[float]
    position: Mapped[str] = mapped_column(Word)


class ReviewRow(Row):
    """A person's decision. The one with the largest id counts; the others stay.

    A withdrawal carries what stands after it: an earlier decision's verdict and type, or an empty verdict. So the
    newest row alone says how an inspection stands.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        CheckConstraint(constraints.DECISION_KNOWN, name="decision_known"),
        CheckConstraint(constraints.REVIEW_DECIDES, name="verdict_decides"),
        CheckConstraint(constraints.OVERRULE_HAS_REASON, name="overrule_has_reason"),
        CheckConstraint(constraints.RETYPE_HAS_TYPE, name="retype_has_type"),
        Index(None, "inspection_id", "id"),
        Index(None, "anomaly_type", "inspection_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"))
    decision: Mapped[str] = mapped_column(Word)
    verdict: Mapped[str] = mapped_column(Word)
    reviewer: Mapped[str] = mapped_column(String(LONGEST_NAME))
    reviewed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(PlainText)
    anomaly_type: Mapped[str] = mapped_column(String(LONGEST_NAME))
