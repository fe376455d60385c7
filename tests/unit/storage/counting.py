"""What a record asks its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from storage.storage import Storage


@contextmanager
def asked_of(storage: Storage) -> Iterator[list[tuple[str, Any]]]:
    """Every statement within the block with its parameters, in their order; the begin of a transaction is none."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append((statement, parameters))

    event.listen(storage._engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(storage._engine, "before_cursor_execute", note)
