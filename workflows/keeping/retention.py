"""What is removed when images are older than they need to be, or take more room than they may.

Never a row, and never an image of an NG or REVIEW that nobody has decided on, of a reference, of a golden set or of
any recipe. What may go, goes in a stated order: images of confirmed OK, then of unconfirmed OK, then of NG that a
person has decided on, within each the oldest first. An image and its anomaly map have the same rank.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filo_core.errors import StorageError
from filo_core.types import EventKind
from storage.repositories.retention import Rank, RemovalCandidate
from workflows.people.rights import Right, asks, free

if TYPE_CHECKING:
    from storage.storage import Storage
    from workflows.people.access import Access
    from workflows.settings.settings import Settings

FRESH_S = 3600.0
"""A file this young is left alone: the row that needs it may be on its way."""
_BATCH = 500


class Rule(StrEnum):
    """Why an image goes."""

    AGE = "older than allowed"
    QUOTA = "over the quota"


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """How long images are kept, and how much room they may take.

    Args:
        keep: age from which an image may go; None for any age.
        quota_bytes: what all images and maps may take; None for as much as there is.
    """

    keep: timedelta | None = None
    quota_bytes: int | None = None


def rules_of(settings: Settings) -> RetentionRules:
    """The rules that are set; none where neither age nor quota is."""
    days, gigabytes = settings.keep_days, settings.image_quota_gb
    return RetentionRules(
        keep=timedelta(days=days) if days is not None else None,
        quota_bytes=round(gigabytes * 2**30) if gigabytes is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that goes, or would go."""

    content_hash: str
    path: Path
    rank: Rank
    rule: Rule
    size: int


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What was, or would be, removed."""

    files: int
    bytes_freed: int
    bytes_before: int
    by_rank: dict[Rank, int]
    still_over: int
    """Bytes over the quota that nothing may be removed for."""


@asks(Right.REMOVE_IMAGES)
def remove_images(
    access: Access, settings: Settings, rules: RetentionRules, *, pin: str | None = None, dry: bool = False
) -> RetentionReport:
    """Remove images by these rules, or with ``dry`` only say what would go.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this, or the PIN is wrong.
        StorageError: if a file cannot be removed.
    """
    by = settings.operator if dry else access.require(Right.REMOVE_IMAGES, settings.operator, pin)
    return Retention(access.storage, rules, operator=by, station=settings.station).run(dry=dry)


class Retention:
    """Removes images of a record by its rules.

    Args:
        storage: the record.
        rules: what may stay.
        operator: who does it, for the events.
        station: where.
    """

    def __init__(self, storage: Storage, rules: RetentionRules, *, operator: str = "", station: str = "") -> None:
        self._storage = storage
        self._rules = rules
        self._operator = operator
        self._station = station

    def plan(self, now: datetime | None = None) -> Iterator[Removal]:
        """What would go, in its order; nothing is changed."""
        oldest_kept = (now or datetime.now(UTC)) - self._rules.keep if self._rules.keep is not None else None
        excess = self._excess(sum(self._sizes()))
        with self._storage.reading() as transaction:
            for candidate in transaction.retention.candidates():
                too_old = oldest_kept is not None and candidate.at < oldest_kept
                if not too_old and excess <= 0:
                    continue
                removal = self._removal(candidate, Rule.AGE if too_old else Rule.QUOTA)
                if removal is not None:
                    excess -= removal.size
                    yield removal

    @free("remove_images and the nightly work ask before it")
    def run(self, *, dry: bool = False, now: datetime | None = None) -> RetentionReport:
        """Remove what may go; each batch is in the record before its first file is gone.

        Args:
            dry: only say what would be done.
            now: moment that ages are counted to.

        Raises:
            StorageError: if a file cannot be removed, or the record not be written.
        """
        before = sum(self._sizes())
        removals = list(self.plan(now))
        if not dry:
            batches = (removals[start : start + _BATCH] for start in range(0, len(removals), _BATCH))
            removals = [removal for batch in batches for removal in self._remove(batch)]
        freed = sum(removal.size for removal in removals)
        ranks = Counter(removal.rank for removal in removals)
        over = max(0, self._excess(before - freed))
        return RetentionReport(len(removals), freed, before, dict(sorted(ranks.items())), over)

    def _remove(self, batch: list[Removal]) -> list[Removal]:
        """Remove those of the batch that may still go; another program works on while a plan is carried out."""
        with self._storage.transaction() as transaction:
            protected = transaction.retention.protected()
            batch = [one for one in batch if one.content_hash not in protected and self._size(one.path) is not None]
            if not batch:
                return []
            detail = _detail(batch)
            transaction.events.add(EventKind.IMAGES_REMOVED, self._operator, self._station, "images", detail)
        for removal in batch:
            try:
                removal.path.unlink(missing_ok=True)
            except OSError as error:
                raise StorageError(
                    "{path} cannot be removed: {strerror}. Ask for write permission.",
                    path=removal.path,
                    strerror=error.strerror or error,
                ) from error
        return batch

    def _removal(self, candidate: RemovalCandidate, rule: Rule) -> Removal | None:
        path = self._storage.artefacts.path_of(candidate.content_hash)
        size = self._size(path)
        return None if size is None else Removal(candidate.content_hash, path, candidate.rank, rule, size)

    @staticmethod
    def _size(path: Path) -> int | None:
        """None for a file that is gone already, or so young that another program may be about to use it."""
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(
                "{path} cannot be looked at: {strerror}. Check the image store's folder.",
                path=path,
                strerror=error.strerror or error,
            ) from error
        return None if time.time() - found.st_mtime < FRESH_S else found.st_size

    def _sizes(self) -> Iterator[int]:
        for path in self._storage.artefacts.stored():
            # Another program may remove it meanwhile.
            with suppress(FileNotFoundError):
                yield path.stat().st_size

    def _excess(self, stored: int) -> int:
        return stored - self._rules.quota_bytes if self._rules.quota_bytes is not None else 0


def _detail(batch: list[Removal]) -> dict[str, Any]:
    """Particulars of the event that tells of a batch."""
    return {
        "files": [removal.content_hash for removal in batch],
        "bytes": sum(removal.size for removal in batch),
        "rules": {rule.value: sum(removal.rule is rule for removal in batch) for rule in Rule},
    }
