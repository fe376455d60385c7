"""How long a name waits after wrong PINs: counted in the record, and held against what the audit chain says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from storage.repositories.users import SignInLock

if TYPE_CHECKING:
    from storage.storage import Transaction

FREE_ATTEMPTS = 3
"""Wrong PINs in a row before a name has to wait."""
FIRST_DELAY_S = 30
LONGEST_DELAY_S = 3600


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
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


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
