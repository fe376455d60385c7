"""A part through several cameras: one answer, whatever becomes of one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.line.part_views import LineView, PartViews
from filo_core.line.results import LineResult
from filo_core.line.sources.base import SourceState
from filo_core.line.sources.folder import FolderSource
from filo_core.line.sources.viewed import ViewedSource
from filo_core.line.station import Station
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.line.triggers.continuous import ContinuousParts
from filo_core.types import Recipe, RecipeVersion, RecipeView, SourceImage, Verdict
from filo_core.views import JudgingView
from tests.unit.filo_core.line.conftest import BrightnessDetector
from tests.unit.filo_core.line.station_parts import GatedDetector, HandFedSource, MemoryLedger

BLACK, WHITE = 0, 255
WaitUntil = Callable[[Callable[[], object]], None]


class Rig:
    """A station with the views top and side, each with a source fed by hand."""

    def __init__(self, recipe: Recipe, now: datetime) -> None:
        self.ledger = MemoryLedger()
        self.sources = {"top": HandFedSource(), "side": HandFedSource()}
        self.detectors = {name: GatedDetector(BrightnessDetector()) for name in self.sources}
        for detector in self.detectors.values():
            detector.go_on.set()
        self.recipe = replace(recipe, views=tuple(RecipeView(name, recipe.content_hash) for name in self.sources))
        self._version = RecipeVersion(recipe, 1, "somebody", now)
        self.station: Station | None = None

    def looks(self) -> list[LineView]:
        return [
            LineView(JudgingView(name, self._version), ViewedSource(source), self.detectors[name])
            for name, source in self.sources.items()
        ]

    def start(self, deadline_s: float) -> Station:
        through = self.looks()
        self.station = Station(
            None,
            self.recipe,
            BrightnessDetector(),
            self.ledger,
            deadline_s=deadline_s,
            views=PartViews(self.recipe, through),
        )
        self.station.start()
        return self.station

    def answer(self, name: str, station: Station, **brightness: int) -> LineResult:
        ticket = station.ask(Trigger(name, TriggerKind.KEY))
        for view, level in brightness.items():
            self.sources[view].put(level)
        result = ticket.wait(20)
        assert result is not None
        return result


@pytest.fixture
def rig(recipe: Recipe, now: datetime) -> Iterator[Rig]:
    made = Rig(recipe, now)
    yield made
    for detector in made.detectors.values():
        detector.go_on.set()
    if made.station is not None:
        made.station.stop()


@pytest.mark.parametrize(
    ("top", "side", "verdict"),
    [(BLACK, BLACK, Verdict.OK), (BLACK, WHITE, Verdict.NG), (WHITE, BLACK, Verdict.NG)],
)
def test_one_trigger_asks_all_views_and_the_worst_answers(rig: Rig, top: int, side: int, verdict: Verdict) -> None:
    result = rig.answer("part 1", rig.start(20), top=top, side=side)
    assert result.verdict is verdict
    assert [view.view for view in result.views] == ["top", "side"]
    assert LineResult.from_json(result.to_json()) == result
    (kept,) = rig.ledger.kept
    assert [view.inspection.image is not None for view in kept.views] == [True, True]


def test_a_camera_that_is_lost_costs_the_part_its_verdict_and_says_so(rig: Rig) -> None:
    station = rig.start(0.6)
    lost = rig.sources["side"]
    lost.state, lost.problem = SourceState.LOST, "The camera was unplugged."
    assert station.problem == "side: The camera was unplugged."
    result = rig.answer("part 1", station, top=BLACK)
    assert (result.verdict, result.reason) == (Verdict.NOT_INSPECTED, "side: The camera was unplugged.")
    assert [view.verdict for view in result.views] == [Verdict.OK, Verdict.NOT_INSPECTED]
    assert result.to_json().count("reads_as") == 1
    assert '"reads_as": "NG"' in result.to_json()
    assert rig.answer("part 2", station, top=WHITE).verdict is Verdict.NG, "a defect that was seen is one"


def test_a_camera_without_a_new_picture_is_waited_for_until_the_deadline_alone(rig: Rig) -> None:
    station = rig.start(0.6)
    rig.sources["side"].put(BLACK)
    result = rig.answer("part 1", station, top=BLACK)
    assert result.verdict is Verdict.NOT_INSPECTED
    assert result.reason.startswith("side: no picture within 0."), "the picture before the trigger shows another part"


def test_a_view_that_hangs_keeps_the_other_one_from_no_part(rig: Rig, wait_until: WaitUntil) -> None:
    station = rig.start(0.8)
    rig.detectors["side"].go_on.clear()
    first = rig.answer("part 1", station, top=BLACK, side=BLACK)
    assert first.reason.startswith("side: no verdict within 0.")
    second = rig.answer("part 2", station, top=WHITE, side=BLACK)
    assert [view.verdict for view in second.views] == [Verdict.NG, Verdict.NOT_INSPECTED]
    rig.detectors["side"].go_on.set()
    wait_until(lambda: rig.answer(f"part {time.monotonic()}", station, top=BLACK, side=BLACK).verdict is Verdict.OK)


def test_continuous_parts_wait_for_every_camera(rig: Rig, wait_until: WaitUntil) -> None:
    station = rig.start(20)
    asking = ContinuousParts(tuple(rig.sources.values()), station)
    asking.start()
    try:
        rig.sources["top"].put(BLACK)
        assert station.counters.triggers == 0

        def both_look() -> bool:
            for source in rig.sources.values():
                source.put(BLACK)
            return station.counters.answers >= 2

        wait_until(both_look)
        rig.sources["top"].state = SourceState.STOPPED
        wait_until(lambda: (both_look(), not asking.is_running)[1])
    finally:
        asking.stop()
    assert {answer.verdict for answer in list(rig.ledger.closed.values())[:2]} == {Verdict.OK}


def test_pictures_that_a_trigger_brings_are_judged_without_any_camera(rig: Rig) -> None:
    through = [LineView(one.view, None, one.detector) for one in rig.looks()]
    station = rig.station = Station(
        None, rig.recipe, BrightnessDetector(), rig.ledger, deadline_s=20, views=PartViews(rig.recipe, through)
    )
    station.start()
    assert station.problem == ""
    dark, bright = (
        SourceImage(f"{n}", b"", "", np.full((4, 4, 3), n, np.uint8), datetime.now(UTC)) for n in (BLACK, WHITE)
    )
    brought: dict[str, tuple[SourceImage, SourceImage | str]] = {
        "a": (dark, bright),
        "b": (dark, "no file b_side came within 5 s."),
    }
    results = []
    for part, (top, side) in brought.items():
        views: dict[str, SourceImage | str] = {"top": top, "side": side}
        results.append(station.ask(Trigger(part, TriggerKind.FOLDER, file=part, views=views)).wait(20))
    first, second = results
    assert first is not None
    assert second is not None
    assert (first.verdict, [view.verdict for view in first.views]) == (Verdict.NG, [Verdict.OK, Verdict.NG])
    assert (second.verdict, second.file) == (Verdict.NOT_INSPECTED, "b")
    assert "side: no file b_side came within 5 s." in second.reason
    assert [kept.name for kept in rig.ledger.kept] == ["a", "b"]


def test_folders_that_are_played_stay_in_step_and_leave_no_picture_out(
    rig: Rig, tmp_path: Path, wait_until: WaitUntil
) -> None:
    for view in ("top", "side"):
        for number in range(6):
            path = tmp_path / view / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            Image.new("RGB", (8, 6), (40 * number, 0, 0)).save(path)
    played = [ViewedSource(FolderSource(tmp_path / view, interval_s=0.01, loop=False)) for view in ("top", "side")]
    looks = [replace(one, source=source) for one, source in zip(rig.looks(), played, strict=True)]
    station = rig.station = Station(
        None, rig.recipe, BrightnessDetector(), rig.ledger, deadline_s=20, views=PartViews(rig.recipe, looks)
    )
    station.start()
    asking = ContinuousParts(tuple(played), station)
    for source in played:
        source.start()
    asking.start()
    wait_until(lambda: not asking.is_running)
    asking.stop()
    for source in played:
        assert (source.frames, source.dropped) == (6, 0)
        source.stop()
    pictures = [[view.inspection.image for view in kept.views] for kept in rig.ledger.kept]
    seen = [[int(picture.pixels[0, 0, 0]) for picture in one if picture is not None] for one in pictures]
    assert seen == [[40 * number] * 2 for number in range(6)]
