"""Takes the wishes of a protocol to the line, and brings back what is to be told: repetitions, ages and refusals."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from filo_core.identity import FIELDS
from filo_core.line.sinks.base import Seal
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.line.triggers.callers import Begun, Callers
from filo_core.line.triggers.wish import REPEATS_S, TriggerWish, TriggerWishError, told, wish_of

if TYPE_CHECKING:
    from filo_core.line.results import LineResult
    from filo_core.line.triggers.base import Asks, Ticket

logger = logging.getLogger(__name__)

MOST_UNDER_WAY = 64
_TOO_LATE = "This verdict came after its deadline. Judge the part by eye."


@dataclass(frozen=True, slots=True)
class _AtDesk:
    wish: TriggerWish
    at: datetime
    monotonic: float
    take: Callable[[dict[str, Any]], None] = field(repr=False)


class Desk:
    """Thread-safe; nothing that is called here waits for the line or the disk.

    Args:
        asks: takes the triggers.
        kind: of the triggers; their ids begin with its word.
        product: what the line inspects.
        deadline_s: longest time from a trigger to its answer.
        seal: goes out with every answer, as it is then.
        own_fields: what the customer calls the fields of their own.
    """

    def __init__(
        self,
        asks: Asks,
        kind: TriggerKind,
        product: str,
        *,
        deadline_s: float,
        seal: Callable[[], Seal] = Seal,
        own_fields: tuple[str, ...] = (),
    ) -> None:
        self._asks = asks
        self._kind = kind
        self._product = product
        self._deadline_s = deadline_s
        self._seal = seal
        self._own_fields = own_fields
        self._known = frozenset({"id", "repeat", "product", *FIELDS, *filter(None, own_fields)})
        # Who asks is not told apart: who may is the protocol's to say.
        self._callers = Callers(REPEATS_S)
        self._pool = ThreadPoolExecutor(4, f"filo-{kind.value}-ask")
        self._lock = threading.Lock()
        self._under_way = 0

    @property
    def under_way(self) -> int:
        """Wishes that wait for their answer."""
        return self._under_way

    def wish(self, content: Mapping[str, Any]) -> TriggerWish:
        """What a message wants.

        Raises:
            TriggerWishError: why it is not asked, in a sentence that is meant for whoever sent it.
        """
        wish = wish_of(content, self._own_fields)
        if unknown := sorted(set(content) - self._known):
            raise TriggerWishError(
                "{name!r} is no field of a trigger. There are: {known}.",
                name=unknown[0][:80],
                known=", ".join(sorted(self._known)),
            )
        if content.get("product", self._product) != self._product:
            raise TriggerWishError("This line inspects {product}, and no other product.", product=self._product)
        if wish.is_wanted_again and self._callers.known(wish.trigger_id) is None:
            raise TriggerWishError("No part was judged under the id {name} since the start.", name=wish.trigger_id)
        if self._under_way >= MOST_UNDER_WAY:
            raise TriggerWishError("Too many triggers at a time. Wait for an answer.")
        return wish

    def ask(self, wish: TriggerWish, take: Callable[[dict[str, Any]], None]) -> None:
        """Ask for it; ``take`` is called once with what is to be told, on a thread of the desk."""
        self._count(1)
        asked = _AtDesk(wish, datetime.now(UTC), time.monotonic(), take)
        self._pool.submit(self._ask, asked)

    def close(self) -> None:
        """Ask for nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _count(self, more: int) -> None:
        with self._lock:
            self._under_way += more

    def _ask(self, asked: _AtDesk) -> None:
        wish = asked.wish
        try:
            begun, is_first = self._callers.begin(wish.trigger_id, "")
            trigger = Trigger(
                f"{self._kind.value}-{wish.trigger_id}",
                self._kind,
                asked_monotonic=asked.monotonic,
                repeats_within_s=REPEATS_S,
                identity=wish.identity,
            )
            ticket = self._asks.ask(trigger)
            ticket.on_answer(lambda result: self._on_answer(asked, ticket, begun, is_first, result))
        except Exception:
            # Whoever asked has to hear of it.
            logger.exception("a trigger of the kind %s could not be asked", self._kind)
            self._give(asked, refused(wish.trigger_id, "The line could not take the trigger. The log says how."))

    def _on_answer(self, asked: _AtDesk, ticket: Ticket, begun: Begun, is_first: bool, result: LineResult) -> None:
        """On the station's thread, which waits for nothing."""
        age_s = max(self._callers.age_s(begun), (datetime.now(UTC) - result.decided_at).total_seconds())
        self._callers.note_answer(begun)
        late = time.monotonic() - asked.monotonic > self._deadline_s and result.passes
        try:
            self._pool.submit(self._tell, asked, ticket, is_first, result, age_s, late)
        except RuntimeError:
            # The desk was closed: nobody listens any more.
            self._count(-1)

    def _tell(
        self, asked: _AtDesk, ticket: Ticket, is_first: bool, result: LineResult, age_s: float, late: bool
    ) -> None:
        wish = asked.wish
        if not result.identity.includes(wish.identity):
            sentence = f"The id {wish.trigger_id} was begun for another part. Ask with a new id for a new part."
            self._give(asked, refused(wish.trigger_id, sentence))
            return
        said = told(
            result,
            age_s=age_s,
            deadline_s=self._deadline_s,
            is_repeat=not is_first or ticket.is_repeat or result.decided_at < asked.at,
            is_known=not is_first,
            is_wanted_again=wish.is_wanted_again,
        )
        if late:
            said |= {"reads_as": "NG", "reason": said["reason"] or _TOO_LATE}
        self._give(asked, {"id": wish.trigger_id} | said | self._seal().fields)

    def _give(self, asked: _AtDesk, content: dict[str, Any]) -> None:
        try:
            asked.take(content)
        finally:
            self._count(-1)


def refused(trigger_id: str, sentence: str) -> dict[str, Any]:
    """What is told where nothing is judged: it reads as NG."""
    return {"id": trigger_id, "error": sentence, "reads_as": "NG"}
