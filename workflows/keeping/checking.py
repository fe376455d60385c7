"""The whole record, checked: chain, rows, schema and pictures. What is found becomes an alarm."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from storage.audit.pictures import SAMPLE
from storage.engine import parse_url, shown
from workflows.sealing.alarms import Alarms
from workflows.sealing.installation import Installation

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.settings.settings import Settings

RECORD, PICTURES = "whole record", "pictures"
"""Checks that raise alarms here."""

logger = logging.getLogger(__name__)


def check_if_due(settings: Settings, storage: Storage, now: datetime | None = None) -> bool:
    """Check the record once a day, however often the program starts; True if it was.

    Raises:
        StorageError: if it cannot be read; tried again at the next look.
    """
    today = f"{now or datetime.now().astimezone():%Y-%m-%d}"
    record, installation = shown(parse_url(settings.database_url)), Installation(settings.home)
    if installation.checked_on(record) == today:
        return False
    alarms = Alarms(storage, settings.station)
    report = storage.verify(installation.noted(record))
    alarms.raise_for(RECORD, report.problems)
    # Another choice every night, so that in time all are looked at.
    alarms.raise_for(PICTURES, storage.picture_problems(SAMPLE, seed=int(today.replace("-", ""))))
    logger.info("%d entries of the record were checked, %d problems", report.entries, len(report.problems))
    installation.note_check(record, today)
    return True
