"""The table of views: what each picture of a part came to, beside the part's own row."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage import constraints
from storage.columns import LONGEST_NAME, Hash, PlainText, RowId, Word
from storage.models import Row


class PartViewRow(Row):
    """One view of an inspected part, judged by its own recipe version."""

    __tablename__ = "part_views"
    __table_args__ = (
        UniqueConstraint("inspection_id", "ordinal"),
        CheckConstraint(constraints.VERDICT_KNOWN, name="verdict_known"),
        CheckConstraint(constraints.JUDGED_WITH_EVIDENCE, name="judged_with_evidence"),
        Index(None, "recipe_version_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"))
    ordinal: Mapped[int]
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    recipe_version_id: Mapped[int] = mapped_column(ForeignKey("recipe_versions.id"))
    image_hash: Mapped[str] = mapped_column(Hash)
    map_hash: Mapped[str] = mapped_column(Hash)
    width: Mapped[int]
    height: Mapped[int]
    verdict: Mapped[str] = mapped_column(Word)
    reason: Mapped[str] = mapped_column(PlainText)
    image_score: Mapped[float | None]
    """On the view's own scale."""
    limit_ok: Mapped[float]
    limit_ng: Mapped[float]
    limit_region: Mapped[float]
    seconds: Mapped[float]
    regions: Mapped[str] = mapped_column(PlainText)
    """JSON list; of the view that decided they are those of the part as well."""
