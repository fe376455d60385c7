from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing import active_children
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from filo_core.line.sources.camera import CameraSource
from filo_core.line.worker import Worker
from filo_core.types import AnomalyType, Limits, Prediction, ProductKind, Recipe, RecipeVersion

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

LONGEST_WAIT_S = 20.0


class BrightnessDetector:
    """Scores an image by how bright it is: black 0, white 1. Stands in for a model behind the same interface."""

    def __init__(self) -> None:
        self.seen: list[NDArray[np.uint8]] = []

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        self.seen.append(pixels)
        score = float(pixels.mean()) / 255.0
        return Prediction(
            image_score=score,
            anomaly_map=np.full((4, 4), score, np.float32),
            regions=(),
            stage_seconds={"look": 0.0},
            trained=False,
        )


@pytest.fixture
def detector() -> BrightnessDetector:
    return BrightnessDetector()


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        product="Cap",
        class_name="bottle cap",
        kind=ProductKind.OBJECT,
        domain="",
        anomaly_types=(AnomalyType("crack"),),
        references=(),
        region_of_interest=None,
        limits=Limits(ok=0.3, ng=0.6, region=0.5),
        profile="compact",
        model_hash="m" * 64,
    )


@pytest.fixture
def recipe_version(recipe: Recipe, now: datetime) -> RecipeVersion:
    return RecipeVersion(recipe=recipe, version=1, signed_by="somebody", signed_at=now)


@pytest.fixture
def now() -> datetime:
    from datetime import UTC, datetime

    return datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    """Wait on a condition; fails when it does not come true."""

    def wait(condition: Callable[[], object], timeout: float = LONGEST_WAIT_S) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            time.sleep(0.005)

    return wait


@pytest.fixture
def worker() -> Iterator[Worker[str]]:
    """A started worker whose engine is a word."""
    worker = Worker(lambda: "engine")
    worker.start()
    yield worker
    assert worker.stop()


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The misbehaving processes, importable by name from the spawned process as well."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import camera_children

    return camera_children


@pytest.fixture
def playing() -> Iterator[Callable[[CameraSource], CameraSource]]:
    """Start a source; all are stopped at the end."""
    with ExitStack() as ending:

        def play(source: CameraSource) -> CameraSource:
            ending.callback(source.stop)
            source.start()
            return source

        yield play


@pytest.fixture
def started(playing: Callable[[CameraSource], CameraSource]) -> Callable[..., CameraSource]:
    """Start a source of this address."""
    return lambda address="fake://somewhere", **options: playing(CameraSource(address, **options))


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    """Fail a test that leaves a camera's process running."""
    yield
    left = active_children()
    for process in left:
        process.kill()
    assert not left, f"processes left running: {left}"
