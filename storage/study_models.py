"""Tables of capability studies: what was laid down, and what each appraiser said. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage import constraints
from storage.columns import LONGEST_NAME, Hash, PlainText, RowId, UtcDateTime, Word
from storage.models import Row


class StudyRow(Row):
    """A study as it was laid down: its parts and who judges them, before the first one was presented."""

    __tablename__ = "studies"
    __table_args__ = (Index(None, "product_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    recipe_version_id: Mapped[int] = mapped_column(ForeignKey("recipe_versions.id"))
    parts: Mapped[str] = mapped_column(PlainText)
    """JSON list: image hash, name and known verdict of every part."""
    people: Mapped[str] = mapped_column(PlainText)
    """JSON list of names; the system judges besides."""
    presentations: Mapped[int]
    order_key: Mapped[str] = mapped_column(Hash)
    created_by: Mapped[str] = mapped_column(String(LONGEST_NAME))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StudyAnswerRow(Row):
    """What an appraiser said about a part at a presentation; the newest of the same three counts."""

    __tablename__ = "study_answers"
    __table_args__ = (
        CheckConstraint(constraints.VERDICT_KNOWN, name="verdict_known"),
        CheckConstraint(constraints.ANSWER_HAS_PLACE, name="answer_has_place"),
        Index(None, "study_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id"))
    appraiser: Mapped[str] = mapped_column(String(LONGEST_NAME))
    presentation: Mapped[int]
    """1 for the first."""
    part: Mapped[int]
    """Place in the study's list, 0 for the first."""
    verdict: Mapped[str] = mapped_column(Word)
    image_score: Mapped[float | None]
    """Of the system."""
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)
