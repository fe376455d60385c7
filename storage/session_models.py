"""The tables of sessions: good parts of other days, what is kept of known pictures, and inspections of known parts.

The first two belong to a product's draft and may change; no verdict follows from them. That an inspection was one of a
known part is only ever added, and chained: figures leave it out.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage import constraints
from storage.columns import LONGEST_NAME, Hash, PlainText, RowId, UtcDateTime, Word
from storage.models import Row


class SessionPartRow(Row):
    """A good part of another day or shift, which a promise is held against."""

    __tablename__ = "session_parts"
    __table_args__ = (UniqueConstraint("product_id", "image_hash"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    session: Mapped[str] = mapped_column(String(LONGEST_NAME))
    image_hash: Mapped[str] = mapped_column(Hash)
    name: Mapped[str] = mapped_column(PlainText)


class KnownPictureRow(Row):
    """What is kept of the picture of a known part beside the picture: when it was taken, and how to tell it again."""

    __tablename__ = "known_pictures"
    __table_args__ = (CheckConstraint(constraints.CAPTURE_TOLD, name="capture_told"), Index(None, "rows_hash"))

    content_hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    """Of the picture. It keeps no picture: where the picture is gone, nobody asks for this."""
    rows_hash: Mapped[str] = mapped_column(Hash)
    """Of some of its rows of pixels: what differs there is another picture, however it is stored."""
    pixels_hash: Mapped[str] = mapped_column(Hash)
    """Of all of them."""
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    told_by: Mapped[str] = mapped_column(PlainText)
    """Empty where nothing says when."""


class KnownInspectionRow(Row):
    """An inspection whose picture is one of the product's known parts."""

    __tablename__ = "known_inspections"
    __table_args__ = (
        UniqueConstraint("inspection_id"),
        CheckConstraint(constraints.KNOWN_AS_KNOWN, name="known_as_known"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"))
    known_as: Mapped[str] = mapped_column(Word)
    known_hash: Mapped[str] = mapped_column(Hash)
    """Of the known part's image: another one than the inspection's where only the pixels are the same."""
