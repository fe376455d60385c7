"""What is done every night without anybody thinking of it: a backup, then the removal of images by the rules.

Also when the window opens, for the night that it was closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from filo_core.loops import Loop
from workflows.keeping.allowed import untold_rules
from workflows.keeping.backups import back_up_if_due, note_backup_problem
from workflows.keeping.retention import Retention, RetentionRules, rules_of

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.settings.settings import Settings

ACTOR = "nightly"
"""Stands in the events for whoever set the rules."""

_LOOKS_EVERY_S = 600.0

logger = logging.getLogger(__name__)


class NightlyWork:
    """Runs on a thread of its own between :meth:`start` and :meth:`close`; what is under way is waited for.

    Args:
        settings: the hour, the rules, and where everything lies.
        storage: the record, open until after :meth:`close`.
        on_problem: told on that thread what did not work, as a sentence, and an empty one once it does again.
    """

    def __init__(self, settings: Settings, storage: Storage, on_problem: Callable[[str], None] | None = None) -> None:
        self._settings = settings
        self._storage = storage
        self._on_problem = on_problem
        self._problem = ""
        self._removed_on: date | None = None
        self._loop = Loop("filo-nightly", self._run, "makes backups", self._say)

    def start(self) -> None:
        """Do today's work if it is not done yet, then look again now and then."""
        self._loop.start()

    def close(self) -> None:
        """End; nothing happens when it was never started."""
        self._loop.stop()

    def _run(self) -> None:
        self._work()
        while not self._loop.pause(_LOOKS_EVERY_S):
            if datetime.now().astimezone().hour >= self._settings.backup_hour:
                self._work()

    def _work(self) -> None:
        # Images stay on a night without a backup: whatever keeps it from being written may need them.
        self._say(self._back_up() or self._remove_images())

    def _back_up(self) -> str:
        """What went wrong, as a sentence; tried again at the next look, and inspecting goes on meanwhile."""
        try:
            made = back_up_if_due(self._settings)
        except FiloError as error:
            problem = f"No backup was made: {error}"
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
            return f"Old images were not removed: {error}"
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
