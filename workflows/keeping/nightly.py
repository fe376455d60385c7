"""What is done every night without anybody thinking of it: a check of the record, a backup, the removal of images.

Also when the window opens, for the night that it was closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.loops import Loop
from filo_core.sentence import Sentence
from workflows.keeping.allowed import untold_rules
from workflows.keeping.backups import back_up_if_due, note_backup_problem
from workflows.keeping.checking import check_if_due
from workflows.keeping.retention import Retention, RetentionRules, rules_of
from workflows.keeping.syslog import send_head
from workflows.sealing.alarms import Alarms
from workflows.sealing.seal import RecordSeal

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.settings.settings import Settings

ACTOR = "nightly"
"""Stands in the events for whoever set the rules."""

_LOOKS_EVERY_S = 600.0

logger = logging.getLogger(__name__)


@contextmanager
def checked_nightly(settings: Settings, storage: Storage) -> Iterator[None]:
    """The record is checked every night while the block runs, without a window; backups and images are left to one."""
    nightly = NightlyWork(settings, storage, only_checks=True)
    nightly.start()
    try:
        yield
    finally:
        nightly.close()


class NightlyWork:
    """Runs on a thread of its own between :meth:`start` and :meth:`close`; what is under way is waited for.

    Args:
        settings: the hour, the rules, and where everything lies.
        storage: the record, open until after :meth:`close`.
        on_problem: told on that thread what did not work, as a sentence, and an empty one once it does again.
        on_alarms: told on that thread at each look which alarms of the record stand, as sentences.
        only_checks: leave backups and images to the window.
        beside: whether another program on this data folder does these now; asked each time.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        on_problem: Callable[[str], None] | None = None,
        on_alarms: Callable[[tuple[str, ...]], None] | None = None,
        *,
        only_checks: bool = False,
        beside: Callable[[], bool] = bool,
    ) -> None:
        self._beside = beside
        self._on_alarms = on_alarms
        self._only_checks = only_checks
        self._settings = settings
        self._storage = storage
        self._on_problem = on_problem
        self._problem = ""
        self._logged = ""
        self._removed_on: date | None = None
        self._loop = Loop("filo-nightly", self._run, "makes backups", self._say)

    def start(self) -> None:
        """Do today's work if it is not done yet, then look again now and then."""
        self._loop.start()

    def close(self) -> None:
        """End; nothing happens when it was never started."""
        self._loop.stop()

    def _run(self) -> None:
        # What an earlier start has found is said at once; the check takes its time.
        self._tell_standing()
        self._work()
        self._tell_standing()
        while not self._loop.pause(_LOOKS_EVERY_S):
            if datetime.now().astimezone().hour >= self._settings.backup_hour:
                self._work()
            self._tell_standing()

    def _work(self) -> None:
        problem = self._check()
        if not self._only_checks and not self._beside():
            # Images stay on a night without a backup: whatever keeps it from being written may need them.
            problem = self._back_up() or self._remove_images() or problem
        self._say(problem)

    def _check(self) -> str:
        """What kept the check from being done; what it finds becomes an alarm."""
        try:
            check_if_due(self._settings, self._storage)
        except FiloError as error:
            return Sentence("The record was not checked: {error}", error=error)
        return ""

    def _tell_standing(self) -> None:
        """Alarms to the window, and the head to the log of another machine when it is a new one."""
        try:
            if self._on_alarms is not None:
                self._on_alarms(tuple(alarm.sentence for alarm in Alarms(self._storage).standing()))
            if self._settings.syslog:
                words = RecordSeal(self._storage, self._settings.home).words
                if words != self._logged:
                    send_head(self._settings.syslog, words)
                    self._logged = words
        except FiloError as error:
            logger.warning("alarms and head could not be told: %s", error)

    def _back_up(self) -> str:
        """What went wrong, as a sentence; tried again at the next look, and inspecting goes on meanwhile."""
        try:
            made = back_up_if_due(self._settings)
        except FiloError as error:
            problem = Sentence("No backup was made: {error}", error=error)
            note_backup_problem(self._settings, problem)
            return problem
        note_backup_problem(self._settings, "")
        if made is not None:
            logger.info("backup written to %s", made)
        return ""

    def _remove_images(self) -> str:
        """As :meth:`_back_up`, once a day and only where a rule is set."""
        rules, today = rules_of(self._settings), datetime.now().astimezone().date()
        if rules == RetentionRules() or self._removed_on == today:
            return ""
        if untold := untold_rules(self._storage, self._settings):
            return untold
        retention = Retention(self._storage, rules, operator=ACTOR, station=self._settings.station)
        try:
            report = retention.run()
        except FiloError as error:
            return Sentence("Old images were not removed: {error}", error=error)
        self._removed_on = today
        logger.info("%d old image files removed, %d bytes", report.files, report.bytes_freed)
        if report.still_over:
            logger.warning("images are %d bytes over the quota, and the rest must be kept", report.still_over)
        return ""

    def _say(self, problem: str) -> None:
        if problem:
            logger.error("%s", problem)
        if problem != self._problem and self._on_problem is not None:
            self._on_problem(problem)
        self._problem = problem
