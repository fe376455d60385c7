"""A small data set on disk, as people bring it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WIDTH, HEIGHT = 80, 60

MakeCategory = Callable[..., Path]


def write_part(path: Path, seed: int, spot: tuple[int, int, int, int] | None = None) -> None:
    """A grey plate with noise; a dark rectangle ``x, y, width, height`` on it where asked for."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(rng.normal(150, 3, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
    if spot:
        x, y, width, height = spot
        pixels[y : y + height, x : x + width] = 20
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_mask(path: Path, spot: tuple[int, int, int, int], size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    x, y, width, height = spot
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[y : y + height, x : x + width] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)


@pytest.fixture
def make_category(tmp_path: Path) -> MakeCategory:
    def make(name: str = "plate", *, references: int = 6, good: int = 4, spots: int = 5, masks: bool = True) -> Path:
        root = tmp_path / name
        for index in range(references):
            write_part(root / "train" / "good" / f"{index}.png", index)
        for index in range(good):
            write_part(root / "test" / "good" / f"{index}.png", 100 + index)
        for index in range(spots):
            spot = (10 + 5 * index, 20, 12, 10)
            write_part(root / "test" / "spot" / f"{index}.png", 200 + index, spot)
            if masks:
                write_mask(root / "ground_truth" / "spot" / f"{index}_mask.png", spot)
        return root

    return make
