"""The record of a line whose pictures are posted: it keeps by which token, and tells which inspection came of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar

from storage.recorder import Recorder

if TYPE_CHECKING:
    from filo_core.types import Inspection
    from storage.storage import Storage

T = TypeVar("T")
_Key = tuple[str, str]
"""What a part is called, and the hash of its picture."""
_REMEMBERED = 2_000
"""More than a station has open at a time."""


class PostedRecorder(Recorder):
    """Writes the inspections of one line.

    Args:
        storage: the record.
        product: what the line inspects.
        station: the line's name.
        operator: kept with what no token asked for.
    """

    def __init__(self, storage: Storage, product: str, *, station: str, operator: str) -> None:
        super().__init__(storage, product, station=station, operator=self._who)
        self._usual = operator
        self._now = threading.local()
        self._lock = threading.Lock()
        self._posted: OrderedDict[_Key, str] = OrderedDict()
        self._kept: OrderedDict[_Key, int] = OrderedDict()

    def expect(self, name: str, image_hash: str, who: str) -> None:
        """The part called ``name`` was asked for by ``who``, with that picture; an empty hash where a camera looks."""
        with self._lock:
            for key in {(name, image_hash), (name, "")}:
                _put(self._posted, key, who)

    def kept_as(self, name: str, image_hash: str) -> int | None:
        """Id of the inspection that came of it; None where none was kept yet."""
        with self._lock:
            return self._kept.get((name, image_hash))

    def keep(self, inspection: Inspection) -> Inspection:
        """As in every recorder, with the token's name in place of the operator's."""
        key = inspection.name, inspection.image_hash
        with self._lock:
            self._now.who = self._posted.get(key, "") or self._posted.get((inspection.name, ""), "")
            is_asked_for = bool(self._now.who)
        try:
            stored = self._store(inspection)
        finally:
            self._now.who = ""
        if is_asked_for:
            with self._lock:
                for one in {key, (inspection.name, "")}:
                    _put(self._kept, one, stored.inspection_id)
        return stored.told_of(inspection)

    def _who(self) -> str:
        return getattr(self._now, "who", "") or self._usual


def _put(into: OrderedDict[_Key, T], key: _Key, value: T) -> None:
    into[key] = value
    into.move_to_end(key)
    if len(into) > _REMEMBERED:
        into.popitem(last=False)
