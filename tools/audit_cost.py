"""Measures what the audit chain costs an inspection: statements and milliseconds, with the chain and without.

``python -m tools.audit_cost --inspections 300``
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import event

from filo_core.imaging import decode_image
from filo_core.judging import judge
from filo_core.types import Origin
from storage.audit import keeping
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.sessions import RecordSession
from storage.storage import Storage, open_storage
from tools.soak_images import png
from tools.soak_program import PRODUCT, Redness, signed_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(arguments: list[str] | None = None) -> int:
    """Print both figures and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inspections", type=int, default=300)
    number = parser.parse_args(arguments).inspections
    with tempfile.TemporaryDirectory() as folder:
        chained = measure(Path(folder) / "with", number)
        with chain_off():
            plain = measure(Path(folder) / "without", number)
    print(f"with the chain:    {chained[0]:.1f} statements, {chained[1]:.2f} ms an inspection (median)")
    print(f"without the chain: {plain[0]:.1f} statements, {plain[1]:.2f} ms an inspection (median)")
    print(f"ratio: {chained[0] / plain[0]:.2f} statements, {chained[1] / plain[1]:.2f} time")
    return 0


def measure(home: Path, number: int) -> tuple[float, float]:
    """Statements, and median milliseconds, of recording one inspection with its image, map and region."""
    with open_storage(sqlite_url(home / "filo.sqlite"), home / "images") as storage:
        recipe, recorder = signed_recipe(storage), Recorder(storage, PRODUCT)
        seconds, statements = [], _Counter(storage)
        for index in range(number):
            image = decode_image(png(index), f"{index}.png")
            inspection = judge(image, recipe, Redness(), Origin.LIVE, time.perf_counter())
            started = time.perf_counter()
            recorder.record_one(inspection)
            seconds.append(time.perf_counter() - started)
        return statements.number / number, 1000 * statistics.median(seconds)


@contextmanager
def chain_off() -> Iterator[None]:
    """The same program without its chain."""
    hooks = (("after_flush", keeping._remember), ("before_commit", keeping._chain))
    for name, hook in hooks:
        event.remove(RecordSession, name, hook)
    try:
        yield
    finally:
        for name, hook in hooks:
            event.listen(RecordSession, name, hook)


class _Counter:
    def __init__(self, storage: Storage) -> None:
        self.number = 0
        event.listen(storage._engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self.number += 1


if __name__ == "__main__":
    sys.exit(main())
