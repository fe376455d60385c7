"""What runs in a worker: a recipe that was loaded once, and batches of pictures."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from filo_core.engine import load_engine
from filo_core.errors import FiloError
from filo_core.line.runs import Judging, in_order
from filo_core.spread.pictures import READ_WITHIN_S, PlacedPicture, read_picture
from filo_core.types import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from filo_core.line.runs import Outcome
    from filo_core.spread.scheduling import Batch
    from filo_core.types import Recipe, SourceImage


def program_version() -> str:
    """Of the program; a worker with another one may judge otherwise."""
    return version("filo-inspector")


@dataclass(frozen=True, slots=True, eq=False)
class JudgedBefore:
    """Which pictures the record has a verdict of, in arrays that workers of one machine share."""

    hashes: NDArray[np.bytes_]
    """``(N,)`` S64, in order."""
    ids: NDArray[np.int64]
    """``(N,)`` of their inspections."""

    @classmethod
    def of(cls, judged: Sequence[tuple[str, int]]) -> JudgedBefore:
        """From hashes of pictures and ids of inspections."""
        ordered = sorted(judged)
        hashes = np.array([image_hash for image_hash, _ in ordered], dtype="S64")
        return cls(hashes, np.array([inspection_id for _, inspection_id in ordered], dtype=np.int64))

    def __call__(self, image_hash: str) -> int | None:
        """Id of the inspection that has the verdict; None without one."""
        wanted = np.bytes_(image_hash.encode())
        place = int(np.searchsorted(self.hashes, wanted))
        found = place < len(self.hashes) and self.hashes[place] == wanted
        return int(self.ids[place]) if found else None


@dataclass(frozen=True, slots=True, eq=False)
class JudgingJob:
    """All that a worker needs to know; it goes there once."""

    recipe: Recipe
    references: tuple[SourceImage, ...]
    judged: JudgedBefore
    device: str = "auto"
    installed: Path | None = None
    """Where profiles lie that did not ship with the program, on every worker's machine."""
    read_within_s: float = READ_WITHIN_S
    program: str = ""
    """Version of the driver's program."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """What a worker says of itself."""

    node: str
    problem: str = ""
    """Why it cannot judge, as a sentence; empty where it can."""
    trained: bool = False


class PictureJudge:
    """Judges batches under one recipe. It lives in one process, and loads the recipe once.

    Args:
        job: what is judged by.
        lanes: most pictures that it judges at a time; the model may want fewer.
    """

    def __init__(self, job: JudgingJob, lanes: int = 1) -> None:
        self._judge: Callable[[Batch], list[Outcome]] | None = None
        self.facts = WorkerFacts(platform.node())
        """What is to be known of it before it gets a batch."""
        try:
            self._load(job, lanes)
        except (FiloError, ImportError, MemoryError) as error:
            self.facts = replace(self.facts, problem=str(error) or type(error).__name__)

    def _load(self, job: JudgingJob, lanes: int) -> None:
        if job.program != program_version():
            raise FiloError(
                "It has version {theirs} of the program, and the job was begun by {ours}.",
                theirs=program_version(),
                ours=job.program,
            )
        engine = load_engine(job.recipe.profile, job.device, job.installed)
        detector = engine.detector(job.recipe, job.references)
        read = partial(read_picture, within_s=job.read_within_s)
        judging = Judging(job.recipe, detector, job.judged, Origin.FOLDER, read)
        self.facts = replace(self.facts, trained=engine.trained)
        self._judge = partial(_judged, judging=judging, lanes=max(1, min(lanes, engine.lanes)))

    def judge(self, batch: Batch) -> list[Outcome]:
        """The outcome of every picture of a batch, in its order.

        Raises:
            RuntimeError: if it said that it cannot.
        """
        if self._judge is None:
            raise RuntimeError(self.facts.problem)
        return self._judge(batch)


def _judged(batch: Batch, judging: Judging[PlacedPicture], lanes: int) -> list[Outcome]:
    found = in_order([picture for _, picture in batch], judging, lanes)
    return [(replace(event, index=index), was_read) for (index, _), (event, was_read) in zip(batch, found, strict=True)]
