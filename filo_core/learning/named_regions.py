"""Regions with names to learn naming from: synthetic anomalies as the light trunk sees them beside good parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import FolderError
from filo_core.eyes.features import unit
from filo_core.eyes.search import PatchSearch
from filo_core.imaging import is_meant_as_image
from filo_core.learning.anomaly_lexicon import AnomalyKind
from filo_core.learning.nuisances import photograph_all, random_line
from filo_core.learning.photographs import Photographs, crop, donor_of, pick, read_pixels, woven
from filo_core.learning.procedural_scenes import Scene, change_scene, draw_scene, random_scene
from filo_core.learning.surface_anomalies import smooth_noise
from filo_core.learning.synthetic_anomalies import STRUCTURAL, paint_anomaly, visible_change
from filo_core.naming.region_features import Nearest, TrunkLook
from filo_core.naming.region_look import look_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.eyes.features import Eye
    from filo_core.learning.nuisances import CameraSetting

    Picture = NDArray[np.uint8]
    Mask = NDArray[np.bool_]

KINDS = tuple(AnomalyKind)
NONE = len(KINDS)
"""Kind of a region that is no anomaly."""
TEXTURE_FOLDERS = ("surfaces", "textures")
REFERENCES = 2
_VIEWS = 4
_PAINTED = 6
"""Anomalies a view, as far as they do not touch."""
_APART_PX = 12
_MAP_SIDE = 256
_SURFACE_KINDS = tuple(kind for kind in KINDS if kind not in STRUCTURAL)
_HELD_OUT = 5
_NOISE = 0.25
"""Share of parts whose good view is a picture of noise instead: no region of it has a name either."""
_SCENES, _TEXTURES = 0.35, 0.65
"""Shares of parts that are drawn, and up to which they are textures."""


@dataclass(frozen=True, slots=True, eq=False)
class CaptionedRegion:
    """A region, what a head sees of it, and what it is."""

    look: NDArray[np.float32]
    kind: int
    """Index into :data:`KINDS`, or :data:`NONE`."""
    true_mask: bool
    """False where its outline is what the map would find, or grown."""


@dataclass(frozen=True, slots=True, eq=False)
class _DrawnPart:
    """A product: good views, and views with anomalies that do not touch."""

    references: list[Picture]
    good: Picture
    """Another good view, or noise."""
    views: list[tuple[Picture, list[tuple[Mask, int]]]]


def find_parts(root: Path, *, held_out: bool) -> Photographs:
    """The pictures under ``root``: of surfaces in :data:`TEXTURE_FOLDERS`, of things elsewhere.

    Args:
        root: folder with one folder a kind.
        held_out: True for the fifth that training never sees, False for the others.

    Raises:
        FolderError: if there are none.
    """
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    things: list[Path] = []
    textures: list[Path] = []
    for folder in folders:
        images = sorted(path for path in folder.rglob("*") if is_meant_as_image(path.name))
        share = [path for at, path in enumerate(images) if (at % _HELD_OUT == _HELD_OUT - 1) == held_out]
        (textures if folder.name in TEXTURE_FOLDERS else things).extend(share)
    if not things and not textures:
        raise FolderError(
            "{root} holds no images to train on. Choose a folder with surfaces/ and folders of things.", root=root
        )
    return Photographs(tuple(things), tuple(textures))


def named_regions(
    pictures: Photographs, eyes: Sequence[Eye], sides: Sequence[int], seed: Sequence[int]
) -> Iterator[list[CaptionedRegion]]:
    """Regions of one made-up product after the other, without end; the same seed gives the same ones.

    Args:
        pictures: to paint on.
        eyes: the light trunk at each of its sizes.
        sides: of the views in pixels, one for each of ``eyes``.
        seed: of all that is drawn.
    """
    rng = np.random.default_rng(list(seed))
    while True:
        at = int(rng.integers(len(eyes)))
        part = _part(pictures, sides[at], rng)
        yield _regions(part, eyes[at], rng)


def noise_regions(pictures: Photographs, eye: Eye, side: int, seed: Sequence[int]) -> Iterator[list[CaptionedRegion]]:
    """Regions that a limit would find on pictures of noise, a product after the other; without end."""
    rng = np.random.default_rng(list(seed))
    while True:
        part = _part(pictures, side, rng)
        yield _regions(replace(part, good=noise_picture(side, rng), views=[]), eye, rng)


def _part(pictures: Photographs, side: int, rng: np.random.Generator) -> _DrawnPart:
    margin = side // 8
    line = random_line(rng, margin)
    whole = side + 2 * margin
    choice = rng.random()
    if choice < _SCENES:
        scene = random_scene(rng)
        number = iter(range(99))
        pieces = [draw_scene(scene, whole, next(number)) for _ in range(REFERENCES + 1)]
        painted = [_changed(pictures, scene, whole, next(number), rng) for _ in range(_VIEWS)]
    elif choice < _TEXTURES and pictures.textures:
        image = woven(rng) if rng.random() < 0.2 else read_pixels(pick(pictures.textures, rng))
        zoom = rng.uniform(0.5, 1.0)
        pieces = [crop(image, whole, rng, (zoom, zoom), turn=False) for _ in range(REFERENCES + 1 + _VIEWS)]
        painted = [_painted(p, [], pictures, rng, _SURFACE_KINDS) for p in pieces[REFERENCES + 1 :]]
        pieces = pieces[: REFERENCES + 1]
    else:
        piece = crop(read_pixels(pick(pictures.things, rng)), whole, rng, (0.9, 2.2))
        pieces = [piece] * (REFERENCES + 1)
        painted = [_painted(piece, [], pictures, rng, KINDS) for _ in range(_VIEWS)]
    views = [_shot(pixels, masks, side, line, rng) for pixels, masks in [*((good, []) for good in pieces), *painted]]
    good = views[REFERENCES][0] if rng.random() >= _NOISE else noise_picture(side, rng)
    return _DrawnPart([view[0] for view in views[:REFERENCES]], good, views[REFERENCES + 1 :])


def noise_picture(side: int, rng: np.random.Generator) -> Picture:
    """``(side, side, 3)`` uint8 of noise of some grain: nothing on it is anything."""
    noise = rng.standard_normal((side, side, 3), dtype=np.float32)
    grain = rng.uniform(0.0, 3.0)
    if grain > 0.5:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), grain), np.float32)
    spread = rng.uniform(20.0, 90.0) / max(float(noise.std()), 1e-6)
    return np.asarray(np.clip(rng.uniform(60.0, 190.0) + spread * noise, 0, 255), np.uint8)


def _changed(
    pictures: Photographs, scene: Scene, whole: int, number: int, rng: np.random.Generator
) -> tuple[Picture, list[tuple[Mask, int]]]:
    """A drawn part with one thing wrong in its structure, and blemishes beside that."""
    pixels = draw_scene(scene, whole, number)
    masks: list[tuple[Mask, int]] = []
    if rng.random() < 0.85:
        changed, kind = change_scene(scene, rng)
        altered = draw_scene(changed, whole, number)
        mask = visible_change(pixels.astype(np.float32), altered.astype(np.float32))
        if mask.any():
            pixels, masks = altered, [(mask, KINDS.index(kind))]
    return _painted(pixels, masks, pictures, rng, _SURFACE_KINDS)


def _painted(
    pixels: Picture,
    masks: list[tuple[Mask, int]],
    pictures: Photographs,
    rng: np.random.Generator,
    kinds: Sequence[AnomalyKind],
) -> tuple[Picture, list[tuple[Mask, int]]]:
    """The picture with more anomalies, each well apart from the others."""
    donor = donor_of(pictures, pixels.shape[0], rng)
    taken = np.zeros(pixels.shape[:2], np.uint8)
    for mask, _ in masks:
        taken |= mask.astype(np.uint8)
    for _ in range(_PAINTED - len(masks)):
        found = paint_anomaly(pixels, rng, donor, kinds)
        side = 2 * _APART_PX + 1
        if found is None or (cv2.dilate(taken, np.ones((side, side), np.uint8)).astype(bool) & found.mask).any():
            continue
        pixels = found.pixels
        masks.append((found.mask, KINDS.index(found.kind)))
        taken |= found.mask.astype(np.uint8)
    return pixels, masks


def _shot(
    pixels: Picture, masks: Sequence[tuple[Mask, int]], side: int, line: CameraSetting, rng: np.random.Generator
) -> tuple[Picture, list[tuple[Mask, int]]]:
    """One view of a piece and its anomalies in the same pose."""
    view, turned = photograph_all(pixels, [mask for mask, _ in masks], side, line, rng)
    named = zip(turned, (kind for _, kind in masks), strict=True)
    return view, [(mask, kind) for mask, kind in named if mask.sum() >= 8]


def _regions(part: _DrawnPart, eye: Eye, rng: np.random.Generator) -> list[CaptionedRegion]:
    stored = [eye.features(picture) for picture in part.references]
    patches = [one.patches for one in stored]
    search = PatchSearch(patches)
    place = unit(np.mean([one.grid for one in stored], axis=0, dtype=np.float32))
    found: list[CaptionedRegion] = []
    for pixels, masks in [(part.good, []), *part.views]:
        features = eye.features(pixels)
        distances, index = search.nearest(features.patches)
        seen = TrunkLook(features.grid, Nearest(patches, index))
        large = cv2.resize(distances.reshape(features.grid.shape[:2]), (_MAP_SIDE, _MAP_SIDE))
        away = np.asarray(cv2.GaussianBlur(large, (0, 0), 4.0), np.float32)
        for mask, kind in masks:
            shown = cv2.resize(mask.astype(np.float32), (_MAP_SIDE, _MAP_SIDE), interpolation=cv2.INTER_AREA) > 0.25
            if not shown.any():
                continue
            found.append(CaptionedRegion(look_at(shown, seen, place), kind, true_mask=True))
            others = (_grown(shown, rng), _found(away, shown, rng))
            found += [
                CaptionedRegion(look_at(other, seen, place), kind, true_mask=False)
                for other in others
                if other is not None
            ]
        if not masks:
            found += [
                CaptionedRegion(look_at(mask, seen, place), NONE, true_mask=False) for mask in _false_regions(away, rng)
            ]
    return found


def _grown(mask: Mask, rng: np.random.Generator) -> Mask:
    side = 2 * int(rng.integers(1, 8)) + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)


def _found(away: NDArray[np.float32], mask: Mask, rng: np.random.Generator) -> Mask | None:
    """The connected part of the map that a limit would find of this anomaly; None where it would find little of it."""
    usual, peak = float(np.median(away)), float(away[mask].max())
    level = usual + (peak - usual) * rng.uniform(0.35, 0.7)
    _, labels = cv2.connectedComponents((away > level).astype(np.uint8), connectivity=8)
    at = np.unravel_index(int(np.where(mask, away, -1.0).argmax()), away.shape)
    part = labels == labels[at]
    if labels[at] == 0 or part.sum() > 0.4 * part.size or (part & mask).sum() < 0.3 * part.sum():
        return None
    return np.asarray(part)


def _false_regions(away: NDArray[np.float32], rng: np.random.Generator) -> list[Mask]:
    """What a limit that is too low would find on a good part, and places that chance draws."""
    level = float(np.quantile(away, rng.uniform(0.9, 0.995)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((away > level).astype(np.uint8), connectivity=8)
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA])[:3] + 1
    masks = [labels == label for label in order if stats[label, cv2.CC_STAT_AREA] >= 8]
    field = smooth_noise(away.shape[:2], rng.uniform(20.0, 60.0), rng)
    drawn = field > np.quantile(field, rng.uniform(0.93, 0.995))
    _, labels = cv2.connectedComponents(drawn.astype(np.uint8), connectivity=8)
    biggest = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    return [*masks, labels == biggest]
