"""Judging a list of files under one recipe, as a stream of events."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import UnreadableImageError
from filo_core.events import ImageInspected, ImageSkipped, RunCounts, RunEvent, RunFinished, RunStarted
from filo_core.imaging import changed_at, decode_image, hash_encoded, name_below, read_encoded
from filo_core.judging import judge, not_inspected
from filo_core.line.watching.marks import Arrival
from filo_core.types import Origin, Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from filo_core.method.interfaces import Detector


def inspect_images(
    files: Sequence[Path | Arrival],
    recipe: Recipe,
    detector: Detector,
    already_judged: Callable[[str], int | None],
    origin: Origin = Origin.FOLDER,
    *,
    root: Path | None = None,
    left_out: Sequence[Path] = (),
) -> Iterator[RunEvent]:
    """Judge files in their order. RunStarted, then one event a file, then RunFinished with the totals.

    A file that cannot be read, and an image the detector fails on, get NOT_INSPECTED with the reason; the run goes
    on. A cancelled run ends without RunFinished.

    Args:
        files: each meant as an image; one that has just arrived with its bytes, which may be gone from the disk.
        recipe: whose limits decide.
        detector: set up for that recipe.
        already_judged: asked before each file is decoded; the id of the inspection that has the verdict of this image
            hash skips it, so that a second copy within one run is skipped as well.
        origin: where the images came from.
        root: names are relative to this folder, with forward slashes; file names only when not given.
        left_out: files beside them that are not read; named in the first event and in the totals.
    """
    run_started, recipe_hash = time.perf_counter(), recipe.content_hash
    unread = tuple(name_below(path, root) for path in left_out)
    yield RunStarted(total=len(files), recipe_hash=recipe_hash, left_out=unread, limits=recipe.limits)
    counts = RunCounts(left_out=unread)
    unreadable: list[str] = []
    for index, file in enumerate(files):
        path, given = (file.path, file.encoded) if isinstance(file, Arrival) else (file, None)
        name = name_below(path, root)
        started, image_hash = time.perf_counter(), ""
        try:
            encoded = read_encoded(path, name) if given is None else given
            image_hash = hash_encoded(encoded)
            if earlier_id := already_judged(image_hash):
                counts = replace(counts, skipped=counts.skipped + 1)
                yield ImageSkipped(index, name, image_hash, earlier_id)
                continue
            image = decode_image(encoded, name, image_hash=image_hash, captured_at=changed_at(path))
        except UnreadableImageError as error:
            unreadable.append(name)
            inspection = not_inspected(name, image_hash, recipe_hash, origin, started, str(error))
        else:
            inspection = judge(image, recipe, detector, origin, started)
        counts = counts.plus(inspection.verdict)
        yield ImageInspected(index, inspection)
    yield RunFinished(replace(counts, unreadable=tuple(unreadable)), time.perf_counter() - run_started)
