"""A detector for another thread: the one worker judges, ahead of every folder job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic

from filo_core.line.one_of_several import OneOfSeveral
from filo_core.line.queue import EngineT, Job, JobHandle, JobState, Priority, WorkerStoppedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.events import JobEvent
    from filo_core.line.worker import Worker
    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction


class WorkerDetector(Generic[EngineT]):
    """Whoever calls waits; only the worker's thread ever touches the model.

    Args:
        worker: owns the engine.
        make_detectors: called once, on the worker's thread; one, or one for each view of a part.
    """

    def __init__(self, worker: Worker[EngineT], make_detectors: Callable[[EngineT], Sequence[Detector]]) -> None:
        self._worker = worker
        self._make_detectors = make_detectors
        self._detectors: Sequence[Detector] = ()

    def of_view(self, which: int) -> Detector:
        """The detector of one of several views."""
        return OneOfSeveral(self, which)

    def warm_up(self) -> JobHandle:
        """Make the detector, so that the first part need not wait for it.

        Raises:
            WorkerStoppedError: if the worker has been stopped.
        """
        return self._submit(lambda _: None)

    def predict(self, pixels: NDArray[np.uint8], which: int = 0) -> Prediction:
        """Prediction of ``(H, W, 3)`` uint8 RGB; whatever the detector raises is raised here.

        Raises:
            WorkerStoppedError: if the worker has been stopped.
        """
        found: list[Prediction] = []
        handle = self._submit(lambda detectors: found.append(detectors[which].predict(pixels)))
        if handle.wait() is JobState.CANCELLED:
            raise WorkerStoppedError("The program is closing: this part was not judged. Judge it by eye.")
        if handle.error is not None:
            raise handle.error
        return found[0]

    def _submit(self, use: Callable[[Sequence[Detector]], None]) -> JobHandle:
        def steps(engine: EngineT) -> Iterator[JobEvent]:
            self._detectors = self._detectors or self._make_detectors(engine)
            use(self._detectors)
            yield from ()

        return self._worker.submit(Job("Triggered part", Priority.LIVE, steps))
