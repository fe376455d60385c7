"""What keeps a line's triggers and answers, and the answers that wait because it could not."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from filo_core.errors import FiloError
from filo_core.identity import NOBODY
from filo_core.line.frames import encoded
from filo_core.line.results import LineResult, inspection_of

if TYPE_CHECKING:
    from filo_core.identity import Identity
    from filo_core.types import Inspection, SourceImage

logger = logging.getLogger(__name__)

_MOST_PICTURES = 8
_MOST_WAITING = 10_000
"""A quarter of an hour at 10 parts/s. What is older when the disk is still full is in the log alone."""


class Ledger(Protocol):
    """Keeps triggers and their answers for good; every method may raise a FiloError, whose sentence is the reason."""

    def open(
        self, trigger_id: str, repeats_within_s: float, identity: Identity = NOBODY
    ) -> tuple[int, LineResult | None]:
        """Accept a trigger, with the part it names; its number, and its answer if it had one within that time."""
        ...

    def keep(self, inspection: Inspection) -> Inspection:
        """Write an inspection into the record; back it comes with what the record knows of its part."""
        ...

    def close(self, number: int, result: LineResult) -> None:
        """Keep the answer, and with it what is to be delivered; no effect on a trigger that has one."""
        ...


@dataclass(slots=True)
class _Unkept:
    number: int | None
    result: LineResult
    repeats_within_s: float
    in_record: bool
    image: SourceImage | None


class Unkept:
    """Answers NOT_INSPECTED that were given and have yet to be kept, in their order. Thread-safe.

    Args:
        ledger: takes them as soon as it can.
        most: the oldest are given up beyond so many.
    """

    def __init__(self, ledger: Ledger, most: int = _MOST_WAITING) -> None:
        self._ledger = ledger
        self._most = most
        self._waiting: deque[_Unkept] = deque()
        self._keeping = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self,
        number: int | None,
        result: LineResult,
        repeats_within_s: float,
        *,
        in_record: bool,
        image: SourceImage | None = None,
    ) -> None:
        """Keep an answer later.

        Args:
            number: the ledger's for its trigger; None when the trigger itself could not be kept.
            result: the answer.
            repeats_within_s: of the trigger.
            in_record: whether its inspection is in the record already.
            image: what the part looked like, where a picture came in time.
        """
        self._waiting.append(_Unkept(number, result, repeats_within_s, in_record, self._affordable(image)))
        if len(self._waiting) > self._most:
            lost = self._waiting.popleft()
            logger.error("the answer to %s could not be kept for too long", lost.result.trigger_id)

    def _affordable(self, image: SourceImage | None) -> SourceImage | None:
        """Pictures are large: while many answers wait, the further ones are kept without."""
        return image if sum(one.image is not None for one in self._waiting) < _MOST_PICTURES else None

    def keep(self) -> bool:
        """Keep them as far as it goes now; True when something was kept."""
        if not self._waiting or not self._keeping.acquire(blocking=False):
            return False
        kept = False
        try:
            while self._waiting:
                waiting = self._waiting[0]
                try:
                    self._keep_one(waiting)
                    kept = True
                except FiloError:
                    return kept
                except Exception:
                    # The others must not wait behind it for ever.
                    logger.exception("the answer to %s cannot be kept", waiting.result.trigger_id)
                if self._waiting and self._waiting[0] is waiting:
                    self._waiting.popleft()
        finally:
            self._keeping.release()
        return kept

    def _keep_one(self, waiting: _Unkept) -> None:
        if waiting.number is None:
            result = waiting.result
            waiting.number, earlier = self._ledger.open(result.trigger_id, waiting.repeats_within_s, result.identity)
            if earlier is not None:
                return
        if not waiting.in_record:
            kept = self._ledger.keep(_with_picture(inspection_of(waiting.result), waiting.image))
            waiting.result = replace(waiting.result, seen_before=kept.seen_before)
            waiting.in_record, waiting.image = True, None
        self._ledger.close(waiting.number, waiting.result)


def _with_picture(inspection: Inspection, image: SourceImage | None) -> Inspection:
    if image is None:
        return inspection
    kept = encoded(image)
    return replace(inspection, image=kept, image_hash=kept.image_hash)
