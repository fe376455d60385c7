"""Fig. 5-style pictures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.benchmark.datasets import load_category
from filo_core.benchmark.measuring import benchmark
from filo_core.benchmark.pictures import PANEL_PX, PictureFolder, picture_of
from filo_core.errors import FolderError
from filo_core.types import Prediction
from tests.unit.filo_core.benchmark.test_measuring import make_dark


def _prediction() -> Prediction:
    anomaly_map = np.zeros((32, 32), np.float32)
    anomaly_map[:8, :8] = 0.05
    return Prediction(0.05, anomaly_map, (), {}, True)


def test_image_mask_and_heat_map_stand_side_by_side() -> None:
    mask = np.zeros((64, 64), bool)
    mask[:16, :16] = True
    picture = picture_of(np.full((64, 64, 3), 90, np.uint8), mask, _prediction())
    image, outlined, heat = picture[:, :PANEL_PX], picture[:, PANEL_PX + 8 : 2 * PANEL_PX + 8], picture[:, -PANEL_PX:]
    assert (image == 90).all()
    assert set(np.unique(outlined)) == {0, 255}
    assert (outlined[: PANEL_PX // 4, : PANEL_PX // 4] == 255).all()
    # A faint map still shows: its place is coloured, the rest is the image itself.
    assert not (heat[10, 10] == 90).all()
    assert (heat[-1, -1] == 90).all()


def test_a_mask_nobody_has_drawn_is_grey_and_not_black() -> None:
    picture = picture_of(np.zeros((8, 8, 3), np.uint8), None, _prediction())
    assert set(np.unique(picture[:, PANEL_PX + 8 : 2 * PANEL_PX + 8])) == {160}


def test_a_benchmark_writes_one_picture_an_image_under_its_first_seed(
    make_category: Callable[..., Path], tmp_path: Path
) -> None:
    category = load_category(make_category(good=2, spots=2), "set/plate")
    list(benchmark([category], make_dark, shots=1, seeds=(0, 1), on_prediction=PictureFolder(tmp_path / "out")))
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert written == [f"set/plate/{name}.png" for name in ("good_0", "good_1", "spot_0", "spot_1")]
    with Image.open(tmp_path / "out" / "set" / "plate" / "spot_0.png") as picture:
        assert picture.size == (3 * PANEL_PX + 16, PANEL_PX)


def test_a_folder_that_cannot_be_written_is_a_sentence(make_category: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    category = load_category(make_category(good=1, spots=1))
    with pytest.raises(FolderError, match="cannot be written"):
        list(benchmark([category], make_dark, shots=1, seeds=(0,), on_prediction=PictureFolder(tmp_path / "file")))
