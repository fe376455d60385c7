"""How long a name waits after wrong PINs: counted in the record, and held against what the audit chain says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from filo_core.sentence import Sentence
from storage.audit.problems import Problem
from storage.names import name_key
from storage.repositories.users import LONGEST_COUNT, SignInLock

if TYPE_CHECKING:
    from storage.storage import Storage, Transaction

FREE_ATTEMPTS = 3
"""Wrong PINs in a row before a name has to wait."""
FIRST_DELAY_S = 30
LONGEST_DELAY_S = 3600
_TABLE, _SHOWN = "sign_in_locks", 80
_EVENT_WITHIN = timedelta(minutes=1)
"""From counting an attempt to its event in the chain; the PIN is looked at in between."""
_CRASHES = 3
"""Attempts in a row that may have been counted without an event."""


def delay_after(failures: int) -> int:
    """Seconds that a name waits after so many wrong PINs in a row: none, then 30, doubled each time up to an hour."""
    if failures < FREE_ATTEMPTS:
        return 0
    return min(LONGEST_DELAY_S, FIRST_DELAY_S << min(failures - FREE_ATTEMPTS, 16))


def count_attempt(transaction: Transaction, name: str, now: datetime) -> tuple[int, float]:
    """Count an attempt as refused, before its PIN is looked at.

    Returns:
        How many that makes in a row, and 0 s; while the name has to wait, 0 and the seconds, and nothing is counted.
    """
    before = _lock(transaction, name, now)
    wait = _seconds_to_wait(transaction, name, before, now) if before is not None else 0.0
    if wait:
        return 0, wait
    failures = (before.failures if before is not None else 0) + 1
    transaction.users.set_lock(name, SignInLock(failures, now, delay_after(failures)))
    return failures, 0.0


def spoken(seconds: float) -> str:
    """A wait in words."""
    if seconds < 120:
        return Sentence("{seconds:.0f} s", seconds=seconds)
    return Sentence("{minutes:.0f} min", minutes=seconds / 60)


def _lock(transaction: Transaction, name: str, now: datetime) -> SignInLock | None:
    """The stricter of what the table says, which anybody with the file can change, and what the chain tells."""
    kept, told = transaction.users.lock(name), transaction.users.refusals(name)
    if told is None:
        return kept
    if kept is None or kept.failures < told.failures:
        return replace(told, delay_s=delay_after(told.failures))
    delay = max(kept.delay_s, delay_after(told.failures))
    if kept.refused_at < told.refused_at <= now:
        return SignInLock(kept.failures, told.refused_at, delay)
    return replace(kept, delay_s=delay)


def _seconds_to_wait(transaction: Transaction, name: str, lock: SignInLock, now: datetime) -> float:
    if not lock.delay_s:
        return 0.0
    if now < lock.refused_at:
        # The clock was moved back: the whole wait begins anew, which makes it neither shorter nor endless.
        transaction.users.set_lock(name, replace(lock, refused_at=now))
        return float(lock.delay_s)
    return max(0.0, lock.delay_s - (now - lock.refused_at).total_seconds())


def lock_problems(storage: Storage, now: datetime) -> tuple[Problem, ...]:
    """Waits that were shortened, taken away, or planted: they are not what the chain tells of refusals.

    Nobody gets in sooner by it, as an attempt takes the stricter of the two; but somebody has tried.

    Raises:
        StorageError: if the record cannot be read.
    """
    with storage.reading() as transaction:
        told = {name: transaction.users.refusals(name) for name in transaction.users.refused_names()}
        try:
            kept = transaction.users.locks()
        except (ValueError, TypeError):
            return (Problem(0, _TABLE, 0, Sentence("a row holds a value that this program never writes")),)
    by_key = {name_key(name): (name, lock) for name, lock in told.items()}
    found = []
    for key in sorted(by_key.keys() | kept.keys()):
        name, refusals = by_key.get(key, (key, None))
        if why := _what_is_wrong(kept.get(key), refusals, now):
            found.append(Problem(0, _TABLE, 0, Sentence("the wait of {name} {why}", name=name[:_SHOWN], why=why)))
    return tuple(found)


def _what_is_wrong(kept: SignInLock | None, told: SignInLock | None, now: datetime) -> str:
    failures = told.failures if told is not None else 0
    if (kept.failures if kept is not None else 0) < failures:
        return Sentence("after wrong PINs was taken away or shortened")
    if kept is None:
        return ""
    if kept.delay_s != delay_after(kept.failures):
        return Sentence("is not the one that so many wrong PINs bring")
    if told is not None and kept.refused_at + _EVENT_WITHIN < told.refused_at <= now:
        return Sentence("after wrong PINs was moved into the past")
    # An attempt is counted before its event is written, and a crash may come in between.
    is_settled = kept.refused_at + _EVENT_WITHIN < now or kept.refused_at > now + _EVENT_WITHIN
    if is_settled and failures < LONGEST_COUNT and kept.failures > failures + _CRASHES:
        return Sentence("was brought by no wrong PINs")
    return ""
