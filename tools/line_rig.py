"""A line on a record of its own with a model that only measures brightness: for the soak and its tests.

Everything but the model is what the program runs: record, outbox, couriers, station, supervised process.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.imaging import encode_frame
from filo_core.line.supervised import SupervisedDetector
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.types import (
    AnomalyType,
    Limits,
    ProductDescription,
    ProductDraft,
    Recipe,
    Reference,
    SourceImage,
)
from storage.engine import sqlite_url
from storage.recorder import DISK_RESERVE_BYTES, Recorder
from storage.storage import Storage, open_storage
from tools.brightness import Brightness, make_brightness
from workflows.line.delivery import BackOff
from workflows.line.run import Line

if TYPE_CHECKING:
    from filo_core.line.sinks.base import Sink
    from filo_core.line.sources.base import ImageSource
    from filo_core.method.interfaces import Detector

PRODUCT = "plate"
QUICK = BackOff(0.02, 0.2)
_MODEL_HASH = "b" * 64
STAGES = ("opened", "judged", "kept", "answered", "delivered")
"""Where :func:`die_at` can kill: after the trigger is accepted, before and after the record, after the answer's
commit, and after a delivery that is not marked yet."""


def sign(storage: Storage, product: str = PRODUCT, good: SourceImage | None = None) -> Recipe:
    """A product with a signed recipe; the one that is there, if it is.

    Args:
        storage: the record.
        product: its name.
        good: its reference; without one it names a picture that was never kept, which a look at the pictures finds.
    """
    if good is not None:
        storage.artefacts.put_image(good)
    draft = ProductDraft(
        ProductDescription(product, "plate"),
        (AnomalyType("scratch"),),
        (Reference("a" * 64 if good is None else good.image_hash, "good.png"),),
        limits=Limits(0.3, 0.6, 0.5),
        calibration_note="one good part",
        model_hash=_MODEL_HASH,
    )
    assert draft.limits is not None
    recipe = draft.recipe(draft.limits, _MODEL_HASH)
    with storage.transaction() as transaction:
        if not transaction.products.exists(product):
            transaction.products.add(draft)
            transaction.products.sign(product, recipe, "soak", datetime.now(UTC))
    return recipe


@contextmanager
def line_in(
    home: Path,
    sinks: Sequence[Sink] = (),
    source: ImageSource | None = None,
    detector: Detector | None = None,
    reserve_bytes: int = DISK_RESERVE_BYTES,
    **options: Any,
) -> Iterator[Line]:
    """A started line whose data lies in ``home``; the model runs in a process of its own unless one is given."""
    supervised = SupervisedDetector(make_brightness) if detector is None else None
    with open_storage(sqlite_url(home / "filo.sqlite"), home / "images") as storage:
        recipe = sign(storage)
        try:
            if supervised is not None:
                supervised.wait_ready()
            chosen = detector or supervised
            assert chosen is not None
            outbox, recorder = home / "outbox.sqlite", Recorder(storage, PRODUCT, reserve_bytes=reserve_bytes)
            line = Line(recipe, source, chosen, recorder, outbox, sinks, back_off=QUICK, **options)
            line.start()
            try:
                yield line
            finally:
                line.stop()
        finally:
            if supervised is not None:
                supervised.close()


def part_picture(number: int, side: int = 64) -> SourceImage:
    """Every fourth part is white, the others black; each has bytes of its own."""
    pixels = np.full((side, side, 3), 255 if number % 4 == 0 else 0, np.uint8)
    pixels[0, 0] = (number & 255, number >> 8 & 255, number >> 16 & 255)
    return encode_frame(pixels, f"part-{number}", datetime.now(UTC), number)


def part_trigger(number: int) -> Trigger:
    """The trigger of one part, with its picture."""
    return Trigger(f"part-{number}", TriggerKind.HTTP, part_picture(number))


def die_at(stage: str, part: int) -> None:
    """Let this process be killed by the system when it comes to ``stage`` of the ``part``-th part, from 1."""
    from filo_core.line.outputs.csv_file import CsvSink
    from storage.outbox import Outbox

    places: dict[str, tuple[Any, str, bool]] = {
        "opened": (Outbox, "open_trigger", True),
        "judged": (Recorder, "keep", False),
        "kept": (Recorder, "keep", True),
        "answered": (Outbox, "close_trigger", True),
        "delivered": (CsvSink, "deliver", True),
    }
    owner, name, after = places[stage]
    original: Callable[..., Any] = getattr(owner, name)
    numbers = itertools.count(1)

    def dying(*arguments: Any) -> Any:
        last = next(numbers) == part
        if last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def main(home: str, first: str, parts: str, stage: str, at: str) -> None:
    """Judge parts until killed; prints each trigger before it is asked, and its answer after."""
    from filo_core.line.outputs.csv_file import CsvSink

    if stage:
        die_at(stage, int(at))
    with line_in(Path(home), [CsvSink(Path(home) / "out.csv")], detector=Brightness()) as line:
        for number in range(int(first), int(first) + int(parts)):
            print("asked", f"part-{number}", flush=True)
            result = line.station.ask(part_trigger(number)).wait(20)
            assert result is not None
            print("said", result.trigger_id, result.verdict.value, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
