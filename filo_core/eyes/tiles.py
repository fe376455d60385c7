"""A large picture looked at piece by piece: features as if it had been looked at whole, in the memory of one piece.

Neighbours overlap by a quarter, and each keeps what is nearer to it, so that the border of a piece, where a network
sees nothing beyond, is in no feature. What comes out is one grid, matched and scored like any other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from filo_core.types import WHOLE_PX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.profiles.eyes_manifest import EyesProfile

    Floats = NDArray[np.float32]

TILE_PX = WHOLE_PX
"""Side of a piece."""
_OVERLAP_PX = TILE_PX // 4
_CELL_PX = 8
"""Pixels of the picture as it is looked at a cell of the grid on which the maps meet: no peak falls between two."""
_MAP_SIDE = 512


def numbers_in_tiles(profile: EyesProfile, side: int) -> EyesProfile:
    """A profile's numbers for a picture of ``side`` pixels in tiles: each counts for a tile as it did for a picture.

    Of the map, the grid gets finer, what is smoothed and what is averaged for the score stays as large in pixels.
    """
    finer = side / TILE_PX
    return profile.model_copy(
        update={
            "cells": side // _CELL_PX,
            "map_side": max(profile.map_side, _MAP_SIDE),
            "map_sigma": profile.map_sigma / finer,
            "score_sigma": profile.score_sigma / finer,
            "score_share": profile.score_share / finer**2,
        }
    )


@dataclass(frozen=True, slots=True)
class Span:
    """One piece along one side, in pixels."""

    begin: int
    end: int
    first: int
    """From here on what it shows is taken from it,"""
    last: int
    """and up to here."""


def spans_of(length: int, multiple: int) -> tuple[Span, ...]:
    """Pieces of a side, evenly spread.

    Args:
        length: of the side in pixels, a multiple of ``multiple``.
        multiple: of which all bounds are multiples, too.
    """
    count = 1 if length <= TILE_PX else math.ceil((length - _OVERLAP_PX) / (TILE_PX - _OVERLAP_PX))
    if count == 1:
        return (Span(0, length, 0, length),)
    begins = [round(number * (length - TILE_PX) / (count - 1) / multiple) * multiple for number in range(count)]
    bounds = [0]
    for before, after in itertools.pairwise(begins):
        # In the middle of what both show.
        bounds.append((before + TILE_PX + after) // 2 // multiple * multiple)
    bounds.append(length)
    return tuple(
        Span(begin, begin + TILE_PX, first, last)
        for begin, (first, last) in zip(begins, itertools.pairwise(bounds), strict=True)
    )


def stages_in_tiles(
    look: Callable[[Floats], list[Floats]], picture: Floats, strides: Sequence[int], multiple: int
) -> list[Floats]:
    """What ``look`` gives of a picture, put together from pieces.

    Args:
        look: ``(H, W, 3)`` to a ``(H / stride, W / stride, C)`` array for each of ``strides``.
        picture: ``(H, W, 3)``, both sides multiples of ``multiple``.
        strides: of what is asked for, each a divisor of ``multiple``.
        multiple: pixels.
    """
    height, width = picture.shape[:2]
    whole: list[Floats] = []
    for down in spans_of(height, multiple):
        for across in spans_of(width, multiple):
            found = look(picture[down.begin : down.end, across.begin : across.end])
            whole = whole or [
                np.empty((height // stride, width // stride, stage.shape[2]), np.float32)
                for stage, stride in zip(found, strides, strict=True)
            ]
            for target, stage, stride in zip(whole, found, strides, strict=True):
                rows, columns = _cells(down, stride), _cells(across, stride)
                kept = stage[_within(down, stride), _within(across, stride)]
                target[rows, columns] = kept
    return whole


def _cells(span: Span, stride: int) -> slice:
    return slice(span.first // stride, span.last // stride)


def _within(span: Span, stride: int) -> slice:
    return slice((span.first - span.begin) // stride, (span.last - span.begin) // stride)
