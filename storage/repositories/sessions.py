"""Good parts that were shown as those of another day or shift."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from filo_core.sessions import SessionPart
from filo_core.types import EventKind
from storage.models import ProductRow
from storage.repositories.events import EventRepository
from storage.session_models import SessionPartRow


class SessionRepository:
    """Parts of products by row id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def parts(self, product_id: int) -> tuple[SessionPart, ...]:
        """All of a product, in the order in which they were shown."""
        query = select(SessionPartRow).where(SessionPartRow.product_id == product_id).order_by(SessionPartRow.id)
        return tuple(SessionPart(row.image_hash, row.name, row.session) for row in self._session.scalars(query))

    def put(self, product_id: int, parts: Iterable[SessionPart], by: str) -> None:
        """Add parts; one of the same content goes over to the session that is named now. An event says by whom."""
        # Two files may hold the same picture.
        added = tuple({part.image_hash: part for part in parts}.values())
        hashes = [part.image_hash for part in added]
        self._delete(product_id, hashes)
        self._session.add_all(
            SessionPartRow(product_id=product_id, session=part.session, image_hash=part.image_hash, name=part.name)
            for part in added
        )
        self._session.flush()
        names = sorted({part.session for part in added})
        self._tell(product_id, by, {"added": hashes, "session": ", ".join(names)})

    def remove(self, product_id: int, session: str, by: str) -> None:
        """Take a session away; an event says by whom."""
        gone = [part.image_hash for part in self.parts(product_id) if part.session == session]
        self._delete(product_id, gone)
        self._tell(product_id, by, {"removed": gone, "session": session})

    def withdraw(self, product_id: int, hashes: Collection[str], by: str) -> None:
        """Take single parts away; an event says by whom."""
        self._delete(product_id, hashes)
        self._tell(product_id, by, {"removed": sorted(hashes)})

    def _delete(self, product_id: int, hashes: Collection[str]) -> None:
        self._session.execute(
            delete(SessionPartRow).where(SessionPartRow.product_id == product_id, SessionPartRow.image_hash.in_(hashes))
        )

    def _tell(self, product_id: int, by: str, change: Mapping[str, object]) -> None:
        name = self._session.scalars(select(ProductRow.name).where(ProductRow.id == product_id)).one()
        EventRepository(self._session).add(EventKind.SESSION_CHANGED, by, "", name, change)
