"""Watches for what raises an alarm, and writes what changes into the audit chain."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from filo_core.alarms.engine import AlarmChange, AlarmKey, AlarmReading, Lasting, changes
from filo_core.alarms.rules import AlarmKind, Rules
from filo_core.errors import FiloError
from filo_core.line.sources.base import SourceState
from filo_core.loops import Loop
from filo_core.sentence import Sentence
from workflows.notices.book import AlarmBook
from workflows.notices.facts import chart_readings, disk_readings, slow_readings, verdict_readings
from workflows.notices.post import NoticePost
from workflows.notices.rules import rules_of
from workflows.people.access import Access
from workflows.products.catalogue import Catalogue
from workflows.settings.settings import Settings

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.line.run import Line

LOOK_EVERY_S = 2.0
_OF_LINES = (AlarmKind.CAMERA_LOST, AlarmKind.MODEL_DOWN)
_DISK_EVERY = timedelta(seconds=20)
_CHART_EVERY = timedelta(minutes=5)
_SLOW_EVERY = timedelta(minutes=30)
_SETTINGS_EVERY = timedelta(seconds=20)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LineHealth:
    """How a line that runs is asked; both give a sentence that says what is wrong, empty when all is well."""

    camera: Callable[[], str]
    judging: Callable[[], str]


def health_of(line: Line, judging: Callable[[], str]) -> LineHealth:
    """How a line without a window is asked.

    Args:
        line: with its cameras.
        judging: why its model cannot judge now; empty when it can.
    """
    lost = SourceState.LOST
    return LineHealth(lambda: next((source.problem for source in line.sources if source.state is lost), ""), judging)


@contextmanager
def watched(settings: Settings, storage: Storage) -> Iterator[AlarmWatcher]:
    """Alarms of the process are looked for, and people told of them, while the block runs, without a window."""
    watcher, post = AlarmWatcher(settings, storage), NoticePost(settings, storage)
    watcher.start()
    post.start()
    try:
        yield watcher
    finally:
        watcher.close()
        post.close()


class AlarmWatcher:
    """One a program. Others on the same record raise nothing twice: what stands is read from the chain.

    Args:
        settings: of this start; changed limits are read again within seconds.
        storage: the record, open until after :meth:`close`.
        clock: what time it is, with a time zone; everything goes by this one.
    """

    def __init__(
        self, settings: Settings, storage: Storage, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._catalogue = Catalogue(storage, Access(storage))
        self._now_set = settings
        self.book = AlarmBook(storage, settings.station)
        self._lasting = Lasting()
        self._lines: dict[str, LineHealth] = {}
        self._gone: set[str] = set()
        self._locked = threading.Lock()
        self._due: dict[str, datetime] = {}
        self._loop = Loop("filo-process-alarms", self._run, "looks for alarms of the process")

    @property
    def problem(self) -> str:
        """That it has died and is started again, as a sentence; empty when all is well."""
        return self._loop.problem

    def start(self) -> None:
        """Begin to look."""
        self._loop.start()

    def close(self) -> None:
        """Look no more; what was wrong with its lines ends with them. Nothing happens when it was never started."""
        was_running = self._loop.is_running
        self._loop.stop()
        with self._locked:
            self._gone |= self._lines.keys()
            self._lines.clear()
            ended = {AlarmKey(kind, line) for kind in _OF_LINES for line in self._gone}
        if not (was_running and ended):
            return
        try:
            standing = [alarm.key for alarm in self.book.standing() if alarm.key in ended]
            now = self._clock()
            self.book.note([AlarmChange(key, is_raised=False, at=now, value=0.0, sentence="") for key in standing])
        except FiloError as error:
            logger.warning("alarms of lines that have ended still stand: %s", error)

    def follow(self, line: str, health: LineHealth) -> None:
        """Look after the camera and the judging of a line from now on; asked on the watcher's thread."""
        with self._locked:
            self._lines[line] = health
            self._gone.discard(line)

    def leave(self, line: str) -> None:
        """The line has ended: what was wrong with it is no alarm any more."""
        with self._locked:
            if self._lines.pop(line, None) is not None:
                self._gone.add(line)

    def look(self) -> None:
        """Look once, at all that is due by the clock.

        Raises:
            FiloError: if the record cannot be read or written; nothing is forgotten by that.
        """
        now = self._clock()
        if self._is_due("settings", now, _SETTINGS_EVERY):
            self._now_set = self._current()
        standing = {alarm.key for alarm in self.book.standing() if alarm.key.kind is not AlarmKind.TAMPERING}
        rules = rules_of(self._now_set)
        with self._locked:
            gone = set(self._gone)
        readings = self._read(rules, now)
        found = changes(rules, readings, standing, self.book.cleared, now)
        for change in found:
            logger.log(
                logging.WARNING if change.is_raised else logging.INFO,
                "alarm %s of %s %s: %s",
                change.key.kind.value,
                change.key.about,
                "raised" if change.is_raised else "cleared",
                change.sentence,
            )
        if found:
            self.book.note(found)
        with self._locked:
            # Now that it is written: a record that is busy must not leave the alarm of an ended line standing.
            self._gone -= gone

    def _current(self) -> Settings:
        """The settings as they are now; those of the start where they cannot be read."""
        try:
            return Settings(home=self._settings.home)
        except (FiloError, ValueError):
            return self._settings

    def _run(self) -> None:
        while not self._loop.pause(LOOK_EVERY_S):
            try:
                self.look()
            except FiloError as error:
                logger.warning("alarms of the process were not looked for: %s", error)

    def _read(self, rules: Rules, now: datetime) -> tuple[AlarmReading, ...]:
        readings = [*self._line_readings(rules, now)]
        settings = self._now_set
        window = timedelta(minutes=settings.alarm_ng_rate_minutes)
        readings += verdict_readings(self._storage, rules, now, window, settings.alarm_ng_rate_parts)
        if AlarmKind.DISK in rules and self._is_due("disk", now, _DISK_EVERY):
            readings += disk_readings((settings.home, settings.images))
        if AlarmKind.RUN_RULES in rules and self._is_due("chart", now, _CHART_EVERY):
            readings += chart_readings(self._storage, self._names(), now)
        if rules.keys() & {AlarmKind.DRIFT, AlarmKind.PROMISE_BROKEN} and self._is_due("slow", now, _SLOW_EVERY):
            readings += slow_readings(self._storage, self._catalogue, self._names(), rules)
        return tuple(readings)

    def _line_readings(self, rules: Rules, now: datetime) -> list[AlarmReading]:
        with self._locked:
            lines, gone = dict(self._lines), set(self._gone)
        found = []
        for kind in _OF_LINES:
            for line in (*lines, *gone):
                health = lines.get(line)
                problem = ""
                if health is not None:
                    problem = health.camera() if kind is AlarmKind.CAMERA_LOST else health.judging()
                key = AlarmKey(kind, line)
                seconds = self._lasting.seconds(key, now, is_wrong=bool(problem))
                words = Sentence("{line}: {problem}", line=line, problem=problem) if problem else ""
                if kind in rules:
                    found.append(AlarmReading(key, seconds, words))
        return found

    def _names(self) -> tuple[str, ...]:
        """Products that were ever inspected."""
        with self._storage.reading() as transaction:
            return tuple(sorted(transaction.overview.lately(self._clock(), 1)))

    def _is_due(self, what: str, now: datetime, every: timedelta) -> bool:
        due = self._due.get(what)
        # A clock that was put back must not stop a look.
        if due is not None and due - every <= now < due:
            return False
        self._due[what] = now + every
        return True
