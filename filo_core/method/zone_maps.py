"""Maps by drawn zones, for every method: what a zone says of itself alone, and on the scale that all zones share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.method.zone_masks import zone_masks
from filo_core.types import ZoneScore
from filo_core.zones import Zone, inspected, on_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Blur = Callable[[Floats], Floats]

_LEAST_WEIGHT = 1e-6


def scored_zones(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """Those that have a score; the whole view, without a name, where only ignore masks were drawn."""
    return inspected(zones) or (Zone("", ((0.0, 0.0), (1.0, 1.0))),)


def zoned_map(scored: Floats, shown: Floats, zones: Sequence[Zone], blur: Blur) -> tuple[Floats, tuple[ZoneScore, ...]]:
    """The map of a view by its zones, and what each came to: the peak of what it says of itself alone.

    Args:
        scored: ``(S, S)`` in [0, 1], before the Gaussian: what scores are taken from,
        shown: and what the map is made of, alike.
        zones: as drawn, all of which have a map.
        blur: the Gaussian, of a map of that shape.
    """
    whole, found = np.zeros_like(shown), []
    for zone, mask in zip(scored_zones(zones), zone_masks(zones, *shown.shape), strict=True):
        own = map_on_scale(zone, blurred_within(shown, mask, blur))
        own[~mask] = 0.0
        np.maximum(whole, own, out=whole)
        peak = float(np.clip(blurred_within(scored, mask, blur)[mask].max(), 0.0, 1.0))
        found.append(ZoneScore(zone.name, on_scale(zone, peak), float(own.max())))
    return whole, tuple(found)


def zone_around(zones: Sequence[Zone], mask: Mask) -> Zone | None:
    """The smallest inspected zone with half or more of what a mask of the view covers; else the one with most of it.

    Args:
        zones: as drawn.
        mask: ``(rows, columns)`` over the view, true somewhere.

    Returns:
        None where none has any.
    """
    drawn = zip(scored_zones(zones), zone_masks(zones, *mask.shape), strict=True)
    shared = [(int((cells & mask).sum()), int(cells.sum()), zone) for zone, cells in drawn if zone.has_map]
    half = [(size, zone) for inside, size, zone in shared if 2 * inside >= mask.sum()]
    if half:
        return min(half, key=lambda one: one[0])[1]
    most = max(shared, key=lambda one: one[0], default=None)
    return most[2] if most is not None and most[0] else None


def blurred_within(values: Floats, mask: Mask, blur: Blur | None) -> Floats:
    """What a mask covers after a Gaussian that does not reach beyond it; outside what is nearest goes on.

    Args:
        values: ``(h, w)``.
        mask: of the same shape, true somewhere.
        blur: the Gaussian; None for none.
    """
    if mask.all():
        return values if blur is None else blur(values)
    weights = mask.astype(np.float32)
    kept = np.where(mask, values, np.float32(0.0))
    total = kept
    if blur is not None:
        total, weights = blur(kept), blur(weights)
    inside = np.where(mask, total / np.maximum(weights, np.float32(_LEAST_WEIGHT)), np.float32(0.0))
    # What is drawn larger for the map must not be mixed with zeros at the border.
    return inside.astype(np.float32)[_nearest_inside(mask)]


def map_on_scale(zone: Zone, values: Floats) -> Floats:
    """:func:`~filo_core.zones.on_scale` of a map."""
    if zone.ease == 0.0 and zone.stretch == 1.0:
        return values.copy()
    inside = np.clip(values, 1e-6, 1.0 - 1e-6)
    odds = np.log(inside / (1.0 - inside)) + zone.ease
    odds = np.where(odds > zone.knee, zone.knee + zone.stretch * (odds - zone.knee), odds)
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float32)


def _nearest_inside(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of the cell under the mask that is nearest to each cell."""
    outside = (~mask).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.nonzero(mask)
    at = np.zeros(int(labels.max()) + 1, np.int64)
    at[labels[rows, columns]] = np.arange(len(rows))
    return rows[at[labels]], columns[at[labels]]
