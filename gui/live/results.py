"""One live verdict as the screen keeps it, made on the worker's thread so that the window has little to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from filo_core.errors import PartNotFoundError
from filo_core.fixture import placed
from filo_core.identity import NOBODY, Identity, SeenBefore
from filo_core.imaging.quality import quality_of
from filo_core.judging import worst_zone
from filo_core.method.sighting import seen_of
from filo_core.picture_limits import PictureLimits, PictureQuality
from filo_core.types import Box, Inspection, Limits, Recipe, Region, TypeShare, Verdict
from gui.canvas.pictures import PictureContent, thumbnail
from gui.records.part_pictures import content_of_part
from gui.records.placed import told
from gui.translation import in_language

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.types import Prediction, SourceImage
    from filo_core.zones import Zone

THUMBNAIL_PX = 128
KEPT_PX = 1600
"""Longest side of a picture that is only kept to look back at."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveResult:
    """A verdict with its picture. ``content`` and ``small`` are None where there is no picture."""

    verdict: Verdict
    score: float | None
    limits: Limits
    regions: tuple[Region, ...]
    anomaly_types: tuple[TypeShare, ...]
    """Of the whole picture, best first."""
    reason: str
    trained: bool | None
    inspected_at: datetime
    content: PictureContent | None
    small: QImage | None
    decided: str = ""
    """Name of the drawn region that decided; empty where none did."""
    quality: PictureQuality | None = None
    """Of the picture; None for a product that judges every picture, and without one."""
    picture_limits: PictureLimits | None = None
    identity: Identity = NOBODY
    """Which part it was."""
    seen_before: SeenBefore | None = None
    number: int = 0
    """Running number in the shift; 0 before it has one."""

    @classmethod
    def of(cls, inspection: Inspection, limits: Limits, recipe: Recipe | None = None) -> LiveResult:
        """Everything the screen shows of ``inspection``, under these limits of a recipe."""
        prediction, image = inspection.prediction, inspection.image
        if inspection.views:
            content = content_of_part(inspection)
        else:
            content = PictureContent.of(inspection, limits, _zones_of(recipe, inspection))
        wanted = recipe.picture_limits if recipe is not None else None
        worst = worst_zone(prediction, limits) if prediction else None
        measures = image is not None and wanted is not None
        return cls(
            verdict=inspection.verdict,
            score=prediction.image_score if prediction else None,
            limits=limits,
            regions=prediction.regions if prediction else (),
            anomaly_types=prediction.anomaly_types if prediction else (),
            reason=in_language(inspection.reason),
            trained=prediction.trained if prediction else None,
            inspected_at=inspection.inspected_at,
            content=content,
            small=thumbnail(content.pixels, THUMBNAIL_PX) if content else None,
            decided=worst.name if worst is not None else "",
            quality=_quality_of(recipe, image, prediction) if measures and recipe and image else None,
            picture_limits=wanted,
            identity=inspection.identity,
            seen_before=inspection.seen_before,
        )

    def kept(self) -> LiveResult:
        """The same with a picture no larger than needed to look back at: twelve of a large camera fill the memory."""
        return self if self.content is None else replace(self, content=reduced(self.content, KEPT_PX))


def _zones_of(recipe: Recipe | None, inspection: Inspection) -> tuple[Zone, ...]:
    image, prediction = inspection.image, inspection.prediction
    if recipe is None or image is None:
        return ()
    placement = prediction.placement if prediction is not None else None
    lies = placed(recipe.zones, recipe.fixture, placement, *image.size)
    return told(lies, image.pixels, prediction.counts if prediction is not None else ())


def _quality_of(recipe: Recipe, image: SourceImage, prediction: Prediction | None) -> PictureQuality | None:
    """Of what was looked at; None where the part was not found, so that nothing was."""
    try:
        return quality_of(seen_of(recipe, image.pixels, prediction.placement if prediction is not None else None))
    except PartNotFoundError:
        return None


def reduced(content: PictureContent, longest_side: int) -> PictureContent:
    """``content`` with every ``n``-th pixel, ``n`` as small as ``longest_side`` allows; boxes move along."""
    step = -(-max(content.size) // longest_side)
    if step <= 1:
        return content
    pixels: NDArray[np.uint8] = content.pixels[::step, ::step].copy()
    return replace(content, pixels=pixels, regions=_shrunk(content.regions, step))


def _shrunk(regions: Sequence[Region], step: int) -> tuple[Region, ...]:
    return tuple(
        replace(
            region,
            box=Box(
                region.box.x // step,
                region.box.y // step,
                max(1, region.box.width // step),
                max(1, region.box.height // step),
            ),
        )
        for region in regions
    )
