"""Pictures ready to be painted: composed away from the GUI thread, with smaller levels for smaller views."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from filo_core.rendering import render_heat_map
from filo_core.types import Inspection, Limits, Region
from filo_core.zones import Zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_OPACITY = 0.6
SMALLEST_LEVEL_PX = 700
"""A level with no side longer than this gets no further one."""


@dataclass(frozen=True, slots=True, eq=False)
class PictureContent:
    """What a view is asked to show. Without ``anomaly_map`` and ``limits`` there is no heat map.

    ``pixels`` is ``(H, W, 3)`` uint8 RGB, ``anomaly_map`` float ``(h, w)``; boxes are in pixels of ``pixels``.
    """

    pixels: NDArray[np.uint8]
    anomaly_map: NDArray[np.float32] | None = None
    limits: Limits | None = None
    regions: tuple[Region, ...] = ()
    zones: tuple[Zone, ...] = ()
    """Regions that were drawn in the recipe that judged it."""

    @property
    def has_heat_map(self) -> bool:
        """True when a heat map can be drawn."""
        return self.anomaly_map is not None and self.limits is not None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.pixels.shape[1]), int(self.pixels.shape[0])

    @classmethod
    def of(cls, inspection: Inspection, limits: Limits, zones: tuple[Zone, ...] = ()) -> PictureContent | None:
        """Content of a fresh inspection; None where there is no picture."""
        if inspection.image is None:
            return None
        prediction = inspection.prediction
        return cls(
            pixels=inspection.image.pixels,
            anomaly_map=prediction.anomaly_map if prediction else None,
            limits=limits if prediction else None,
            regions=prediction.regions if prediction else (),
            zones=zones,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """A content made paintable. ``plain`` and ``heat`` hold levels, each half the size of the one before."""

    content: PictureContent
    plain: tuple[QImage, ...]
    heat: tuple[QImage, ...] = field(default=())

    def level(self, zoom: float, *, heat: bool) -> QImage:
        """The smallest level that still has a pixel for every pixel of the view."""
        levels = self.heat if heat and self.heat else self.plain
        index = 0
        while index + 1 < len(levels) and zoom * 2 ** (index + 1) <= 1.0:
            index += 1
        return levels[index]


def compose(content: PictureContent, opacity: float) -> Composition:
    """Everything costly about showing ``content``. Runs on any thread."""
    heat: tuple[QImage, ...] = ()
    if content.anomaly_map is not None and content.limits is not None:
        heat = levels_of(render_heat_map(content.pixels, content.anomaly_map, content.limits, opacity))
    return Composition(content, levels_of(content.pixels), heat)


def to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage that owns its memory, in the format that paints fastest, from ``(H, W, 3)`` uint8 RGB."""
    contiguous = np.ascontiguousarray(pixels)
    height, width = contiguous.shape[:2]
    borrowed = QImage(contiguous.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)


def levels_of(pixels: NDArray[np.uint8]) -> tuple[QImage, ...]:
    """The picture and its halvings down to about the size of a view."""
    levels = [to_qimage(pixels)]
    while max(levels[-1].width(), levels[-1].height()) > 2 * SMALLEST_LEVEL_PX:
        size = levels[-1].size() / 2
        levels.append(
            levels[-1].scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
        )
    return tuple(levels)


def thumbnail(pixels: NDArray[np.uint8], side: int) -> QImage:
    """The picture within ``side`` × ``side``; costs a few milliseconds at most, whatever the picture's size."""
    step = max(1, max(pixels.shape[:2]) // (3 * side))
    small = to_qimage(pixels[::step, ::step])
    return small.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def largest_first(regions: Sequence[Region]) -> tuple[int, ...]:
    """Drawing order: small boxes last, so that they stay visible inside large ones."""
    return tuple(sorted(range(len(regions)), key=lambda i: -regions[i].box.width * regions[i].box.height))


def draw_fitted(painter: QPainter, frame: QRectF, picture: QImage) -> None:
    """Draw a picture as large as the frame lets it be, in its middle, with its own aspect ratio."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    size = picture.size().scaled(frame.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF(0, 0, size.width(), size.height())
    place.moveCenter(frame.center())
    painter.drawImage(place, picture)
