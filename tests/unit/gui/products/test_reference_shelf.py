from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from PySide6.QtGui import QImage

from filo_core.calibration.reference_checks import ReferenceProblem
from filo_core.line.sources.base import Frame
from filo_core.types import ProductDescription
from gui.products.wizard.reference_shelf import ReferenceShelf
from gui.state import AppState

Until = Callable[..., None]
NAME = "plate"


def plate(seed: int) -> Image.Image:
    """A picture with sharp edges, another one for every seed."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(60, 200, (12, 16, 3)), np.ones((20, 20, 1)))
    return Image.fromarray((blocks + rng.normal(0, 3, blocks.shape)).clip(0, 255).astype(np.uint8))


@pytest.fixture
def shelf(state: AppState) -> Iterator[ReferenceShelf]:
    state.workbench.catalogue.create(ProductDescription(NAME, "metal plate"))
    made = ReferenceShelf(state.workbench.catalogue)
    made.open(NAME)
    yield made
    made.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"plate_{seed}.png" for seed in range(3)]
    for seed, path in enumerate(paths):
        plate(seed).save(path)
    return paths


def idle(shelf: ReferenceShelf, until: Until) -> None:
    until(lambda: not shelf.is_busy, "the shelf is idle")


def stored(state: AppState) -> list[str]:
    return [reference.name for reference in state.workbench.catalogue.draft(NAME).references]


def test_added_files_are_in_the_database_with_a_small_picture_and_no_warning(
    shelf: ReferenceShelf, state: AppState, files: list[Path], until: Until
) -> None:
    shelf.add_files(files)
    idle(shelf, until)
    assert stored(state) == ["plate_0.png", "plate_1.png", "plate_2.png"]
    assert [item.name for item in shelf.items] == stored(state)
    assert all(isinstance(item.picture, QImage) and item.picture.width() == 320 for item in shelf.items)
    assert all(item.warnings == () for item in shelf.items)


def test_a_blurred_and_a_doubled_picture_are_kept_with_their_warnings(
    shelf: ReferenceShelf, state: AppState, files: list[Path], tmp_path: Path, until: Until
) -> None:
    plate(5).filter(ImageFilter.GaussianBlur(6)).save(tmp_path / "blurred.png")
    plate(0).point(lambda level: min(255, level + 5)).save(tmp_path / "again.png")
    shelf.add_files([*files, tmp_path / "blurred.png", tmp_path / "again.png"])
    idle(shelf, until)
    problems = {item.name: [warning.problem for warning in item.warnings] for item in shelf.items}
    assert problems["blurred.png"] == [ReferenceProblem.BLURRED]
    assert problems["again.png"] == [ReferenceProblem.NEAR_DUPLICATE]
    assert problems["plate_0.png"] == []
    assert len(stored(state)) == 5


def test_a_file_that_is_no_picture_is_named_and_the_others_are_added(
    shelf: ReferenceShelf, state: AppState, files: list[Path], tmp_path: Path, until: Until
) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(files[0].read_bytes()[:60])
    sentences: list[str] = []
    shelf.problem_found.connect(lambda sentence, _details: sentences.append(sentence))
    shelf.add_files([files[0], torn, tmp_path / "gone.png", files[1]])
    idle(shelf, until)
    assert stored(state) == ["plate_0.png", "plate_1.png"]
    assert len(sentences) == 2
    assert "torn.png" in sentences[0]
    assert "gone.png" in sentences[1]


def test_the_very_same_file_is_not_added_twice_and_said_so(
    shelf: ReferenceShelf, state: AppState, files: list[Path], until: Until
) -> None:
    sentences: list[str] = []
    shelf.problem_found.connect(lambda sentence, _details: sentences.append(sentence))
    shelf.add_files([files[0], files[0]])
    idle(shelf, until)
    assert stored(state) == ["plate_0.png"]
    assert sentences == ["plate_0.png is among the good images already. Use another part."]


def test_removed_pictures_come_back(shelf: ReferenceShelf, state: AppState, files: list[Path], until: Until) -> None:
    removed: list[list[str]] = []
    shelf.removed.connect(removed.append)
    shelf.add_files(files)
    idle(shelf, until)
    shelf.remove([shelf.items[0].image_hash, shelf.items[2].image_hash])
    idle(shelf, until)
    assert stored(state) == ["plate_1.png"]
    assert removed == [["plate_0.png", "plate_2.png"]]
    shelf.undo_remove()
    idle(shelf, until)
    assert sorted(stored(state)) == ["plate_0.png", "plate_1.png", "plate_2.png"]
    assert sorted(item.name for item in shelf.items) == sorted(stored(state))


def test_a_frame_of_a_camera_is_kept_without_loss(shelf: ReferenceShelf, state: AppState, until: Until) -> None:
    pixels = np.asarray(plate(7))
    shelf.add_frame(Frame(pixels, 3, datetime.now(UTC), 0.0), "camera 0 2026-01-01.png")
    idle(shelf, until)
    kept = state.workbench.catalogue.references(NAME)[0]
    assert kept.name == "camera 0 2026-01-01.png"
    assert np.array_equal(kept.pixels, pixels)


def test_another_products_pictures_do_not_mix_in(
    shelf: ReferenceShelf, state: AppState, files: list[Path], until: Until
) -> None:
    state.workbench.catalogue.create(ProductDescription("other", "metal plate"))
    shelf.add_files(files[:2])
    shelf.open("other")
    shelf.add_files(files[2:])
    idle(shelf, until)
    assert [item.name for item in shelf.items] == ["plate_2.png"]
    assert stored(state) == ["plate_0.png", "plate_1.png"]
    shelf.open(NAME)
    idle(shelf, until)
    assert [item.name for item in shelf.items] == ["plate_0.png", "plate_1.png"]
