"""VisA as published, and as it is rearranged."""

import shutil
from pathlib import Path

import pytest

from filo_core.benchmark.classes import benchmark_classes
from filo_core.benchmark.datasets import find_categories, other_data_set
from filo_core.errors import FolderError
from tests.unit.filo_core.conftest import write_mask, write_part

SPOT = (10, 20, 12, 10)
HEADER = "object,split,label,image,mask"


@pytest.fixture
def visa(tmp_path: Path) -> Path:
    """Two objects with two good parts to learn from, one to judge, and two anomalous ones, one not outlined."""
    rows = [HEADER]
    for name in ("pcb1", "candle"):
        images, masks = f"{name}/Data/Images", f"{name}/Data/Masks/Anomaly"
        for index, split in enumerate(("train", "train", "test")):
            write_part(tmp_path / images / "Normal" / f"{index:04}.JPG", index)
            rows.append(f"{name},{split},normal,{images}/Normal/{index:04}.JPG,")
        for index in range(2):
            write_part(tmp_path / images / "Anomaly" / f"{index:03}.JPG", index, SPOT)
            write_mask(tmp_path / masks / f"{index:03}.png", SPOT)
        rows.append(f"{name},test,anomaly,{images}/Anomaly/000.JPG,{masks}/000.png")
        rows.append(f"{name},test,anomaly,{images}/Anomaly/001.JPG,")
    (tmp_path / "split_csv").mkdir()
    (tmp_path / "split_csv" / "1cls.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_the_split_file_decides_what_is_a_reference_and_what_is_judged(visa: Path) -> None:
    candle, pcb = find_categories(visa)
    assert (candle.name, pcb.name) == ("candle", "pcb1")
    assert [path.name for path in candle.references] == ["0000.JPG", "0001.JPG"]
    known = [(test.path.name, test.anomalous, test.mask and test.mask.name) for test in candle.tests]
    assert known == [("0002.JPG", False, None), ("000.JPG", True, "000.png"), ("001.JPG", True, None)]
    assert candle.root == visa / "candle"
    assert candle.has_masks


def test_an_image_that_the_split_names_and_nobody_has_is_named(visa: Path) -> None:
    (visa / "candle" / "Data" / "Images" / "Normal" / "0001.JPG").unlink()
    with pytest.raises(FolderError, match=r"names candle/Data/Images/Normal/0001.JPG, which is not in"):
        find_categories(visa)


def test_a_split_that_leads_out_of_the_folder_is_refused(visa: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.png"
    write_part(outside, 1)
    (visa / "split_csv" / "1cls.csv").write_text(f"{HEADER}\ncandle,test,normal,../{outside.name},\n")
    with pytest.raises(FolderError, match="is not in"):
        find_categories(visa)


@pytest.mark.parametrize("row", ["candle,test,perfect,a.png,", "candle,test", "../candle,test,normal,a.png,"])
def test_a_damaged_line_is_named_by_its_number(visa: Path, row: str) -> None:
    (visa / "split_csv" / "1cls.csv").write_text(f"{HEADER}\n{row}\n")
    with pytest.raises(FolderError, match="line 2: expected"):
        find_categories(visa)


def test_an_empty_split_is_refused(visa: Path) -> None:
    (visa / "split_csv" / "1cls.csv").write_text(HEADER + "\n")
    with pytest.raises(FolderError, match="lists no image"):
        find_categories(visa)


def test_visa_rearranged_is_read_as_mvtec_ad(tmp_path: Path) -> None:
    root = tmp_path / "1cls" / "candle"
    write_part(root / "train" / "good" / "0000.JPG", 1)
    write_part(root / "test" / "good" / "0001.JPG", 2)
    write_part(root / "test" / "bad" / "000.JPG", 3, SPOT)
    write_mask(root / "ground_truth" / "bad" / "000.png", SPOT)
    (category,) = find_categories(tmp_path / "1cls")
    assert category.tests[0].mask == root / "ground_truth" / "bad" / "000.png"


def test_without_its_split_visa_is_read_and_says_that_figures_do_not_compare(visa: Path) -> None:
    shutil.rmtree(visa / "split_csv")
    candle, pcb = find_categories(visa)
    assert (candle.name, pcb.name) == ("candle", "pcb1")
    assert "split_csv/1cls.csv is not here" in candle.note
    # The last tenth of the normal images, one at least, is judged and is no reference.
    assert [path.name for path in candle.references] == ["0000.JPG", "0001.JPG"]
    known = [(test.path.name, test.anomalous, test.mask and test.mask.name) for test in candle.tests]
    assert known == [("0002.JPG", False, None), ("000.JPG", True, "000.png"), ("001.JPG", True, "001.png")]
    (alone,) = find_categories(visa / "candle")
    assert alone.name == "candle"


def test_both_data_sets_below_one_root_are_found_and_each_is_the_others_to_learn_from(
    visa: Path, tmp_path: Path
) -> None:
    root = tmp_path / "both"
    root.mkdir()
    for name in ("candle", "pcb1", "split_csv"):
        (root / "VisA").mkdir(exist_ok=True)
        (visa / name).rename(root / "VisA" / name)
    for split in ("train", "test"):
        write_part(root / "mvtec" / "bottle" / split / "good" / "0.png", 1)
    assert [category.name for category in find_categories(root)] == ["VisA/candle", "VisA/pcb1", "mvtec/bottle"]
    assert other_data_set(root / "mvtec") == (root / "VisA").resolve()
    assert other_data_set(root / "VisA") == (root / "mvtec").resolve()
    (root / "third").mkdir()
    shutil.copytree(root / "mvtec" / "bottle", root / "third" / "bottle")
    assert other_data_set(root / "mvtec") is None


def test_classes_are_called_as_the_release_maps_them(visa: Path) -> None:
    candle, pcb = find_categories(visa)
    assert (candle.class_name, pcb.class_name) == ("candle", "printed circuit board")
    names = {description.class_name for description in benchmark_classes()}
    assert {"macaroni", "chewing gum", "pipe fryum", "metal nut", "capsules"} <= names
    assert not names & {"pcb1", "macaroni1", "chewinggum"}
