"""The whole record, checked: chain, rows, schema, pictures, outbox and waits. What is found becomes an alarm."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from storage.audit.pictures import SAMPLE
from storage.engine import parse_url, shown, sqlite_file
from workflows.line.outbox_check import SAMPLE as ANSWERS
from workflows.line.outbox_check import outbox_problems
from workflows.people.waiting import lock_problems
from workflows.sealing.alarms import Alarms
from workflows.sealing.installation import Installation

if TYPE_CHECKING:
    from storage.audit.problems import Problem
    from storage.storage import Storage
    from workflows.settings.settings import Settings

RECORD, PICTURES, BESIDE = "whole record", "pictures", "outbox and sign-in locks"
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
    night = int(today.replace("-", ""))
    alarms.raise_for(PICTURES, storage.picture_problems(SAMPLE, seed=night))
    alarms.raise_for(BESIDE, beside_problems(settings, storage, ANSWERS, seed=night))
    logger.info("%d entries of the record were checked, %d problems", report.entries, len(report.problems))
    installation.note_check(record, today)
    return True


def beside_problems(
    settings: Settings, storage: Storage, answers: int | None = None, seed: int = 0
) -> tuple[Problem, ...]:
    """What is wrong with the waits after wrong PINs, and with the station's outboxes: no entry of the chain holds them.

    Args:
        settings: name the outbox, and those of the lines of a service.
        storage: the record.
        answers: how many delivered answers to look at; None for all.
        seed: of the choice.

    Raises:
        StorageError: if the record cannot be read.
    """
    file = sqlite_file(parse_url(settings.database_url))
    locks = lock_problems(storage, datetime.now(UTC))
    # A copy of the record, or another one, knows nothing of what this station has answered.
    is_its_own = file is None or file.resolve().parent == settings.outbox.resolve().parent
    outboxes = settings.outboxes if is_its_own else ()
    return (*locks, *(found for outbox in outboxes for found in outbox_problems(storage, outbox, answers, seed)))
