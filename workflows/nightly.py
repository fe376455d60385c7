"""A backup every night, without anybody thinking of it: when the window opens, and each day at the hour set."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from filo_core.errors import FiloError
from workflows.backups import back_up_if_due

if TYPE_CHECKING:
    from workflows.settings import Settings

_LOOKS_EVERY_S = 600.0

logger = logging.getLogger(__name__)


class NightlyBackup:
    """Runs on a thread of its own between :meth:`start` and :meth:`close`; a copy under way is waited for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nightly backup", daemon=True)

    def start(self) -> None:
        """Make today's backup if there is none yet, then look again now and then."""
        self._thread.start()

    def close(self) -> None:
        """End; nothing happens when it was never started."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        due = True
        while not self._closed.is_set():
            if due:
                self._back_up()
            self._closed.wait(_LOOKS_EVERY_S)
            due = datetime.now().astimezone().hour >= self._settings.backup_hour

    def _back_up(self) -> None:
        try:
            made = back_up_if_due(self._settings)
        except FiloError as error:
            # Tried again at the next look; inspecting goes on meanwhile.
            logger.error("no backup: %s", error)
            return
        if made is not None:
            logger.info("backup written to %s", made)
