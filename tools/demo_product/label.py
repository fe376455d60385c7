"""The demo product's printed label, well and badly printed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABEL_SCALE = 4
"""Samples of the label per pixel of the finished picture."""

_WIDTH, _HEIGHT = 84, 54

LABEL_HALF = (_WIDTH / 2, _HEIGHT / 2)
"""Half its width and height in pixels of the finished picture."""

_DRAWN = 3
"""Drawn this much larger and averaged down, so that strokes have soft edges."""

_PAPER = (0.80, 0.79, 0.75)
_INK = (0.020, 0.020, 0.026)
_BAND = (0.36, 0.035, 0.03)


class Misprint(StrEnum):
    """How a label can come out of the printer."""

    NONE = "none"
    SMUDGED = "smudged"
    FADED = "faded"
    BLANK = "blank"


def print_label(misprint: Misprint) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Colours of a label, ``(H, W, 3)`` linear RGB, and the share of each sample that is misprinted, ``(H, W)``."""
    ink, band = _ink(), _band()
    wrong = np.zeros_like(ink)
    height, width = ink.shape
    across = np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :]
    if misprint is Misprint.SMUDGED:
        # Wiped to the right while wet: what was there fades, and is dragged along.
        wiped = cv2.filter2D(ink, -1, _drag(18 * LABEL_SCALE))
        smeared = np.maximum(0.35 * ink, 1.1 * np.clip(wiped, 0.0, 0.9))
        part = _soft_box(ink.shape, (0.26, 0.24, 0.98, 0.80))
        wrong, ink = part, ink + part * (smeared - ink)
    elif misprint is Misprint.FADED:
        lost = np.clip((across - 0.34) / 0.16, 0.0, 1.0) * np.ones_like(ink)
        wrong, ink = lost * _soft_box(ink.shape, (0.3, 0.22, 0.97, 0.97)), ink * (1.0 - 0.94 * lost)
    elif misprint is Misprint.BLANK:
        ink = np.zeros_like(ink)
        wrong = _soft_box(ink.shape, (0.04, 0.22, 0.96, 0.97))
    paper = np.ones((height, width, 3), np.float32) * np.array(_PAPER, np.float32)
    paper += band[..., None] * (np.array(_BAND, np.float32) - paper)
    paper += ink[..., None] * (np.array(_INK, np.float32) - paper)
    return paper, wrong


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    unit = LABEL_SCALE * _DRAWN
    image = Image.new("L", (_WIDTH * unit, _HEIGHT * unit), 0)
    return image, ImageDraw.Draw(image), unit


def _averaged(image: Image.Image) -> NDArray[np.floating]:
    size = (_WIDTH * LABEL_SCALE, _HEIGHT * LABEL_SCALE)
    averaged = cv2.resize(np.asarray(image, np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(averaged / 255.0, np.float32)


def _band() -> NDArray[np.floating]:
    image, draw, unit = _canvas()
    draw.rectangle((0, 0, _WIDTH * unit, 11 * unit), fill=255)
    return _averaged(image)


def _ink() -> NDArray[np.floating]:
    """Share of ink, ``(H, W)`` in [0, 1]: part number, lot, bar code."""
    image, draw, unit = _canvas()
    stroke = unit // 3
    draw.text(
        (5 * unit, 12 * unit),
        "FB-204",
        fill=255,
        font=ImageFont.load_default(17 * unit),
        stroke_width=stroke,
        stroke_fill=255,
    )
    draw.text(
        (62 * unit, 18 * unit),
        "24 V",
        fill=255,
        font=ImageFont.load_default(8.5 * unit),
        stroke_width=stroke // 2,
        stroke_fill=255,
    )
    left = 5.0
    # Widths of bars and gaps in turn, like a real code's without being one.
    for index, width in enumerate("2113121423111213211412131132211312112341122131121231211"):
        step = 0.78 * int(width)
        if index % 2 == 0 and left + step < _WIDTH - 5:
            draw.rectangle((left * unit, 33 * unit, (left + step) * unit, 43 * unit), fill=255)
        left += step
    draw.text(
        (5 * unit, 43.5 * unit),
        "LOT 0731-A",
        fill=255,
        font=ImageFont.load_default(9 * unit),
        stroke_width=stroke // 2,
        stroke_fill=255,
    )
    return _averaged(image)


def _drag(length: int) -> NDArray[np.floating]:
    kernel = np.zeros((3, 2 * length + 1), np.float32)
    kernel[:, length:] = np.linspace(0.0, 1.0, length + 1)[::-1]
    # filter2D correlates, so what is dragged to the right is looked for on the left.
    return np.asarray(kernel[:, ::-1] / kernel.sum(), np.float32)


def _soft_box(shape: tuple[int, ...], box: tuple[float, float, float, float]) -> NDArray[np.floating]:
    height, width = shape
    share = np.zeros((height, width), np.float32)
    share[round(box[1] * height) : round(box[3] * height), round(box[0] * width) : round(box[2] * width)] = 1.0
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 3.0), np.float32)
