"""Drawn assemblies: plates and boards that carry parts, whose structure can go wrong in known ways.

A scene is a list of parts. The same scene is drawn again and again with what differs between two good pieces (small
shifts, tones, grain); a structural anomaly changes the list, so its mask is exact and every piece keeps its look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.learning.anomaly_lexicon import AnomalyKind
from filo_core.learning.surface_anomalies import smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHAPES = ("rectangle", "disc", "ring", "screw", "chip", "bar", "text", "cross")
_SHIFT_BITS = 4
_ONE = 1 << _SHIFT_BITS

SCENE_KINDS = (
    AnomalyKind.MISSING_PART,
    AnomalyKind.MISPLACED_PART,
    AnomalyKind.SWAPPED_PART,
    AnomalyKind.ROTATED_PART,
    AnomalyKind.EXTRA_PART,
    AnomalyKind.COLOR_CHANGE,
    AnomalyKind.DEFORMATION,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece; lengths are fractions of the picture's side."""

    shape: str
    x: float
    y: float
    size: float
    aspect: float
    angle_deg: float
    colour: tuple[float, float, float]
    second: tuple[float, float, float]
    text: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What every good piece of one product has in common."""

    ground: tuple[float, float, float]
    plate: tuple[float, float, float] | None
    plate_margin: float
    grain: float
    grain_cell: float
    texture_seed: int
    parts: tuple[Part, ...]


def random_scene(rng: np.random.Generator) -> Scene:
    """A product: parts of a few sorts in rows, or strewn over a plate."""
    ground = _tone(rng)
    sorts = [_random_part(rng) for _ in range(int(rng.integers(1, 5)))]
    parts: list[Part] = []
    if rng.random() < 0.5:
        rows, columns = int(rng.integers(1, 5)), int(rng.integers(2, 6))
        scale = 0.8 / max(rows, columns)
        for row in range(rows):
            for column in range(columns):
                sort = sorts[(row if rng.random() < 0.7 else column) % len(sorts)]
                place = (0.1 + 0.8 * (column + 0.5) / columns, 0.1 + 0.8 * (row + 0.5) / rows)
                parts.append(replace(sort, x=place[0], y=place[1], size=min(sort.size, 0.45 * scale)))
    else:
        for _ in range(int(rng.integers(4, 16))):
            sort = sorts[int(rng.integers(len(sorts)))] if rng.random() < 0.6 else _random_part(rng)
            angle = float(rng.choice([0.0, 90.0])) if rng.random() < 0.6 else float(rng.uniform(0, 360))
            parts.append(
                replace(sort, x=float(rng.uniform(0.12, 0.88)), y=float(rng.uniform(0.12, 0.88)), angle_deg=angle)
            )
    return Scene(
        ground=ground,
        plate=_tone(rng) if rng.random() < 0.6 else None,
        plate_margin=float(rng.uniform(0.03, 0.15)),
        grain=float(rng.uniform(0.0, 16.0)),
        grain_cell=float(rng.uniform(1.2, 8.0)),
        texture_seed=int(rng.integers(1 << 31)),
        parts=tuple(parts),
    )


def change_scene(scene: Scene, rng: np.random.Generator) -> tuple[Scene, AnomalyKind]:
    """The scene with one part gone, moved, exchanged, turned, doubled, recoloured or bent."""
    kind = SCENE_KINDS[int(rng.integers(len(SCENE_KINDS)))]
    parts = list(scene.parts)
    index = int(rng.integers(len(parts)))
    part = parts[index]
    match kind:
        case AnomalyKind.MISSING_PART:
            del parts[index]
        case AnomalyKind.MISPLACED_PART:
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.6) * part.size
            parts[index] = replace(
                part, x=part.x + float(np.cos(angle) * reach), y=part.y + float(np.sin(angle) * reach)
            )
        case AnomalyKind.SWAPPED_PART:
            other = parts[int(rng.integers(len(parts)))] if rng.random() < 0.5 else _random_part(rng)
            parts[index] = replace(other, x=part.x, y=part.y, size=max(other.size, 0.7 * part.size))
        case AnomalyKind.ROTATED_PART:
            turn = float(rng.choice([90.0, 180.0])) if rng.random() < 0.3 else float(rng.uniform(20, 70))
            parts[index] = replace(part, angle_deg=part.angle_deg + turn)
        case AnomalyKind.EXTRA_PART:
            parts.append(replace(part, x=float(rng.uniform(0.12, 0.88)), y=float(rng.uniform(0.12, 0.88))))
        case AnomalyKind.COLOR_CHANGE:
            parts[index] = replace(part, colour=_tone(rng), second=_tone(rng))
        case _:
            parts[index] = replace(
                part, aspect=part.aspect * float(rng.uniform(0.45, 0.75)), angle_deg=part.angle_deg + 12.0
            )
    return replace(scene, parts=tuple(parts)), kind


def draw_scene(scene: Scene, side: int, piece: int) -> NDArray[np.uint8]:
    """``(side, side, 3)`` uint8 RGB of one piece; ``piece`` seeds what differs between good pieces."""
    rng = np.random.default_rng([scene.texture_seed, piece])
    canvas = np.empty((side, side, 3), np.uint8)
    canvas[:] = np.asarray(scene.ground, np.uint8)
    if scene.plate is not None:
        edge = round(scene.plate_margin * side)
        cv2.rectangle(canvas, (edge, edge), (side - edge, side - edge), scene.plate, -1, cv2.LINE_AA)
    for part in scene.parts:
        # Drawn per place, so that a part taken out does not change the randomness of the others.
        own = np.random.default_rng(
            [scene.texture_seed, piece, round(part.x * 1e4) % 65536, round(part.y * 1e4) % 65536]
        )
        dx, dy, turn = own.normal(0.0, (0.002, 0.002, 0.7))
        tone = float(own.normal(1.0, 0.03))
        _draw_part(canvas, replace(part, x=part.x + dx, y=part.y + dy, angle_deg=part.angle_deg + turn), side, tone)
    grain = smooth_noise((side, side), scene.grain_cell, rng) * scene.grain
    return np.asarray(np.clip(canvas + grain[..., None], 0, 255), np.uint8)


def _tone(rng: np.random.Generator) -> tuple[float, float, float]:
    grey = rng.uniform(20, 235)
    r, g, b = np.clip(grey + rng.normal(0, 45 if rng.random() < 0.6 else 8, 3), 5, 250)
    return float(r), float(g), float(b)


def _random_part(rng: np.random.Generator) -> Part:
    return Part(
        shape=str(rng.choice(_SHAPES)),
        x=0.5,
        y=0.5,
        size=float(rng.uniform(0.04, 0.16)),
        aspect=float(rng.uniform(0.35, 1.0)),
        angle_deg=float(rng.choice([0.0, 90.0])) if rng.random() < 0.7 else float(rng.uniform(0, 360)),
        colour=_tone(rng),
        second=_tone(rng),
        text="".join(rng.choice(list("ABCDEFGHKLMNPRSTXZ0123456789"), int(rng.integers(1, 5)))),
    )


def _draw_part(canvas: NDArray[np.uint8], part: Part, side: int, tone: float) -> None:
    colour = tuple(min(255.0, c * tone) for c in part.colour)
    second = tuple(min(255.0, c * tone) for c in part.second)
    centre = (round(part.x * side * _ONE), round(part.y * side * _ONE))
    radius = part.size * side
    thin = max(1, round(radius * 0.18))
    match part.shape:
        case "disc":
            cv2.circle(canvas, centre, round(radius * _ONE), colour, -1, cv2.LINE_AA, _SHIFT_BITS)
            cv2.circle(canvas, centre, round(radius * _ONE), second, thin, cv2.LINE_AA, _SHIFT_BITS)
        case "ring":
            cv2.circle(canvas, centre, round(radius * _ONE), colour, max(2, 2 * thin), cv2.LINE_AA, _SHIFT_BITS)
        case "screw":
            cv2.circle(canvas, centre, round(radius * _ONE), colour, -1, cv2.LINE_AA, _SHIFT_BITS)
            for turn in (0.0, 90.0):
                _box(canvas, part, side, second, (0.75, 0.14), turn)
        case "chip":
            for offset in (-0.6, -0.2, 0.2, 0.6):
                _box(canvas, part, side, second, (0.1, part.aspect + 0.3), 0.0, offset)
            _box(canvas, part, side, colour, (1.0, part.aspect), 0.0)
        case "bar":
            _box(canvas, part, side, colour, (1.6, 0.25 * part.aspect + 0.08), 0.0)
        case "text":
            scale = radius / 14.0
            origin = (round(part.x * side - radius), round(part.y * side + 0.4 * radius))
            cv2.putText(
                canvas, part.text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, max(1, thin // 2), cv2.LINE_AA
            )
        case "cross":
            _box(canvas, part, side, colour, (1.0, 0.3), 0.0)
            _box(canvas, part, side, colour, (1.0, 0.3), 90.0)
        case _:
            _box(canvas, part, side, second, (1.0, part.aspect), 0.0)
            _box(canvas, part, side, colour, (0.8, 0.8 * part.aspect), 0.0)


def _box(
    canvas: NDArray[np.uint8],
    part: Part,
    side: int,
    colour: tuple[float, ...],
    extent: tuple[float, float],
    turn_deg: float,
    along: float = 0.0,
) -> None:
    """A turned rectangle; ``extent`` and ``along`` in units of the part's size."""
    angle = np.deg2rad(part.angle_deg + turn_deg)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * extent + (along, 0.0)
    points = (corners @ axes) * part.size * side + np.array([part.x, part.y]) * side
    cv2.fillPoly(canvas, [np.round(points * _ONE).astype(np.int32)], colour, cv2.LINE_AA, shift=_SHIFT_BITS)
