"""Groups of views to learn matching from: good views of one product beside views with a synthetic anomaly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from filo_core.errors import FolderError
from filo_core.imaging import is_meant_as_image
from filo_core.learning.anomaly_lexicon import AnomalyKind
from filo_core.learning.nuisances import STEADY_TURN_DEG, CameraSetting, photograph, random_line
from filo_core.learning.procedural_scenes import change_scene, draw_scene, random_scene
from filo_core.learning.surface_anomalies import smooth_noise
from filo_core.learning.synthetic_anomalies import STRUCTURAL, paint_anomaly, visible_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GOOD_VIEWS = 2
ANOMALOUS_VIEWS = 2
VIEWS = GOOD_VIEWS + ANOMALOUS_VIEWS
NO_ANOMALY = -1
"""Kind of a good view, and of an anomalous one where chance made nothing visible."""
KINDS = tuple(AnomalyKind)

_SCENE_SHARE = 0.3
_TEXTURE_SHARE = 0.3
_HELD_OUT = 20
"""Every so many-th image is kept out of training and measured on."""
_SMALL_TEXTURE_PX = 200
_SURFACE_KINDS = tuple(kind for kind in AnomalyKind if kind not in STRUCTURAL)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Views of one product, the good ones first.

    Attributes:
        pixels: ``(VIEWS, S, S, 3)`` uint8 RGB.
        masks: ``(VIEWS, S, S)`` bool, what is anomalous.
        kinds: ``(VIEWS,)`` int64, index into KINDS or NO_ANOMALY.
        steady: whether parts lie in nearly the same place in every view, or have no place at all.
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    kinds: NDArray[np.int64]
    steady: bool


@dataclass(frozen=True, slots=True)
class Photographs:
    """The images to train on: things, whose two views show the same piece, and textures, which have no piece."""

    things: tuple[Path, ...]
    textures: tuple[Path, ...]


def find_photographs(root: Path, *, held_out: bool = False) -> Photographs:
    """The images under ``root``: ``clothing/`` holds things, every other folder textures.

    Args:
        root: folder with one folder a kind.
        held_out: True for the twentieth that training never sees, False for the others.

    Raises:
        FolderError: if there are no images.
    """
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    found = {folder.name: _share(folder, held_out=held_out) for folder in folders}
    things = found.pop("clothing", ())
    textures = tuple(path for paths in found.values() for path in paths)
    if not things and not textures:
        raise FolderError(f"{root} holds no images to train on. Choose a folder with clothing/ or texture folders.")
    return Photographs(things, textures)


def _share(folder: Path, *, held_out: bool) -> tuple[Path, ...]:
    images = sorted(path for path in folder.rglob("*") if is_meant_as_image(path.name))
    return tuple(path for index, path in enumerate(images) if (index % _HELD_OUT == _HELD_OUT - 1) == held_out)


def make_group(photographs: Photographs, side: int, rng: np.random.Generator) -> Group:
    """One group of views of ``side`` pixels, from a photograph or drawn."""
    margin = side // 8
    line = random_line(rng, margin)
    whole = side + 2 * margin
    choice = rng.random()
    if choice < _SCENE_SHARE or not (photographs.things or photographs.textures):
        return _scene_group(photographs, side, whole, line, rng)
    if photographs.textures and (choice < _SCENE_SHARE + _TEXTURE_SHARE or not photographs.things):
        return _texture_group(photographs, side, whole, line, rng)
    piece = _crop(_read(_pick(photographs.things, rng)), whole, rng, (0.9, 2.2))
    return _painted_group([piece] * VIEWS, side, line, rng, _donor(photographs, whole, rng), KINDS)


def _texture_group(
    photographs: Photographs, side: int, whole: int, line: CameraSetting, rng: np.random.Generator
) -> Group:
    """Every view shows another place of the texture: what has no fixed layout is only its kind of surface."""
    image = _woven(rng) if rng.random() < 0.2 else _read(_pick(photographs.textures, rng))
    scale = (1.0, 1.0) if max(image.shape[:2]) > _SMALL_TEXTURE_PX else (0.5, 1.0)
    zoom = rng.uniform(*scale)
    pieces = [_crop(image, whole, rng, (zoom, zoom), turn=False) for _ in range(VIEWS)]
    return _painted_group(pieces, side, line, rng, _donor(photographs, whole, rng), _SURFACE_KINDS)


def _painted_group(
    pieces: Sequence[NDArray[np.uint8]],
    side: int,
    line: CameraSetting,
    rng: np.random.Generator,
    donor: NDArray[np.uint8],
    kinds: Sequence[AnomalyKind],
) -> Group:
    views = []
    for index, piece in enumerate(pieces):
        painted = paint_anomaly(piece, rng, donor, kinds) if index >= GOOD_VIEWS else None
        if painted is None:
            views.append((piece, np.zeros(piece.shape[:2], bool), NO_ANOMALY))
        else:
            views.append((painted.pixels, painted.mask, KINDS.index(painted.kind)))
    return _photographed(views, side, line, rng)


def _scene_group(
    photographs: Photographs, side: int, whole: int, line: CameraSetting, rng: np.random.Generator
) -> Group:
    scene = random_scene(rng)
    donor = _donor(photographs, whole, rng)
    views = []
    for index in range(VIEWS):
        pixels = draw_scene(scene, whole, index)
        mask, kind = np.zeros(pixels.shape[:2], bool), NO_ANOMALY
        if index >= GOOD_VIEWS and rng.random() < 0.75:
            changed, named = change_scene(scene, rng)
            altered = draw_scene(changed, whole, index)
            mask = visible_change(pixels.astype(np.float32), altered.astype(np.float32))
            pixels, kind = altered, KINDS.index(named)
        elif index >= GOOD_VIEWS:
            painted = paint_anomaly(pixels, rng, donor, _SURFACE_KINDS)
            if painted is not None:
                pixels, mask, kind = painted.pixels, painted.mask, KINDS.index(painted.kind)
        views.append((pixels, mask, kind))
    return _photographed(views, side, line, rng)


def _photographed(
    views: Sequence[tuple[NDArray[np.uint8], NDArray[np.bool_], int]],
    side: int,
    line: CameraSetting,
    rng: np.random.Generator,
) -> Group:
    shots = [photograph(pixels, mask, side, line, rng) for pixels, mask, _ in views]
    # An anomaly may have moved out of the picture; then the view is a good one.
    kinds = [kind if shot[1].any() else NO_ANOMALY for shot, (_, _, kind) in zip(shots, views, strict=True)]
    return Group(
        pixels=np.stack([shot[0] for shot in shots]),
        masks=np.stack([shot[1] for shot in shots]),
        kinds=np.array(kinds),
        steady=line.turn_deg <= STEADY_TURN_DEG,
    )


def _pick(paths: Sequence[Path], rng: np.random.Generator) -> Path:
    return paths[int(rng.integers(len(paths)))]


def _read(path: Path) -> NDArray[np.uint8]:
    """Pixels as RGB; OpenCV, since training reads tens of thousands of files."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FolderError(f"{path} is not an image that can be trained on. Take it out of the folder.")
    return np.ascontiguousarray(pixels[..., ::-1])


def _crop(
    image: NDArray[np.uint8], whole: int, rng: np.random.Generator, zoom: tuple[float, float], *, turn: bool = True
) -> NDArray[np.uint8]:
    """A random square of the image at ``(whole, whole)``; zoom 1 takes all of the shorter side, 2 half of it."""
    height, width = image.shape[:2]
    cut = max(32, min(height, width, round(min(height, width) / rng.uniform(*zoom))))
    top, left = int(rng.integers(height - cut + 1)), int(rng.integers(width - cut + 1))
    piece = image[top : top + cut, left : left + cut]
    method = cv2.INTER_AREA if cut > whole else cv2.INTER_CUBIC
    piece = np.asarray(cv2.resize(piece, (whole, whole), interpolation=method), np.uint8)
    if not turn:
        return piece
    if rng.random() < 0.5:
        piece = piece[:, ::-1]
    return np.ascontiguousarray(np.rot90(piece, int(rng.integers(4)))) if rng.random() < 0.3 else piece.copy()


def _donor(photographs: Photographs, whole: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    pool = photographs.textures or photographs.things
    return (
        _crop(_read(_pick(pool, rng)), whole, rng, (1.0, 2.0)) if pool else _crop(_woven(rng), whole, rng, (1.0, 1.0))
    )


def _woven(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A drawn texture: noise of two grains, sometimes with regular waves."""
    side = 256
    field = rng.uniform(4, 25) * smooth_noise((side, side), rng.uniform(1.2, 4.0), rng)
    field += rng.uniform(0, 25) * smooth_noise((side, side), rng.uniform(5.0, 20.0), rng)
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    if rng.random() < 0.6:
        angle = rng.uniform(0, np.pi)
        phase = columns * np.cos(angle) + rows * np.sin(angle)
        field += rng.uniform(5, 40) * np.sin(phase * rng.uniform(0.2, 1.2)).astype(np.float32)
        if rng.random() < 0.5:
            field += 20.0 * np.sin((columns * np.sin(angle) - rows * np.cos(angle)) * rng.uniform(0.2, 1.2))
    base = np.clip(rng.uniform(40, 215) + rng.normal(0, 25, 3), 10, 245)
    return np.asarray(np.clip(base + field[..., None] * rng.uniform(0.7, 1.3, 3), 0, 255), np.uint8)
