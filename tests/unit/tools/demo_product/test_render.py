"""The demo product: what ships is what the program renders, and every anomaly is where its mask says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from filo_core.benchmark.datasets import load_category, read_mask
from filo_core.errors import FolderError
from filo_core.resources import resource_path
from tools.demo_product.bracket import DEFECTS, lay_bracket
from tools.demo_product.lighting import Pose, Scene, mask_of, photograph
from tools.demo_product.render import DemoPicture, demo_pictures, main, render, write_demo

ONE_OF_EACH = [picture for picture in demo_pictures() if picture.index == 1]


def _pixels(path: Path) -> NDArray[np.int16]:
    return np.asarray(Image.open(path), np.int16)


def _files(root: Path) -> dict[str, Path]:
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*.*") if path.is_file()}


def _assert_same_pictures(shipped: Path, rendered: Path) -> None:
    """Equal within what another version of the JPEG encoder, or another processor's rounding, may change."""
    difference = np.abs(_pixels(shipped) - _pixels(rendered))
    if rendered.suffix == ".png":
        assert (difference > 0).mean() < 1e-4, rendered
    else:
        assert difference.mean() < 0.5, rendered
        assert np.quantile(difference, 0.999) <= 8, rendered


def _part(defect: str, variant: int, pose: Pose | None = None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    random = np.random.RandomState(5)
    scene = Scene.empty(pose or Pose())
    anomalous = lay_bracket(scene, random, defect, variant)
    return photograph(scene, random), mask_of(anomalous)


@pytest.fixture(scope="module")
def good_part() -> NDArray[np.uint8]:
    return _part("", 0)[0]


def test_the_shipped_set_is_a_complete_category() -> None:
    root = resource_path("demo", "bracket")
    category = load_category(root)
    assert len(category.references) == 8
    counts = {defect: sum(test.defect == defect for test in category.tests) for defect in ("good", *DEFECTS)}
    assert counts == {"good": 8, **dict.fromkeys(DEFECTS, 3)}
    for test in category.tests:
        if test.mask:
            assert read_mask(test.mask, (320, 320)).sum() > 100
        assert (test.mask is not None) == test.anomalous


def test_the_shipped_set_is_small_and_holds_nothing_else() -> None:
    root = resource_path("demo", "bracket")
    files = _files(root)
    planned = {path.as_posix() for picture in demo_pictures() for path in (picture.path, picture.mask_path) if path}
    assert set(files) == planned
    assert sum(path.stat().st_size for path in files.values()) < 2_500_000
    assert all(Image.open(path).size == (320, 320) for path in files.values())


def test_rendering_again_gives_the_shipped_pictures(tmp_path: Path) -> None:
    rendered = _files(write_demo(tmp_path, ONE_OF_EACH))
    assert len(rendered) == len(ONE_OF_EACH) + len(DEFECTS)
    for name, path in rendered.items():
        _assert_same_pictures(resource_path("demo", "bracket", name), path)


def test_rendering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_demo(tmp_path / name, ONE_OF_EACH[-2:]) for name in ("first", "second"))
    assert {name: path.read_bytes() for name, path in _files(first).items()} == {
        name: path.read_bytes() for name, path in _files(second).items()
    }


@pytest.mark.slow
def test_the_command_renders_the_whole_shipped_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert "34 pictures" in capsys.readouterr().out
    shipped, rendered = _files(resource_path("demo", "bracket")), _files(tmp_path / "bracket")
    assert set(rendered) == set(shipped)
    for name, path in rendered.items():
        _assert_same_pictures(shipped[name], path)


def test_parts_and_seeds_differ() -> None:
    first, other_part = (render(DemoPicture("train/good", index, ""))[0].astype(int) for index in (0, 1))
    other_seed = render(DemoPicture("train/good", 0, ""), seed=1)[0].astype(int)
    assert np.abs(first - other_part).mean() > 1.0
    assert np.abs(first - other_seed).mean() > 1.0


def test_a_good_part_has_an_empty_mask() -> None:
    assert not render(DemoPicture("test/good", 0, ""))[1].any()


@pytest.mark.parametrize("variant", range(3))
@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_shows_inside_its_mask_and_hardly_outside(
    defect: str, variant: int, good_part: NDArray[np.uint8]
) -> None:
    pixels, mask = _part(defect, variant)
    difference = np.abs(pixels.astype(int) - good_part).mean(axis=2)
    inside = mask > 0
    assert set(np.unique(mask)) == {0, 255}
    assert difference[inside].mean() > 12.0
    assert difference[inside].mean() > 5.0 * difference[~inside].mean()


def test_the_mask_moves_and_turns_with_the_part() -> None:
    def centre(pose: Pose) -> NDArray[np.float64]:
        places: NDArray[np.float64] = np.argwhere(_part("missing_screw", 2, pose)[1]).mean(axis=0)
        return places - 159.5

    still = centre(Pose())
    assert still == pytest.approx([74.0, 90.0], abs=0.3)
    assert centre(Pose(shift_x=3.0, shift_y=-2.0)) - still == pytest.approx([-2.0, 3.0], abs=0.2)
    # Turned clockwise by 2 degrees, the lower right screw goes down by its distance to the right and to the left.
    turned = np.radians(2.0)
    expected = [74.0 * np.cos(turned) + 90.0 * np.sin(turned), 90.0 * np.cos(turned) - 74.0 * np.sin(turned)]
    assert centre(Pose(angle_deg=2.0)) == pytest.approx(expected, abs=0.3)


def test_a_brighter_picture_shows_the_same_part_brighter(good_part: NDArray[np.uint8]) -> None:
    brighter = _part("", 0, Pose(gain=1.06))[0]
    assert brighter.mean() / good_part.mean() == pytest.approx(1.06, abs=0.01)


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--help"]])
def test_a_wrong_command_line_shows_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FolderError, match=r"taken.*cannot be written"):
        write_demo(tmp_path / "taken", ONE_OF_EACH[:1])
    assert main([str(tmp_path / "taken")]) == 1
    assert "Choose another folder" in capsys.readouterr().err
