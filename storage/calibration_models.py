"""Tables of calibration, golden sets, taught patches and blind reviews.

Checks, releases, calibrations, alarms and blind reviews are only ever added; golden parts, demands and taught patches
belong to a product's draft and may change.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage import constraints
from storage.columns import LONGEST_NAME, Hash, PlainText, RowId, UtcDateTime, Word
from storage.models import Row


class TaughtPatchRow(Row):
    """A place in an image that joins the memory bank of a draft."""

    __tablename__ = "taught_patches"
    __table_args__ = (UniqueConstraint("product_id", "image_hash", "x", "y", "width", "height"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    ordinal: Mapped[int]
    image_hash: Mapped[str] = mapped_column(Hash)
    name: Mapped[str] = mapped_column(PlainText)
    x: Mapped[int]
    y: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]


class GoldenPartRow(Row):
    """A part of a golden set: what it is known to be."""

    __tablename__ = "golden_parts"
    __table_args__ = (
        UniqueConstraint("product_id", "image_hash"),
        CheckConstraint(constraints.GOLDEN_KNOWN, name="golden_known"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    image_hash: Mapped[str] = mapped_column(Hash)
    name: Mapped[str] = mapped_column(PlainText)
    expected: Mapped[str] = mapped_column(Word)


class GoldenDemandRow(Row):
    """A product that is not inspected before its golden set was checked in the running shift."""

    __tablename__ = "golden_demands"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), primary_key=True)
    shift_starts: Mapped[str] = mapped_column(PlainText)
    """Times of the clock on the wall, such as ``06:00,14:00,22:00``."""


class GoldenCheckRow(Row):
    """One check of a golden set, as it came out."""

    __tablename__ = "golden_checks"
    __table_args__ = (
        CheckConstraint(constraints.GOLDEN_ORDER, name="golden_order"),
        Index(None, "product_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    recipe_version_id: Mapped[int] = mapped_column(ForeignKey("recipe_versions.id"))
    parts: Mapped[int]
    wrong: Mapped[int]
    answers: Mapped[str] = mapped_column(PlainText)
    """JSON list: name, image hash, expected verdict, verdict and score of every part."""
    checked_by: Mapped[str] = mapped_column(String(LONGEST_NAME))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GoldenReleaseRow(Row):
    """A person lets inspection go on although the golden set failed or is overdue, and says why."""

    __tablename__ = "golden_releases"
    __table_args__ = (
        CheckConstraint(constraints.RELEASE_SIGNED, name="release_signed"),
        Index(None, "product_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    check_id: Mapped[int | None] = mapped_column(ForeignKey("golden_checks.id"))
    """The newest check when it was signed; None where there was none."""
    problem: Mapped[str] = mapped_column(PlainText)
    reason: Mapped[str] = mapped_column(PlainText)
    signed_by: Mapped[str] = mapped_column(String(LONGEST_NAME))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CalibrationRow(Row):
    """One calibration with the evidence behind it; the newest one of a product is watched for drift."""

    __tablename__ = "calibrations"
    __table_args__ = (Index(None, "product_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    scoring_hash: Mapped[str] = mapped_column(Hash)
    reference_scores: Mapped[str] = mapped_column(PlainText)
    confirmed_scores: Mapped[str] = mapped_column(PlainText)
    last_inspection_id: Mapped[int] = mapped_column(RowId)
    """Newest inspection that was there."""
    last_review_id: Mapped[int] = mapped_column(RowId)
    """Newest review that was there; parts decided after it are what the drift watch looks at."""
    limit_ok: Mapped[float]
    limit_ng: Mapped[float]
    sentence: Mapped[str] = mapped_column(PlainText)
    calibrated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DriftAlarmRow(Row):
    """The drift watch asked for recalibration; that stays until there is a newer calibration."""

    __tablename__ = "drift_alarms"
    __table_args__ = (UniqueConstraint("calibration_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    calibration_id: Mapped[int] = mapped_column(ForeignKey("calibrations.id", ondelete="CASCADE"))
    sentence: Mapped[str] = mapped_column(PlainText)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)


class BlindReviewRow(Row):
    """What a second person said without seeing what was said before. It decides nothing; it measures agreement.

    The newest of one person on one inspection counts; one without a verdict takes back what was said.
    """

    __tablename__ = "blind_reviews"
    __table_args__ = (
        Index(None, "inspection_id", "reviewer"),
        CheckConstraint(constraints.BLIND_DECIDES, name="verdict_decides"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"))
    verdict: Mapped[str] = mapped_column(Word)
    reviewer: Mapped[str] = mapped_column(String(LONGEST_NAME))
    reviewed_at: Mapped[datetime] = mapped_column(UtcDateTime)
