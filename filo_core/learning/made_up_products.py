"""Products made of pictures that are free to use: good views under a line's nuisances, and views with anomalies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import FolderError
from filo_core.imaging import is_meant_as_image
from filo_core.learning.anomaly_lexicon import AnomalyKind
from filo_core.learning.nuisances import STEADY_TURN_DEG, photograph_all, random_line
from filo_core.learning.photographs import Photographs, crop, donor_of, pick, read_pixels, woven
from filo_core.learning.procedural_scenes import Scene, change_scene, draw_scene, random_scene
from filo_core.learning.surface_anomalies import smooth_noise
from filo_core.learning.synthetic_anomalies import STRUCTURAL, paint_anomaly, visible_change

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

TEXTURE_FOLDERS = ("surfaces", "textures")
HELD_OUT_FOLDERS = ("cards", "cutlery", "textures")
"""Sources that training never sees; of the materials of other textures it does not see every third."""
SIDES = (256, 384, 512)
"""Of the views in pixels; drawn from with equal chances."""
_SCENES, _TEXTURES, _WOVEN = 0.25, 0.62, 0.1
"""Shares of products that are drawn, up to which they are textures, and of these the drawn ones."""
_SURFACE_KINDS = tuple(kind for kind in AnomalyKind if kind not in STRUCTURAL)
_LEAST_WINDOW = 0.35
"""Of a picture's side: anomalies are painted into a square window of it, so that many are small."""
_BENDS = (0.0, 0.0, 0.004, 0.01)
"""How far good parts bend, in sides of the view."""
_LEAST_SIDE = 200
"""Pixels of a swatch from which on only a part of it is shown."""


@dataclass(frozen=True, slots=True)
class ViewCounts:
    """How many views a product has, and how many anomalies each bad one."""

    references: int
    good: int
    bad: int
    anomalies: int


@dataclass(frozen=True, slots=True, eq=False)
class MadeUpProduct:
    """Views of one product, ``(side, side, 3)`` uint8 RGB each."""

    references: list[Picture]
    good: list[Picture]
    bad: list[tuple[Picture, Mask]]


def find_sources(root: Path, *, held_out: bool) -> Photographs:
    """The pictures under ``root`` to train on, or the others, of other sources and other materials.

    Args:
        root: folder with one folder a source; surfaces lie in :data:`TEXTURE_FOLDERS`.
        held_out: True for what training never sees.

    Raises:
        FolderError: if there are none.
    """
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    things: list[Path] = []
    textures: list[Path] = []
    for folder in folders:
        images = sorted(path for path in folder.rglob("*") if is_meant_as_image(path.name))
        if folder.name in HELD_OUT_FOLDERS:
            images = images if held_out else []
        elif folder.name in TEXTURE_FOLDERS:
            apart = set(sorted({_material(path) for path in images})[1::3])
            images = [path for path in images if (_material(path) in apart) == held_out]
        elif held_out:
            images = []
        (textures if folder.name in TEXTURE_FOLDERS else things).extend(images)
    if not things and not textures:
        raise FolderError(
            "{root} holds no images to train on. Choose a folder with surfaces/ and folders of things.", root=root
        )
    return Photographs(tuple(things), tuple(textures))


def made_up_product(pictures: Photographs, counts: ViewCounts, rng: np.random.Generator) -> MadeUpProduct:
    """One product; the same state of ``rng`` gives the same one."""
    side = int(rng.choice(SIDES))
    margin = side // 8
    line = random_line(rng, margin)
    while line.turn_deg > STEADY_TURN_DEG:
        # Parts that lie anywhere are turned when they are stored; no head can make up for that.
        line = random_line(rng, margin)
    bend = float(rng.choice(_BENDS)) * side
    good, bad = _pieces(pictures, counts, side + 2 * margin, rng)
    views = []
    for pixels, masks in [*((piece, []) for piece in good), *bad]:
        bent, moved = _bent(pixels, masks, bend, rng)
        view, turned = photograph_all(bent, moved, side, line, rng)
        views.append((view, np.asarray(np.any(turned, axis=0) if turned else np.zeros((side, side), np.bool_))))
    fine = [view for view, _ in views[: len(good)]]
    shown = [(view, mask) for view, mask in views[len(good) :] if mask.any()]
    return MadeUpProduct(fine[: counts.references], fine[counts.references :], shown)


def _material(path: Path) -> str:
    """Of a swatch, whose name is the material and a number."""
    return re.sub(r"[0-9].*$", "", path.stem)


def _pieces(
    pictures: Photographs, counts: ViewCounts, whole: int, rng: np.random.Generator
) -> tuple[list[Picture], list[tuple[Picture, list[Mask]]]]:
    """Good pieces, references first, and bad ones with the masks of their anomalies."""
    fine = counts.references + counts.good
    choice = rng.random()
    if choice < _SCENES or not (pictures.textures or pictures.things):
        scene = random_scene(rng)
        good = [draw_scene(scene, whole, number) for number in range(fine)]
        bad = [_changed(pictures, scene, whole, fine + number, counts.anomalies, rng) for number in range(counts.bad)]
        return good, bad
    if pictures.textures and (choice < _TEXTURES or not pictures.things):
        image = woven(rng) if rng.random() < _WOVEN else read_pixels(pick(pictures.textures, rng))
        zoom = rng.uniform(0.5, 1.0) if min(image.shape[:2]) < _LEAST_SIDE else rng.uniform(1.0, 2.5)
        pieces = [crop(image, whole, rng, (zoom, zoom), turn=False) for _ in range(fine + counts.bad)]
        return pieces[:fine], [_painted(p, [], pictures, counts.anomalies, _SURFACE_KINDS, rng) for p in pieces[fine:]]
    piece = crop(read_pixels(pick(pictures.things, rng)), whole, rng, (0.9, 1.8))
    kinds = tuple(AnomalyKind)
    return [piece] * fine, [_painted(piece, [], pictures, counts.anomalies, kinds, rng) for _ in range(counts.bad)]


def _changed(
    pictures: Photographs, scene: Scene, whole: int, number: int, anomalies: int, rng: np.random.Generator
) -> tuple[Picture, list[Mask]]:
    """A drawn part, often with one thing wrong in its structure, and blemishes."""
    pixels = draw_scene(scene, whole, number)
    masks: list[Mask] = []
    if rng.random() < 0.6:
        altered = draw_scene(change_scene(scene, rng)[0], whole, number)
        mask = visible_change(pixels.astype(np.float32), altered.astype(np.float32))
        if mask.any():
            pixels, masks = altered, [mask]
    return _painted(pixels, masks, pictures, anomalies, _SURFACE_KINDS, rng)


def _painted(
    pixels: Picture,
    masks: list[Mask],
    pictures: Photographs,
    anomalies: int,
    kinds: Sequence[AnomalyKind],
    rng: np.random.Generator,
) -> tuple[Picture, list[Mask]]:
    """The picture with more anomalies, each in a window of its own size."""
    whole = pixels.shape[0]
    pixels = pixels.copy()
    for _ in range(anomalies - len(masks)):
        side = int(whole * rng.uniform(_LEAST_WINDOW, 1.0))
        # What lies in the margin may not be in the view.
        first = min(whole // 8, (whole - side) // 2)
        y, x = rng.integers(first, whole - side - first + 1, 2)
        window = np.ascontiguousarray(pixels[y : y + side, x : x + side])
        found = paint_anomaly(window, rng, donor_of(pictures, side, rng), kinds)
        if found is None:
            continue
        mask = np.zeros(pixels.shape[:2], np.bool_)
        mask[y : y + side, x : x + side] = found.mask
        pixels[y : y + side, x : x + side] = found.pixels
        masks = [*masks, mask]
    return pixels, masks


def _bent(pixels: Picture, masks: Sequence[Mask], reach: float, rng: np.random.Generator) -> tuple[Picture, list[Mask]]:
    """A piece that is pulled by up to about ``reach`` pixels, as no two good ones are alike."""
    if not reach:
        return pixels, list(masks)
    height, width = pixels.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    columns += np.float32(reach) * smooth_noise((height, width), height / 3, rng)
    rows += np.float32(reach) * smooth_noise((height, width), height / 3, rng)
    bent = cv2.remap(pixels, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    moved = [
        cv2.remap(mask.astype(np.uint8), columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT).astype(bool)
        for mask in masks
    ]
    return np.asarray(bent, np.uint8), moved
