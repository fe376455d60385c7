"""Workers on a Ray cluster, or on this machine by Ray: one actor holds one loaded recipe."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from filo_core.errors import FiloError
from filo_core.sentence import Sentence
from filo_core.spread.judging import JudgingJob, PictureJudge, WorkerFacts
from filo_core.spread.scheduling import Batch, Judged, Lost, Returned

if TYPE_CHECKING:
    from filo_core.line.runs import Outcome

logger = logging.getLogger(__name__)

LOCAL = "local"
"""In place of an address: workers of this machine alone."""
_IN_HAND = 2
"""Batches of a worker: the one it judges, and the next, so that it never waits for the driver."""
_ANSWERS_WITHIN_S = 10.0
_LOADED_WITHIN_S = 300.0
_BATCH_WITHIN_S = 120.0
_PICTURE_WITHIN_S = 30.0
"""A worker that has not answered by then does not answer."""
ACTOR_VARIABLES: dict[str, str] = {}
"""Of the environment that actors get beside their number of threads."""


@dataclass(slots=True, eq=False)
class _Worker:
    actor: Any
    loading: Any
    """The answer that it is loaded; None once it is."""
    since: float
    in_hand: deque[tuple[Any, Batch]] = field(default_factory=deque)
    is_alone: bool = False
    """Whether nothing is put behind what it has in hand."""


class RayWorkers:
    """Workers of one job; a context manager. See :class:`~filo_core.spread.scheduling.Workers`.

    Args:
        address: of a Ray cluster, or ``local``.
        job: what is judged by.
        workers: how many; one for each machine of the cluster where None.
        on_note: told what a person should know, as a sentence: a worker that was left out.

    Raises:
        FiloError: on entering, if Ray is not installed, the cluster is not there, or no worker can judge.
    """

    def __init__(
        self,
        address: str,
        job: JudgingJob,
        workers: int | None = None,
        on_note: Callable[[str], None] = logger.warning,
    ) -> None:
        self._address = address
        self._job = job
        self._wanted = workers
        self._on_note = on_note
        self._ray: Any = None
        self._job_there: Any = None
        self._cpus = 1
        self._workers: list[_Worker] = []
        self._returned: deque[Returned] = deque()
        self._refused: dict[str, str] = {}
        self.trained = False
        """False while the weights are seeded noise."""

    def __enter__(self) -> Self:
        self._connect()
        try:
            self._begin()
        except BaseException:
            self._ray.shutdown()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            with suppress(Exception):
                self._ray.kill(worker.actor)
        self._ray.shutdown()

    @property
    def count(self) -> int:
        """How many judge or load."""
        return max(1, len(self._workers))

    def free(self, *, alone: bool = False) -> bool:
        """Whether a batch may be given now; with ``alone`` to a worker that has nothing else in hand."""
        return any(_takes(worker, alone) for worker in self._workers)

    def give(self, batch: Batch, *, alone: bool = False) -> None:
        """To the worker that has least in hand; only where one is free."""
        worker = min((one for one in self._workers if _takes(one, alone)), key=lambda one: len(one.in_hand))
        worker.is_alone = alone
        if not worker.in_hand:
            worker.since = time.monotonic()
        worker.in_hand.append((worker.actor.judge.remote(batch), batch))

    def wait(self) -> Judged | Lost | Returned | None:
        """What comes next, at most a second from now; workers that died are begun anew meanwhile.

        Raises:
            FiloError: if there is no worker left, and none can be had.
        """
        if self._returned:
            return self._returned.popleft()
        self._require_any()
        asked = {ref: worker for worker in self._workers if (ref := _ref(worker)) is not None}
        found, _ = self._ray.wait(list(asked), num_returns=1, timeout=1.0) if asked else ([], [])
        if found:
            return self._answer(asked[found[0]])
        late = self._late()
        return self._bury(late[0], "TimeoutError") if late else None

    def _connect(self) -> None:
        # Nothing of a plant is told to anybody.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        try:
            import ray
        except ImportError as error:
            raise FiloError(
                "Ray is not installed ({kind}). Run 'make setup' for it, or leave --ray out.", kind=str(error)
            ) from error
        self._ray = ray
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
        try:
            if self._address == LOCAL:
                # Ray by itself would open its ports to the network.
                ray.init(address=LOCAL, include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
            else:
                _knock(self._address)
                ray.init(address=self._address, **quiet)
        except Exception as error:
            raise FiloError(
                "No Ray cluster answers at {address} ({kind}). Start it with 'ray start', or use --ray local.",
                address=self._address,
                kind=_first_line(error),
            ) from error

    def _begin(self) -> None:
        nodes = [node for node in self._ray.nodes() if node["Alive"]]
        cores = sum(int(node["Resources"].get("CPU", 0)) for node in nodes)
        wanted = self._wanted or len([node for node in nodes if node["Resources"].get("CPU", 0) >= 1])
        if not 1 <= wanted <= max(1, cores):
            raise FiloError(
                "{wanted} workers need as many cores, and the cluster has {cores}. Ask for fewer.",
                wanted=wanted,
                cores=cores,
            )
        largest = max(int(node["Resources"].get("CPU", 0)) for node in nodes)
        self._cpus = max(1, min(largest, cores // wanted))
        self._job_there = self._ray.put(self._job)
        for _ in range(wanted):
            self._hire()
        while not any(worker.loading is None for worker in self._workers):
            self.wait()

    def _hire(self) -> None:
        threads = str(self._cpus)
        made = self._ray.remote(Actor).options(
            num_cpus=self._cpus, runtime_env={"env_vars": {"OMP_NUM_THREADS": threads} | ACTOR_VARIABLES}
        )
        actor = made.remote(self._job_there, self._cpus)
        self._workers.append(_Worker(actor, actor.facts.remote(), time.monotonic()))

    def _answer(self, worker: _Worker) -> Judged | Lost | None:
        """What a worker that has something to say says; None where it is ready, or left out."""
        try:
            told = self._ray.get(_ref(worker))
        except Exception as error:
            # What a picture can do to a worker reaches the driver as many kinds of errors.
            logger.warning("a worker of Ray died", exc_info=error)
            return self._bury(worker, type(error).__name__)
        if worker.loading is not None:
            self._welcome(worker, told)
            return None
        _, batch = worker.in_hand.popleft()
        worker.since = time.monotonic()
        outcomes: list[Outcome] = told
        return Judged(batch, outcomes)

    def _welcome(self, worker: _Worker, facts: WorkerFacts) -> None:
        worker.loading = None
        if facts.problem:
            self._workers.remove(worker)
            self._ray.kill(worker.actor)
            if self._refused.get(facts.node) != facts.problem:
                self._refused[facts.node] = facts.problem
                self._on_note(
                    Sentence("The worker on {node} is left out: {problem}", node=facts.node, problem=facts.problem)
                )
            return
        self.trained = facts.trained

    def _bury(self, worker: _Worker, kind: str) -> Lost | None:
        """Another in its place; what it had not begun is returned, and what it died over is lost."""
        self._workers.remove(worker)
        with suppress(Exception):
            self._ray.kill(worker.actor)
        if worker.loading is not None:
            # One that dies while it loads would do so again and again.
            self._refused[str(len(self._refused))] = kind
            self._on_note(Sentence("A worker did not come up ({kind}) and is left out.", kind=kind))
            return None
        self._hire()
        if not worker.in_hand:
            return None
        (_, lost), *others = worker.in_hand
        self._returned.extend(Returned(batch) for _, batch in others)
        return Lost(lost)

    def _late(self) -> list[_Worker]:
        now = time.monotonic()
        return [worker for worker in self._workers if now - worker.since > _allowed_s(worker)]

    def _require_any(self) -> None:
        if not self._workers:
            raise FiloError(
                "No worker can judge ({problems}). What is in the record stays there; begin again to go on.",
                problems="; ".join(self._refused.values()) or "-",
            )


class Actor:
    """Lives on a machine of the cluster."""

    def __init__(self, job: JudgingJob, lanes: int) -> None:
        self._judge = PictureJudge(job, lanes)

    def facts(self) -> WorkerFacts:
        """What is to be known before it gets a batch."""
        return self._judge.facts

    def judge(self, batch: Batch) -> list[Outcome]:
        """The outcome of every picture of a batch, in its order."""
        return self._judge.judge(batch)


def _takes(worker: _Worker, alone: bool) -> bool:
    if worker.loading is not None:
        return False
    return not worker.in_hand if alone or worker.is_alone else len(worker.in_hand) < _IN_HAND


def _ref(worker: _Worker) -> Any:
    """What is waited for next of a worker; None while it has nothing to do."""
    if worker.loading is not None:
        return worker.loading
    return worker.in_hand[0][0] if worker.in_hand else None


def _allowed_s(worker: _Worker) -> float:
    if worker.loading is not None:
        return _LOADED_WITHIN_S
    if not worker.in_hand:
        return float("inf")
    return _BATCH_WITHIN_S + _PICTURE_WITHIN_S * len(worker.in_hand[0][1])


def _knock(address: str) -> None:
    """Ray itself tries for two minutes, and then says much.

    Raises:
        OSError: if nobody listens there.
    """
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isascii() and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=_ANSWERS_WITHIN_S).close()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
