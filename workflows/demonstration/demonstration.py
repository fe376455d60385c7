"""The whole job shown on one category: four good parts, a recipe, the test folder, and what the figures say."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from filo_core.benchmark.datasets import Category, LabelledImage
from filo_core.benchmark.measuring import add_pixels
from filo_core.benchmark.metrics import PixelMetrics, image_auroc
from filo_core.errors import FolderError
from filo_core.events import Calibrated, ImageInspected, RunEvent, RunFinished
from filo_core.rendering import SheetEntry, contact_sheet, draw_regions, named_with_share, render_heat_map
from filo_core.types import AnomalyType, Inspection, ProductDescription, RecipeVersion
from storage.recorder import Recorder
from storage.storage import Storage
from workflows.demonstration.demo_product import GOOD_FOLDER, setting_up, word_of
from workflows.inspecting.inspector import folder_steps
from workflows.products.catalogue import Catalogue

if TYPE_CHECKING:
    from filo_core.engine import Engine

_THUMBNAIL_PX = 320
_OUTPUTS = (
    "filo.sqlite", "filo.sqlite-wal", "filo.sqlite-shm", "images", "heat_maps", "contact_sheet.png",
    "installation.json", "installation.key",
)  # fmt: skip
_MARK = ".filo-demo"


def prepare_output(out: Path) -> None:
    """An output folder without the results of an earlier demonstration.

    Raises:
        FolderError: if the folder cannot be written, or holds something else that would be lost.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not (out / _MARK).exists() and any(out.iterdir()):
            raise FolderError(
                "{out} is not empty and holds no earlier demonstration. Choose another --out folder.", out=out
            )
        (out / _MARK).touch()
        for name in _OUTPUTS:
            target = out / name
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        (out / "heat_maps").mkdir()
    except OSError as error:
        why = error.strerror or error
        raise FolderError("{out} cannot be written: {why}. Choose another --out folder.", out=out, why=why) from error


def set_up(
    catalogue: Catalogue,
    engine: Engine,
    category: Category,
    description: ProductDescription,
    types: tuple[AnomalyType, ...],
    signed_by: str,
) -> tuple[RecipeVersion, Calibrated]:
    """The wizard's five steps for a category, from four good parts chosen by a fixed seed."""
    calibrated: Calibrated | None = None
    for event in setting_up(catalogue, engine, category.references, description, types):
        if isinstance(event, Calibrated):
            calibrated = event
    assert calibrated is not None, "calibration ends with its result"
    return catalogue.sign_off(description.name, signed_by, calibrated.model_hash), calibrated


@dataclass(slots=True)
class DefectTally:
    """What was decided about the images of one test folder."""

    defect: str
    images: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    score_sum: float = 0.0
    names: Counter[str] = field(default_factory=Counter)
    """What the region that stands out most was called, a picture each, where there was one."""
    broad: Counter[str] = field(default_factory=Counter)
    """Broad kinds of those that are unknown."""


@dataclass(slots=True)
class Demonstration:
    """Runs the inspection of a category's test folder and gathers what it shows."""

    storage: Storage
    catalogue: Catalogue
    engine: Engine
    category: Category
    version: RecipeVersion
    out: Path
    rows: dict[str, DefectTally] = field(default_factory=dict)
    finished: RunFinished | None = None
    seconds_judging: float = 0.0
    _scores: list[float] = field(default_factory=list)
    _labels: list[bool] = field(default_factory=list)
    _sheet: list[SheetEntry] = field(default_factory=list)
    _pixels: PixelMetrics = field(default_factory=PixelMetrics)

    def run(self) -> Iterator[RunEvent]:
        """Inspect every test image; each event is recorded and drawn before it is passed on."""
        folder = self.category.root / "test"
        tests = {test.path.relative_to(folder).as_posix(): test for test in self.category.tests}
        started = time.perf_counter()
        for event in folder_steps(
            Recorder(self.storage, self.version.recipe.product), self.catalogue, self.version, folder
        )(self.engine):
            if isinstance(event, ImageInspected):
                self.seconds_judging += event.inspection.seconds
                self._take(event.inspection, tests.get(event.inspection.name))
            elif isinstance(event, RunFinished):
                self.finished = event
                self._write_sheet(time.perf_counter() - started)
            yield event  # type: ignore[misc]

    @property
    def rightly_called(self) -> tuple[int, int]:
        """Bad parts whose strongest region is called what their folder is, and those on which there is a region."""
        bad = [row for row in self.rows.values() if row.defect != GOOD_FOLDER]
        return sum(row.names[word_of(row.defect)] for row in bad), sum(row.names.total() for row in bad)

    @property
    def image_auroc(self) -> float | None:
        """In [0, 1]; None when only one side was seen."""
        return image_auroc(self._scores, self._labels)

    @property
    def pixel_auroc(self) -> float | None:
        """In [0, 1] at map resolution; None without masks."""
        return self._pixels.auroc()

    def _take(self, inspection: Inspection, test: LabelledImage | None) -> None:
        defect = test.defect if test else "?"
        row = self.rows.setdefault(defect, DefectTally(defect))
        row.images += 1
        row.verdicts[inspection.verdict.value] = row.verdicts.get(inspection.verdict.value, 0) + 1
        prediction, image = inspection.prediction, inspection.image
        if prediction is None or image is None:
            return
        row.score_sum += prediction.image_score
        first = next(iter(prediction.regions), None)
        if first is not None:
            row.names[first.anomaly_type] += 1
            if first.broad is not None:
                row.broad[first.broad.name] += 1
        if test is not None:
            self._scores.append(prediction.image_score)
            self._labels.append(test.anomalous)
            if self.category.has_masks:
                add_pixels(self._pixels, prediction.anomaly_map, test, image.size)
        heat = render_heat_map(image.pixels, prediction.anomaly_map, self.version.recipe.limits)
        picture = draw_regions(heat, prediction.regions)
        Image.fromarray(picture).save(self.out / "heat_maps" / f"{inspection.name.replace('/', '_')}.png")
        thumbnail = Image.fromarray(heat)
        thumbnail.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
        called = named_with_share(first) if first is not None else f"{len(prediction.regions)} regions"
        detail = f"score {prediction.image_score:.3f}, {called}"
        self._sheet.append(SheetEntry(inspection.name, inspection.verdict, np.asarray(thumbnail), detail))

    def _write_sheet(self, seconds: float) -> None:
        recipe = self.version.recipe
        trained = "" if self.engine.trained else ", untrained"
        title = f"{recipe.product}: {len(self._sheet)} images in {seconds:.0f} s, profile {recipe.profile}{trained}"
        contact_sheet(self._sheet, title).save(self.out / "contact_sheet.png")
