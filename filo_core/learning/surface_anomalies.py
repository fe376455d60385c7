"""Painters of blemishes that change the look of a surface. Each works on float32 RGB in 0..255.

A painter returns the changed picture and an alpha in [0, 1] that says where it worked; what of that can be seen
is decided afterwards, in one place, by comparing the two pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]
    Painter = Callable[[Pixels, np.random.Generator, Pixels], tuple[Pixels, Pixels]]
    """Picture, randomness and another picture to borrow material from → changed picture and alpha ``(H, W)``."""


def smooth_noise(shape: tuple[int, int], cell: float, rng: np.random.Generator) -> Pixels:
    """``(H, W)`` noise of standard deviation about 1 whose features are about ``cell`` pixels wide."""
    height, width = (max(2, round(side / cell) + 1) for side in shape)
    coarse = rng.standard_normal((height, width), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def blob(shape: tuple[int, int], rng: np.random.Generator, radius: float, feather: float = 1.0) -> Pixels:
    """Alpha ``(H, W)`` of one blob with a ragged outline, wholly or mostly inside the picture."""
    height, width = shape
    x, y = rng.uniform(0.12, 0.88) * width, rng.uniform(0.12, 0.88) * height
    return blob_at(shape, rng, (x, y), radius, feather)


def blob_at(
    shape: tuple[int, int], rng: np.random.Generator, centre: tuple[float, float], radius: float, feather: float = 1.0
) -> Pixels:
    """:func:`blob` around ``(x, y)``."""
    count = 24
    angles = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    waves = sum(rng.normal(0.0, 0.25 / order) * np.cos(order * angles + rng.uniform(0, 6.3)) for order in (2, 3, 5))
    radii = radius * np.clip(1.0 + rng.uniform(0.0, 1.0) * waves, 0.3, 1.8)
    squeeze, turn = rng.uniform(0.45, 1.0), rng.uniform(0.0, np.pi)
    x, y = radii * np.cos(angles), squeeze * radii * np.sin(angles)
    points = np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)], axis=1) + centre
    alpha = np.zeros(shape, np.float32)
    cv2.fillPoly(alpha, [np.round(points * 16).astype(np.int32)], 1.0, cv2.LINE_AA, shift=4)
    # OpenCV draws antialiased on 8 bits only, so a float canvas is softened here.
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), max(feather, 0.5)), np.float32)


def blend(pixels: Pixels, paint: Pixels | float, alpha: Pixels) -> Pixels:
    """``pixels`` with ``paint`` laid over it."""
    return pixels + (paint - pixels) * alpha[..., None]


def _colour(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A colour that differs from the picture's mean: darker, lighter, or of another hue."""
    mean = pixels.reshape(-1, 3).mean(axis=0)
    choice = rng.random()
    if choice < 0.4:
        return np.asarray(mean * rng.uniform(0.1, 0.6), np.float32)
    if choice < 0.65:
        return np.asarray(mean + (255.0 - mean) * rng.uniform(0.4, 0.95), np.float32)
    return rng.uniform(0.0, 255.0, 3).astype(np.float32)


def _path(shape: tuple[int, int], rng: np.random.Generator, length: float, wobble: float) -> NDArray[np.int32]:
    """Points of a wandering line, in sixteenths of a pixel."""
    steps = 12
    heading = rng.uniform(0.0, 2.0 * np.pi)
    turns = heading + np.cumsum(rng.normal(0.0, wobble, steps))
    moves = np.stack([np.cos(turns), np.sin(turns)], axis=1) * (length / steps)
    start = rng.uniform(0.2, 0.8, 2) * (shape[1], shape[0]) - moves.sum(axis=0) / 2
    return np.asarray(np.round((start + np.cumsum(moves, axis=0)) * 16), np.int32)


def _line_alpha(shape: tuple[int, int], paths: list[NDArray[np.int32]], width: int) -> Pixels:
    canvas = np.zeros(shape, np.uint8)
    cv2.polylines(canvas, paths, isClosed=False, color=255, thickness=width, lineType=cv2.LINE_AA, shift=4)
    return np.asarray(canvas, np.float32) / 255.0


def _size(shape: tuple[int, int], rng: np.random.Generator, low: float = 0.03, high: float = 0.16) -> float:
    """A radius in pixels; small ones are the more frequent."""
    return float(min(shape) * low * (high / low) ** rng.random())


def scratch(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """One to three nearly straight thin lines, lighter or darker than the ground."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    first = _path(shape, rng, min(shape) * rng.uniform(0.15, 0.7), 0.04)
    paths = [first + rng.integers(-60, 60, 2).astype(np.int32) * i for i in range(int(rng.integers(1, 4)))]
    alpha = _line_alpha(shape, paths, int(rng.integers(1, 3))) * rng.uniform(0.5, 1.0)
    return blend(pixels, pixels + rng.choice([-1.0, 1.0]) * rng.uniform(40.0, 130.0), alpha), alpha


def crack(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A dark jagged line that may branch."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    length = min(shape) * rng.uniform(0.15, 0.6)
    main = _path(shape, rng, length, 0.5)
    paths = [main]
    for _ in range(int(rng.integers(0, 3))):
        branch = _path(shape, rng, length * rng.uniform(0.2, 0.5), 0.5)
        paths.append(branch - branch[0] + main[int(rng.integers(2, len(main) - 1))])
    alpha = _line_alpha(shape, paths, int(rng.integers(1, 4)))
    return blend(pixels, pixels * rng.uniform(0.1, 0.5), alpha), alpha


def cut(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A straight gap with one light lip."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    path = _path(shape, rng, min(shape) * rng.uniform(0.12, 0.45), 0.01)
    width = int(rng.integers(2, 6))
    lip = _line_alpha(shape, [path + 16 * width // 2], max(1, width // 2))
    gap = _line_alpha(shape, [path], width)
    lit = blend(pixels, pixels + rng.uniform(20.0, 90.0), lip)
    return blend(lit, _colour(pixels, rng) * rng.uniform(0.1, 0.6), gap), np.maximum(lip, gap)


def hole(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """One to four dark openings with a rim."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    inner, outer = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    radius = _size(shape, rng, 0.015, 0.1)
    x, y = rng.uniform(0.2, 0.8, 2) * (shape[1], shape[0])
    for _ in range(int(rng.integers(1, 4 if radius < 0.04 * min(shape) else 2))):
        centre = (int(x * 16), int(y * 16))
        cv2.circle(outer, centre, int((radius + 1.5) * 16), 1.0, -1, shift=4)
        cv2.circle(inner, centre, int(radius * 16), 1.0, -1, shift=4)
        x, y = x + rng.normal(0, 4 * radius), y + rng.normal(0, 4 * radius)
    rim = blend(pixels, pixels + rng.uniform(-50.0, 70.0), outer)
    dark = rng.uniform(0.0, 0.35) * pixels.reshape(-1, 3).mean(axis=0)
    return blend(rim, dark, np.asarray(cv2.GaussianBlur(inner, (0, 0), 0.7), np.float32)), outer


def dent(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A bulge or hollow: the picture is pinched and one side is lit, the other in shade."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    radius = _size(shape, rng, 0.05, 0.16)
    x, y = rng.uniform(0.2, 0.8, 2) * (shape[1], shape[0])
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    dx, dy = columns - x, rows - y
    fall = np.exp(-(dx**2 + dy**2) / (2 * (0.6 * radius) ** 2)).astype(np.float32)
    pull = rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 0.7) * fall
    bent = cv2.remap(
        pixels,
        (columns + pull * dx).astype(np.float32),
        (rows + pull * dy).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    angle = rng.uniform(0.0, 2.0 * np.pi)
    slope = (dx * np.cos(angle) + dy * np.sin(angle)) / radius * fall
    return bent + (rng.uniform(40.0, 110.0) * slope)[..., None], (fall > 0.15).astype(np.float32)


def stain(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A soft tinted blob or streak that lets the ground through."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    if rng.random() < 0.3:
        path = _path(shape, rng, min(shape) * rng.uniform(0.3, 1.0), 0.2)
        line = _line_alpha(shape, [path], round(_size(shape, rng, 0.03, 0.09)))
        alpha = np.asarray(cv2.GaussianBlur(line, (0, 0), rng.uniform(0.7, 2.0)), np.float32)
    else:
        alpha = blob(shape, rng, _size(shape, rng, 0.04, 0.2), rng.uniform(1.0, 4.0))
    strength = rng.uniform(0.4, 0.9) * np.clip(1.0 + 0.4 * smooth_noise(shape, 6.0, rng), 0.2, 1.3)
    return blend(pixels, pixels * (_colour(pixels, rng) / 255.0), alpha * np.minimum(strength, 1.0)), alpha


def contamination(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A cluster of specks of one colour."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    spread = _size(shape, rng, 0.02, 0.2)
    x, y = rng.uniform(0.15, 0.85, 2) * (shape[1], shape[0])
    alpha = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(2, 14))):
        centre = (x + rng.normal(0, spread), y + rng.normal(0, spread))
        alpha = np.maximum(alpha, blob_at(shape, rng, centre, rng.uniform(1.0, 3.5), 0.5))
    return blend(pixels, _colour(pixels, rng), alpha * rng.uniform(0.6, 1.0)), alpha


def foreign_object(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A blob of another picture's material, sometimes with a shadow."""
    shape = (pixels.shape[0], pixels.shape[1])
    alpha = blob(shape, rng, _size(shape, rng, 0.03, 0.18), 0.6)
    if rng.random() < 0.4:
        shadow = np.roll(alpha, (2, 2), axis=(0, 1))
        pixels = blend(pixels, pixels * 0.55, np.asarray(cv2.GaussianBlur(shadow, (0, 0), 1.5), np.float32))
    return blend(pixels, np.roll(donor, rng.integers(0, min(shape), 2), axis=(0, 1)), alpha), alpha


def thread(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A thin curved line of one colour."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    alpha = _line_alpha(shape, [_path(shape, rng, min(shape) * rng.uniform(0.2, 0.9), 0.35)], int(rng.integers(1, 3)))
    return blend(pixels, _colour(pixels, rng), alpha * rng.uniform(0.7, 1.0)), alpha


def color_change(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A region whose channels are mixed, swapped or shifted; its texture stays."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    alpha = blob(shape, rng, _size(shape, rng, 0.05, 0.22), rng.uniform(0.5, 2.0))
    if rng.random() < 0.5:
        other = pixels[..., rng.permutation(3)] * rng.uniform(0.6, 1.4, 3).astype(np.float32)
    else:
        other = pixels + rng.uniform(-90.0, 90.0, 3).astype(np.float32)
    return blend(pixels, np.asarray(other, np.float32), alpha), alpha


def corrosion(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """Rust-brown, green or grey patches with a grainy texture."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    field = smooth_noise(shape, rng.uniform(3.0, 9.0), rng)
    alpha = blob(shape, rng, _size(shape, rng, 0.06, 0.22), 2.0) * (field > rng.uniform(-0.8, 0.3))
    tones = np.array([(140, 70, 25), (95, 55, 30), (90, 120, 80), (60, 60, 55)], np.float32)
    grain = 1.0 + 0.35 * smooth_noise(shape, 1.5, rng)[..., None]
    return blend(pixels, tones[int(rng.integers(4))] * grain, alpha * rng.uniform(0.6, 0.95)), alpha


def wrinkle(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """Ridges: a dark line beside a light one along a curve, soft on both sides."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    path = _path(shape, rng, min(shape) * rng.uniform(0.25, 0.8), 0.15)
    width = rng.uniform(1.5, 4.0)
    line = np.asarray(cv2.GaussianBlur(_line_alpha(shape, [path], 2), (0, 0), width), np.float32)
    line /= max(float(line.max()), 1e-6)
    gradient_x = cv2.Sobel(line, cv2.CV_32F, 1, 0, ksize=3)
    gradient_y = cv2.Sobel(line, cv2.CV_32F, 0, 1, ksize=3)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    ridge = gradient_x * np.cos(angle) + gradient_y * np.sin(angle) - 0.4 * line
    ridge /= max(float(np.abs(ridge).max()), 1e-6)
    return pixels + (rng.uniform(40.0, 100.0) * ridge)[..., None], (line > 0.2).astype(np.float32)


def abrasion(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A region that lost its detail or became rough."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    alpha = blob(shape, rng, _size(shape, rng, 0.07, 0.22), 1.5)
    if rng.random() < 0.4:
        other = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(2.5, 6.0)) + rng.uniform(-15.0, 25.0)
    else:
        rough = smooth_noise(shape, rng.uniform(1.0, 2.5), rng) * rng.uniform(18.0, 45.0)
        other = pixels + rough[..., None] + rng.uniform(-10.0, 25.0)
    return blend(pixels, np.asarray(other, np.float32), alpha), alpha


def liquid(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """A clear drop: tinted, with a dark outline and a highlight."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    alpha = blob(shape, rng, _size(shape, rng, 0.04, 0.16), 1.0)
    outline = np.asarray(np.clip(alpha * (1.0 - alpha) * 4.0, 0.0, 1.0), np.float32)
    highlight = np.clip(np.roll(alpha, (-2, -2), axis=(0, 1)) - cv2.GaussianBlur(alpha, (0, 0), 3.0), 0.0, 1.0)
    tint = blend(pixels, pixels * 0.6 + 0.4 * _colour(pixels, rng), alpha * rng.uniform(0.4, 1.0))
    return blend(tint, tint * 0.6, outline) + 160.0 * highlight[..., None] * rng.uniform(0.4, 1.0), alpha


def misprint(pixels: Pixels, rng: np.random.Generator, donor: Pixels) -> tuple[Pixels, Pixels]:
    """Letters and bars where none belong."""
    del donor
    shape = (pixels.shape[0], pixels.shape[1])
    canvas = np.zeros(shape, np.uint8)
    text = "".join(rng.choice(list("ABEHKLMRSX0123456789/#-"), int(rng.integers(1, 5))))
    origin = (int(rng.uniform(0.05, 0.6) * shape[1]), int(rng.uniform(0.25, 0.85) * shape[0]))
    cv2.putText(
        canvas,
        text,
        origin,
        cv2.FONT_HERSHEY_SIMPLEX,
        rng.uniform(0.35, 0.9),
        255,
        int(rng.integers(1, 3)),
        cv2.LINE_AA,
    )
    alpha = np.asarray(canvas, np.float32) / 255.0
    return blend(pixels, _colour(pixels, rng), alpha * rng.uniform(0.6, 1.0)), alpha
