"""Judging a list of files under one recipe, as a stream of events."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from filo_core.errors import UnreadableImageError
from filo_core.events import ImageInspected, ImageSkipped, RunCounts, RunEvent, RunFinished, RunStarted
from filo_core.imaging import changed_at, decode_image, hash_encoded, name_below, read_encoded
from filo_core.judging import judge, not_inspected
from filo_core.line.watching.marks import Arrival
from filo_core.types import Origin, Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from filo_core.method.interfaces import Detector

ItemT_contra = TypeVar("ItemT_contra", contravariant=True)
"""What is judged: a file, or a part of several files."""
ItemT = TypeVar("ItemT")
"""Where a picture lies: a file, or an address."""


def inspect_images(
    files: Sequence[Path | Arrival],
    recipe: Recipe,
    detector: Detector,
    already_judged: Callable[[str], int | None],
    origin: Origin = Origin.FOLDER,
    *,
    root: Path | None = None,
    left_out: Sequence[Path] = (),
    lanes: int = 1,
) -> Iterator[RunEvent]:
    """Judge files in their order. RunStarted, then one event a file, then RunFinished with the totals.

    A file that cannot be read, and an image the detector fails on, get NOT_INSPECTED with the reason; the run goes
    on. A cancelled run ends without RunFinished.

    Args:
        files: each meant as an image; one that has just arrived with its bytes, which may be gone from the disk.
        recipe: whose limits decide.
        detector: set up for that recipe.
        already_judged: asked before each file is decoded; the id of the inspection that has the verdict of this image
            hash skips it, so that a second copy within one run is skipped as well.
        origin: where the images came from.
        root: names are relative to this folder, with forward slashes; file names only when not given.
        left_out: files beside them that are not read; named in the first event and in the totals.
        lanes: judge so many at a time; the detector must allow it. Events come in the order of the files all the same,
            but a copy that comes within so many files of the first one may be judged as well.
    """
    unread = tuple(name_below(path, root) for path in left_out)
    judging = Judging(recipe, detector, already_judged, origin, partial(_read, root=root))
    yield from judged_in_order(files, judging, recipe, unread, lanes)


Outcome = tuple[ImageInspected | ImageSkipped, bool]
"""What became of a file or part, and whether it could be read."""


class Begins(Protocol[ItemT_contra]):
    """Judges one file, or one part of several files, at a time."""

    def begin(self, index: int, item: ItemT_contra) -> Callable[[], Outcome]:
        """The first half, in the order of the items; back comes the second, for any thread."""
        ...


def judged_in_order(
    items: Sequence[ItemT_contra], judging: Begins[ItemT_contra], recipe: Recipe, unread: tuple[str, ...], lanes: int
) -> Iterator[RunEvent]:
    """RunStarted, one event an item in their order, then RunFinished with the totals.

    Args:
        items: what is judged.
        judging: judges one.
        recipe: whose limits decide.
        unread: names of files that are not looked at.
        lanes: so many are judged at a time.
    """
    yield from counted(in_order(items, judging, lanes), len(items), recipe, unread)


def counted(outcomes: Iterable[Outcome], total: int, recipe: Recipe, unread: tuple[str, ...]) -> Iterator[RunEvent]:
    """RunStarted, the event of each outcome, then RunFinished with the totals.

    Args:
        outcomes: in the order in which they are told.
        total: how many there will be.
        recipe: whose limits decide.
        unread: names of files that are not looked at.
    """
    run_started = time.perf_counter()
    yield RunStarted(total=total, recipe_hash=recipe.content_hash, left_out=unread, limits=recipe.limits)
    counts = RunCounts(left_out=unread)
    unreadable: list[str] = []
    for event, was_read in outcomes:
        if isinstance(event, ImageSkipped):
            counts = replace(counts, skipped=counts.skipped + 1)
        else:
            counts = counts.plus(event.inspection.verdict)
            unreadable += [] if was_read else [event.inspection.name]
        yield event
    yield RunFinished(replace(counts, unreadable=tuple(unreadable)), time.perf_counter() - run_started)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as it lay where it came from."""

    name: str
    encoded: bytes
    captured_at: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class Judging(Generic[ItemT]):
    """One picture at a time: the first half in the order of the items, the second on any thread.

    Args:
        recipe: whose limits decide.
        detector: set up for that recipe.
        already_judged: asked before each picture is decoded, by its hash.
        origin: where the pictures came from.
        read: gets an item's bytes; raises an UnreadableImageError that names it.
    """

    recipe: Recipe
    detector: Detector
    already_judged: Callable[[str], int | None]
    origin: Origin
    read: Callable[[ItemT], Encoded]

    def begin(self, index: int, item: ItemT) -> Callable[[], Outcome]:
        """Read a picture and ask whether it was judged before; back comes what is left to do."""
        started = time.perf_counter()
        try:
            file = self.read(item)
        except UnreadableImageError as error:
            outcome = self._unreadable(index, error.name, "", started, error)
            return lambda: outcome
        image_hash = hash_encoded(file.encoded)
        if earlier_id := self.already_judged(image_hash):
            skipped = ImageSkipped(index, file.name, image_hash, earlier_id)
            return lambda: (skipped, True)
        spent = time.perf_counter() - started

        def end() -> Outcome:
            # Time that it waited for its turn is none of its own.
            started = time.perf_counter() - spent
            try:
                image = decode_image(file.encoded, file.name, image_hash=image_hash, captured_at=file.captured_at)
            except UnreadableImageError as error:
                return self._unreadable(index, file.name, image_hash, started, error)
            return ImageInspected(index, judge(image, self.recipe, self.detector, self.origin, started)), True

        return end

    def _unreadable(
        self, index: int, name: str, image_hash: str, started: float, error: UnreadableImageError
    ) -> Outcome:
        recipe_hash = self.recipe.content_hash
        inspection = not_inspected(name, image_hash, recipe_hash, self.origin, started, str(error))
        return ImageInspected(index, inspection), False


def _read(file: Path | Arrival, root: Path | None) -> Encoded:
    path, given = (file.path, file.encoded) if isinstance(file, Arrival) else (file, None)
    name = name_below(path, root)
    return Encoded(name, read_encoded(path, name) if given is None else given, changed_at(path))


def in_order(items: Sequence[ItemT_contra], judging: Begins[ItemT_contra], lanes: int) -> Iterator[Outcome]:
    """Outcomes in the order of the items, so many of which are judged at a time."""
    if lanes == 1:
        for index, item in enumerate(items):
            yield judging.begin(index, item)()
        return
    waiting: deque[Future[Outcome]] = deque()
    problem: Exception | None = None
    with ThreadPoolExecutor(lanes, "filo-judge") as pool:
        try:
            for index, item in enumerate(items):
                try:
                    waiting.append(pool.submit(judging.begin(index, item)))
                except Exception as error:  # noqa: BLE001 - raised below, after what was begun before it
                    problem = error
                    break
                # One more than are judged, so that no lane is idle while an outcome is stored.
                if len(waiting) > lanes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
    if problem is not None:
        raise problem
