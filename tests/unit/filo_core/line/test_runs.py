from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from filo_core.errors import RecipeError
from filo_core.events import ImageInspected, ImageSkipped, RunEvent, RunFinished, RunStarted
from filo_core.imaging import hash_encoded, read_image
from filo_core.judging import judge
from filo_core.line.runs import inspect_images
from filo_core.types import Inspection, Origin, Recipe, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction

BLACK, GREY, WHITE = 0, 115, 255


def write(folder: Path, name: str, brightness: int, size: tuple[int, int] = (8, 8)) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (brightness,) * 3).save(path)
    return path


def run(
    paths: Sequence[Path],
    recipe: Recipe,
    detector: Detector,
    already_judged: Callable[[str], int | None] = lambda _: None,
    **options: Any,
) -> list[RunEvent]:
    return list(inspect_images(paths, recipe, detector, already_judged, **options))


def inspections(events: Sequence[RunEvent]) -> list[Inspection]:
    return [event.inspection for event in events if isinstance(event, ImageInspected)]


class FailingDetector:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        raise self.error


class ChangingDetector:
    """Answers as another detector does, with some fields replaced."""

    def __init__(self, detector: Detector, **changes: Any) -> None:
        self.detector = detector
        self.changes = changes

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        return replace(self.detector.predict(pixels), **self.changes)


def test_files_left_out_are_named_at_the_beginning_and_in_the_totals(
    tmp_path: Path, recipe: Recipe, detector: Detector
) -> None:
    events = run([], recipe, detector, root=tmp_path, left_out=[tmp_path / "b" / "x.tga"])

    assert isinstance(events[0], RunStarted)
    assert events[0].left_out == ("b/x.tga",)
    assert isinstance(events[-1], RunFinished)
    assert events[-1].counts.left_out == ("b/x.tga",)
    assert events[-1].counts.plus(Verdict.OK).left_out == ("b/x.tga",)


def test_the_limits_of_the_recipe_decide_the_verdict(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    paths = [write(tmp_path, "a.png", BLACK), write(tmp_path, "b.png", GREY), write(tmp_path, "c.png", WHITE)]

    verdicts = [inspection.verdict for inspection in inspections(run(paths, recipe, detector))]

    assert verdicts == [Verdict.OK, Verdict.REVIEW, Verdict.NG]


def test_an_inspection_says_what_was_judged_under_which_recipe(
    tmp_path: Path, recipe: Recipe, detector: Detector
) -> None:
    image = read_image(write(tmp_path, "a.png", WHITE))
    before = datetime.now(UTC)

    inspection = judge(image, recipe, detector, Origin.SINGLE, time.perf_counter())

    assert inspection.image is image
    assert inspection.prediction is not None
    assert inspection.prediction.image_score == pytest.approx(1.0)
    assert inspection.recipe_hash == recipe.content_hash
    assert inspection.image_hash == image.image_hash
    assert inspection.origin is Origin.SINGLE
    assert inspection.reason == ""
    assert before <= inspection.inspected_at <= datetime.now(UTC)


def test_seconds_count_from_the_start_of_decoding(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    image = read_image(write(tmp_path, "a.png", WHITE))

    inspection = judge(image, recipe, detector, Origin.SINGLE, time.perf_counter() - 5.0)

    assert 5.0 <= inspection.seconds < 6.0


def test_a_run_tells_its_start_each_image_and_its_end(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    paths = [write(tmp_path, "a.png", BLACK), write(tmp_path, "b.png", WHITE)]

    events = run(paths, recipe, detector)

    assert [type(event) for event in events] == [RunStarted, ImageInspected, ImageInspected, RunFinished]
    assert events[0] == RunStarted(total=2, recipe_hash=recipe.content_hash, limits=recipe.limits)
    assert [event.index for event in events if isinstance(event, ImageInspected)] == [0, 1]


def test_the_totals_at_the_end_count_every_file_once(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")
    known = write(tmp_path, "known.png", BLACK, (9, 9))
    known_hash = read_image(known).image_hash
    paths = [
        write(tmp_path, "a.png", BLACK),
        write(tmp_path, "b.png", GREY),
        write(tmp_path, "c.png", WHITE),
        broken,
        known,
    ]

    finished = run(paths, recipe, detector, already_judged=lambda image_hash: image_hash == known_hash)[-1]

    assert isinstance(finished, RunFinished)
    counts = finished.counts
    assert (counts.ok, counts.review, counts.ng, counts.not_inspected, counts.skipped) == (1, 1, 1, 1, 1)
    assert counts.unreadable == ("broken.png",)
    assert counts.done == len(paths)


def test_an_unreadable_file_is_not_inspected_with_its_reason_and_the_run_goes_on(
    tmp_path: Path, recipe: Recipe, detector: Detector
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nothing")

    first, second = inspections(run([broken, write(tmp_path, "whole.png", BLACK)], recipe, detector))

    assert first.verdict is Verdict.NOT_INSPECTED
    assert first.reason.startswith("broken.png: holds text")
    assert first.image is None
    assert first.prediction is None
    assert first.image_hash == hash_encoded(b"nothing")
    assert second.verdict is Verdict.OK


def test_a_file_that_is_gone_has_no_image_hash(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    (inspection,) = inspections(run([tmp_path / "gone.png"], recipe, detector))

    assert inspection.verdict is Verdict.NOT_INSPECTED
    assert inspection.image_hash == ""
    assert "does not exist" in inspection.reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("CUDA out of memory.\nTried to allocate"), "CUDA out of memory."),
        (MemoryError(), "not enough memory"),
        (RecipeError("No references set. Add one."), "No references set. Add one."),
        (ValueError("strange"), "strange"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_failing_detector_leaves_the_image_not_inspected_and_the_run_goes_on(
    tmp_path: Path, recipe: Recipe, error: Exception, words: str
) -> None:
    paths = [write(tmp_path, "a.png", BLACK), write(tmp_path, "b.png", WHITE)]

    events = run(paths, recipe, FailingDetector(error))

    verdicts = inspections(events)
    assert [inspection.verdict for inspection in verdicts] == [Verdict.NOT_INSPECTED] * 2
    assert words in verdicts[0].reason
    assert "\n" not in verdicts[0].reason
    assert verdicts[0].image_hash == read_image(paths[0]).image_hash
    assert isinstance(events[-1], RunFinished)
    assert events[-1].counts.unreadable == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"image_score": float("nan")},
        {"image_score": float("inf")},
        {"anomaly_map": np.array([[0.0, np.nan]], np.float32)},
    ],
)
def test_an_answer_that_is_no_number_is_never_a_verdict(
    tmp_path: Path, recipe: Recipe, detector: Detector, changes: dict[str, Any]
) -> None:
    (inspection,) = inspections(run([write(tmp_path, "a.png", BLACK)], recipe, ChangingDetector(detector, **changes)))

    assert inspection.verdict is Verdict.NOT_INSPECTED
    assert "no number" in inspection.reason


def test_a_content_that_was_judged_before_is_skipped_without_being_decoded(
    tmp_path: Path, recipe: Recipe, detector: Any
) -> None:
    path = write(tmp_path, "a.png", BLACK)
    asked: list[str] = []

    def already_judged(image_hash: str) -> int:
        asked.append(image_hash)
        return 12

    events = run([path], recipe, detector, already_judged)

    assert events[1] == ImageSkipped(0, "a.png", asked[0], earlier_id=12)
    assert asked == [hash_encoded(path.read_bytes())]
    assert detector.seen == []


def test_a_second_copy_within_a_run_is_skipped_once_the_first_is_recorded(
    tmp_path: Path, recipe: Recipe, detector: Detector
) -> None:
    paths = [write(tmp_path, "a.png", BLACK), write(tmp_path, "copy.png", BLACK)]
    recorded: set[str] = set()

    kinds = []
    for event in inspect_images(paths, recipe, detector, recorded.__contains__):
        kinds.append(type(event))
        if isinstance(event, ImageInspected):
            recorded.add(event.inspection.image_hash)

    assert kinds == [RunStarted, ImageInspected, ImageSkipped, RunFinished]


def test_names_are_relative_to_the_root_with_forward_slashes(
    tmp_path: Path, recipe: Recipe, detector: Detector
) -> None:
    paths = [write(tmp_path, "lot 1/left/a.png", BLACK), tmp_path / "lot 2" / "gone.png"]

    names = [inspection.name for inspection in inspections(run(paths, recipe, detector, root=tmp_path))]

    assert names == ["lot 1/left/a.png", "lot 2/gone.png"]


def test_a_file_outside_the_root_goes_by_its_file_name(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    path = write(tmp_path, "elsewhere/a.png", BLACK)

    (inspection,) = inspections(run([path], recipe, detector, root=tmp_path / "root"))

    assert inspection.name == "a.png"


def test_a_run_of_nothing_starts_and_finishes(recipe: Recipe, detector: Detector) -> None:
    started, finished = run([], recipe, detector)

    assert isinstance(started, RunStarted)
    assert isinstance(finished, RunFinished)
    assert finished.counts.done == 0


def test_nothing_is_read_before_the_next_event_is_asked_for(tmp_path: Path, recipe: Recipe, detector: Any) -> None:
    paths = [write(tmp_path, "a.png", BLACK), write(tmp_path, "b.png", WHITE)]
    events = inspect_images(paths, recipe, detector, lambda _: False)

    next(events)
    next(events)

    assert len(detector.seen) == 1


def test_an_error_of_the_record_ends_the_run(tmp_path: Path, recipe: Recipe, detector: Detector) -> None:
    def already_judged(image_hash: str) -> bool:
        raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        run([write(tmp_path, "a.png", BLACK)], recipe, detector, already_judged)


def test_a_recipe_and_each_file_of_a_run_are_hashed_once(
    tmp_path: Path, recipe: Recipe, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, recipes = [], []

    def hashed_file(encoded: bytes) -> str:
        files.append(encoded)
        return hash_encoded(encoded)

    def hashed_recipe(content: dict[str, Any]) -> str:
        recipes.append(content)
        return "f" * 64

    monkeypatch.setattr("filo_core.line.runs.hash_encoded", hashed_file)
    monkeypatch.setattr("filo_core.imaging.reading.hash_encoded", hashed_file)
    monkeypatch.setattr("filo_core.types._sha256", hashed_recipe)
    paths = [write(tmp_path, f"{number}.png", 10 * number) for number in range(3)]
    assert len(inspections(run(paths, replace(recipe), detector))) == 3
    assert (len(files), len(recipes)) == (3, 1)
