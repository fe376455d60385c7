"""What a plant's database knows about the stations that forward to it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import LONGEST_NAME, Hash, RowId, UtcDateTime
from storage.models import Row


class ForwardedRow(Row):
    """A row that came from a station: which entry of the station's audit chain it was, and where it is kept here.

    The newest entry of a station is its mark. It is written in the transaction that takes the rows in, so no crash of
    either side can come between the two.
    """

    __tablename__ = "forwarded"
    __table_args__ = (UniqueConstraint("station", "table_name", "local_id"),)

    station: Mapped[str] = mapped_column(String(LONGEST_NAME), primary_key=True)
    sequence: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    """Of the station's chain."""
    table_name: Mapped[str] = mapped_column(String(32))
    local_id: Mapped[int] = mapped_column(RowId)
    row_id: Mapped[int] = mapped_column(RowId)
    """In this database; two stations that judged the same image of a folder share one."""
    entry_hash: Mapped[str] = mapped_column(Hash)
    """Of the station's chain: tells two stations of one name apart."""
    forwarded_at: Mapped[datetime] = mapped_column(UtcDateTime)
