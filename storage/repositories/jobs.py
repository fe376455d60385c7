"""Jobs and sessions of program runs: started, ended, or marked when their run is found dead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import KeptJobState
from storage.trust_models import JobInspectionRow, JobRow, SessionRow


class JobRepository:
    """What program runs are doing, and for whom."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, name: str, station: str, operator: str, run: str) -> int:
        """Note that a job has begun; back comes its id."""
        row = JobRow(
            name=name,
            station=station,
            operator=operator,
            run=run,
            state=KeptJobState.RUNNING.value,
            started_at=datetime.now(UTC),
            ended_at=None,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def end(self, job_id: int, state: KeptJobState) -> None:
        """Note how a job ended."""
        row = self._session.get_one(JobRow, job_id)
        row.state, row.ended_at = state.value, datetime.now(UTC)
        self._session.flush()

    def inspected(self, job_id: int, inspection_id: int) -> None:
        """Note that an inspection was made in a job."""
        self._session.add(JobInspectionRow(inspection_id=inspection_id, job_id=job_id))
        self._session.flush()

    def inspections(self, job_id: int) -> tuple[int, ...]:
        """Ids of the inspections that were made in a job, oldest first."""
        kept = JobInspectionRow.inspection_id
        return tuple(self._session.scalars(select(kept).where(JobInspectionRow.job_id == job_id).order_by(kept)))

    def inspections_of(self, name: str, since: datetime) -> tuple[int, ...]:
        """Ids of the inspections made in all jobs of a name that began since then, oldest first."""
        kept = JobInspectionRow.inspection_id
        query = select(kept).join(JobRow, JobRow.id == JobInspectionRow.job_id)
        return tuple(self._session.scalars(query.where(JobRow.name == name, JobRow.started_at >= since).order_by(kept)))

    def states(self) -> tuple[tuple[str, KeptJobState], ...]:
        """Name and state of every job, oldest first."""
        rows = self._session.execute(select(JobRow.name, JobRow.state).order_by(JobRow.id))
        return tuple((name, KeptJobState(state)) for name, state in rows)

    def interrupt(self, runs: Sequence[str]) -> int:
        """Mark what dead runs were doing; back comes how many jobs that were."""
        query = select(JobRow).where(JobRow.run.in_(runs), JobRow.state == KeptJobState.RUNNING.value)
        rows = self._session.scalars(query).all()
        for row in rows:
            row.state, row.ended_at = KeptJobState.INTERRUPTED.value, datetime.now(UTC)
        self._session.flush()
        return len(rows)

    def open_session(self, user_id: int, station: str, run: str) -> int:
        """Note that a user has signed in; back comes the session's id."""
        row = SessionRow(user_id=user_id, station=station, run=run, opened_at=datetime.now(UTC), ended_at=None)
        self._session.add(row)
        self._session.flush()
        return row.id

    def end_session(self, session_id: int) -> None:
        """Note that a user has signed out."""
        self._session.get_one(SessionRow, session_id).ended_at = datetime.now(UTC)
        self._session.flush()

    def end_sessions(self, runs: Sequence[str]) -> int:
        """End the sessions of dead runs; back comes how many there were."""
        rows = self._session.scalars(select(SessionRow).where(SessionRow.run.in_(runs), SessionRow.ended_at.is_(None)))
        ended = rows.all()
        for row in ended:
            row.ended_at = datetime.now(UTC)
        self._session.flush()
        return len(ended)
