"""Pictures of parts that arrive one after the other, put together as they come: each part is handed on once.

A part is whole as soon as each of its views has a picture. One that stays without is handed on without it when it was
waited for long enough, and what comes for it afterwards is late: the part has its answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.line.part_files import PartFiles, parts_of, refuse_without_suffix

if TYPE_CHECKING:
    from filo_core.line.watching.marks import Arrival

logger = logging.getLogger(__name__)

PART_WAIT_S = 10.0
"""How long a part waits for the picture of a view, unless the settings say otherwise."""
_LATE_S = 600.0
"""So long a picture of a part that was handed on without it is known to be late, and not the first of a new part."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What has come together by now."""

    parts: tuple[PartFiles, ...]
    """To be answered, in the order of each part's first picture."""
    late: tuple[Arrival, ...] = ()
    """Pictures of parts that were answered without them."""
    replaced: tuple[Arrival, ...] = ()
    """Written anew under the same name before their part was whole."""


@dataclass(slots=True)
class _Missing:
    views: set[str]
    at: float


@dataclass(slots=True)
class PartCollector:
    """Puts what waits in a watched folder together. Not thread-safe.

    Args:
        suffixes: by the name of the view, what its files end in.
        root: the watched folder.
        wait_s: how long a part waits for its last picture.
    """

    suffixes: Mapping[str, str]
    root: Path
    wait_s: float = PART_WAIT_S
    _seen: dict[Arrival, float] = field(default_factory=dict)
    _missing: dict[str, _Missing] = field(default_factory=dict)

    def __post_init__(self) -> None:
        refuse_without_suffix(self.suffixes)

    def collect(self, waiting: Sequence[Arrival], now: float | None = None) -> Collected:
        """What is whole, or was waited for long enough, of the arrivals that have no answer yet.

        Args:
            waiting: all of them, oldest first; what is handed on and waits again is handed on again.
            now: ``time.monotonic()``.
        """
        now = time.monotonic() if now is None else now
        self._seen = {arrival: self._seen.get(arrival, now) for arrival in waiting}
        self._missing = {name: one for name, one in self._missing.items() if now - one.at <= _LATE_S}
        newest = {arrival.name_on_disk: arrival for arrival in waiting}
        replaced = tuple(arrival for arrival in waiting if newest[arrival.name_on_disk] is not arrival)
        parts: list[PartFiles] = []
        late: list[Arrival] = []
        for part in parts_of(list(newest.values()), self.suffixes, self.root, whole=False):
            missing = self._missing.get(part.name)
            if missing is not None and part.views and set(part.views) <= missing.views:
                missing.views -= set(part.views)
                late += part.arrivals
                logger.warning("%s came after its part was answered without it", part.arrivals[0].name)
                continue
            waited = now - min((self._seen[arrival] for arrival in part.arrivals), default=now)
            without = set(self.suffixes) - set(part.views) if part.views else set()
            if without and waited < self.wait_s:
                continue
            self._missing.pop(part.name, None)
            if without:
                self._missing[part.name] = _Missing(without, now)
            parts.append(part.after(self.wait_s) if without else part)
        return Collected(tuple(parts), tuple(late), replaced)
