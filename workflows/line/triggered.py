"""Live inspection in the window where something asks for every part: a key, a file, a PLC or HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from filo_core.line.live import LiveCounters
from filo_core.line.results import LineResult, inspection_of
from filo_core.line.scanned import Scanned
from filo_core.line.triggers.base import Ticket, TriggerKind
from filo_core.line.triggers.key import ask_by_key
from filo_core.loops import Loop
from filo_core.types import Inspection, RecipeVersion, Verdict
from workflows.line.delivery import DeliveryState

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.line.part_views import PartViews
    from filo_core.line.sources.base import Frame
    from filo_core.line.sources.viewed import ViewedSource
    from filo_core.line.worker_detector import WorkerDetector
    from workflows.line.run import Line
    from workflows.line.triggers import TriggerChoice

Camera: TypeAlias = "ViewedSource | PartViews"
DEADLINE_S = 2.0
"""Longest time from a trigger to its answer, unless the settings say otherwise."""
_LOOK_EVERY_S = 0.05
"""Whether to stop while the model loads."""
_FOR_EVER_S = 3600.0


class TriggeredInspection:
    """A line behind the window: every trigger ends in exactly one verdict, or NOT_INSPECTED, within its deadline.

    Nothing listens before the model is ready, so that no part is lost to its loading.

    Args:
        recipe_version: what to judge by.
        choice: what asks.
        detector: has the worker judge.
        make_line: opens the line; called by :meth:`start`, once.
        add_triggers: makes what asks, and adds it to the line.
        on_inspection: told every answer as an inspection, on a thread of the line.
        camera: gives the pictures, be it one or several; None where every trigger brings its own.
    """

    def __init__(
        self,
        recipe_version: RecipeVersion,
        choice: TriggerChoice,
        detector: WorkerDetector[Engine],
        make_line: Callable[[Callable[[LineResult, Inspection | None], None]], Line],
        add_triggers: Callable[[Line], None],
        on_inspection: Callable[[Inspection], None],
        camera: Camera | None = None,
    ) -> None:
        self.recipe_version = recipe_version
        self.choice = choice
        self._detector = detector
        self._make_line = make_line
        self._add_triggers = add_triggers
        self._on_inspection = on_inspection
        self._camera = camera
        self._line: Line | None = None
        self._counters = LiveCounters()
        self._note = ""
        self._ready = threading.Event()
        self._loop = Loop("filo-triggered", self._run, "waits for the model")
        self.failure: Exception | None = None
        """Why it ended by itself; None while it runs, and after a stop."""

    @property
    def source(self) -> Camera | None:
        """The camera, or those of all views as one; None where every trigger brings its own picture."""
        return self._camera if self._line is not None else None

    @property
    def name(self) -> str:
        """What is looked at, without any password."""
        return (self.source.name if self.source is not None else "") or self.choice.place

    @property
    def is_running(self) -> bool:
        """True from the start until it is stopped, or cannot go on."""
        return self._loop.is_running

    @property
    def is_ready(self) -> bool:
        """True once triggers are answered."""
        return self._ready.is_set() and self.is_running

    @property
    def problem(self) -> str:
        """Why a trigger would get no verdict now, as a sentence; empty when it would. An output is no reason."""
        if self._line is None or not self.is_ready:
            return ""
        return self._loop.problem or self._line.announcer.problem

    @property
    def delivery_state(self) -> DeliveryState:
        """How delivery to the outputs is doing; it waits for the model as well."""
        return self._line.delivery.state if self._line is not None else DeliveryState()

    @property
    def scanned(self) -> Scanned:
        """The part that a scanner has named for the next trigger."""
        return self._line.station.scanned if self._line is not None else Scanned()

    @property
    def note(self) -> str:
        """What the model said of itself since the start."""
        return self._note

    def take_note(self, sentence: str) -> None:
        """Keep what the model says of itself; from any thread."""
        self._note = sentence

    @property
    def counters(self) -> LiveCounters:
        """How it is doing since the start; a frame nobody asked for is not dropped."""
        return self._counters

    def start(self) -> None:
        """Open the line; it listens as soon as the model is ready.

        Raises:
            SourceError: if a trigger cannot be made.
            StorageError: if another line of this station runs.
        """
        line = self._make_line(self._take)
        try:
            self._add_triggers(line)
        except BaseException:
            line.stop()
            raise
        self._line = line
        self._loop.start()

    def stop(self) -> None:
        """Answer what is open with NOT_INSPECTED, and end."""
        self._loop.stop()

    def look(self) -> Frame | None:
        """What the camera sees now; the line misses nothing by it. None without a camera, or before its first frame."""
        return self._camera.look() if self._camera is not None and self._line is not None else None

    def ask(self, pressed_monotonic: float | None = None) -> Ticket | None:
        """The key was pressed, now or at that moment of ``time.monotonic()``: ask for one verdict.

        None while nothing is ready, or another trigger is chosen.
        """
        if self._line is None or not self.is_ready or self.choice.kind is not TriggerKind.KEY:
            return None
        return ask_by_key(self._line.announcer, pressed_monotonic)

    def _run(self) -> None:
        assert self._line is not None, "the thread is started with the line"
        try:
            # One that dies while it waits finds its line running.
            if not self._ready.is_set() and self._warm_up():
                self._line.start()
                self._ready.set()
            while self._ready.is_set() and not self._loop.pause(_FOR_EVER_S):
                pass
        except Exception as error:  # noqa: BLE001 - whatever a driver raises has to reach the screen
            self.failure = error
        self._ready.clear()
        self._line.stop()

    def _warm_up(self) -> bool:
        """Wait for the model; False when it was stopped meanwhile."""
        handle = self._detector.warm_up()
        while not handle.wait(_LOOK_EVERY_S).is_final:
            if self._loop.must_stop():
                handle.cancel()
        if handle.error is not None:
            raise handle.error
        return not self._loop.must_stop()

    def _take(self, result: LineResult, inspection: Inspection | None) -> None:
        shown = inspection if inspection is not None else inspection_of(result)
        judged = shown.verdict is not Verdict.NOT_INSPECTED
        counters = self._counters
        self._counters = LiveCounters(
            inspected=counters.inspected + judged,
            not_inspected=counters.not_inspected + (not judged),
            latency_ms=result.latency_ms,
            frame_age_ms=result.frame_age_ms,
        )
        self._on_inspection(shown)
