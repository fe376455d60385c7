"""What runs in the model's own process: a detector that may crash, hang or run out of memory without the line.

Pictures come by shared memory, wishes and answers by the connection. It ends by itself when its owner does.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.errors import FiloError, PartNotFoundError
from filo_core.line.sources.camera_process import silence
from filo_core.loops import Loop
from filo_core.out_of_memory import is_out_of_memory
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from filo_core.line.sources.shared_frame import SharedFrame
    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction, Recipe, SourceImage

DetectorMaker = Callable[[str], "Detector | tuple[Detector, ...]"]
"""Makes the detector on the device it is given, or one for each view of a part; must survive the way into another
process."""

_END_GRACE_S = 2.0
_WARM_UP_SIDE = 256


class AnswerKind(StrEnum):
    """What the model's process says."""

    READY = "ready"
    """Loaded and warm."""
    NOT_LOADED = "not loaded"
    DONE = "done"
    REFUSED = "refused"
    """No prediction for this picture; the sentence says why."""


Wish = tuple[int, int]
"""Number of a frame, and by which of the detectors it is judged."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``note`` says what has changed for good, such as the device, as a sentence."""

    kind: AnswerKind
    number: int = 0
    """Of the frame it belongs to."""
    prediction: Prediction | None = None
    sentence: str = ""
    note: str = ""


def load_detectors(
    profile: str,
    by: tuple[tuple[Recipe, tuple[SourceImage, ...]], ...],
    device: str,
    *,
    installed: Path | None = None,
) -> tuple[Detector, ...]:
    """A profile's detectors by one model; give it to a process with :func:`functools.partial`.

    Args:
        profile: its name.
        by: recipes with their good images: that of a product, or those of its views.
        device: where it computes.
        installed: where profiles lie that did not ship with the program.
    """
    from filo_core.engine import load_engine

    # Whoever serves it tells its owner about another device, and so loads it anew there himself.
    engine = load_engine(profile, device, installed, falls_back=False)
    return tuple(engine.detector(recipe, references) for recipe, references in by)


def serve_model(make: DetectorMaker, device: str, room: SharedFrame, owner: Connection[Any, Any]) -> None:
    """Load, warm up, then predict every frame that the owner announces, until it closes the connection."""
    # Ctrl+C reaches every process of the terminal; this one ends when its owner does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries warn of here has no log to go to, and must not stand on the operator's terminal.
    silence()
    wishes: queue.SimpleQueue[Wish | None] = queue.SimpleQueue()
    Loop("filo-model-listen", lambda: _listen(owner, wishes), "hands pictures to the model").start()
    try:
        model = _Model(make, device)
    except (FiloError, OSError, RuntimeError, ValueError, MemoryError) as error:
        owner.send(Answer(AnswerKind.NOT_LOADED, sentence=_sentence(error)))
        return
    owner.send(Answer(AnswerKind.READY, note=model.note))
    taken = 0
    while (wish := wishes.get()) is not None:
        read = room.read(taken)
        if read is None:
            continue
        pixels, taken = read[:2]
        owner.send(model.answer(pixels, *wish))


class _Model:
    """The detector, moved to the CPU when the graphics card is too small for it."""

    def __init__(self, make: DetectorMaker, device: str) -> None:
        self._make = make
        self.note = ""
        self._on_cpu = device == "cpu"
        try:
            self._detectors = _made(make, device)
            for detector in self._detectors:
                # A fixture is in no such picture; then looking at the good images has warmed the model.
                with contextlib.suppress(PartNotFoundError):
                    detector.predict(np.full((_WARM_UP_SIDE, _WARM_UP_SIDE, 3), 127, np.uint8))
        except RuntimeError as error:
            if self._on_cpu or not is_out_of_memory(error):
                raise
            self._move_to_cpu()

    def answer(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], number: int, which: int) -> Answer:
        before = self.note
        try:
            try:
                prediction = self._detectors[which].predict(pixels)
            except RuntimeError as error:
                # Its batches have been made smaller by now: what is left is the CPU.
                if self._on_cpu or not is_out_of_memory(error):
                    raise
                self._move_to_cpu()
                prediction = self._detectors[which].predict(pixels)
        except (FiloError, RuntimeError, ValueError, ArithmeticError, MemoryError) as error:
            return Answer(AnswerKind.REFUSED, number, sentence=_sentence(error))
        return Answer(AnswerKind.DONE, number, prediction, note=self.note if self.note != before else "")

    def _move_to_cpu(self) -> None:
        self._detectors = _made(self._make, "cpu")
        self._on_cpu = True
        self.note = Sentence("The graphics card has too little memory: the model runs on the CPU now, and is slower.")


def _made(make: DetectorMaker, device: str) -> tuple[Detector, ...]:
    made = make(device)
    return made if isinstance(made, tuple) else (made,)


def _listen(owner: Connection[Any, Any], wishes: queue.SimpleQueue[Wish | None]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            wishes.put(owner.recv())
    wishes.put(None)
    # Reached only when the main thread hangs in the model; nobody may be left to kill this process.
    time.sleep(_END_GRACE_S)
    os._exit(1)


def _sentence(error: Exception) -> str:
    if isinstance(error, FiloError):
        return str(error)
    if isinstance(error, MemoryError):
        return Sentence(
            "There was not enough memory to judge this image. Close other programs, or use a smaller image."
        )
    lines = str(error).strip().splitlines()
    return Sentence(
        "The model failed ({kind}). Judge by eye, and report this.",
        kind=lines[0][:200] if lines else type(error).__name__,
    )
