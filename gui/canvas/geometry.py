"""Where a picture stands in its view, and which region lies under a point. No Qt, no drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from filo_core.types import Box, Region

MAX_ZOOM = 32.0
"""View pixels per image pixel beyond which nothing more is to be seen."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """Placement of an image in a view.

    ``zoom`` is view pixels per image pixel; ``left, top`` is where the image's corner (0, 0) stands in the view.
    """

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """View coordinates of an image point."""
        return self.left + x * self.zoom, self.top + y * self.zoom

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Image coordinates of a view point."""
        return (x - self.left) / self.zoom, (y - self.top) / self.zoom

    def panned(self, dx: float, dy: float) -> Viewport:
        """The same zoom, moved by view pixels."""
        return replace(self, left=self.left + dx, top=self.top + dy)

    def zoomed(self, factor: float, about: tuple[float, float], smallest: float) -> Viewport:
        """Zoomed by ``factor`` with the image point under the view point ``about`` standing still."""
        zoom = min(max(self.zoom * factor, smallest), max(MAX_ZOOM, smallest))
        x, y = self.to_image(*about)
        return Viewport(zoom, about[0] - x * zoom, about[1] - y * zoom)

    def kept_in_view(self, image: tuple[int, int], view: tuple[int, int]) -> Viewport:
        """Moved so that no gap opens beside an image larger than the view, and a smaller one is centred."""
        return replace(
            self,
            left=_kept(self.left, image[0] * self.zoom, view[0]),
            top=_kept(self.top, image[1] * self.zoom, view[1]),
        )


def _kept(start: float, length: float, room: float) -> float:
    if length <= room:
        return (room - length) / 2
    return min(0.0, max(room - length, start))


def fitted(image: tuple[int, int], view: tuple[int, int], margin: int = 0) -> Viewport:
    """The whole image, as large as the view allows, centred."""
    width, height = max(1, image[0]), max(1, image[1])
    room_x, room_y = max(1, view[0] - 2 * margin), max(1, view[1] - 2 * margin)
    zoom = min(room_x / width, room_y / height, MAX_ZOOM)
    return Viewport(zoom, (view[0] - width * zoom) / 2, (view[1] - height * zoom) / 2)


def centred_on(box: Box, image: tuple[int, int], view: tuple[int, int], share: float = 0.4) -> Viewport:
    """Zoomed so that ``box`` takes about ``share`` of the view, its middle in the middle where the image allows."""
    whole = fitted(image, view)
    zoom = min(view[0] * share / max(1, box.width), view[1] * share / max(1, box.height))
    zoom = min(max(zoom, whole.zoom), MAX_ZOOM)
    middle_x, middle_y = box.x + box.width / 2, box.y + box.height / 2
    placed = Viewport(zoom, view[0] / 2 - middle_x * zoom, view[1] / 2 - middle_y * zoom)
    return placed.kept_in_view(image, view)


def region_at(regions: Sequence[Region], x: float, y: float, tolerance: float = 0.0) -> int | None:
    """Index of the smallest region box around an image point, None where there is none.

    ``tolerance`` widens every box by so many image pixels, for fingers in gloves.
    """
    hits = [index for index, region in enumerate(regions) if _contains(region.box, x, y, tolerance)]
    return min(hits, key=lambda index: regions[index].box.width * regions[index].box.height, default=None)


def _contains(box: Box, x: float, y: float, tolerance: float) -> bool:
    return (
        box.x - tolerance <= x <= box.x + box.width + tolerance
        and box.y - tolerance <= y <= box.y + box.height + tolerance
    )
