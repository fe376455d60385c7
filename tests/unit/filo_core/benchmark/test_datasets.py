"""Data sets on disk, complete and not."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from filo_core.benchmark.datasets import find_categories, load_category, read_mask
from filo_core.errors import FiloError, FolderError, UnreadableImageError

MakeCategory = Callable[..., Path]


def test_a_category_knows_its_references_its_tests_and_their_masks(make_category: MakeCategory) -> None:
    root = make_category(references=3, good=2, spots=2)
    category = load_category(root)
    assert category.name == "plate"
    assert [path.name for path in category.references] == ["0.png", "1.png", "2.png"]
    known = [(test.path.name, test.defect, test.anomalous, test.mask) for test in category.tests]
    assert known == [
        ("0.png", "good", False, None),
        ("1.png", "good", False, None),
        ("0.png", "spot", True, root / "ground_truth" / "spot" / "0_mask.png"),
        ("1.png", "spot", True, root / "ground_truth" / "spot" / "1_mask.png"),
    ]
    assert category.has_masks


def test_images_come_in_natural_order(make_category: MakeCategory) -> None:
    names = [path.name for path in load_category(make_category(references=11)).references]
    assert names[-2:] == ["9.png", "10.png"]


def test_a_category_without_masks_is_complete(make_category: MakeCategory) -> None:
    category = load_category(make_category(masks=False))
    assert not category.has_masks
    assert all(test.mask is None for test in category.tests)


def test_a_mask_may_carry_the_plain_name_of_its_image(make_category: MakeCategory) -> None:
    root = make_category(spots=1)
    masks = root / "ground_truth" / "spot"
    (masks / "0_mask.png").rename(masks / "0.png")
    assert load_category(root).tests[-1].mask == masks / "0.png"


def test_notes_and_hidden_files_between_the_images_are_no_images(make_category: MakeCategory) -> None:
    root = make_category(references=2)
    (root / "train" / "good" / "notes.txt").write_text("taken on Monday")
    (root / "train" / "good" / ".thumb.png").write_bytes(b"")
    (root / "test" / ".cache").mkdir()
    category = load_category(root)
    assert len(category.references) == 2
    assert {test.defect for test in category.tests} == {"good", "spot"}


def test_categories_below_a_folder_are_named_by_set_and_category(make_category: MakeCategory, tmp_path: Path) -> None:
    make_category("sets/metal/plate")
    make_category("sets/metal/bolt")
    make_category("sets/alone")
    (tmp_path / "sets" / "papers").mkdir()
    names = [category.name for category in find_categories(tmp_path / "sets")]
    assert names == ["alone", "metal/bolt", "metal/plate"]


def test_a_category_itself_is_found_under_its_folder_name(
    make_category: MakeCategory, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_category("v1.")
    assert [category.name for category in find_categories(root)] == ["v1."]
    monkeypatch.chdir(root)
    assert [category.name for category in find_categories(Path())] == ["v1."]


def test_a_linked_folder_that_leads_back_ends_the_search(make_category: MakeCategory, tmp_path: Path) -> None:
    make_category("sets/plate")
    (tmp_path / "sets" / "loop").symlink_to(tmp_path / "sets", target_is_directory=True)
    assert "plate" in [category.name for category in find_categories(tmp_path / "sets")]


def test_a_folder_without_categories_is_refused_with_the_layout_it_needs(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no category: no folder in it has train/good and test"):
        find_categories(tmp_path)


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="gone cannot be read"):
        find_categories(tmp_path / "gone")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o000)
    with pytest.raises(FolderError, match="locked cannot be read"):
        find_categories(tmp_path)


def test_a_category_without_good_references_is_refused(make_category: MakeCategory) -> None:
    root = make_category()
    shutil.rmtree(root / "train")
    with pytest.raises(FolderError, match="is not a category"):
        load_category(root)
    (root / "train" / "good").mkdir(parents=True)
    with pytest.raises(FolderError, match="holds no images"):
        load_category(root)


def test_whatever_is_not_black_in_a_mask_is_anomalous(tmp_path: Path) -> None:
    grey = np.zeros((3, 4), np.uint8)
    grey[0, 0], grey[2, 3] = 1, 255
    Image.fromarray(grey).save(tmp_path / "grey.png")
    mask = read_mask(tmp_path / "grey.png", (4, 3))
    assert mask.dtype == np.bool_
    assert np.argwhere(mask).tolist() == [[0, 0], [2, 3]]
    coloured = np.zeros((3, 4, 3), np.uint8)
    coloured[1, 2] = (0, 0, 9)
    Image.fromarray(coloured).save(tmp_path / "coloured.png")
    assert np.argwhere(read_mask(tmp_path / "coloured.png", (4, 3))).tolist() == [[1, 2]]


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    Image.new("L", (4, 3)).save(tmp_path / "7_mask.png")
    with pytest.raises(FiloError, match=r"7_mask\.png: the mask is 4 x 3 pixels, its image 8 x 6"):
        read_mask(tmp_path / "7_mask.png", (8, 6))


def test_a_damaged_mask_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "7_mask.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UnreadableImageError, match=r"7_mask\.png"):
        read_mask(tmp_path / "7_mask.png", (8, 6))
