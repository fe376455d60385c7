"""The line's station: every trigger in, exactly one verdict or NOT_INSPECTED out, within its deadline."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from filo_core.errors import FiloError
from filo_core.imaging import encode_frame
from filo_core.line.results import LineResult, inspection_of, not_inspected, result_of
from filo_core.line.runs import judge
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.types import Inspection, Origin, SourceImage, Verdict

if TYPE_CHECKING:
    from filo_core.line.sources.base import ImageSource
    from filo_core.method.interfaces import Detector
    from filo_core.types import Recipe

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.005
_WATCH_EVERY_S = 0.02
_ANSWERING_S = 0.05
"""What keeping and passing on an answer takes: by so much the watch is ahead of the deadline."""
_MOST_WAITING = 256
_REMEMBERED = 1_000
"""Answers at hand without asking the ledger."""


class Ledger(Protocol):
    """Keeps triggers and their answers for good; every method may raise a FiloError, whose sentence is the reason."""

    def open(self, trigger_id: str, repeats_within_s: float) -> tuple[int, LineResult | None]:
        """Accept a trigger; its number, and its answer if it had one within that time."""
        ...

    def keep(self, inspection: Inspection) -> None:
        """Write an inspection into the record."""
        ...

    def close(self, number: int, result: LineResult) -> None:
        """Keep the answer, and with it what is to be delivered."""
        ...


@dataclass(frozen=True, slots=True)
class StationCounters:
    """Triggers accepted since the start, and their answers."""

    triggers: int = 0
    answers: int = 0
    repeated: int = 0
    not_inspected: int = 0


@dataclass(slots=True)
class _Pending:
    ticket: Ticket
    number: int
    deadline: float
    claimed: bool = False
    """Whoever sets this decides the answer: the judging thread, or the watch when the time is up."""


class Station:
    """Judges one trigger at a time, in their order.

    Two threads: one judges, one watches the deadlines, so that a trigger is answered in time whatever the first one
    hangs in. An answer is kept before anybody hears of it; where it cannot be kept it is NOT_INSPECTED, and keeping
    that is tried until it works.

    Args:
        source: where pictures come from; started and stopped by whoever made it.
        recipe: what to judge by.
        detector: set up for that recipe.
        ledger: keeps triggers and answers.
        deadline_s: longest time from a trigger to its answer.
        on_answer: told every new answer, with the inspection behind it.
    """

    def __init__(
        self,
        source: ImageSource | None,
        recipe: Recipe,
        detector: Detector,
        ledger: Ledger,
        *,
        deadline_s: float = 2.0,
        on_answer: Callable[[LineResult, Inspection | None], None] = lambda *_: None,
    ) -> None:
        self._source = source
        self._recipe = recipe
        self._detector = detector
        self._ledger = ledger
        self._deadline_s = deadline_s
        self._on_answer = on_answer
        self._changed = threading.Condition()
        self._waiting: deque[_Pending] = deque()
        self._open: dict[str, _Pending] = {}
        self._answered: OrderedDict[str, tuple[float, LineResult]] = OrderedDict()
        self._unkept: deque[tuple[int, LineResult]] = deque()
        self._counters = StationCounters()
        self._storage_problem = ""
        self._heartbeat = 0
        self._judging_since: float | None = None
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._judge_all, name="filo-station", daemon=True),
            threading.Thread(target=self._watch, name="filo-station-watch", daemon=True),
        ]

    @property
    def counters(self) -> StationCounters:
        """How many so far."""
        return self._counters

    @property
    def heartbeat(self) -> int:
        """Grows while the watch is alive and nothing hangs far beyond its deadline."""
        return self._heartbeat

    @property
    def is_busy(self) -> bool:
        """True while a trigger waits for its answer."""
        return bool(self._open)

    @property
    def problem(self) -> str:
        """Why triggers cannot be judged or kept now, as a sentence; empty when all is well."""
        if self._source is not None and self._source.state is SourceState.LOST:
            return self._source.problem
        return self._storage_problem

    def start(self) -> None:
        """Begin to judge."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Answer what is open with NOT_INSPECTED, and end."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(self._deadline_s + 5.0)
        for pending in list(self._open.values()):
            if self._claim(pending):
                self._refuse(pending, "The line was stopped before this part was judged. Judge it by eye.")
        self._keep_unkept()

    def ask(self, trigger: Trigger) -> Ticket:
        """Accept a trigger; a repetition gets the ticket, or the answer, of the first."""
        with self._changed:
            known = self._known(trigger)
            if known is not None:
                self._counters = replace(self._counters, repeated=self._counters.repeated + 1)
                return known
            ticket = Ticket(trigger)
            pending = _Pending(ticket, -1, trigger.asked_monotonic + self._deadline_s)
            self._open[trigger.trigger_id] = pending
            self._counters = replace(self._counters, triggers=self._counters.triggers + 1)
        try:
            pending.number, earlier = self._ledger.open(trigger.trigger_id, trigger.repeats_within_s)
        except FiloError as error:
            self._storage_problem = str(error)
            if self._claim(pending):
                self._refuse(pending, str(error), keep=False)
            return ticket
        if earlier is None:
            self._enqueue(pending)
        elif self._claim(pending):
            self._answer(pending, earlier, None, is_new=False)
        return ticket

    def _known(self, trigger: Trigger) -> Ticket | None:
        pending = self._open.get(trigger.trigger_id)
        if pending is not None:
            return pending.ticket
        answered = self._answered.get(trigger.trigger_id)
        if answered is None or time.monotonic() - answered[0] > trigger.repeats_within_s:
            return None
        ticket = Ticket(trigger)
        ticket.answer(answered[1])
        return ticket

    def _enqueue(self, pending: _Pending) -> None:
        with self._changed:
            refused = self._stopping.is_set() or len(self._waiting) >= _MOST_WAITING
            if not refused:
                self._waiting.append(pending)
                self._changed.notify_all()
        if refused and self._claim(pending):
            self._refuse(pending, "The line is stopping, or has more triggers than it can judge. Slow it down.")

    # The judging thread ----------------------------------------------------------------------------------------

    def _judge_all(self) -> None:
        while (pending := self._next()) is not None:
            self._judging_since = time.monotonic()
            try:
                self._judge_one(pending)
            except Exception as error:
                # Whatever a driver or a library raises: one part goes without a verdict, never the line.
                logger.exception("judging failed")
                if self._claim(pending):
                    self._refuse(pending, f"Judging failed ({type(error).__name__}). Judge this part by eye.")
            finally:
                self._judging_since = None

    def _next(self) -> _Pending | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping.is_set() or bool(self._waiting))
            return None if self._stopping.is_set() else self._waiting.popleft()

    def _judge_one(self, pending: _Pending) -> None:
        trigger = pending.ticket.trigger
        if pending.claimed:
            # Its time was up while it waited: the next part is what matters now.
            return
        if trigger.problem:
            if self._claim(pending):
                self._refuse(pending, trigger.problem)
            return
        picture = trigger.picture if trigger.picture is not None else self._frame_after(pending)
        if picture is None:
            # The watch gives the answer when the time is up; nothing else is worth judging for this part.
            return
        inspection = self._inspect(trigger, picture)
        if not self._claim(pending):
            return
        latency = (time.monotonic() - trigger.asked_monotonic) * 1000.0
        result = result_of(inspection, trigger.trigger_id, self._recipe.product, latency)
        try:
            self._ledger.keep(inspection)
        except FiloError as error:
            self._storage_problem = str(error)
            self._refuse(pending, str(error), keep_inspection=False)
            return
        self._finish(pending, result, inspection)

    def _frame_after(self, pending: _Pending) -> Frame | None:
        """The first frame captured since the trigger: an older one may show the part before."""
        asked = pending.ticket.trigger.asked_monotonic
        while not self._stopping.is_set() and not pending.claimed and self._source is not None:
            frame = self._source.newest()
            if frame is not None and frame.captured_monotonic >= asked:
                return frame
            if frame is None:
                self._stopping.wait(_LOOK_EVERY_S)
        return None

    def _inspect(self, trigger: Trigger, picture: Frame | SourceImage) -> Inspection:
        started = time.perf_counter()
        if isinstance(picture, SourceImage):
            return judge(picture, self._recipe, self._detector, Origin.LIVE, started)
        image = encode_frame(picture.pixels, trigger.trigger_id, picture.captured_at, picture.frame_id)
        inspection = judge(image, self._recipe, self._detector, Origin.LIVE, started)
        return replace(inspection, frame_age_ms=(time.monotonic() - picture.captured_monotonic) * 1000.0)

    # Answering -------------------------------------------------------------------------------------------------

    def _claim(self, pending: _Pending) -> bool:
        with self._changed:
            if pending.claimed:
                return False
            pending.claimed = True
            return True

    def _refuse(self, pending: _Pending, reason: str, *, keep: bool = True, keep_inspection: bool = True) -> None:
        trigger = pending.ticket.trigger
        latency = (time.monotonic() - trigger.asked_monotonic) * 1000.0
        recipe = self._recipe
        result = not_inspected(trigger.trigger_id, recipe.product, recipe.content_hash, reason, latency)
        if keep and keep_inspection:
            try:
                self._ledger.keep(inspection_of(result))
            except FiloError as error:
                self._storage_problem = str(error)
        self._finish(pending, result, None, keep=keep)

    def _finish(
        self, pending: _Pending, result: LineResult, inspection: Inspection | None, *, keep: bool = True
    ) -> None:
        if keep:
            try:
                self._ledger.close(pending.number, result)
                self._storage_problem = ""
            except FiloError as error:
                self._storage_problem = str(error)
                recipe = self._recipe.content_hash
                latency = result.latency_ms or 0.0
                result = not_inspected(result.trigger_id, result.product, recipe, str(error), latency)
                self._unkept.append((pending.number, result))
        self._answer(pending, result, inspection, is_new=True)

    def _answer(self, pending: _Pending, result: LineResult, inspection: Inspection | None, *, is_new: bool) -> None:
        with self._changed:
            self._open.pop(result.trigger_id, None)
            self._answered[result.trigger_id] = time.monotonic(), result
            if len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)
            missed = result.verdict is Verdict.NOT_INSPECTED
            counters = self._counters
            self._counters = replace(
                counters,
                answers=counters.answers + is_new,
                triggers=counters.triggers - (not is_new),
                repeated=counters.repeated + (not is_new),
                not_inspected=counters.not_inspected + (is_new and missed),
            )
        if is_new:
            self._on_answer(result, inspection)
        pending.ticket.answer(result)

    # The watch -------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopping.wait(_WATCH_EVERY_S):
            now = time.monotonic()
            since = self._judging_since
            if self._threads[0].is_alive() and (since is None or now - since < 2 * self._deadline_s):
                self._heartbeat += 1
            for pending in list(self._open.values()):
                # Without a number the ledger is still being asked; that thread answers.
                if now >= pending.deadline - _ANSWERING_S and pending.number >= 0 and self._claim(pending):
                    self._refuse(pending, self._why_late())
            self._keep_unkept()

    def _why_late(self) -> str:
        if self._source is not None and self._source.state is not SourceState.RUNNING:
            why = self._source.problem or f"{self._source.name} gives no picture."
            return f"{why} The part was not judged."
        return f"No verdict within {self._deadline_s:g} s. Judge this part by eye, or allow more time."

    def _keep_unkept(self) -> None:
        while self._unkept:
            number, result = self._unkept[0]
            try:
                self._ledger.close(number, result)
            except FiloError:
                return
            self._unkept.popleft()
            self._storage_problem = ""
