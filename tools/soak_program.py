"""A program to be killed, or to write beside another one. Started by ``tools.soak`` and by the tests.

``folder URL IMAGES FOLDER`` inspects a folder while another thread reviews what was judged. ``writer URL IMAGES
SECONDS SEED`` records live verdicts and reviews as fast as it can. Both say each thing once it is in the record:
``verdict NAME`` and ``review ID``.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import FiloError, StorageError
from filo_core.events import ImageInspected
from filo_core.imaging import decode_image, list_images
from filo_core.judging import judge
from filo_core.line.runs import inspect_images
from filo_core.types import (
    AnomalyType,
    Box,
    InspectionFilter,
    Limits,
    Origin,
    Position,
    Prediction,
    ProductDescription,
    ProductDraft,
    Recipe,
    Reference,
    Region,
    ReviewDecision,
    Verdict,
)
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tools.soak_images import png
from workflows.reporting.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRODUCT = "soak"
_MODEL_HASH = "c" * 64
NEVER_STORED = "a" * 64
"""Hash of the recipe's good image, which stands for one and is on no disk."""


@dataclass(frozen=True)
class Redness:
    """Stands in for the model, which is not what a soak is about: the redder, the worse."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Mean red as score, everywhere in the map, with one region."""
        score = float(pixels[..., 0].mean()) / 255
        height, width = pixels.shape[:2]
        box = Box(0, 0, width, height)
        region = Region(box, width * height, score, "scratch", 0.5, Position.CENTER)
        anomaly_map = np.full((height, width), score, dtype=np.float32)
        return Prediction(score, anomaly_map, (region,), {"match": 0.001}, trained=False)


def signed_recipe(storage: Storage) -> Recipe:
    """The recipe of the soak's product, made and signed once."""
    with storage.transaction() as transaction:
        if not transaction.products.exists(PRODUCT):
            draft = ProductDraft(
                ProductDescription(PRODUCT, "part"),
                (AnomalyType("scratch"),),
                (Reference(NEVER_STORED, "good.png"),),
                limits=Limits(0.25, 0.5, 0.1),
                model_hash=_MODEL_HASH,
            )
            transaction.products.add(draft)
            assert draft.limits is not None
            recipe = draft.recipe(draft.limits, _MODEL_HASH)
            transaction.products.sign(PRODUCT, recipe, "soak", datetime.now(UTC))
        return transaction.products.recipe(PRODUCT).recipe


def inspect_folder(storage: Storage, folder: Path) -> None:
    """Inspect a folder under its job, while a second thread reviews what has no decision yet."""
    recipe, recorder = signed_recipe(storage), Recorder(storage, PRODUCT, station="soak", operator="soak")
    done = threading.Event()
    reviewer = threading.Thread(target=_review_until, args=(storage, done.is_set), daemon=True)
    reviewer.start()
    images = list_images(folder).images
    with recorder.job(f"{PRODUCT}: {folder.name}"):
        judged = inspect_images(
            images, recipe, Redness(), lambda content: recorder.already_judged(content, recipe.content_hash)
        )
        for event in recorder.record(judged):
            if isinstance(event, ImageInspected):
                say(f"verdict {event.inspection.name}")
    done.set()
    reviewer.join()


def write(storage: Storage, seconds: float, seed: int) -> None:
    """Record live verdicts and reviews for so many seconds."""
    recipe, history = signed_recipe(storage), History(storage)
    recorder = Recorder(storage, PRODUCT, station=f"writer {seed}", operator="soak")
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        name = f"{seed}-{number}.png"
        image = decode_image(png(seed * 1_000_000 + number), name)
        inspection = judge(image, recipe, Redness(), Origin.LIVE, time.perf_counter())
        inspection_id = recorder.record_one(inspection)
        say(f"verdict {name}")
        _review(history, inspection_id)
        number += 1


def _review_until(storage: Storage, is_done: Callable[[], bool]) -> None:
    history = History(storage)
    try:
        while not is_done():
            for record in history.page(InspectionFilter(undecided=True), limit=5):
                _review(history, record.inspection_id)
    except FiloError as error:
        # On a thread of its own it would end unheard, and the soak would find no fault.
        print(error, file=sys.stderr, flush=True)
        os._exit(1)


def _review(history: History, inspection_id: int) -> None:
    system = history.get(inspection_id).verdict
    verdict = Verdict.NG if system is Verdict.OK else Verdict.OK
    history.review(inspection_id, ReviewDecision.OVERRULE, verdict, "soak", "soak")
    say(f"review {inspection_id}")


def say(line: str) -> None:
    """One whole line, which a reader can trust once it is there."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(what: str, url: str, images: str, *rest: str) -> int:
    """Run one of the two programs; 1 when a user would have seen an error."""
    try:
        with open_storage(url, Path(images)) as storage:
            say("ready")
            if what == "folder":
                inspect_folder(storage, Path(rest[0]))
            else:
                write(storage, float(rest[0]), int(rest[1]))
    except StorageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
