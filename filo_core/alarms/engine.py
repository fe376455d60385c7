"""From readings to what is raised and what clears. Nothing here knows what time it is, or remembers anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from filo_core.alarms.rules import AlarmKind, Rules


class AlarmKey(NamedTuple):
    """Of each there is one alarm at a time."""

    kind: AlarmKind
    about: str
    """Product, line, camera or disk."""


@dataclass(frozen=True, slots=True)
class AlarmReading:
    """What was found of one thing now."""

    key: AlarmKey
    value: float
    """In the unit of :class:`~filo_core.alarms.rules.AlarmKind`."""
    sentence: str = ""
    """What is said if it raises an alarm."""


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm that was raised, or cleared."""

    key: AlarmKey
    is_raised: bool
    at: datetime
    value: float | None
    """None where it cleared because its rule was turned off."""
    sentence: str


def changes(
    rules: Rules,
    readings: Iterable[AlarmReading],
    standing: Collection[AlarmKey],
    cleared: Mapping[AlarmKey, datetime],
    now: datetime,
) -> tuple[AlarmChange, ...]:
    """What changes by these readings.

    Of what nothing was read nothing changes: a product that is not inspected says nothing of itself. An alarm whose
    rule is off clears.

    Args:
        rules: those that are on.
        readings: one at most of each thing.
        standing: alarms that were raised and have not cleared.
        cleared: when alarms cleared last.
        now: by the same clock as ``cleared``.
    """
    found = [
        AlarmChange(key, is_raised=False, at=now, value=None, sentence="") for key in standing if key.kind not in rules
    ]
    for reading in readings:
        rule = rules.get(reading.key.kind)
        if rule is None:
            continue
        stands = reading.key in standing
        if stands and rule.is_well(reading.value):
            found.append(AlarmChange(reading.key, is_raised=False, at=now, value=reading.value, sentence=""))
        elif not stands and rule.is_bad(reading.value) and not _is_silent(cleared.get(reading.key), rule.cooldown, now):
            found.append(
                AlarmChange(reading.key, is_raised=True, at=now, value=reading.value, sentence=reading.sentence)
            )
    return tuple(found)


def _is_silent(cleared_at: datetime | None, cooldown: timedelta, now: datetime) -> bool:
    # A clock that was put back must not silence anything for as long as it was ahead.
    return cleared_at is not None and timedelta(0) <= now - cleared_at < cooldown


class Lasting:
    """For how long things have been wrong, by the clock that is passed in."""

    def __init__(self) -> None:
        self._since: dict[AlarmKey, datetime] = {}

    def seconds(self, key: AlarmKey, now: datetime, *, is_wrong: bool) -> float:
        """How long a thing has been wrong without a break; 0 while it is not."""
        if not is_wrong:
            self._since.pop(key, None)
            return 0.0
        return max(0.0, (now - self._since.setdefault(key, now)).total_seconds())
