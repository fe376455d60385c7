"""What several views of a part promise, and whether two cameras share a station; written into ``docs/views.md``.

``python -m tools.view_study`` simulates the promise for 2 and 4 views, and has a station judge parts through two test
cameras, one of them ten times as fast, in a few minutes. Exit status 1 where a promise was broken or a camera starved.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from filo_core.calibration.known_parts import ScoredParts
from filo_core.calibration.zone_limits import calibrated_parts
from filo_core.engine import load_engine
from filo_core.identity import NOBODY, Identity
from filo_core.imaging import encode_frame
from filo_core.line.model_process import load_detectors
from filo_core.line.part_views import LineView, PartViews
from filo_core.line.results import LineResult
from filo_core.line.sources.choose import source_at
from filo_core.line.sources.test_pattern import TestPattern
from filo_core.line.sources.viewed import ViewedSource
from filo_core.line.station import Station
from filo_core.line.supervised import SupervisedDetector
from filo_core.line.triggers.continuous import ContinuousParts
from filo_core.proof import JudgedPart
from filo_core.types import (
    Eyes,
    Inspection,
    Limits,
    ProductDescription,
    ProductDraft,
    Recipe,
    RecipeVersion,
    RecipeView,
    Reference,
    Sight,
    SourceImage,
    Verdict,
)
from filo_core.views import JudgingView
from tools.calibration_study import Kept
from tools.markdown import markdown_table, percent_number, replace_section, say, this_machine
from tools.region_study import CONFIRMED, LIKENESSES, RATE, REFERENCES, drawn, scored_by_place

COUNTS = (2, 4)
CAMERAS = {"fast": "test://part?rate=30&every=0", "slow": "test://part?rate=3&every=0&size=800x600&seed=2"}
DEADLINE_S = 5.0
_SEED = 2028
_PAGE = Path(__file__).resolve().parents[1] / "docs" / "views.md"


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Run the study; the exit code is 1 when a promise was broken or a camera starved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=2000, help="of the simulation; 0 leaves it out")
    parser.add_argument("--parts", type=int, default=60, help="through the cameras; 0 leaves them out")
    parser.add_argument("--out", type=Path, default=_PAGE)
    given = parser.parse_args(arguments_given)
    fine = True
    if given.repetitions:
        text, held = promised_table(given.repetitions)
        replace_section(given.out, "The promise, simulated", text)
        fine = fine and held
    if given.parts:
        text, shared = cameras_table(given.parts)
        replace_section(given.out, "Two cameras, measured", text)
        fine = fine and shared
    return 0 if fine else 1


def promised_table(repetitions: int) -> tuple[str, bool]:
    """Promised against realised rates by number of views, and whether all promises were kept."""
    rows, held = [], True
    for count, likeness in itertools.product(COUNTS, LIKENESSES):
        say(f"{count} views, likeness {likeness}")
        few = _tried(count, likeness, 0, 0.01, repetitions)
        many = _tried(count, likeness, CONFIRMED, RATE, repetitions // 2)
        held = held and few.holds and many.holds
        cells = [cell for kept in (few, many) for cell in (percent_number(kept.promise), kept.realised)]
        rows.append((count, likeness, *cells))
    head = (
        "views",
        "likeness",
        f"{REFERENCES} references a view: promised, % called NG",
        "realised",
        f"{CONFIRMED} other good parts: promised, % refused",
        "realised",
    )
    text = (
        "As for [regions](regions.md): parts drawn at random, each view's limits set by the program's own code at its "
        "share of the rate, and a new good part judged by all of them; the promise is the sum of theirs. In brackets "
        f"the exact 95 % interval of {repetitions} and {repetitions // 2} repetitions (`python -m tools.view_study`)."
        f"\n\n{markdown_table(head, rows)}\n\n{'Every promise was kept.' if held else 'A PROMISE WAS BROKEN.'}"
    )
    return text, held


def _tried(count: int, likeness: float, confirmed: int, alpha: float, repetitions: int) -> Kept:
    rng = np.random.default_rng((_SEED, count, int(10 * likeness), confirmed))
    refused, promise = 0, 0.0
    for _ in range(repetitions):
        features = drawn(rng, REFERENCES + confirmed + 1, count, likeness)
        scored, new = scored_by_place(features, confirmed)
        found = [
            calibrated_parts(_of_view(scored, view), (), alpha / count, model_hash="", trained=True)
            for view in range(count)
        ]
        refused += any(
            one.limits.verdict(float(score)) in {Verdict.NG, one.refused_as}
            for one, score in zip(found, new, strict=True)
        )
        promise = min(sum(one.promise or 1.0 for one in found), 1.0)
    return Kept(promise, refused, repetitions)


def _of_view(scored: ScoredParts, view: int) -> ScoredParts:
    """What one view alone knows of the parts."""

    def own(parts: Sequence[JudgedPart]) -> tuple[JudgedPart, ...]:
        return tuple(replace(part, score=scored.zones[part.image_hash][view].score) for part in parts)

    references = own(scored.references)
    return ScoredParts(references, tuple(part.score for part in references), own(scored.outside), (), zones={})


class _Memory:
    """A ledger that keeps what views came to, and nothing on a disk."""

    def __init__(self) -> None:
        self.kept: list[Inspection] = []
        self._numbers = itertools.count()

    def open(
        self, trigger_id: str, repeats_within_s: float, identity: Identity = NOBODY
    ) -> tuple[int, LineResult | None]:
        del trigger_id, repeats_within_s, identity
        return next(self._numbers), None

    def keep(self, inspection: Inspection) -> Inspection:
        self.kept.append(replace(inspection, image=None))
        return inspection

    def close(self, number: int, result: LineResult) -> None:
        """Nothing is kept."""


def cameras_table(parts: int) -> tuple[str, bool]:
    """How a station shares itself between two cameras, beside one camera alone; and whether neither starved."""
    rows, fair = [], True
    for names in (("fast",), ("slow",), ("fast", "slow")):
        say(f"{parts} parts through {' and '.join(names)}")
        kept, answers_ms, frames = _through(names, parts)
        shares = [sum(bool(part.views[n].inspection.image_hash) for part in kept) for n in range(len(names))]
        ratio = f"{min(shares) / max(shares):.2f}" if len(names) > 1 and max(shares) else ""
        for number, name in enumerate(names):
            views = [part.views[number].inspection for part in kept]
            judged = [one for one in views if one.verdict is not Verdict.NOT_INSPECTED]
            fair = fair and len(judged) == len(views)
            ages = [one.frame_age_ms or 0.0 for one in judged]
            rows.append(
                (
                    " and ".join(names),
                    name,
                    f"{len(judged)} of {len(views)}",
                    frames[number],
                    shares[number],
                    ratio,
                    _spread(ages),
                    _spread(answers_ms),
                )
            )
    head = (
        "cameras",
        "view",
        "parts with its verdict",
        "frames it took",
        "frames that were judged",
        "ratio of the cameras",
        "ms from its picture to its verdict",
        "ms from trigger to answer",
    )
    verdict = "No view of any part was missed." if fair else "A VIEW WAS MISSED."
    text = (
        f"Two test cameras, `{CAMERAS['fast']}` and `{CAMERAS['slow']}`, at one station that asks for a part as soon "
        f"as the one before is answered: {parts} parts, `{_EYES.words}` eyes, one model in its own process, nothing "
        "written to a disk. A part waits for the next picture of each camera, so up to 333 ms for "
        "the slow one's. *Ratio*: frames judged of the camera that was served least, by those of the other: 1 "
        "where neither starves. Median, then 5th and 95th percentile (`python -m tools.view_study --repetitions 0`)."
        f"\n\n{markdown_table(head, rows)}\n\n{verdict} On {this_machine()}."
    )
    return text, fair


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    low, high = np.percentile(values, (5, 95))
    return f"{statistics.median(values):.0f} ({low:.0f} to {high:.0f})"


def _through(names: Sequence[str], parts: int) -> tuple[list[Inspection], list[float], list[int]]:
    """What the views of so many parts came to, how long each answer took, and how many frames each camera gave."""
    memory, enough = _Memory(), threading.Event()
    answers: list[float] = []

    def count(result: LineResult, _inspection: Inspection | None) -> None:
        answers.append(result.latency_ms or 0.0)
        if len(answers) >= parts:
            enough.set()

    with _station(names, memory, count) as cameras:
        enough.wait(parts * DEADLINE_S)
        frames = [camera.frames for camera in cameras]
    return memory.kept[:parts], answers[:parts], frames


@contextmanager
def _station(
    names: Sequence[str], memory: _Memory, on_answer: Callable[[LineResult, Inspection | None], None]
) -> Iterator[Sequence[ViewedSource]]:
    engine = load_engine("compact", "cpu")
    set_up = [_set_up(name, engine.model_hash_for(_EYES)) for name in names]
    detector = SupervisedDetector(partial(load_detectors, "compact", tuple(set_up)), "cpu")
    now = datetime.now(UTC)
    views = [
        JudgingView(name, RecipeVersion(recipe, 1, "study", now))
        for name, (recipe, _) in zip(names, set_up, strict=True)
    ]
    through = [
        LineView(view, ViewedSource(source_at(CAMERAS[view.name])), detector.of_view(n)) for n, view in enumerate(views)
    ]
    part = replace(set_up[0][0], views=tuple(RecipeView(view.name, view.recipe.content_hash) for view in views))
    looked = PartViews(part, through)
    station = Station(None, part, detector, memory, deadline_s=DEADLINE_S, on_answer=on_answer, views=looked)
    asking = ContinuousParts(looked.sources, station)
    running: tuple[ViewedSource | Station | ContinuousParts, ...] = (*looked.sources, station, asking)
    try:
        detector.wait_ready()
        for one in running:
            one.start()
        yield looked.sources
    finally:
        for one in reversed(running):
            one.stop()
        detector.close()


_EYES = Eyes(Sight.FAST, 256)


def _set_up(name: str, model_hash: str) -> tuple[Recipe, tuple[SourceImage, ...]]:
    """A view that compares with four pictures of its camera; its limits call nothing NG."""
    pattern = TestPattern.of(CAMERAS[name])
    now = datetime.now(UTC)
    images = tuple(encode_frame(pattern.picture(10_000 + n), f"{n}.png", now, n) for n in range(4))
    references = tuple(Reference(image.image_hash, image.name) for image in images)
    draft = ProductDraft(ProductDescription(name, "part"), references=references, eyes=_EYES)
    return draft.recipe(Limits(1.0, 1.0, 1.0), model_hash), images


if __name__ == "__main__":
    raise SystemExit(main())
