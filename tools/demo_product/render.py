"""Renders the demo product's pictures: ``python -m tools.demo_product.render OUT``.

The same seed gives the same pictures, byte for byte with the same versions of NumPy, OpenCV and Pillow.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from filo_core.benchmark.datasets import GOOD
from filo_core.errors import FolderError
from tools.demo_product.bracket import DEFECTS, lay_bracket
from tools.demo_product.lighting import Pose, Scene, mask_of, photograph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

PRODUCT = "bracket"
"""Folder of the product below the one that is written to."""

SEED = 204
"""Seed of the pictures that ship with the program."""

_GOOD_PICTURES = 8
_PICTURES_A_DEFECT = 3
_JPEG_QUALITY = 92
_SHIFT_PX, _ANGLE_DEG, _BRIGHTNESS = 4.0, 2.0, 0.06


@dataclass(frozen=True, slots=True)
class DemoPicture:
    """One picture of the set."""

    folder: str
    """Below the product, such as ``"test/scratch"``."""
    index: int
    defect: str
    """Empty for a good part."""

    @property
    def path(self) -> Path:
        """Of the picture, below the product."""
        return Path(self.folder, f"{self.index:03}.jpg")

    @property
    def mask_path(self) -> Path | None:
        """Of its mask, below the product; None for a good part."""
        return Path("ground_truth", self.defect, f"{self.index:03}_mask.png") if self.defect else None


def demo_pictures() -> tuple[DemoPicture, ...]:
    """The whole set: good parts to learn from, good parts to test with, and every defect."""
    good = [DemoPicture(f"{split}/{GOOD}", index, "") for split in ("train", "test") for index in range(_GOOD_PICTURES)]
    bad = [DemoPicture(f"test/{defect}", index, defect) for defect in DEFECTS for index in range(_PICTURES_A_DEFECT)]
    return (*good, *bad)


def render(picture: DemoPicture, seed: int = SEED) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Picture ``(320, 320, 3)`` uint8 RGB, and its mask ``(320, 320)`` uint8, 255 where it is anomalous."""
    folders = sorted({other.folder for other in demo_pictures()})
    # RandomState, not the newer Generator: NumPy promises that its numbers stay the same in every version.
    random = np.random.RandomState([seed, folders.index(picture.folder), picture.index])
    pose = Pose(
        shift_x=random.uniform(-_SHIFT_PX, _SHIFT_PX),
        shift_y=random.uniform(-_SHIFT_PX, _SHIFT_PX),
        angle_deg=random.uniform(-_ANGLE_DEG, _ANGLE_DEG),
        gain=1.0 + random.uniform(-_BRIGHTNESS, _BRIGHTNESS),
    )
    scene = Scene.empty(pose)
    anomalous = lay_bracket(scene, random, picture.defect, picture.index)
    return photograph(scene, random), mask_of(anomalous)


def write_demo(out: Path, pictures: Sequence[DemoPicture] | None = None, seed: int = SEED) -> Path:
    """Render ``pictures`` (the whole set when not given) into ``out/bracket``, and give that folder back.

    Raises:
        FolderError: if something cannot be written there.
    """
    root = out / PRODUCT
    try:
        for picture in demo_pictures() if pictures is None else pictures:
            pixels, mask = render(picture, seed)
            _save(pixels, root / picture.path)
            if picture.mask_path:
                _save(mask, root / picture.mask_path)
    except OSError as error:
        raise FolderError(
            "{root} cannot be written ({reason}). Choose another folder.", root=root, reason=error.strerror
        ) from error
    return root


def main(arguments: Sequence[str]) -> int:
    """Write the demo product into the folder named by the only argument; gives the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python -m tools.demo_product.render OUT", file=sys.stderr)
        return 2
    try:
        root = write_demo(Path(arguments[0]))
    except FolderError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(demo_pictures())} pictures written to {root}")
    return 0


def _save(pixels: NDArray[np.uint8], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        Image.fromarray(pixels).save(path, quality=_JPEG_QUALITY)
    else:
        Image.fromarray(pixels).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
