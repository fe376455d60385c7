"""What a defect of each type costs a product."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.models import ProductRow
from storage.names import name_key
from storage.naming_models import TypeCostRow


class CostRepository:
    """Reads and replaces; a cost weighs charts and nothing else."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, product: str) -> dict[str, float]:
        """Costs by anomaly type; empty without any."""
        query = (
            select(TypeCostRow.name, TypeCostRow.cost)
            .join(ProductRow, ProductRow.id == TypeCostRow.product_id)
            .where(ProductRow.name_key == name_key(product))
            .order_by(TypeCostRow.name)
        )
        return dict(self._session.execute(query).all())

    def put(self, product_id: int, name: str, cost: float | None) -> None:
        """Say what a defect costs, or with None no more."""
        self._session.execute(delete(TypeCostRow).where(TypeCostRow.product_id == product_id, TypeCostRow.name == name))
        if cost is not None:
            self._session.add(TypeCostRow(product_id=product_id, name=name, cost=cost))
        self._session.flush()
