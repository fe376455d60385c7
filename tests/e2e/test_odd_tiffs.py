"""A product set up from TIFF files as industrial cameras write them: the same pixels, or no product at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.e2e.conftest import Result
from tests.unit.filo_core.imaging.tiffs import Tiff

Run = Callable[..., Result]


def as_packed_12(grey: NDArray[np.uint8]) -> bytes:
    return Tiff(12).of((grey.astype(np.uint16) << 4)[..., None])


def as_planes_of_16(grey: NDArray[np.uint8]) -> bytes:
    return Tiff(16, 2, planar=True).of(np.repeat(grey[..., None].astype(np.uint16) * 257, 3, axis=2))


def as_white_at_0(grey: NDArray[np.uint8]) -> bytes:
    return Tiff(16, 0, compression="lzw").of(65535 - grey[..., None].astype(np.uint16) * 257)


def as_12_in_words(grey: NDArray[np.uint8]) -> bytes:
    return Tiff(16).of((grey.astype(np.uint16) << 4)[..., None])


def rewritten(category: Path, to: Path, write: Callable[[NDArray[np.uint8]], bytes]) -> Path:
    for path in sorted([*category.glob("train/good/*.png"), *category.glob("test/*/*.png")]):
        image = Image.open(path)
        file = to / path.relative_to(category).with_suffix(".tif")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(write(np.asarray(image.convert("L"))))
    return to


@pytest.mark.slow
def test_the_same_parts_get_the_same_verdicts_however_their_tiffs_are_laid_out(
    run: Run, category: Path, tmp_path: Path
) -> None:
    counts = {}
    layouts = {"packed": as_packed_12, "planes": as_planes_of_16, "white": as_white_at_0}
    for name, write in layouts.items():
        folder = rewritten(category, tmp_path / name, write)
        made = run(
            "product",
            "create",
            name,
            "--class-name",
            "metal plate",
            "--eyes",
            "fast 256",
            "--references",
            folder / "train" / "good",
        )
        assert made.status == 0, made.stderr
        found = run("inspect", name, "--folder", folder / "test", "--json").json
        counts[name] = tuple(found[verdict] for verdict in ("ok", "review", "ng", "not_inspected"))

    assert len(set(counts.values())) == 1, counts
    assert counts["packed"][2] >= 3


def test_no_product_is_made_of_words_that_may_hold_12_bits(run: Run, category: Path, tmp_path: Path) -> None:
    folder = rewritten(category, tmp_path / "words", as_12_in_words)

    made = run(
        "product",
        "create",
        "words",
        "--class-name",
        "metal plate",
        "--eyes",
        "fast 256",
        "--references",
        folder / "train" / "good",
    )

    assert made.status == 1
    assert "may come out black" in made.stderr
    assert "MaxSampleValue" in made.stderr


def test_references_that_are_left_out_are_named(run: Run, category: Path, tmp_path: Path) -> None:
    folder = tmp_path / "good"
    shutil.copytree(category / "train" / "good", folder)
    (folder / "part_07.tga").write_bytes(b"perhaps a picture")

    made = run(
        "product", "create", "plates", "--class-name", "metal plate", "--eyes", "fast 256", "--references", folder
    )

    assert made.status == 0
    assert '1 left out, since their extension is not read: "part_07.tga"' in made.stderr
