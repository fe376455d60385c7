"""Takes what the chain tells of alarms, and reports, to the outputs that people are told by, through the outbox."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from filo_core.errors import FiloError
from filo_core.loops import Loop
from filo_core.notices import Notification, TakesNotices
from storage.outbox_notices import NoticeBox, WaitingNotice
from workflows.line.delivery import BackOff
from workflows.line.outputs import OutputStore
from workflows.notices.book import KINDS, notice_of
from workflows.notices.reports import try_due
from workflows.settings.settings import Settings

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.settings.output_address import Output

LOOK_EVERY_S = 2.0
_MARK = "alarm events"
_REPORTS_EVERY_S = 30.0
_FORGET_EVERY_S = 6 * 3600.0

logger = logging.getLogger(__name__)


class NoticePost:
    """One a program; of several on one data folder one delivers at a time, and another takes over when it ends.

    Args:
        settings: of this start; outputs that are changed are read again at each look.
        storage: the record, open until after :meth:`close`.
        back_off: waits between tries.
        clock: seconds of a clock that nobody can move back.
        wall: the clock on the wall, which reports go by.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        back_off: BackOff | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._back_off = back_off or BackOff(first_s=2.0, longest_s=300.0)
        self._clock = clock
        self._lock = FileLock(settings.home / "notices.lock", thread_local=False)
        self._box: NoticeBox | None = None
        self._sinks: dict[Output, TakesNotices] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self._forgotten_at: float | None = None
        self._looked_at: float | None = None
        self._report_problem = ""
        self._now_set = settings
        self._wall = wall
        self._problem = ""
        self._loop = Loop("filo-notices", self._run, "tells people of alarms")

    @property
    def problem(self) -> str:
        """Why somebody could not be told, as a sentence; empty when all is well."""
        return self._loop.problem or self._problem

    def start(self) -> None:
        """Begin to deliver, first what an earlier start has left."""
        self._loop.start()

    def close(self, within_s: float = 2.0) -> None:
        """End; what is undelivered waits in the outbox. Nothing happens when it was never started."""
        self._loop.stop(within_s)

    def round(self) -> None:
        """Take what is new into the outbox, and deliver what goes out now.

        Raises:
            FiloError: if record or outbox cannot be used.
        """
        sinks = self._sinks_now()
        box = self._opened()
        names = [sink.name for sink in sinks.values()]
        self._gather(box, names)
        problems = [self._deliver(box, output, sink) for output, sink in sinks.items()]
        self._problem = " ".join(filter(None, (self._reports(box, names), *problems)))
        if self._forgotten_at is None or self._clock() - self._forgotten_at > _FORGET_EVERY_S:
            box.forget_old()
            self._forgotten_at = self._clock()

    def send(self, notices: Sequence[Notification]) -> int:
        """Put notices into the outbox for every output that takes them; how many outputs there are.

        Raises:
            FiloError: if the outbox cannot be written.
        """
        names = [sink.name for sink in self._sinks_now().values()]
        self._opened().put(notices, names)
        return len(names)

    def _run(self) -> None:
        try:
            while not self._loop.pause(LOOK_EVERY_S):
                try:
                    self._lock.acquire(timeout=0)
                    self.round()
                except Timeout:
                    # Another program of this folder delivers.
                    continue
                except (FiloError, OSError) as error:
                    logger.warning("nobody could be told of alarms: %s", error)
        finally:
            self._lock.release(force=True)
            self._let_go()

    def _reports(self, box: NoticeBox, names: Sequence[str]) -> str:
        """Why a report could not be made; empty when none was due, or all were made."""
        if self._looked_at is None or self._clock() - self._looked_at >= _REPORTS_EVERY_S:
            self._report_problem = try_due(self._storage, self._now_set, box, names, self._wall())
            self._looked_at = self._clock()
        return self._report_problem

    def _gather(self, box: NoticeBox, names: Sequence[str]) -> None:
        """What the chain has told since the last time, into the outbox, in one commit with how far that is."""
        mark = box.mark(_MARK)
        with self._storage.reading() as transaction:
            newest = transaction.events.newest_id()
            if mark is None or not mark.isdecimal() or int(mark) > newest:
                # Nobody is told of what was before there was anybody to tell. A mark beyond the end is of another
                # record, or of this one before a backup was restored: nothing would be told until it was reached.
                box.set_mark(_MARK, str(newest))
                return
            events = transaction.events.after(int(mark), *KINDS)
        if not events:
            return
        told = [notice for event in events if (notice := notice_of(event)) is not None]
        box.put(told, names, (_MARK, str(events[-1].event_id)))

    def _deliver(self, box: NoticeBox, output: Output, sink: TakesNotices) -> str:
        """Why the oldest notice of a sink is still here; empty when none waits."""
        failures, next_at = self._failures.get(sink.name, (0, 0.0))
        if failures and self._clock() < next_at:
            waiting = box.next_notice(sink.name)
            return "" if waiting is None else waiting.problem
        while not self._loop.must_stop() and (waiting := box.next_notice(sink.name)) is not None:
            problem = self._handed_over(box, sink, waiting)
            if problem:
                failures += 1
                self._failures[sink.name] = (failures, self._clock() + self._back_off.after(failures))
                # A password may have been changed meanwhile: the next try begins from the settings.
                self._drop(output)
                return problem
            self._failures.pop(sink.name, None)
            failures = 0
        return ""

    def _handed_over(self, box: NoticeBox, sink: TakesNotices, waiting: WaitingNotice) -> str:
        try:
            sink.take_notice(waiting.notice)
        except FiloError as error:
            if getattr(error, "is_final", False):
                logger.warning("a notice reached some alone: %s", error)
            else:
                box.mark_tried(waiting.row_id, str(error))
                if not waiting.problem:
                    logger.warning("a notice waits: %s", error)
                return str(error)
        except Exception as error:
            # Whatever a driver raises, it is tried again.
            logger.exception("a notice could not be delivered")
            box.mark_tried(waiting.row_id, type(error).__name__)
            return type(error).__name__
        box.mark_delivered(waiting.row_id)
        return ""

    def _opened(self) -> NoticeBox:
        if self._box is None:
            self._box = NoticeBox(self._settings.outbox)
        return self._box

    def _sinks_now(self) -> dict[Output, TakesNotices]:
        """A sink for each output of the settings that takes notices; those that were removed are let go of."""
        try:
            settings = Settings(home=self._settings.home)
        except (FiloError, ValueError):
            settings = self._settings
        self._now_set = settings
        store = OutputStore(self._settings.home, exports=settings.export_folder)
        for output in set(self._sinks) - set(settings.outputs):
            self._drop(output)
        found: dict[Output, TakesNotices] = {}
        for output in settings.outputs:
            if output in self._sinks:
                found[output] = self._sinks[output]
                continue
            if output.is_asked:
                continue
            try:
                sink = store.sink(output)
            except FiloError as error:
                logger.warning("nobody can be told by %s: %s", output.spec.kind, error)
                continue
            if isinstance(sink, TakesNotices):
                found[output] = sink
        self._sinks = found
        return dict(found)

    def _drop(self, output: Output) -> None:
        sink = self._sinks.pop(output, None)
        if sink is not None:
            with suppress(FiloError, OSError):
                sink.close()

    def _let_go(self) -> None:
        for output in tuple(self._sinks):
            self._drop(output)
        box, self._box = self._box, None
        if box is not None:
            box.close()
