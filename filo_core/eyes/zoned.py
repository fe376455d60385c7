"""From the standardised map of a picture to its score and what is shown: as a whole, or by the zones that were drawn.

A zone is scored as if nothing else were there: the Gaussian does not reach beyond it, and cells that are ignored weigh
nothing. So whatever changes outside a zone, or under an ignore mask, changes no score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.eyes.scoring import peak_of, smoothed, squashed, squashed_score
from filo_core.method.zone_maps import blurred_within, map_on_scale, scored_zones
from filo_core.method.zone_masks import zone_masks
from filo_core.types import ZoneScore
from filo_core.zones import Zone, inspected, on_scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.profiles.eyes_manifest import EyesProfile

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_NOTHING: Mapping[str, ZoneScore] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class MapFound:
    """What a picture came to."""

    score: float
    view_map: Floats
    """``(map_side, map_side)`` in [0, 1]; 0 where nothing is looked at."""
    zones: tuple[ZoneScore, ...] = ()
    """In the order in which they were drawn."""


def zone_scores(
    standard: Floats,
    profile: EyesProfile,
    zones: Sequence[Zone],
    counted: Mapping[str, ZoneScore] = MappingProxyType({}),
) -> list[float]:
    """Score of each zone that has one in [0, 1], of the whole view without one; the highest is the image score.

    Args:
        standard: ``(h, w)`` over the view, in deviations.
        profile: numbers of the method.
        zones: as drawn.
        counted: by name, what zones without a map came to, before anything is added; 0 without it.
    """
    if not zones:
        return [squashed_score(peak_of(standard, profile.score_share, profile.score_sigma))]
    scores = []
    for zone, mask in zip(scored_zones(zones), zone_masks(zones, *standard.shape), strict=True):
        if not zone.has_map:
            scores.append(on_scale(zone, counted[zone.name].score) if zone.name in counted else 0.0)
        else:
            scores.append(on_scale(zone, squashed_score(_peak_within(standard, mask, profile))))
    return scores


def map_found(
    standard: Floats,
    profile: EyesProfile,
    zones: Sequence[Zone],
    counted: Mapping[str, ZoneScore] = MappingProxyType({}),
) -> MapFound:
    """Image score and map of a picture; arguments as for :func:`zone_scores`."""
    side, scores = profile.map_side, zone_scores(standard, profile, zones, counted)
    if not zones:
        return MapFound(scores[0], _shown(smoothed(standard, profile.map_sigma), side))
    whole, found = np.zeros((side, side), np.float32), []
    masks, shown_masks = zone_masks(zones, *standard.shape), zone_masks(zones, side, side)
    for zone, score, mask, shown in zip(scored_zones(zones), scores, masks, shown_masks, strict=True):
        if not zone.has_map:
            found.append(replace(counted[zone.name], score=score))
            continue
        zone_map = map_on_scale(zone, _shown(smoothed_within(standard, mask, profile.map_sigma), side))
        zone_map[~shown] = 0.0
        np.maximum(whole, zone_map, out=whole)
        found.append(ZoneScore(zone.name, score, float(zone_map.max())))
    return MapFound(max(scores), whole, tuple(found))


def counted_scores(zones: Sequence[Zone], counted: Mapping[str, ZoneScore]) -> tuple[ZoneScore, ...]:
    """What each zone without a map came to, on the scale that all zones share."""
    return tuple(
        replace(counted[zone.name], score=on_scale(zone, counted[zone.name].score))
        for zone in inspected(zones)
        if not zone.has_map
    )


def counted_cells(zones: Sequence[Zone], rows: int, columns: int) -> Mask:
    """Cells of a grid over the view that any zone compares with good parts, or counts in, ``(rows, columns)``."""
    masks = list(zip(scored_zones(zones), zone_masks(zones, rows, columns), strict=True))
    compared = [mask for zone, mask in masks if zone.has_map]
    return np.asarray(np.logical_or.reduce(compared or [mask for _, mask in masks]))


def smoothed_within(values: Floats, mask: Mask, sigma: float) -> Floats:
    """:func:`~filo_core.eyes.scoring.smoothed` of what a mask covers alone; beyond it what is nearest goes on.

    Args:
        values: ``(h, w)``.
        mask: of the same shape, true somewhere.
        sigma: of the Gaussian, in cells.
    """
    return blurred_within(values, mask, partial(smoothed, sigma=sigma) if sigma else None)


def _peak_within(standard: Floats, mask: Mask, profile: EyesProfile) -> float:
    if mask.all():
        return peak_of(standard, profile.score_share, profile.score_sigma)
    values = smoothed_within(standard, mask, profile.score_sigma)[mask].reshape(1, -1)
    return peak_of(values, profile.score_share, 0.0)


def _shown(smooth: Floats, side: int) -> Floats:
    return squashed(np.asarray(cv2.resize(smooth, (side, side)), np.float32))
