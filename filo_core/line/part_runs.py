"""Judging the parts of a folder, several pictures a part, as a stream of events."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import UnreadableImageError
from filo_core.events import ImageInspected, ImageSkipped
from filo_core.imaging import changed_at, decode_image, hash_encoded, name_below, read_encoded
from filo_core.judging import judge, not_inspected
from filo_core.line.part_files import path_of
from filo_core.line.runs import Outcome, judged_in_order
from filo_core.line.watching.marks import Arrival
from filo_core.sentence import Joined, Sentence
from filo_core.types import Origin, Recipe, ViewInspection
from filo_core.views import JudgingView, missing_view, part_hash, part_inspection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from filo_core.events import RunEvent
    from filo_core.line.part_files import PartFiles
    from filo_core.method.interfaces import Detector


def inspect_parts(
    parts: Sequence[PartFiles],
    recipe: Recipe,
    views: Sequence[JudgingView],
    detectors: Mapping[str, Detector],
    already_judged: Callable[[Sequence[tuple[str, str]]], int | None],
    *,
    root: Path,
    left_out: Sequence[Path] = (),
    lanes: int = 1,
) -> Iterator[RunEvent]:
    """Judge parts in their order, as :func:`~filo_core.line.runs.inspect_images` does pictures; one event a part.

    A view without a picture, or with more than one, is NOT_INSPECTED with the reason, and so is its part unless
    another view is NG.

    Args:
        parts: each with the files of its views.
        recipe: of the part.
        views: of the recipe, in its order.
        detectors: set up for each view, by its name.
        already_judged: asked with the name of each view and the hash of its picture.
        root: names are relative to this folder.
        left_out: files beside them that are not read.
        lanes: judge so many parts at a time.
    """
    judging = _JudgingParts(recipe, tuple(views), detectors, already_judged, root)
    unread = tuple(name_below(path, root) for path in left_out)
    yield from judged_in_order(parts, judging, recipe, unread, lanes)


def shows_no_view(part: PartFiles, views: Sequence[JudgingView]) -> str:
    """Why a file is none of a part's pictures, as a sentence."""
    ends = ", ".join(view.suffix for view in views)
    return Sentence(
        "{name}: the name ends in none of {ends}, so it shows no view. Rename it, or take it away.",
        name=part.name,
        ends=ends,
    )


def problem_of_files(part: PartFiles, view: JudgingView) -> str:
    """Why a view of a part has no picture, as a sentence; empty where it has one."""
    files = part.views.get(view.name, ())
    if len(files) == 1:
        return ""
    if files:
        names = Joined((path_of(file).name for file in files), Sentence(" and "))
        return Sentence("{names} are two pictures of one view. Keep one of them.", names=names)
    name = f"{Path(part.name).name}{view.suffix}"
    if part.waited_s:
        return Sentence("no file {name} came within {seconds:g} s.", name=name, seconds=part.waited_s)
    return Sentence("there is no file {name}.", name=name)


@dataclass(frozen=True, slots=True)
class _Read:
    """The bytes of a view, or why there are none."""

    name: str
    path: Path | None = None
    encoded: bytes = b""
    image_hash: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _JudgingParts:
    recipe: Recipe
    views: tuple[JudgingView, ...]
    detectors: Mapping[str, Detector]
    already_judged: Callable[[Sequence[tuple[str, str]]], int | None]
    root: Path

    def begin(self, index: int, part: PartFiles) -> Callable[[], Outcome]:
        """Read the files of a part and ask whether it was judged before; back comes what is left to do."""
        started = time.perf_counter()
        if not part.views:
            why = shows_no_view(part, self.views)
            unknown = not_inspected(part.name, "", self.recipe.content_hash, Origin.FOLDER, started, why)
            return lambda: (ImageInspected(index, unknown), True)
        read = {view.name: self._read(part, view) for view in self.views}
        hashes = [(view.name, read[view.name].image_hash) for view in self.views]
        if earlier_id := self.already_judged(hashes):
            skipped = ImageSkipped(index, part.name, part_hash(hashes), earlier_id)
            return lambda: (skipped, True)
        spent = time.perf_counter() - started

        def end() -> Outcome:
            started = time.perf_counter() - spent
            judged = [self._judge(part, view, read[view.name]) for view in self.views]
            inspection = part_inspection(part.name, judged, self.recipe, started)
            return ImageInspected(index, inspection), all(one.inspection.image_hash for one in judged)

        return end

    def _read(self, part: PartFiles, view: JudgingView) -> _Read:
        files = part.views.get(view.name, ())
        if problem := problem_of_files(part, view):
            return _Read(part.name, problem=problem)
        path, given = path_of(files[0]), files[0].encoded if isinstance(files[0], Arrival) else None
        name = name_below(path, self.root)
        try:
            encoded = read_encoded(path, name) if given is None else given
        except UnreadableImageError as error:
            return _Read(name, problem=str(error))
        return _Read(name, path, encoded, hash_encoded(encoded))

    def _judge(self, part: PartFiles, view: JudgingView, read: _Read) -> ViewInspection:
        if read.problem or read.path is None:
            return missing_view(part.name, view, Origin.FOLDER, read.problem)
        started = time.perf_counter()
        try:
            image = decode_image(read.encoded, read.name, image_hash=read.image_hash, captured_at=changed_at(read.path))
        except UnreadableImageError as error:
            return missing_view(part.name, view, Origin.FOLDER, str(error))
        found = judge(image, view.recipe, self.detectors[view.name], Origin.FOLDER, started)
        return ViewInspection(view.name, view.recipe.limits, found)
