"""A program that records image after image until it is killed. Started by ``test_killed.py``.

Arguments: the database's URL, the image folder, how many images there are, and at which flush to the disk it kills
itself (0: never). It prints the number of each image once its verdict is recorded.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from filo_core.errors import ProductError
from filo_core.events import ImageInspected, ImageSkipped, RunEvent
from filo_core.types import Recipe
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tests.unit.storage.making import make_inspection, make_region, sign_product


def die_at_flush(wanted: int) -> None:
    """Die in place of the ``wanted``-th flush of a file or folder."""
    numbers, flush = itertools.count(1), os.fsync

    def fsync(handle: int) -> None:
        if next(numbers) == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        flush(handle)

    os.fsync = fsync  # type: ignore[assignment]


def signed_recipe(storage: Storage) -> Recipe:
    try:
        with storage.reading() as transaction:
            return transaction.products.recipe("metal nut").recipe
    except ProductError:
        return sign_product(storage)


def a_run(recipe: Recipe, recorder: Recorder, images: int) -> Iterator[RunEvent]:
    for number in range(images):
        inspection = make_inspection(recipe, number, (number % 10) / 10, regions=[make_region()])
        if recorder.already_judged(inspection.image_hash, inspection.recipe_hash):
            yield ImageSkipped(number, inspection.name, inspection.image_hash)
        else:
            yield ImageInspected(number, inspection)


def main(url: str, folder: str, images: str, flush: str) -> None:
    storage = open_storage(url, Path(folder))
    recipe = signed_recipe(storage)
    recorder = Recorder(storage, "metal nut")
    print("ready", flush=True)
    die_at_flush(int(flush))
    for event in recorder.record(a_run(recipe, recorder, int(images))):
        if isinstance(event, ImageInspected):
            print(event.index, flush=True)
    storage.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
