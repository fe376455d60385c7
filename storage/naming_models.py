"""The tables of names: what the regions of an inspection may be, and which of them a person named.

Both are only ever added, and chained. Rows of inspections and reviews from before there were any have none.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage import constraints
from storage.columns import LONGEST_NAME, PlainText, RowId
from storage.models import Row


class NamingRow(Row):
    """What is known of the types of an inspection and of each of its regions, in their order.

    A region takes at most 1,368 characters for its embedding and 3 names with their shares; there are at most 32.
    """

    __tablename__ = "namings"
    __table_args__ = (UniqueConstraint("inspection_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspections.id"))
    image_types: Mapped[str] = mapped_column(PlainText)
    """JSON list of ``[name, share]`` for the whole image, best first."""
    unfiltered: Mapped[str] = mapped_column(PlainText)
    """JSON list of the sides of the prompts to which runtime filtering was not applied."""
    shares: Mapped[str] = mapped_column(PlainText)
    """JSON list of a list of ``[name, share]`` a region, best first; a broad kind behind them has a third item."""
    space: Mapped[str] = mapped_column(String(LONGEST_NAME))
    """What embeddings must share to be compared; empty where there are none."""
    embeddings: Mapped[str] = mapped_column(PlainText)
    """JSON list of a text a region: its unit vector in half precision, little-endian, base64; empty without one."""
    examples: Mapped[int]
    """Decided regions of the product that the names were learnt from."""


class NamedRegionRow(Row):
    """A region that a review gives its type to. A review without such a row gives it to all of its inspection's."""

    __tablename__ = "named_regions"
    __table_args__ = (
        UniqueConstraint("review_id", "ordinal"),
        CheckConstraint(constraints.ORDINAL_IN_RANGE, name="ordinal_in_range"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"))
    ordinal: Mapped[int]
    """The region's, as in ``regions``."""


class TypeCostRow(Row):
    """What one defect of a type costs a product, in whatever money. It weighs charts; no verdict follows from it."""

    __tablename__ = "type_costs"
    __table_args__ = (
        UniqueConstraint("product_id", "name"),
        CheckConstraint(constraints.COST_KNOWN, name="cost_known"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    cost: Mapped[float]


class CarriedExampleRow(Row):
    """A named region that came with an imported product: it teaches names, and no verdict follows from it."""

    __tablename__ = "carried_examples"
    __table_args__ = (Index(None, "product_id", "space"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    space: Mapped[str] = mapped_column(String(LONGEST_NAME))
    part: Mapped[str] = mapped_column(String(LONGEST_NAME))
    """What regions of the same picture share."""
    embedding: Mapped[str] = mapped_column(PlainText)
    """As in ``namings``."""
