"""Measures a detector on categories with known answers, and says how far the figures can be trusted."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.benchmark.datasets import read_mask
from filo_core.benchmark.metrics import PixelMetrics, auroc_interval, average_precision, f1_max, image_auroc
from filo_core.errors import FiloError
from filo_core.events import StepDone
from filo_core.imaging import read_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from filo_core.benchmark.datasets import Category, LabelledImage
    from filo_core.method.interfaces import Detector
    from filo_core.types import Prediction

    MakeDetector = Callable[[Sequence[Path], Category], Detector]
    """Sets a detector up from the chosen references; called once a category and seed."""
    OnPrediction = Callable[[str, LabelledImage, Prediction], None]
    """Gets a category's name, one of its test images and what was predicted."""

MAP_SIDE = 256
"""Pixel figures are taken on square maps of this side, whatever the detector's resolution and the image's shape."""
PAPER_MAP_SIDE = 518
"""The same where they stand beside the paper's."""


@dataclass(frozen=True, slots=True)
class Merits:
    """Figures of merit in [0, 1]; None where one is not defined, such as the pixel figures without masks."""

    image_auroc: float | None = None
    average_precision: float | None = None
    f1_max: float | None = None
    pixel_auroc: float | None = None
    aupro: float | None = None
    pixel_average_precision: float | None = None
    pixel_f1_max: float | None = None


@dataclass(frozen=True, slots=True)
class CategoryResult:
    """What was measured on one category."""

    name: str
    figures: Merits
    """Mean over the seeds."""
    spread: Merits
    """Sample standard deviation over the seeds; None with a single one."""
    by_seed: tuple[Merits, ...]
    image_auroc_interval: tuple[float, float] | None
    """95 % interval of the mean image AUROC, from the number of images alone."""
    good: int
    anomalous: int
    """Test images judged under each seed."""
    seconds: float
    """Spent predicting, all seeds together; reading images and setting up detectors is not counted."""
    trained: bool
    """False when any prediction came from weights that are seeded only."""

    @property
    def images(self) -> int:
        """Predictions made, all seeds together."""
        return (self.good + self.anomalous) * len(self.by_seed)


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """What was measured on all categories, and how."""

    categories: tuple[CategoryResult, ...]
    profile: str
    shots: int
    seeds: tuple[int, ...]
    limit: int | None
    map_side: int = MAP_SIDE

    @property
    def mean(self) -> Merits:
        """Mean over the categories, of each figure over those that have it."""
        return _mean(category.figures for category in self.categories)

    @property
    def seconds_per_image(self) -> float:
        """Mean time of one prediction, over all categories and seeds."""
        images = sum(category.images for category in self.categories)
        return sum(category.seconds for category in self.categories) / max(images, 1)

    @property
    def trained(self) -> bool:
        """Whether every prediction came from trained weights."""
        return all(category.trained for category in self.categories)

    def to_json(self) -> str:
        """All of it as strict JSON text: shares in [0, 1], null where a figure is not defined."""
        content = {
            "profile": self.profile,
            "trained": self.trained,
            "shots": self.shots,
            "seeds": self.seeds,
            "limit": self.limit,
            "map_side_px": self.map_side,
            "categories": {category.name: _category_content(category) for category in self.categories},
            "mean": asdict(self.mean),
            "seconds_per_image": self.seconds_per_image,
        }
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


BenchmarkEvent = StepDone | CategoryResult | BenchmarkResult


def benchmark(
    categories: Sequence[Category],
    make_detector: MakeDetector,
    *,
    shots: int = 4,
    seeds: Sequence[int] = (0, 1, 2),
    limit: int | None = None,
    profile: str = "",
    on_prediction: OnPrediction | None = None,
    map_side: int = MAP_SIDE,
) -> Iterator[BenchmarkEvent]:
    """Measure a detector: a step an image, a :class:`CategoryResult` a category, the :class:`BenchmarkResult` last.

    A seed decides which good images are the references and, with a limit, which test images are judged. The choice
    depends on file names alone, is the same everywhere, and a larger one contains the smaller ones.

    Args:
        categories: what to measure on.
        make_detector: sets up the detector under test.
        shots: references a category; 0 for zero-shot.
        seeds: one run each.
        limit: at most so many good and so many anomalous test images a category; None for all.
        profile: what the detector is called in the result.
        on_prediction: is shown what was predicted under the first seed, such as for pictures.
        map_side: of the square maps that pixel figures are taken on.

    Raises:
        FiloError: before the first image, if the settings cannot be met; later, if an image or mask is unusable.
    """
    _check(categories, shots, seeds, limit)
    total = sum(len(chosen_tests(category, seed, limit)) for category in categories for seed in seeds)
    done = 0
    results = []
    for category in categories:
        measured = []
        for seed in seeds:
            run = _Run(map_side)
            detector = make_detector(chosen(category.references, category.root, seed, shots), category)
            for test in chosen_tests(category, seed, limit):
                prediction = run.judge(test, detector, with_masks=category.has_masks)
                if on_prediction is not None and seed == seeds[0]:
                    on_prediction(category.name, test, prediction)
                done += 1
                yield StepDone(done, total, f"{category.name}, seed {seed}: {test.path.name}")
            measured.append(run)
        results.append(_summary(category.name, measured))
        yield results[-1]
    yield BenchmarkResult(tuple(results), profile, shots, tuple(seeds), limit, map_side)


def chosen(paths: Iterable[Path], root: Path, seed: int, count: int | None) -> tuple[Path, ...]:
    """``count`` of ``paths`` (None: all) as ``seed`` orders them, whatever order or place they come from."""

    def rank(path: Path) -> bytes:
        return hashlib.sha256(f"{seed}/{path.relative_to(root).as_posix()}".encode("utf-8", "surrogateescape")).digest()

    return tuple(sorted(paths, key=rank)[:count])


class _Run:
    """What one category gives under one seed."""

    def __init__(self, map_side: int) -> None:
        self._map_side = map_side
        self.scores: list[float] = []
        self.anomalous: list[bool] = []
        self.pixels = PixelMetrics()
        self.seconds = 0.0
        self.trained = True

    def judge(self, test: LabelledImage, detector: Detector, *, with_masks: bool) -> Prediction:
        image = read_image(test.path)
        started = time.perf_counter()
        prediction = detector.predict(image.pixels)
        self.seconds += time.perf_counter() - started
        self.trained = self.trained and prediction.trained
        self.scores.append(prediction.image_score)
        self.anomalous.append(test.anomalous)
        if with_masks:
            add_pixels(self.pixels, prediction.anomaly_map, test, image.size, self._map_side)
        return prediction

    def figures(self) -> Merits:
        return Merits(
            image_auroc=image_auroc(self.scores, self.anomalous),
            average_precision=average_precision(self.scores, self.anomalous),
            f1_max=f1_max(self.scores, self.anomalous),
            pixel_auroc=self.pixels.auroc(),
            aupro=self.pixels.aupro(),
            pixel_average_precision=self.pixels.average_precision(),
            pixel_f1_max=self.pixels.f1_max(),
        )


def add_pixels(
    metrics: PixelMetrics,
    anomaly_map: NDArray[np.float32],
    test: LabelledImage,
    image_size: tuple[int, int],
    map_side: int = MAP_SIDE,
) -> None:
    """Add one judged image to the pixel figures of a category that has masks.

    An anomalous image that nobody has outlined says nothing about any of its pixels, and adds nothing.

    Args:
        metrics: takes the map.
        anomaly_map: ``(h, w)`` over the whole image.
        test: the image, and its mask if there is one.
        image_size: width and height of the image in pixels.
        map_side: of the square that map and mask are brought to.

    Raises:
        FiloError: if the mask is of another size than its image.
    """
    if test.mask is None and test.anomalous:
        return
    width, height = image_size
    mask = np.zeros((height, width), bool) if test.mask is None else read_mask(test.mask, image_size)
    metrics.add(_square_map(anomaly_map, map_side), _square_mask(mask, map_side))


def _check(categories: Sequence[Category], shots: int, seeds: Sequence[int], limit: int | None) -> None:
    if not categories or not seeds:
        raise FiloError("A benchmark needs at least one category and one seed.")
    if len({category.name for category in categories}) < len(categories) or len(set(seeds)) < len(seeds):
        raise FiloError("A category or a seed is named twice. Name each once.")
    if shots < 0 or (limit is not None and limit < 1):
        raise FiloError(
            "{shots} shots and a limit of {limit} images cannot be measured. Use 0 or more, and 1 or more.",
            shots=shots,
            limit=limit,
        )
    for category in categories:
        if len(category.references) < shots:
            raise FiloError(
                "{name} has {count} good images to choose from, {shots} are asked for. Use fewer shots.",
                name=category.name,
                count=len(category.references),
                shots=shots,
            )
        if not category.tests:
            raise FiloError("{name} has no test images. Add them, or leave the category out.", name=category.name)


def chosen_tests(category: Category, seed: int, limit: int | None) -> list[LabelledImage]:
    """At most ``limit`` good and as many anomalous test images of a category, as ``seed`` chooses them."""
    kept: set[Path] = set()
    for anomalous in (False, True):
        side = [test.path for test in category.tests if test.anomalous is anomalous]
        kept.update(chosen(side, category.root, seed, limit))
    return [test for test in category.tests if test.path in kept]


def _summary(name: str, runs: Sequence[_Run]) -> CategoryResult:
    by_seed = tuple(run.figures() for run in runs)
    figures = _mean(by_seed)
    anomalous = sum(runs[0].anomalous)
    good = len(runs[0].anomalous) - anomalous
    return CategoryResult(
        name=name,
        figures=figures,
        spread=_spread(by_seed),
        by_seed=by_seed,
        image_auroc_interval=(
            None if figures.image_auroc is None else auroc_interval(figures.image_auroc, good, anomalous)
        ),
        good=good,
        anomalous=anomalous,
        seconds=sum(run.seconds for run in runs),
        trained=all(run.trained for run in runs),
    )


def _category_content(category: CategoryResult) -> dict[str, object]:
    return {
        **asdict(category.figures),
        "spread": asdict(category.spread),
        "image_auroc_interval": category.image_auroc_interval,
        "good": category.good,
        "anomalous": category.anomalous,
        "seconds_per_image": category.seconds / max(category.images, 1),
        "by_seed": [asdict(figures) for figures in category.by_seed],
    }


def _mean(several: Iterable[Merits]) -> Merits:
    return _each(several, at_least=1, reduce=statistics.fmean)


def _spread(several: Iterable[Merits]) -> Merits:
    return _each(several, at_least=2, reduce=statistics.stdev)


def _each(several: Iterable[Merits], at_least: int, reduce: Callable[[list[float]], float]) -> Merits:
    rows = tuple(several)
    reduced: dict[str, float | None] = {}
    for field in fields(Merits):
        values = [value for value in (getattr(row, field.name) for row in rows) if value is not None]
        reduced[field.name] = reduce(values) if len(values) >= at_least else None
    return Merits(**reduced)


def _square_map(anomaly_map: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    shrinks = min(anomaly_map.shape) > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(anomaly_map, (side, side), interpolation=method).astype(np.float32, copy=False)


def _square_mask(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    # The nearest pixel keeps thin and wide anomalies at their share of the image; averaging would drop thin ones.
    return cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST_EXACT) > 0
