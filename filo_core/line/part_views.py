"""Several cameras at one part: one trigger asks all of them, and none waits for another.

Each view has a thread of its own, which waits for the view's first frame since the trigger and judges it. Where the
views share one model their pictures take turns in it. What is not there a moment before the deadline is NOT_INSPECTED,
and the part is answered with what is.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.judging import judge
from filo_core.line.frames import judge_frame
from filo_core.line.sources.base import SourceState
from filo_core.sentence import Sentence
from filo_core.types import Origin, ViewInspection
from filo_core.views import JudgingView, missing_view, part_inspection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from filo_core.line.sources.base import Frame
    from filo_core.line.sources.viewed import ViewedSource
    from filo_core.line.triggers.base import Trigger
    from filo_core.method.interfaces import Detector
    from filo_core.types import Inspection, Recipe

_WORST = (SourceState.RUNNING, SourceState.OPENING, SourceState.STOPPED, SourceState.LOST)
_LOOKED_AT_PX = 480
_LOOK_EVERY_S = 0.1
"""Whether the part is still to be judged; a picture is noticed at once."""


@dataclass(frozen=True, slots=True)
class LineView:
    """A view with its camera and its detector."""

    view: JudgingView
    source: ViewedSource | None
    """None where every trigger brings the pictures of its part."""
    detector: Detector


class PartViews:
    """Judges parts through all their views.

    Args:
        recipe: of the part.
        views: in the order of the recipe; their sources are started and stopped by whoever made them.
    """

    def __init__(self, recipe: Recipe, views: Sequence[LineView]) -> None:
        self._recipe = recipe
        self._views = tuple(views)
        for source in self.sources:
            # Folders that are played stay in step: the pictures of one part come at one place of each.
            source.pull()
        # A thread a view: where one camera or picture hangs, the others go on with the next part.
        self._threads = {
            one.view.name: ThreadPoolExecutor(1, f"filo-view-{number}") for number, one in enumerate(self._views)
        }

    def __iter__(self) -> Iterator[LineView]:
        return iter(self._views)

    @property
    def sources(self) -> tuple[ViewedSource, ...]:
        """The cameras."""
        return tuple(one.source for one in self._views if one.source is not None)

    @property
    def name(self) -> str:
        """The views with their cameras, without any password."""
        return ", ".join(f"{one.view.name}: {one.source.name}" for one in self._views if one.source is not None)

    @property
    def state(self) -> SourceState:
        """That of the camera that is worst off."""
        return max((source.state for source in self.sources), key=_WORST.index, default=SourceState.RUNNING)

    @property
    def problem(self) -> str:
        """Which camera is lost, as a sentence; empty when all give pictures."""
        for one in self._views:
            if one.source is not None and one.source.state is SourceState.LOST:
                return f"{one.view.name}: {one.source.problem}"
        return ""

    def look(self) -> Frame | None:
        """What all cameras see now, beside each other; None before one of them has a picture."""
        frames = [source.look() for source in self.sources]
        return _beside([frame for frame in frames if frame is not None]) if frames and all(frames) else None

    def judge(self, trigger: Trigger, until: float, ended: Callable[[], bool]) -> Inspection:
        """The part that a trigger asks for, with what each view came to in time.

        Args:
            trigger: says since when a frame shows the part.
            until: moment of ``time.monotonic()`` from which on nothing is waited for.
            ended: whether nobody wants the answer any more.
        """
        started = time.perf_counter()
        late, seen = _Late(until, ended), set[str]()
        futures: dict[str, Future[ViewInspection | None]] = {
            one.view.name: self._threads[one.view.name].submit(self._see, one, trigger, late, seen)
            for one in self._views
        }
        wait(futures.values(), max(until - time.monotonic(), 0.0))
        seconds = until - trigger.asked_monotonic
        found = [
            self._result(one, futures[one.view.name], trigger, seconds, is_seen=one.view.name in seen)
            for one in self._views
        ]
        name = trigger.file if trigger.views is not None else trigger.trigger_id
        return part_inspection(name, found, self._recipe, started)

    def stop(self) -> None:
        """End the threads as soon as what they are in the middle of is over."""
        for thread in self._threads.values():
            thread.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _see(one: LineView, trigger: Trigger, late: _Late, seen: set[str]) -> ViewInspection | None:
        if trigger.views is not None:
            seen.add(one.view.name)
            return _brought(one, trigger)
        frame = _frame_since(one.source, trigger.asked_monotonic, late)
        if frame is None:
            return None
        seen.add(one.view.name)
        name = f"{trigger.trigger_id} {one.view.name}"
        found = judge_frame(frame, name, one.view.recipe, one.detector)
        return ViewInspection(one.view.name, one.view.recipe.limits, found)

    @staticmethod
    def _result(
        one: LineView, future: Future[ViewInspection | None], trigger: Trigger, seconds: float, *, is_seen: bool
    ) -> ViewInspection:
        why: str
        ended = not future.cancel() and future.done()
        if ended and (error := future.exception()) is not None:
            why = Sentence("judging failed ({kind}).", kind=type(error).__name__)
        elif ended and (found := future.result()) is not None:
            return found
        elif future.cancelled():
            why = Sentence("the picture of the part before is still being judged.")
        elif is_seen:
            why = Sentence("no verdict within {seconds:.2g} s.", seconds=seconds)
        elif one.source is not None and one.source.state is not SourceState.RUNNING:
            why = one.source.problem or Sentence("{name} gives no picture.", name=one.source.name)
        else:
            why = Sentence("no picture within {seconds:.2g} s.", seconds=seconds)
        return missing_view(trigger.trigger_id, one.view, Origin.LIVE, why)


@dataclass(frozen=True, slots=True)
class _Late:
    until: float
    ended: Callable[[], bool]

    def __call__(self) -> bool:
        return time.monotonic() >= self.until or self.ended()


def _beside(frames: Sequence[Frame]) -> Frame:
    """Small pictures in a row: somebody lays a part by them."""
    newest = max(frames, key=lambda frame: frame.captured_monotonic)
    heights = [frame.pixels.shape[0] for frame in frames]
    rows = [
        cv2.resize(frame.pixels, (max(frame.pixels.shape[1] * _LOOKED_AT_PX // height, 1), _LOOKED_AT_PX))
        for frame, height in zip(frames, heights, strict=True)
    ]
    return replace(newest, pixels=np.ascontiguousarray(np.hstack(rows)).astype(np.uint8))


def _brought(one: LineView, trigger: Trigger) -> ViewInspection:
    """What the picture of a view that the trigger brought comes to, or why it brought none."""
    view, brought = one.view, (trigger.views or {}).get(one.view.name, "")
    if isinstance(brought, str):
        return missing_view(trigger.file, view, Origin.LIVE, brought or Sentence("no picture came."))
    found = judge(brought, view.recipe, one.detector, Origin.LIVE, time.perf_counter())
    return ViewInspection(view.name, view.recipe.limits, found)


def _frame_since(source: ViewedSource | None, asked: float, late: _Late) -> Frame | None:
    """The first frame captured since a moment; None when it is too late."""
    while source is not None and not late():
        frame = source.newest()
        if frame is not None and (source.is_pulled or frame.captured_monotonic >= asked):
            return frame
        if frame is None:
            source.wait(min(_LOOK_EVERY_S, max(late.until - time.monotonic(), 0.0)))
    return None
