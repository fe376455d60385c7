"""A line without a window: source, triggers and outputs around one product, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from filo_core.identity import NOBODY
from filo_core.line.announcer import Announcer
from filo_core.line.part_collecting import PART_WAIT_S
from filo_core.line.results import LineResult, inspection_of, not_inspected
from filo_core.line.sinks.base import Seal, Sink
from filo_core.line.station import Station
from filo_core.line.triggers.folder_ids import file_of
from filo_core.sentence import Sentence
from filo_core.types import Verdict
from storage.recorder import Recorder
from workflows.line.alarm_watch import AlarmWatch
from workflows.line.bound_answers import BoundAnswers
from workflows.line.delivery import BackOff, Courier, Delivery
from workflows.line.readiness import ReadinessWatch

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.identity import Identity
    from filo_core.line.part_views import PartViews
    from filo_core.line.sources.base import ImageSource
    from filo_core.method.interfaces import Detector
    from filo_core.types import Inspection, Recipe
    from storage.outbox import Outbox

_FORGET_EVERY = 500
"""Triggers: a line that runs for months keeps a week of answers, not all of them."""
_CRASHED = Sentence("The program ended before this part was judged. Judge it by eye.")


class RecordLedger:
    """Keeps the line's triggers and answers: the inspection in the record, the answer and its messages in the outbox.

    The inspection is written first. If the program ends between the two, the trigger is answered with
    NOT_INSPECTED at the next start: the line errs towards NG, and never says OK twice.
    """

    def __init__(self, recorder: Recorder, delivery: Delivery, require: Callable[[], None]) -> None:
        self._recorder = recorder
        self._require = require
        self._delivery = delivery
        self._outbox = delivery.outbox
        self._opened = 0

    def open(
        self, trigger_id: str, repeats_within_s: float, identity: Identity = NOBODY
    ) -> tuple[int, LineResult | None]:
        """Accept a trigger; its number, and its answer if it had one within that time."""
        self._opened += 1
        if self._opened % _FORGET_EVERY == 0:
            self._outbox.forget_old()
        number, earlier = self._outbox.open_trigger(trigger_id, timedelta(seconds=repeats_within_s), identity)
        return number, None if earlier is None else self._delivery.checked(number, trigger_id, earlier)

    def keep(self, inspection: Inspection) -> Inspection:
        """Write an inspection into the record; a verdict only while there may be any."""
        if inspection.verdict is not Verdict.NOT_INSPECTED:
            self._require()
        return self._recorder.keep(inspection)

    def close(self, number: int, result: LineResult) -> None:
        """Keep the answer with a message for every output, and wake those that deliver."""
        self._delivery.answer(number, result)

    def recover(self, recipe: Recipe) -> int:
        """Answer what an earlier start left open, and forget what is old; how many triggers were open."""
        self._outbox.forget_old()
        left = self._outbox.open_triggers()
        for number, trigger_id, identity in left:
            file, recipe_hash = file_of(trigger_id), recipe.content_hash
            result = not_inspected(trigger_id, recipe.product, recipe_hash, _CRASHED, 0.0, file=file, identity=identity)
            kept = self.keep(inspection_of(result))
            self.close(number, replace(result, seen_before=kept.seen_before))
        return len(left)


class LinePart(Protocol):
    """A trigger, or a server: runs from its start to its stop."""

    @property
    def problem(self) -> str:
        """Why it cannot do its work now, as a sentence; empty when all is well."""
        ...

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


@dataclass(slots=True)
class Line:
    """Everything that one line runs with; starts and ends in order.

    Args:
        recipe: what to judge by.
        source: gives the pictures; None where every trigger brings its own, or there are several views.
        detector: set up for the recipe.
        recorder: writes the record.
        outbox_file: see :class:`~storage.outbox.Outbox`.
        sinks: where answers go.
        deadline_s: longest time from a trigger to its answer.
        on_answer: told every new answer.
        model_problem: why the detector cannot judge now, as a sentence; never waits.
        require: raises a FiloError while no part may get a verdict: its golden set has a problem.
        views: of a part with several, with their cameras; the detector is not asked then.
    """

    recipe: Recipe
    source: ImageSource | None
    detector: Detector
    recorder: Recorder
    outbox_file: Path
    sinks: Sequence[Sink] = ()
    deadline_s: float = 2.0
    on_answer: Callable[[LineResult, Inspection | None], None] = lambda *_: None
    require: Callable[[], None] = lambda: None
    model_problem: Callable[[], str] = lambda: ""
    back_off: BackOff = field(default_factory=BackOff)
    views: PartViews | None = None
    part_wait_s: float = PART_WAIT_S
    """How long a watched folder waits for the picture of a view of a part."""
    seal: Callable[[], Seal] = Seal
    """What goes out with every answer."""
    parts: list[LinePart] = field(default_factory=list)
    """Triggers and servers, added once the station is there."""
    recovered: int = 0
    """Triggers that an earlier start left open."""
    delivery: Delivery = field(init=False)
    station: Station = field(init=False)
    announcer: Announcer = field(init=False)
    """What triggers ask: the station, with those who read along."""
    alarms: AlarmWatch = field(init=False)
    """Whether an alarm of the record stands, for PLCs."""
    _readiness: ReadinessWatch = field(init=False)
    _started: list[LinePart] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarms = AlarmWatch(self.seal)
        bound = BoundAnswers(self.recorder.storage, self.recorder.station)
        self.delivery = Delivery(self.outbox_file, self.sinks, self.back_off, self.seal, bound)
        with ExitStack() as undo:
            undo.callback(self.delivery.stop)
            ledger = RecordLedger(self.recorder, self.delivery, self.require)
            self.station = Station(
                self.source,
                self.recipe,
                self.detector,
                ledger,
                deadline_s=self.deadline_s,
                on_answer=self._tell,
                model_problem=self.model_problem,
                views=self.views,
            )
            self.announcer = Announcer(self.station, self.deadline_s, other_problem=self._other_problem)
            self._readiness = ReadinessWatch(lambda: self.announcer.problem, self.delivery.tell)
            self.recovered = ledger.recover(self.recipe)
            undo.pop_all()

    @property
    def outbox(self) -> Outbox:
        """Keeps triggers and answers."""
        return self.delivery.outbox

    @property
    def sources(self) -> tuple[ImageSource, ...]:
        """Its cameras; none where every trigger brings its own picture."""
        if self.views is not None:
            return self.views.sources
        return (self.source,) if self.source is not None else ()

    @property
    def couriers(self) -> Sequence[Courier]:
        """One an output."""
        return self.delivery.couriers

    @property
    def problem(self) -> str:
        """What is wrong with camera, folder, model, disk or an output now, as a sentence; empty when all is well."""
        return self.announcer.problem or self.delivery.state.problem

    def start(self) -> None:
        """Start outputs, source, station, and then what asks.

        Raises:
            SourceError: if a port is taken; nothing runs then.
        """
        parts: list[LinePart] = [*self.sources, self.station, *self.parts, self._readiness, self.alarms]
        try:
            self.delivery.start()
            for part in parts:
                self._started.append(part)
                part.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what asks first; every open trigger gets its answer, and what is undelivered waits on the disk."""
        with ExitStack() as ending:
            ending.callback(self.delivery.stop)
            while self._started:
                # Called from the last one on, each whatever becomes of the others.
                ending.callback(self._started.pop(0).stop)

    def _other_problem(self) -> str:
        """Of what asks and what delivers. A receiver that is away is none: its messages wait."""
        parts = (*self.parts, self._readiness)
        return next(filter(None, (part.problem for part in parts)), "") or self.delivery.failure

    def _tell(self, result: LineResult, inspection: Inspection | None) -> None:
        self.announcer.tell(result)
        self.on_answer(result, inspection)
