"""The line's station: every trigger in, exactly one verdict or NOT_INSPECTED out, within its deadline."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filo_core.codes import with_told
from filo_core.errors import DiskFullError, FiloError
from filo_core.identity import NOBODY
from filo_core.judging import judge
from filo_core.line.frames import image_of, judge_frame
from filo_core.line.ledger import Ledger, Unkept
from filo_core.line.results import LineResult, inspection_of, not_inspected, result_of
from filo_core.line.scanned import Scanned
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.triggers.base import Ticket, Trigger
from filo_core.loops import Loop, first_problem
from filo_core.sentence import Sentence
from filo_core.types import Inspection, Origin, SourceImage, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from filo_core.line.part_views import PartViews
    from filo_core.line.sources.base import ImageSource
    from filo_core.method.interfaces import Detector
    from filo_core.types import Recipe

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
"""Whether the part is still to be judged; a picture is noticed at once."""
_WATCH_EVERY_S = 0.02
_ANSWERING_S = 0.05
"""What keeping and passing on an answer takes: by so much the watch is ahead of the deadline."""
_PUTTING_TOGETHER_S = 0.1
"""What it takes to keep a part with several views."""
_MOST_WAITING = 256
_REMEMBERED = 1_000
"""Answers at hand without asking the ledger."""


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
    deadline: float
    number: int | None = None
    """The ledger's; None until the trigger is kept."""
    picture: Frame | SourceImage | None = None
    """What is looked at for it; None until it is there."""
    claimed_by: threading.Thread | None = None
    """The thread that decides the answer: that which judges, or the watch when the time is up."""


class Station:
    """Judges one trigger at a time, in their order.

    Three threads: one judges; one watches the deadlines, so that a trigger is answered in time whatever the first one
    hangs in; one keeps what could not be kept at once, whatever a locked database hangs in. A verdict is kept before
    anybody hears of it. Where it cannot be kept the answer is NOT_INSPECTED, and keeping that is tried until it works.

    Args:
        source: where pictures come from; started and stopped by whoever made it.
        recipe: what to judge by.
        detector: set up for that recipe.
        ledger: keeps triggers and answers.
        deadline_s: longest time from a trigger to its answer.
        on_answer: told every new answer, with the inspection behind it; where only a picture is behind it, the
            inspection has that and no hash yet.
        model_problem: why the detector cannot judge now, as a sentence; never waits.
        views: where a part is looked at through several cameras; ``source`` and ``detector`` are not asked then.
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
        model_problem: Callable[[], str] = lambda: "",
        views: PartViews | None = None,
    ) -> None:
        self._views = views
        self._source = source
        self._recipe = recipe
        self._detector = detector
        self._ledger = ledger
        self._deadline_s = deadline_s
        self._on_answer = on_answer
        self._model_problem = model_problem
        self._changed = threading.Condition()
        self._waiting: deque[_Pending] = deque()
        self._open: dict[str, _Pending] = {}
        self._answered: OrderedDict[str, tuple[float, LineResult]] = OrderedDict()
        self._unkept = Unkept(ledger)
        self._counters = StationCounters()
        self._storage_problem = ""
        self.scanned = Scanned()
        """Names the next part whose trigger brings no serial."""
        self._heartbeat = 0
        self._judging_since: float | None = None
        self._judging = Loop("filo-station", self._judge_all, "judges parts")
        self._watching = Loop("filo-station-watch", self._watch, "watches the deadlines")
        self._keeping = Loop("filo-station-keep", self._keep_later, "keeps answers later")
        self._loops = (self._judging, self._watching, self._keeping)
        self._stopping = False

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
    def unkept(self) -> int:
        """Answers given that have yet to be kept: the disk is full, or the database locked."""
        return len(self._unkept)

    @property
    def problem(self) -> str:
        """Why triggers cannot be judged or kept now, as a sentence; empty when all is well."""
        if self._source is not None and self._source.state is SourceState.LOST:
            return self._source.problem
        if self._views is not None and self._views.problem:
            return self._views.problem
        return first_problem(self._loops) or self._storage_problem or self._model_problem()

    def start(self) -> None:
        """Begin to judge."""
        for loop in self._loops:
            loop.start()

    def stop(self) -> None:
        """Answer what is open with NOT_INSPECTED, and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.join(self._deadline_s + 5.0)
        if self._views is not None:
            self._views.stop()
        for pending in list(self._open.values()):
            if self._claim(pending):
                self._answer_first(
                    pending, Sentence("The line was stopped before this part was judged. Judge it by eye.")
                )
        self._unkept.keep()

    def ask(self, trigger: Trigger) -> Ticket:
        """Accept a trigger; a repetition gets the ticket, or the answer, of the first."""
        with self._changed:
            known = self._known(trigger)
            if known is not None:
                self._counters = replace(self._counters, repeated=self._counters.repeated + 1)
                return known
            taken = NOBODY if trigger.identity.serial else self.scanned.take()
            trigger = replace(trigger, identity=trigger.identity.completed(taken))
            ticket = Ticket(trigger)
            pending = _Pending(ticket, trigger.asked_monotonic + self._deadline_s)
            self._open[trigger.trigger_id] = pending
            self._counters = replace(self._counters, triggers=self._counters.triggers + 1)
        try:
            pending.number, earlier = self._ledger.open(trigger.trigger_id, trigger.repeats_within_s, trigger.identity)
        except Exception as error:  # noqa: BLE001 whoever asks gets an answer, whatever a database raises
            self._storage_problem = _sentence("The trigger could not be kept", error)
            if self._claim(pending):
                self._answer_first(pending, self._storage_problem)
            return ticket
        if earlier is None:
            self._enqueue(pending)
        elif self._claim(pending):
            # It was no part: the scan was of the one that comes.
            self.scanned.give_back(taken)
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
        ticket.is_repeat = True
        ticket.answer(answered[1])
        return ticket

    def _enqueue(self, pending: _Pending) -> None:
        with self._changed:
            refused = self._stopping or len(self._waiting) >= _MOST_WAITING
            if not refused:
                self._waiting.append(pending)
                self._changed.notify_all()
        if refused and self._claim(pending):
            self._refuse(
                pending, Sentence("The line is stopping, or has more triggers than it can judge. Slow it down.")
            )

    # The judging thread ----------------------------------------------------------------------------------------

    def _judge_all(self) -> None:
        while (pending := self._next()) is not None:
            self._judging_since = time.monotonic()
            try:
                self._judge_one(pending)
            except Exception as error:
                # Whatever a driver or a library raises: one part goes without a verdict, never the line.
                logger.exception("judging failed")
                if self._is_unanswered(pending):
                    self._answer_first(pending, _sentence(Sentence("Judging failed"), error))
            finally:
                self._judging_since = None

    def _next(self) -> _Pending | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or bool(self._waiting))
            return None if self._stopping else self._waiting.popleft()

    def _judge_one(self, pending: _Pending) -> None:
        trigger = pending.ticket.trigger
        if pending.claimed_by is not None:
            # Its time was up while it waited: the next part is what matters now.
            return
        if trigger.problem:
            if self._claim(pending):
                self._refuse(pending, trigger.problem)
            return
        inspection = self._seen(pending)
        if inspection is None or not self._claim(pending):
            return
        inspection = with_told(inspection, trigger.identity)
        latency = (time.monotonic() - trigger.asked_monotonic) * 1000.0
        try:
            inspection = self._ledger.keep(inspection)
        except FiloError as error:
            self._storage_problem = str(error)
            # The record may have kept that there is none.
            in_record = isinstance(error, DiskFullError) and error.is_in_record
            self._refuse(pending, str(error), inspection.inspected_at, in_record=in_record)
            return
        result = result_of(inspection, trigger.trigger_id, self._recipe.product, latency, trigger.file)
        self._finish(pending, result, inspection)

    def _seen(self, pending: _Pending) -> Inspection | None:
        """The part as it is judged; None where no picture came: the watch answers when the time is up."""
        trigger = pending.ticket.trigger
        if self._views is not None:
            # A moment before the watch, which knows nothing of what single views came to.
            until = pending.deadline - _ANSWERING_S - min(_PUTTING_TOGETHER_S, 0.2 * self._deadline_s)
            found = self._views.judge(trigger, until, lambda: self._stopping or pending.claimed_by is not None)
            pending.picture = found.image
            return found
        picture = trigger.picture if trigger.picture is not None else self._frame_after(pending)
        if picture is None:
            return None
        pending.picture = picture
        return self._inspect(trigger, picture)

    def _frame_after(self, pending: _Pending) -> Frame | None:
        """The first frame captured since the trigger: an older one may show the part before."""
        asked = pending.ticket.trigger.asked_monotonic
        while not self._stopping and pending.claimed_by is None and self._source is not None:
            frame = self._source.newest()
            if frame is not None and frame.captured_monotonic >= asked:
                return frame
            if frame is None:
                self._source.wait(_LOOK_EVERY_S)
        return None

    def _inspect(self, trigger: Trigger, picture: Frame | SourceImage) -> Inspection:
        if isinstance(picture, SourceImage):
            return judge(picture, self._recipe, self._detector, Origin.LIVE, time.perf_counter())
        return judge_frame(picture, trigger.trigger_id, self._recipe, self._detector)

    # Answering -------------------------------------------------------------------------------------------------

    def _claim(self, pending: _Pending) -> bool:
        """Whether it is for this thread to answer: nobody does, or one that has died since."""
        with self._changed:
            if pending.claimed_by is not None and pending.claimed_by.is_alive():
                return False
            pending.claimed_by = threading.current_thread()
            return True

    def _is_unanswered(self, pending: _Pending) -> bool:
        """Whether this thread decides the answer, and has not given it."""
        mine = self._claim(pending) or pending.claimed_by is threading.current_thread()
        return mine and pending.ticket.result is None

    def _refusal(self, pending: _Pending, reason: str, at: datetime | None = None) -> LineResult:
        trigger, recipe = pending.ticket.trigger, self._recipe
        latency = (time.monotonic() - trigger.asked_monotonic) * 1000.0
        return not_inspected(
            trigger.trigger_id,
            recipe.product,
            recipe.content_hash,
            reason,
            latency,
            file=trigger.file,
            decided_at=at,
            identity=trigger.identity,
        )

    def _answer_first(self, pending: _Pending, reason: str) -> None:
        """NOT_INSPECTED at once, and kept as soon as it can be: lost in between, it is what recovery says as well.

        The picture that came in time is kept and shown with it: a person can judge it by eye.
        """
        result, picture = self._refusal(pending, reason), pending.picture
        image = image_of(picture, result.trigger_id) if picture is not None else None
        self._keep_unkept(pending, result, in_record=False, image=image)
        seen = replace(inspection_of(result), image=image) if image is not None else None
        self._answer(pending, result, seen, is_new=True)

    def _refuse(self, pending: _Pending, reason: str, at: datetime | None = None, *, in_record: bool = False) -> None:
        result = self._refusal(pending, reason, at)
        if not in_record:
            try:
                result = replace(result, seen_before=self._ledger.keep(inspection_of(result)).seen_before)
            except FiloError as error:
                self._storage_problem = str(error)
                # Nothing leaves the station that the record knows nothing of.
                self._keep_unkept(pending, result, in_record=False)
                self._answer(pending, result, None, is_new=True)
                return
        self._finish(pending, result, None)

    def _keep_unkept(
        self, pending: _Pending, result: LineResult, *, in_record: bool, image: SourceImage | None = None
    ) -> None:
        repeats_within_s = pending.ticket.trigger.repeats_within_s
        self._unkept.add(pending.number, result, repeats_within_s, in_record=in_record, image=image)

    def _finish(self, pending: _Pending, result: LineResult, inspection: Inspection | None) -> None:
        assert pending.number is not None, "only a trigger that was kept is judged"
        try:
            self._ledger.close(pending.number, result)
            self._storage_problem = ""
        except FiloError as error:
            self._storage_problem = str(error)
            # Under the time of its inspection, by which the two belong together.
            result = self._refusal(pending, str(error), result.decided_at)
            self._keep_unkept(pending, result, in_record=True)
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
        pending.ticket.is_repeat = not is_new
        pending.ticket.answer(result)
        if is_new:
            try:
                self._on_answer(result, inspection)
            except Exception:
                # A terminal that is gone must not take the line with it.
                logger.exception("whoever watches the answers failed")

    # The watch -------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._watching.pause(_WATCH_EVERY_S):
            now = time.monotonic()
            since = self._judging_since
            if self._judging.is_running and (since is None or now - since < 2 * self._deadline_s):
                self._heartbeat += 1
            for pending in list(self._open.values()):
                if now >= pending.deadline - _ANSWERING_S and self._claim(pending):
                    self._answer_first(pending, self._why_late())

    def _keep_later(self) -> None:
        while not self._keeping.pause(_WATCH_EVERY_S):
            if self._unkept.keep():
                self._storage_problem = ""

    def _why_late(self) -> str:
        if self._source is not None and self._source.state is not SourceState.RUNNING:
            why = self._source.problem or Sentence("{name} gives no picture.", name=self._source.name)
            return Sentence("{why} The part was not judged.", why=why)
        if why := self._model_problem():
            return Sentence("{why} This part was not judged in time.", why=why)
        return Sentence(
            "No verdict within {deadline_s:g} s. Judge this part by eye, or allow more time.",
            deadline_s=self._deadline_s,
        )


def _sentence(what: str, error: Exception) -> str:
    """The error's own sentence where it has one."""
    return (
        str(error)
        if isinstance(error, FiloError)
        else Sentence("{what} ({kind}). Judge this part by eye.", what=what, kind=type(error).__name__)
    )
