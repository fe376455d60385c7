"""Continuous live inspection in the window: each verdict is recorded and, where there are outputs, delivered."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from filo_core.errors import DiskFullError, FiloError
from filo_core.line.ledger import Unkept
from filo_core.line.live import LiveInspection
from filo_core.line.results import not_inspected, result_of
from filo_core.line.sources.base import SourceState
from workflows.line.delivery import Delivery, DeliveryState
from workflows.line.doors import Doors
from workflows.line.live_plcs import LivePlcs
from workflows.line.readiness import ReadinessWatch
from workflows.line.run import RecordLedger

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.line.sources.base import ImageSource
    from filo_core.line.worker import Worker
    from filo_core.method.interfaces import Detector
    from filo_core.types import Inspection, RecipeVersion
    from storage.recorder import Recorder
    from workflows.settings.output_address import Output


class DeliveredRecord:
    """Keeps live inspections as a line keeps its answers: each under an id of its own, in the same outbox.

    The trigger is kept before the inspection, and its answer after it. If the program ends in between, the next start
    answers it with NOT_INSPECTED: what is in the record reaches every output, as itself or as NG.

    Args:
        ledger: of the outbox and the record.
        version: whose verdicts they are.
    """

    def __init__(self, ledger: RecordLedger, version: RecipeVersion) -> None:
        self._ledger = ledger
        self._recipe = version.recipe
        self._run_id = uuid.uuid4().hex[:8]
        self._numbers = itertools.count(1)
        self._unkept = Unkept(ledger)

    def keep(self, inspection: Inspection) -> Inspection:
        """Record an inspection and have it delivered; where it cannot be recorded, NOT_INSPECTED goes out for it.

        Returns:
            The inspection with what the record knows of its part.

        Raises:
            FiloError: why it is not in the record, or not on its way.
        """
        self._unkept.keep()
        trigger_id = f"frame-{self._run_id}-{next(self._numbers)}"
        # As for a line's continuous trigger, the time counts from the capture.
        latency_ms = inspection.frame_age_ms or inspection.seconds * 1000.0
        number, _ = self._ledger.open(trigger_id, 0.0, inspection.identity)
        product, name, is_kept = self._recipe.product, inspection.name, False
        try:
            inspection = self._ledger.keep(inspection)
            is_kept = True
            self._ledger.close(number, result_of(inspection, trigger_id, product, latency_ms, name))
        except FiloError as error:
            # Nobody has seen a verdict. The record has the inspection, says why there is none, or is told now.
            is_kept |= isinstance(error, DiskFullError) and error.is_in_record
            at, recipe_hash = inspection.inspected_at, self._recipe.content_hash
            missed = not_inspected(
                trigger_id,
                product,
                recipe_hash,
                str(error),
                latency_ms,
                file=name,
                decided_at=at,
                identity=inspection.identity,
            )
            self._unkept.add(number, missed, 0.0, in_record=is_kept)
            self._unkept.keep()
            raise
        return inspection


class ContinuousInspection(LiveInspection["Engine"]):
    """Live inspection of whatever the camera shows, delivered to the outputs there are.

    Args:
        source: see :class:`~filo_core.line.live.LiveInspection`, as for the next four.
        worker: owns the engine.
        version: what to judge by.
        make_detector: called once, on the worker's thread.
        on_inspection: told every verdict.
        recorder: writes the record.
        require: raises a FiloError while there may be no verdict.
        open_delivery: opens the outbox at every start; None where there is nothing to deliver to.
        plcs: where PLCs read along.
        doors: how they may be reached there.
    """

    def __init__(
        self,
        source: ImageSource,
        worker: Worker[Engine],
        version: RecipeVersion,
        make_detector: Callable[[Engine], Detector],
        on_inspection: Callable[[Inspection], None],
        recorder: Recorder,
        require: Callable[[], None],
        open_delivery: Callable[[], Delivery] | None = None,
        plcs: Sequence[Output] = (),
        doors: Doors | None = None,
    ) -> None:
        super().__init__(source, worker, version, make_detector, on_inspection, self._keep)
        self._recorder = recorder
        self._require = require
        self._open_delivery = open_delivery
        self._delivery: Delivery | None = None
        self._delivered: DeliveredRecord | None = None
        self._plcs = LivePlcs(self, plcs, doors or Doors())
        self._readiness: ReadinessWatch | None = None

    @property
    def problem(self) -> str:
        """Why the newest frame got no stored verdict, as a sentence; empty when it did."""
        watched = self._readiness.problem if self._readiness is not None else ""
        return super().problem or watched or (self._delivery.failure if self._delivery is not None else "")

    @property
    def delivery_state(self) -> DeliveryState:
        """How delivery is doing since the start."""
        return self._delivery.state if self._delivery is not None else DeliveryState()

    def start(self) -> None:
        """Open the outbox where there are outputs, and start; no effect while running.

        Raises:
            DatabaseInUseError: if a line of this station runs already.
            SourceError: if the port of a PLC is wrong or taken.
            StorageError: if the outbox cannot be used.
        """
        if self.is_running:
            return
        with ExitStack() as undo:
            if self._open_delivery is not None:
                self._delivery = self._open_delivery()
                undo.callback(self._delivery.stop)
                ledger = RecordLedger(self._recorder, self._delivery, self._require)
                ledger.recover(self.recipe_version.recipe)
                self._delivered = DeliveredRecord(ledger, self.recipe_version)
                self._delivery.start()
            self._plcs.start()
            undo.callback(self._plcs.stop)
            super().start()
            undo.callback(super().stop)
            if self._delivery is not None:
                self._readiness = ReadinessWatch(self._why_not_ready, self._delivery.tell)
                self._readiness.start()
            undo.pop_all()

    def stop(self) -> None:
        """Stop after the frame in work; what is undelivered waits on the disk for the next start."""
        with ExitStack() as ending:
            if self._delivery is not None:
                ending.callback(self._delivery.stop)
            ending.callback(super().stop)
            ending.callback(self._plcs.stop)
            if self._readiness is not None:
                self._readiness.stop()

    def _why_not_ready(self) -> str:
        return self.source.problem if self.source.state is SourceState.LOST else self.problem

    def _keep(self, inspection: Inspection) -> Inspection:
        begun = time.monotonic()
        try:
            if self._delivered is not None:
                kept = self._delivered.keep(inspection)
            else:
                self._require()
                kept = self._recorder.keep(inspection)
        except FiloError:
            self._plcs.withdraw()
            raise
        # A locked database may hold a verdict back until nobody has the part any more.
        self._plcs.publish(kept, (inspection.frame_age_ms or 0.0) / 1000.0 + time.monotonic() - begun)
        return kept
