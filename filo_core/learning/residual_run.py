"""Sets the training of the head for residuals up, and tries it on products of sources that training never saw."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.benchmark.metrics import PixelMetrics, image_auroc
from filo_core.errors import ProfileError
from filo_core.eyes.detector import EyesDetector
from filo_core.eyes.features import Eye
from filo_core.learning.made_up_products import ViewCounts, find_sources, made_up_product
from filo_core.learning.residual_training import write_residual_head
from filo_core.profiles.eyes_manifest import EyesProfile, HeadFile
from filo_core.profiles.folders import profile_folder
from filo_core.profiles.manifest import MANIFEST_NAME, read_any_manifest
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.session import open_trunk
from filo_core.trunks.specs import Slot
from filo_core.trunks.store import TrunkStore
from filo_core.types import (
    ANY_LIMITS,
    LIGHT_SIZES,
    AnomalyType,
    Eyes,
    ProductDescription,
    ProductDraft,
    Reference,
    Sight,
)
from filo_core.whole_files import whole_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Features
    from filo_core.eyes.residual_head import ResidualHead
    from filo_core.learning.made_up_products import MadeUpProduct
    from filo_core.types import Recipe

RESIDUALS_NAME = "residuals.safetensors"
LIGHT_SIDES = (256, 384, 512, 768)
"""Of the light trunk while residuals are gathered; drawn from with equal chances."""
_TRIED = Eyes()
_COUNTS = ViewCounts(references=4, good=5, bad=7, anomalies=1)
_COVERED = 0.25
"""Share of a cell of the map from which on it is anomalous."""
_TRIAL = 2
"""Apart from the seeds of training."""


@dataclass(frozen=True, slots=True)
class TrialFigures:
    """Image and pixel AUROC in [0, 1], means over products of sources and materials that were held out."""

    image: float
    pixel: float


@dataclass(frozen=True, slots=True)
class ResidualTrial:
    """Without the head, and with it."""

    eyes: Eyes
    products: int
    distances: TrialFigures
    trained: TrialFigures


class _RememberingEye(Eye):
    """An eye that looks at each picture once: what is tried several ways is the same every time.

    Args:
        eye: that looks.
        seen: what it and others saw; of one product, for it grows.
    """

    def __init__(self, eye: Eye, seen: dict[tuple[str, int, bytes], Features]) -> None:
        self._eye, self._seen = eye, seen

    @property
    def is_deep(self) -> bool:
        """As the eye behind it."""
        return self._eye.is_deep

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        """As the eye behind it."""
        key = self._eye.name, self._eye.side, pixels.tobytes()
        if key not in self._seen:
            self._seen[key] = self._eye.features(pixels)
        return self._seen[key]


def light_eyes_for_residuals(models: Path) -> list[Eye]:
    """The light trunk at each of :data:`LIGHT_SIDES`.

    Raises:
        ProfileError: if it is not on this machine.
    """
    spec = next(spec for spec in shipped_trunks() if spec.slot is Slot.LIGHT)
    session = open_trunk(TrunkStore(models), spec)
    return [Eye(session, side) for side in LIGHT_SIDES]


def tried_eyes(models: Path) -> list[tuple[Eyes, list[Eye]]]:
    """What a head is tried with: the light trunk alone, small and large, and both where the deep one is here."""
    store = TrunkStore(models)
    here = store.present(shipped_trunks())
    light, deep = (next((spec for spec in here if spec.slot is slot), None) for slot in (Slot.LIGHT, Slot.DEEP))
    if light is None:
        raise ProfileError("The light trunk is not on this machine. Run 'main.py models prepare'.")
    session = open_trunk(store, light)
    found = [(Eyes(Sight.FAST, side), [Eye(session, side)]) for side in (LIGHT_SIZES[0], _TRIED.light_px)]
    if deep is not None:
        found.append((_TRIED, [*found[-1][1], Eye(open_trunk(store, deep), _TRIED.deep_px)]))
    return found


def try_residual_head(
    models: Path, images: Path, head: ResidualHead, seed: int, products: int
) -> Iterator[int | ResidualTrial]:
    """Hold a head against distances alone: how many products were tried so far, then a trial for each kind of eyes.

    Args:
        models: the user's folder of models.
        images: see :func:`~filo_core.learning.made_up_products.find_sources`.
        head: that is tried.
        seed: of the products; other ones than any seed of training gives.
        products: how many, each with five good views and seven with one anomaly.

    Raises:
        FiloError: if there are no images that were held out, or no light trunk.
    """
    pictures = find_sources(images, held_out=True)
    profile = read_any_manifest(profile_folder("compact"))
    assert isinstance(profile, EyesProfile)
    kinds = tried_eyes(models)
    found: dict[tuple[int, bool], list[tuple[float | None, float | None]]] = {}
    for number in range(products):
        product = made_up_product(pictures, _COUNTS, np.random.default_rng((seed, _TRIAL, number)))
        seen: dict[tuple[str, int, bytes], Features] = {}
        for at, (eyes, behind) in enumerate(kinds):
            opened = [_RememberingEye(eye, seen) for eye in behind]
            for with_head in (False, True):
                detector = EyesDetector(_recipe(eyes), profile, opened, head=head if with_head else None)
                found.setdefault((at, with_head), []).append(_figures(detector, product))
        yield number + 1
    for at, (eyes, _) in enumerate(kinds):
        yield ResidualTrial(eyes, products, _mean(found[at, False]), _mean(found[at, True]))


def require_eyes_profile(folder: Path) -> None:
    """Refuse a folder that no head can be written into; asked before hours are spent on one.

    Raises:
        ProfileError: if it is no profile of trunks.
    """
    if not isinstance(read_any_manifest(folder), EyesProfile):
        raise ProfileError("{folder} is no profile that looks through trunks. Choose another folder.", folder=folder)


def keep_residual_head(folder: Path, head: ResidualHead, trained_by: str) -> None:
    """Write a head into the folder of a profile of trunks, whose manifest names it then.

    Raises:
        FiloError: if it cannot be written, or ``folder`` is no such profile.
    """
    require_eyes_profile(folder)
    write_residual_head(folder / RESIDUALS_NAME, head, trained_by)
    digest = hashlib.sha256((folder / RESIDUALS_NAME).read_bytes()).hexdigest()
    path = folder / MANIFEST_NAME
    content = json.loads(path.read_bytes()) | {"residuals": HeadFile(file=RESIDUALS_NAME, sha256=digest).model_dump()}
    EyesProfile.model_validate(content)
    with whole_file(path) as space:
        space.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _recipe(eyes: Eyes) -> Recipe:
    description = ProductDescription("made up", "part")
    references = tuple(Reference(f"{n:064}", f"{n}.png") for n in range(_COUNTS.references))
    return ProductDraft(description, (AnomalyType("anomaly"),), references, eyes=eyes).recipe(ANY_LIMITS, "0" * 64)


def _figures(detector: EyesDetector, product: MadeUpProduct) -> tuple[float | None, float | None]:
    detector.set_references({f"{number:064}": view for number, view in enumerate(product.references)})
    pixels = PixelMetrics()
    scores: list[float] = []
    anomalous: list[bool] = []
    for view, mask in [*((view, None) for view in product.good), *product.bad]:
        prediction = detector.predict(view)
        scores.append(prediction.image_score)
        anomalous.append(mask is not None)
        rows, columns = prediction.anomaly_map.shape
        covered = np.zeros((rows, columns), np.float32) if mask is None else mask.astype(np.float32)
        small = cv2.resize(covered, (columns, rows), interpolation=cv2.INTER_AREA)
        pixels.add(prediction.anomaly_map, np.asarray(small > _COVERED))
    return image_auroc(scores, anomalous), pixels.auroc()


def _mean(figures: list[tuple[float | None, float | None]]) -> TrialFigures:
    image, pixel = ([value for value in column if value is not None] for column in zip(*figures, strict=True))
    return TrialFigures(statistics.mean(image), statistics.mean(pixel))
