"""A detector in a process of its own: dead or hung, it is started anew, and its picture tried once more."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import threading
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

import psutil

from filo_core.errors import FiloError
from filo_core.line.model_process import Answer, AnswerKind, DetectorMaker, Wish, serve_model
from filo_core.line.one_of_several import OneOfSeveral
from filo_core.line.sources.shared_frame import FIRST_CAPACITY, SharedFrame
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import SpawnProcess

    import numpy as np
    from numpy.typing import NDArray

    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction

logger = logging.getLogger(__name__)

_CLOSE_GRACE_S = 0.2
_KILL_GRACE_S = 1.0
"""Shorter than a usual deadline: whoever asks whether the model is ready may have to wait for it."""
_TRIES = 2
_LEAST_LOAD_S = 10.0
_LOAD_SLACK = 5.0
"""How many times longer than it ever took a model may load; twice that after every time it was too long."""
_LOAD_AGAIN_S = 10.0
_LOOKS = 10
"""How often within the time of a hang the process is looked at."""
_COMPUTING = 0.05
"""Of one processor: whoever uses less does nothing but wait. A thread that waits for a graphics card spins."""


class ModelProcessError(FiloError):
    """The model's process gave no prediction; the message is a sentence for the part's answer."""


class _LostError(Exception):
    """The process died or hung."""


class SupervisedDetector:
    """Predicts in a process that can be killed. One prediction at a time; safe to use from several threads.

    A process that dies, or hangs over a picture, is killed and replaced, and the picture tried once more; then a
    :class:`ModelProcessError` makes it NOT_INSPECTED. The replacement starts at once, so that the next part finds it
    loading rather than missing. A picture that only takes long costs itself its verdict and nobody else a model that
    has to be loaded again: as long as the process computes it is left alone, be a deadline long over.

    Args:
        make: makes the detector in the process.
        device: where it computes first; the CPU takes over when a graphics card is too small.
        hang_s: so long without an answer and without computing, the process hangs.
        longest_s: longest time for one picture: a process that computes for ever hangs as well.
        load_s: longest time for loading and the first, slow prediction; once it is known how long that takes, a model
            that hangs in it is killed sooner.
        on_note: told what a person should know, as a sentence: a restart, another device.
    """

    def __init__(
        self,
        make: DetectorMaker,
        device: str = "auto",
        *,
        hang_s: float = 10.0,
        longest_s: float = 300.0,
        load_s: float = 120.0,
        on_note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._make = make
        self._device = device
        self._hang_s, self._longest_s = hang_s, longest_s
        self._load_s = load_s
        self.on_note = on_note
        self._lock = threading.Lock()
        self._life: _Life | None = None
        self._closed = False
        self._frame = 0
        self._failure, self._again_at = "", 0.0
        self.restarts = 0
        """Processes replaced so far."""
        self.load_seconds: float | None = None
        """From starting the newest process to its readiness; None before the first is ready."""
        self._longest_load, self._hung_loads = 0.0, 0

    @property
    def pid(self) -> int | None:
        """Of the process, None while there is none."""
        life = self._life
        return None if life is None else life.process.pid

    def start(self) -> None:
        """Start the process ahead of the first picture."""
        with self._lock:
            self._living()

    def wait_ready(self) -> None:
        """Wait until the model is loaded and warm.

        Raises:
            ModelProcessError: if it cannot be loaded.
        """
        with self._lock:
            try:
                self._ready(self._living())
            except _LostError as error:
                raise ModelProcessError("The model {error} while it was loading. Run 'doctor'.", error=error) from error

    def is_ready(self) -> bool:
        """Whether a picture would be judged at once; starts the process if need be, and never waits.

        Kills one that hangs while it loads, so that it does not take a part to find out.

        Raises:
            ModelProcessError: if the model cannot be loaded.
        """
        if not self._lock.acquire(blocking=False):
            # A part is being judged, or waits for the model to load.
            life = self._life
            return life is not None and life.is_ready
        try:
            life = self._living()
            # One that was ready has news only when it has ended.
            if life.has_news():
                self._ready(life) if not life.is_ready else self._replace(Sentence("ended by itself"))
            elif not life.is_ready and life.age > self._load_limit():
                self._hung_loads += 1
                self._replace(Sentence("was not ready after {age:.0f} s", age=life.age))
            return life is self._life and life.is_ready
        except _LostError as error:
            self._end()
            raise ModelProcessError("The model {error} while it was loading. Run 'doctor'.", error=error) from error
        finally:
            self._lock.release()

    @property
    def problem(self) -> str:
        """Why no picture can be judged now, as a sentence; empty when one can. Starts the process if need be."""
        if self._closed:
            return Sentence("The model is stopped.")
        if time.monotonic() < self._again_at:
            return self._failure
        try:
            return "" if self.is_ready() else Sentence("The model is loading. Parts are judged as soon as it is ready.")
        except ModelProcessError as error:
            # Asked for many times a second; loading takes the whole machine.
            self._failure, self._again_at = str(error), time.monotonic() + _LOAD_AGAIN_S
            return self._failure

    def of_view(self, which: int) -> Detector:
        """The detector of one view, where the process makes several; all share the one model."""
        return OneOfSeveral(self, which)

    def predict(self, pixels: NDArray[np.uint8], which: int = 0) -> Prediction:
        """Prediction for ``(H, W, 3)`` uint8 RGB, by one of the detectors that the process made.

        Raises:
            ModelProcessError: if there is none: the model refuses the picture, or was lost twice over it.
        """
        with self._lock:
            why = ""
            for _ in range(_TRIES):
                if self._closed:
                    break
                try:
                    return self._predict_once(pixels, which)
                except _LostError as error:
                    why = str(error)
                    self._replace(why)
            raise ModelProcessError(
                "The model {why}, twice over this part. Judge it by eye.", why=why or Sentence("is stopped")
            )

    def close(self) -> None:
        """End the process, whatever it is in the middle of."""
        self._closed = True
        life = self._life
        if life is not None:
            # Whoever waits for a prediction holds the lock, and gets to know it by this.
            with contextlib.suppress(ValueError):
                life.process.kill()
        with self._lock:
            self._end()

    def _predict_once(self, pixels: NDArray[np.uint8], which: int) -> Prediction:
        life = self._living(pixels.size)
        self._ready(life)
        self._frame += 1
        life.room.write(pixels, self._frame, 0.0, 0.0)
        life.send((self._frame, which))
        answer = life.receive_while_computing(self._hang_s, self._longest_s)
        if answer.note:
            self.on_note(answer.note)
        if answer.prediction is None:
            raise ModelProcessError(answer.sentence)
        return answer.prediction

    def _living(self, size: int = 0) -> _Life:
        if self._life is not None and self._life.room.capacity < size:
            self._end()
        if self._life is None:
            self._life = _Life(self._make, self._device, max(size, FIRST_CAPACITY))
        return self._life

    def _ready(self, life: _Life) -> None:
        if life.is_ready:
            return
        try:
            answer = life.receive(max(0.1, self._load_limit() - life.age))
        except _LostError:
            self._hung_loads += life.is_alive
            raise
        if answer.kind is AnswerKind.NOT_LOADED:
            self._end()
            raise ModelProcessError(answer.sentence)
        life.is_ready = True
        self.load_seconds = life.age
        self._longest_load, self._hung_loads = max(self._longest_load, life.age), 0
        if answer.note:
            self.on_note(answer.note)

    def _load_limit(self) -> float:
        """Seconds: generous at first, then by what loading takes here, and longer each time that was too short."""
        if not self._longest_load:
            return self._load_s
        usual = max(_LEAST_LOAD_S, _LOAD_SLACK * self._longest_load)
        return min(self._load_s, usual * 2.0**self._hung_loads)

    def _replace(self, why: str) -> None:
        self._end()
        self.restarts += 1
        logger.warning("the model %s and is started anew", why)
        self.on_note(Sentence("The model {why} and is started anew.", why=why))
        if not self._closed:
            self._living()

    def _end(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            life.end()


class _Life:
    """One life of the process, with the memory it reads from."""

    def __init__(self, make: DetectorMaker, device: str, capacity: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.room = SharedFrame(context, capacity)
        self._owner: Any
        self._owner, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=serve_model, args=(make, device, self.room, theirs), name="filo-model", daemon=True
        )
        self._started = time.monotonic()
        self.process.start()
        theirs.close()
        self.is_ready = False

    @property
    def is_alive(self) -> bool:
        """Whether the process runs, be it hanging."""
        return self.process.is_alive()

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started

    def send(self, wish: Wish) -> None:
        """Announce a frame."""
        try:
            self._owner.send(wish)
        except OSError as error:
            raise _LostError(Sentence("ended by itself")) from error

    def has_news(self) -> bool:
        """Whether :meth:`receive` would return at once."""
        return bool(wait([self._owner, self.process.sentinel], 0))

    def receive(self, timeout: float) -> Answer:
        """Its next answer."""
        answer = self._received(timeout)
        if answer is None:
            raise _LostError(Sentence("gave no answer for {timeout:.0f} s", timeout=timeout))
        return answer

    def receive_while_computing(self, idle_s: float, longest_s: float) -> Answer:
        """Its next answer; it may take ``longest_s`` as long as it is never without computing for ``idle_s``."""
        begun = computed_at = time.monotonic()
        computed_s = self._computed_s()
        while (answer := self._received(idle_s / _LOOKS)) is None:
            now, before = time.monotonic(), computed_s
            computed_s = self._computed_s()
            if computed_s - before > _COMPUTING * idle_s / _LOOKS:
                computed_at = now
            if now - computed_at >= idle_s:
                raise _LostError(Sentence("gave no answer for {now:.0f} s", now=now - begun))
            if now - begun >= longest_s:
                raise _LostError(Sentence("computed for {now:.0f} s without an answer", now=now - begun))
        return answer

    def _received(self, timeout: float) -> Answer | None:
        ready = wait([self._owner, self.process.sentinel], timeout)
        if not ready:
            return None
        if self._owner in ready:
            with contextlib.suppress(EOFError, OSError):
                answer = self._owner.recv()
                assert isinstance(answer, Answer)
                return answer
        raise _LostError(Sentence("ended by itself"))

    def _computed_s(self) -> float:
        """Seconds of a processor it has used so far."""
        try:
            times = psutil.Process(self.process.pid).cpu_times()
        except psutil.Error:
            # Its end is noticed by the sentinel.
            return 0.0
        return float(times.user + times.system)

    def end(self) -> None:
        """Let it end by itself for a moment when it is idle, else kill it."""
        self._owner.close()
        if self.is_ready:
            self.process.join(_CLOSE_GRACE_S)
        self.process.kill()
        self.process.join(_KILL_GRACE_S)
        if self.process.is_alive():
            # It sits in the kernel; the driver lets go of it some day.
            logger.warning("the model's process does not end (process %s)", self.process.pid)
        else:
            self.process.close()
