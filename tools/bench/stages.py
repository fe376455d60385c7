"""Where the time of one image goes, from its file to its row in the record: processor time of each stage."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from filo_core.engine import load_engine
from filo_core.eyes import detector, features
from filo_core.imaging import decode_image, hash_encoded, read_encoded
from filo_core.judging import judge
from filo_core.trunks.session import TrunkSession
from filo_core.trunks.specs import Slot
from filo_core.types import Eyes, Origin, Recipe
from storage.engine import sqlite_url
from storage.recorder import Recorder
from storage.storage import Storage, open_storage
from tools.bench.product import demo_draft, demo_recipe, fill_with_pictures
from tools.markdown import markdown_table

STAGES = ("decode", "resize", "L", "D", "join", "match", "map", "regions", "store")
_WORDS = {
    "decode": "decode: file, hash and pixels",
    "resize": "resize, a trunk each",
    "L": "L, the light trunk",
    "D": "D, the deep trunk",
    "join": "join the stages to features",
    "match": "match with the stored patches",
    "map": "map and score",
    "regions": "regions",
    "store": "store: picture, map and rows",
}
_WARM = 2


@dataclass(frozen=True, slots=True)
class StageTimes:
    """Seconds of a processor by stage, one number an image."""

    eyes: Eyes
    seconds: dict[str, list[float]]

    def median(self, stage: str) -> float:
        """Of one stage."""
        return statistics.median(self.seconds[stage])

    @property
    def whole(self) -> float:
        """Median of what one image costs in all."""
        return statistics.median(map(sum, zip(*self.seconds.values(), strict=True)))


class _Clock:
    """Adds up processor time by stage; what runs within a stage under another name is not counted twice."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.process_time()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = time.process_time() - begun
            self.spent[name] += whole - self._inner.pop()
            self._inner[-1] += whole

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*given, **named)

        return call

    def taken(self, stages: tuple[str, ...]) -> dict[str, float]:
        """What was spent since the last time."""
        found = {stage: self.spent.pop(stage, 0.0) for stage in stages}
        self.spent.clear()
        return found


def measure_stages(eyes: Eyes, rounds: int) -> StageTimes:
    """Judge and store so many pictures of the rendered product; each trunk, the match and the rest are timed apart."""
    clock = _Clock()
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="filo-bench-") as space, ExitStack() as stack:
        home = Path(space)
        engine = load_engine("compact", "cpu")
        recipe, references = demo_recipe(engine, eyes)
        judging = engine.detector(recipe, references)
        storage = open_storage(sqlite_url(home / "record.db"), home / "artefacts")
        stack.callback(storage.close)
        _sign(storage, recipe)
        recorder = Recorder(storage, recipe.product, station="bench", operator="bench")
        for change in _watched(clock):
            stack.enter_context(change)
        for number, path in enumerate(fill_with_pictures(home / "pictures", rounds + _WARM)):
            with clock.stage("decode"):
                encoded = read_encoded(path, path.name)
                image = decode_image(encoded, path.name, image_hash=hash_encoded(encoded))
            with clock.stage("rest"):
                inspection = judge(image, recipe, judging, Origin.FOLDER, time.perf_counter())
            with clock.stage("store"):
                recorder.record_one(inspection)
            for stage, seconds in clock.taken(STAGES).items():
                if number >= _WARM:
                    found[stage].append(seconds)
    return StageTimes(eyes, {stage: values for stage, values in found.items() if any(values)})


def stage_table(measured: list[StageTimes]) -> str:
    """A column of milliseconds and one of shares for each."""
    header = ["stage"]
    for one in measured:
        header += [f"`{one.eyes.words}`: ms", "share"]
    rows = []
    for stage in STAGES:
        row = [_WORDS[stage]]
        for one in measured:
            row += [_milliseconds(one.seconds[stage]), _share(one, stage)] if stage in one.seconds else ["–", "–"]
        rows.append(row)
    rows.append(["**together**"])
    for one in measured:
        rows[-1] += [f"**{1000 * one.whole:.1f}**", ""]
    return markdown_table(header, rows)


def _milliseconds(seconds: list[float]) -> str:
    low, middle, high = (1000 * value for value in statistics.quantiles(seconds, n=4))
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


def _share(one: StageTimes, stage: str) -> str:
    return f"{100 * one.median(stage) / sum(map(one.median, one.seconds)):.0f} %"


def _watched(clock: _Clock) -> list[Any]:
    """The program's own stages under the clock, while the context of each lasts."""
    look = TrunkSession.stages

    def stages(session: TrunkSession, *given: Any) -> Any:
        with clock.stage("L" if session.spec.slot is Slot.LIGHT else "D"):
            return look(session, *given)

    @contextmanager
    def timed(_seconds: dict[str, float], stage: str) -> Iterator[None]:
        with clock.stage("join" if stage == "encode" else stage):
            yield

    return [
        patch.object(features, "fitted", clock.timed("resize", features.fitted)),
        patch.object(TrunkSession, "stages", stages),
        patch.object(detector, "_timed", timed),
    ]


def _sign(storage: Storage, recipe: Recipe) -> None:
    with storage.transaction() as transaction:
        transaction.products.add(demo_draft(recipe.eyes)[0])
        transaction.products.sign(recipe.product, recipe, "bench", datetime.now(UTC))
