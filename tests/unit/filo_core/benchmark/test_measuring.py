"""The benchmark over small categories on disk, with detectors whose figures are known beforehand."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.benchmark.datasets import Category, load_category
from filo_core.benchmark.measuring import BenchmarkResult, CategoryResult, Merits, benchmark, chosen
from filo_core.errors import FiloError, UnreadableImageError
from filo_core.events import StepDone
from filo_core.types import Prediction

MakeCategory = Callable[..., Path]


class DarkDetector:
    """Takes dark pixels for anomalous, which is right on every part of these tests."""

    def __init__(self, *, trained: bool = True, image_score: float | None = None) -> None:
        self._trained = trained
        self._image_score = image_score

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        anomaly_map = 1.0 - pixels.mean(axis=2, dtype=np.float32) / 255.0
        score = float(anomaly_map.max()) if self._image_score is None else self._image_score
        return Prediction(score, anomaly_map, (), {}, self._trained)


def make_dark(references: Sequence[Path], category: Category) -> DarkDetector:
    return DarkDetector()


def _result(*categories: Category, **settings: Any) -> BenchmarkResult:
    *_, last = benchmark(categories, make_dark, **settings)
    assert isinstance(last, BenchmarkResult)
    return last


def test_a_detector_that_is_right_gets_full_marks(make_category: MakeCategory) -> None:
    result = _result(load_category(make_category()), shots=2, seeds=(0, 1), profile="dark")
    (category,) = result.categories
    assert category.figures.image_auroc == category.figures.average_precision == category.figures.f1_max == 1.0
    assert category.figures.pixel_auroc == pytest.approx(1.0, abs=2e-3)
    assert category.figures.aupro == pytest.approx(1.0, abs=2e-2)
    assert category.spread.image_auroc == 0.0
    assert (category.good, category.anomalous, category.images) == (4, 5, 18)
    assert category.image_auroc_interval is not None
    assert category.image_auroc_interval[0] < 0.8
    assert result.mean == category.figures


def test_each_image_is_a_step_each_category_a_result_and_the_whole_comes_last(make_category: MakeCategory) -> None:
    categories = [load_category(make_category(name), name) for name in ("bolt", "plate")]
    events = list(benchmark(categories, make_dark, shots=1, seeds=(4, 5)))
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [step.done for step in steps] == list(range(1, 37))
    assert {step.total for step in steps} == {36}
    assert steps[0].what == "bolt, seed 4: 0.png"
    assert [event.name for event in events if isinstance(event, CategoryResult)] == ["bolt", "plate"]
    assert isinstance(events[-1], BenchmarkResult)


def test_the_detector_is_set_up_with_as_many_references_as_shots_for_each_seed(make_category: MakeCategory) -> None:
    category = load_category(make_category())
    seen: list[tuple[Path, ...]] = []

    def make(references: Sequence[Path], of: Category) -> DarkDetector:
        assert of is category
        seen.append(tuple(references))
        return DarkDetector()

    for _ in range(2):
        list(benchmark([category], make, shots=3, seeds=(0, 1, 2)))
    assert [len(references) for references in seen] == [3] * 6
    assert all(set(references) <= set(category.references) for references in seen)
    assert seen[:3] == seen[3:]
    assert len(set(map(frozenset, seen[:3]))) > 1


def test_a_larger_choice_contains_the_smaller_one_and_the_place_does_not_matter() -> None:
    here = [Path("/here/train/good") / f"{index}.png" for index in range(20)]
    there = [Path("there/train/good") / path.name for path in reversed(here)]
    four, eight = chosen(here, Path("/here"), 7, 4), chosen(here, Path("/here"), 7, 8)
    assert eight[:4] == four
    assert [path.name for path in chosen(there, Path("there"), 7, 8)] == [path.name for path in eight]
    assert chosen(here, Path("/here"), 8, 8) != eight
    assert sorted(chosen(here, Path("/here"), 7, None)) == sorted(here)


def test_a_limit_holds_for_each_side(make_category: MakeCategory) -> None:
    result = _result(load_category(make_category(good=4, spots=5)), limit=3)
    assert (result.categories[0].good, result.categories[0].anomalous) == (3, 3)
    assert result.limit == 3


def test_without_masks_the_pixel_figures_are_none_and_the_mean_is_over_those_that_have_them(
    make_category: MakeCategory,
) -> None:
    with_masks = load_category(make_category("with"), "with")
    without = load_category(make_category("without", masks=False), "without")
    result = _result(with_masks, without)
    assert result.categories[1].figures.pixel_auroc is None
    assert result.categories[1].figures.aupro is None
    assert result.mean.pixel_auroc == result.categories[0].figures.pixel_auroc
    assert result.mean.image_auroc == 1.0


def test_an_anomalous_image_without_a_mask_is_left_out_of_the_pixel_figures_only(make_category: MakeCategory) -> None:
    root = make_category(spots=3)
    complete = _result(load_category(root)).categories[0]
    (root / "ground_truth" / "spot" / "1_mask.png").unlink()
    partly = _result(load_category(root)).categories[0]
    assert partly.anomalous == 3
    # Were its dark pixels counted as normal, they would rank above every good pixel.
    assert partly.figures.pixel_auroc == pytest.approx(complete.figures.pixel_auroc, abs=2e-3)


def test_a_category_with_good_images_only_has_no_figures_and_says_so_in_strict_json(
    make_category: MakeCategory,
) -> None:
    result = _result(load_category(make_category(spots=0)))
    assert result.mean == Merits()
    content = json.loads(result.to_json(), parse_constant=pytest.fail)
    assert content["mean"] == dict.fromkeys(
        (
            "image_auroc",
            "average_precision",
            "f1_max",
            "pixel_auroc",
            "aupro",
            "pixel_average_precision",
            "pixel_f1_max",
        ),
        None,
    )
    assert content["categories"]["plate"]["image_auroc_interval"] is None


def test_the_json_holds_what_was_measured_and_how(make_category: MakeCategory) -> None:
    result = _result(load_category(make_category(), "set/plate"), shots=2, seeds=(3,), limit=4, profile="dark")
    content = json.loads(result.to_json(), parse_constant=pytest.fail)
    assert (content["profile"], content["shots"], content["seeds"], content["limit"]) == ("dark", 2, [3], 4)
    assert content["trained"] is True
    category = content["categories"]["set/plate"]
    assert category["image_auroc"] == content["mean"]["image_auroc"] == 1.0
    assert category["spread"]["image_auroc"] is None, "one seed has no spread"
    assert (category["good"], category["anomalous"]) == (4, 4)
    assert category["seconds_per_image"] == pytest.approx(content["seconds_per_image"])
    assert content["seconds_per_image"] > 0.0


def test_mean_and_spread_are_those_of_the_seeds(make_category: MakeCategory) -> None:
    made: list[DarkDetector] = []

    def make(references: Sequence[Path], category: Category) -> DarkDetector:
        made.append(DarkDetector() if not made else DarkDetector(image_score=0.5))
        return made[-1]

    *_, last = benchmark([load_category(make_category())], make, seeds=(0, 1))
    assert isinstance(last, BenchmarkResult)
    (category,) = last.categories
    assert [figures.image_auroc for figures in category.by_seed] == [1.0, 0.5]
    assert category.figures.image_auroc == 0.75
    assert category.spread.image_auroc == pytest.approx(0.5 / np.sqrt(2))


def test_one_untrained_prediction_marks_the_whole_result(make_category: MakeCategory) -> None:
    categories = [load_category(make_category(name), name) for name in ("a", "b")]

    def make(references: Sequence[Path], category: Category) -> DarkDetector:
        return DarkDetector(trained=category.name == "a")

    *_, last = benchmark(categories, make, seeds=(0,))
    assert isinstance(last, BenchmarkResult)
    assert not last.trained


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shots": 7}, "plate has 6 good images to choose from, 7 are asked for"),
        ({"shots": -1}, "-1 shots"),
        ({"limit": 0}, "limit of 0 images"),
        ({"seeds": ()}, "at least one category and one seed"),
        ({"seeds": (1, 1)}, "named twice"),
    ],
)
def test_settings_that_cannot_be_met_are_refused_before_the_first_image(
    make_category: MakeCategory, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(FiloError, match=message):
        next(benchmark([load_category(make_category())], make_dark, **settings))


def test_zero_shots_need_no_reference(make_category: MakeCategory) -> None:
    assert _result(load_category(make_category(references=1)), shots=0).mean.image_auroc == 1.0


def test_an_unreadable_test_image_stops_the_benchmark_by_name(make_category: MakeCategory) -> None:
    root = make_category()
    (root / "test" / "good" / "2.png").write_bytes(b"not an image at all")
    with pytest.raises(UnreadableImageError, match=r"2\.png"):
        list(benchmark([load_category(root)], make_dark))
