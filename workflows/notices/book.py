"""The alarms that stand and what became of others, read from the audit chain's events; who acknowledged which."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from filo_core.alarms.engine import AlarmChange, AlarmKey
from filo_core.alarms.rules import AlarmKind
from filo_core.notices import NoticeKind, Notification
from filo_core.sentence import Sentence
from filo_core.types import EventKind
from workflows.people.access import Access
from workflows.people.rights import Right, asks, free

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.repositories.events import Happening
    from storage.storage import Storage, Transaction

KINDS = (
    EventKind.ALARM_RAISED,
    EventKind.ALARM_SETTLED,
    EventKind.PROCESS_ALARM_RAISED,
    EventKind.PROCESS_ALARM_CLEARED,
    EventKind.ALARM_ACKNOWLEDGED,
)
_SUBJECT = "alarm"


@dataclass(frozen=True, slots=True)
class StandingAlarm:
    """An alarm that was raised and has not cleared."""

    key: AlarmKey
    sentence: str
    since: datetime
    station: str
    event_id: int
    """Of the event that raised it."""
    acknowledged_by: str = ""
    """Empty while nobody has."""
    acknowledged_at: datetime | None = None
    digest: str = ""
    """Of findings that only an admin settles."""


class AlarmBook:
    """Alarms of a record. Reads what is new alone, so that asking every few seconds costs little. Any thread.

    Args:
        storage: the record.
        station: kept with what is written here.
    """

    def __init__(self, storage: Storage, station: str = "") -> None:
        self._storage = storage
        self._station = station
        self._lock = threading.Lock()
        self._read_to = 0
        self._standing: dict[AlarmKey, StandingAlarm] = {}
        self._cleared: dict[AlarmKey, datetime] = {}

    def standing(self) -> tuple[StandingAlarm, ...]:
        """Those that stand, the oldest first.

        Raises:
            StorageError: if the record cannot be read.
        """
        with self._lock:
            with self._storage.reading() as transaction:
                self._catch_up(transaction)
            return tuple(sorted(self._standing.values(), key=lambda alarm: alarm.event_id))

    @property
    def cleared(self) -> dict[AlarmKey, datetime]:
        """When alarms cleared last, as :meth:`standing` has found it."""
        with self._lock:
            return dict(self._cleared)

    @free("what the program itself has found")
    def note(self, changes: Sequence[AlarmChange]) -> None:
        """Write changes into the chain; what another program of this record has written meanwhile is left out.

        Raises:
            StorageError: if they cannot be kept.
        """
        with self._lock, self._storage.transaction() as transaction:
            self._catch_up(transaction)
            for change in changes:
                if change.is_raised == (change.key in self._standing):
                    continue
                kind = EventKind.PROCESS_ALARM_RAISED if change.is_raised else EventKind.PROCESS_ALARM_CLEARED
                detail: dict[str, object] = {"rule": change.key.kind.value, "about": change.key.about}
                detail["at"] = change.at.isoformat()
                if change.value is not None:
                    detail["value"] = change.value
                # What was said as it was raised: whoever hears that it cleared may not have heard the first.
                detail["sentence"] = change.sentence if change.is_raised else self._standing[change.key].sentence
                transaction.events.add(kind, "", self._station, _SUBJECT, detail)

    @asks(Right.ACKNOWLEDGE_ALARMS)
    def acknowledge(self, access: Access, event_ids: Sequence[int], typed_name: str = "") -> int:
        """Say that somebody has seen alarms and takes care of them; they stand until they clear all the same.

        Args:
            access: who is signed in.
            event_ids: of the events that raised them; others, and those that were acknowledged, are left out.
            typed_name: who says so while there are no users.

        Returns:
            How many were.

        Raises:
            AccessError: if there are users, and nobody is signed in who may do this.
            StorageError: if it cannot be kept.
        """
        by = access.require(Right.ACKNOWLEDGE_ALARMS, typed_name)
        with self._lock, self._storage.transaction() as transaction:
            self._catch_up(transaction)
            wanted = [
                alarm for alarm in self._standing.values() if alarm.event_id in event_ids and not alarm.acknowledged_by
            ]
            for alarm in wanted:
                detail = {"rule": alarm.key.kind.value, "about": alarm.key.about, "raised": alarm.event_id}
                detail["sentence"] = alarm.sentence
                transaction.events.add(EventKind.ALARM_ACKNOWLEDGED, by, self._station, _SUBJECT, detail)
        return len(wanted)

    def _catch_up(self, transaction: Transaction) -> None:
        for event in transaction.events.after(self._read_to, *KINDS):
            self._take(event)

    def _take(self, event: Happening) -> None:
        self._read_to = event.event_id
        found = read_event(event)
        if found is None:
            return
        key, detail = found
        stands = self._standing.get(key)
        match event.kind:
            case EventKind.PROCESS_ALARM_RAISED | EventKind.ALARM_RAISED:
                sentence, digest = str(detail.get("sentence", "")), str(detail.get("digest", ""))
                self._standing[key] = StandingAlarm(
                    key, sentence, _moment(event, detail), event.station, event.event_id, digest=digest
                )
            case EventKind.PROCESS_ALARM_CLEARED:
                self._standing.pop(key, None)
                self._cleared[key] = _moment(event, detail)
            case EventKind.ALARM_SETTLED if stands is not None and stands.digest == str(detail.get("digest")):
                del self._standing[key]
            case EventKind.ALARM_ACKNOWLEDGED if stands is not None and stands.event_id == detail.get("raised"):
                self._standing[key] = replace(stands, acknowledged_by=event.actor, acknowledged_at=event.at)


def read_event(event: Happening) -> tuple[AlarmKey, dict[str, object]] | None:
    """What alarm an event is about, and its particulars; None where it cannot be read."""
    try:
        detail = json.loads(event.detail)
        if event.kind in {EventKind.ALARM_RAISED, EventKind.ALARM_SETTLED}:
            return AlarmKey(AlarmKind.TAMPERING, str(detail.get("key"))), detail
        return AlarmKey(AlarmKind(detail["rule"]), str(detail["about"])), detail
    except (ValueError, KeyError, TypeError, AttributeError):
        # Of a later version, or nothing of ours.
        return None


_TITLES = {
    AlarmKind.NG_IN_A_ROW: Sentence("Parts called NG in a row"),
    AlarmKind.NG_RATE: Sentence("Too many parts called NG"),
    AlarmKind.RUN_RULES: Sentence("The share of NG is no longer as usual"),
    AlarmKind.CAMERA_LOST: Sentence("A camera gives no picture"),
    AlarmKind.MODEL_DOWN: Sentence("Parts get no verdict"),
    AlarmKind.DRIFT: Sentence("Good parts score differently than before"),
    AlarmKind.PROMISE_BROKEN: Sentence("More good parts are refused than promised"),
    AlarmKind.DISK: Sentence("The disk is nearly full"),
    AlarmKind.TAMPERING: Sentence("The record was altered from outside"),
}


def title_of(kind: AlarmKind) -> str:
    """What an alarm is called, in a few words."""
    return _TITLES[kind]


def notice_of(event: Happening) -> Notification | None:
    """What is sent about an event of :data:`KINDS`; None for one that cannot be read."""
    found = read_event(event)
    if found is None:
        return None
    key, detail = found
    kind = {
        EventKind.ALARM_ACKNOWLEDGED: NoticeKind.ALARM_ACKNOWLEDGED,
        EventKind.PROCESS_ALARM_CLEARED: NoticeKind.ALARM_CLEARED,
        EventKind.ALARM_SETTLED: NoticeKind.ALARM_CLEARED,
    }.get(event.kind, NoticeKind.ALARM_RAISED)
    return Notification(
        # With its moment: another record, or a backup that was restored, counts its events anew.
        key=f"alarm-{event.event_id}-{event.at:%Y%m%d%H%M%S%f}",
        kind=kind,
        title=title_of(key.kind),
        text=str(detail.get("sentence", "")),
        at=_moment(event, detail).isoformat(),
        station=event.station,
        alarm=key.kind.value,
        about=key.about,
        by=event.actor,
    )


def _moment(event: Happening, detail: dict[str, object]) -> datetime:
    """When it was, by the clock that the rules look at; the chain's own where that cannot be read."""
    try:
        return datetime.fromisoformat(str(detail["at"]))
    except (KeyError, ValueError):
        return event.at
