"""What a crash left is completed or marked, once, by the next start."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from filo_core.sentence import Joined, Sentence, one_or_many
from filo_core.types import EventKind
from storage.artefacts import Leftovers
from storage.pictures import spoken_of
from storage.repositories.events import EventRepository
from storage.repositories.jobs import JobRepository

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was cleaned up; all zero after a run that closed."""

    jobs: int = 0
    sessions: int = 0
    half_written: int = 0
    orphans: int = 0

    @property
    def sentence(self) -> str:
        """One sentence for a person; empty when there was nothing to do."""
        said = (
            one_or_many(
                self.jobs, "1 unfinished job marked as interrupted", "{count} unfinished jobs marked as interrupted"
            ),
            one_or_many(self.sessions, "1 session ended", "{count} sessions ended"),
            one_or_many(self.half_written, "1 half-written file removed", "{count} half-written files removed"),
            one_or_many(
                self.orphans, "1 picture without a verdict removed", "{count} pictures without a verdict removed"
            ),
        )
        counts = (self.jobs, self.sessions, self.half_written, self.orphans)
        found = Joined(part for part, count in zip(said, counts, strict=True) if count)
        return (
            Sentence("The program was ended before it could close: {found}. No verdict was lost.", found=found)
            if found
            else ""
        )


def recover(session: Session, left: Leftovers) -> Recovery:
    """Mark what the dead runs were doing, and remove the pictures that they wrote and no row speaks of."""
    jobs = JobRepository(session)
    orphans = _unspoken(session, left.recent)
    for path in orphans.values():
        path.unlink(missing_ok=True)
    done = Recovery(jobs.interrupt(left.runs), jobs.end_sessions(left.runs), left.half_written, len(orphans))
    if done.sentence:
        logger.warning(done.sentence)
        detail = {"jobs": done.jobs, "sessions": done.sessions, "half_written": done.half_written}
        EventRepository(session).add(EventKind.RECOVERED, "", "", "record", detail | {"orphans": done.orphans})
    return done


def _unspoken(session: Session, recent: tuple[Path, ...]) -> dict[str, Path]:
    """Pictures among ``recent`` that no table speaks of: one pass over the record, however many there are."""
    left = {path.name: path for path in recent}
    if left:
        for content_hash in spoken_of(session):
            left.pop(content_hash, None)
    return left
