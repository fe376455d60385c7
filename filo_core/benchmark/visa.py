"""VisA as it is published (IV-A): ``<object>/Data/Images/{Normal,Anomaly}``, ``Data/Masks``, and a file for the split.

VisA once it was rearranged (``1cls/<object>/train/good`` and so on) is in the layout of MVTec AD.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.benchmark.categories import GOOD, Category, LabelledImage
from filo_core.errors import FolderError
from filo_core.imaging import list_images, printable_name

if TYPE_CHECKING:
    from collections.abc import Iterable

SPLIT = "split_csv/1cls.csv"
"""Split of the unsupervised protocol: only normal images are for training."""
_COLUMNS = {"object", "split", "label", "image", "mask"}
_ANOMALY = "anomaly"
_LABELS = {"normal", _ANOMALY}
_IMAGES, _MASKS = "Data/Images", "Data/Masks/Anomaly"
_JUDGED = 10
"""One normal image of so many is judged where nothing says which."""


def is_visa(root: Path) -> bool:
    """Whether a folder has VisA's split file."""
    return (root / SPLIT).is_file()


def load_visa(root: Path) -> list[Category]:
    """Every object of VisA by name. Reads the split file and no image.

    Raises:
        FolderError: if the split file is damaged, leaves the folder, or names an image that is not there.
    """
    rows: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(root):
        rows[row["object"]].append(row)
    return [_category(root, name, rows[name]) for name in sorted(rows)]


def is_visa_object(folder: Path) -> bool:
    """Whether a folder is one object of VisA, whatever says which images are for what."""
    return (folder / _IMAGES / "Normal").is_dir() and (folder / _IMAGES / "Anomaly").is_dir()


def load_visa_object(folder: Path) -> Category:
    """One object without the file for the split: the last tenth of its normal images is judged.

    Raises:
        FolderError: if one of its folders holds no images.
    """
    normal = list_images(folder / _IMAGES / "Normal").images
    judged = max(len(normal) // _JUDGED, 1)
    good = [LabelledImage(image, None, GOOD, anomalous=False) for image in normal[-judged:]]
    bad = [
        LabelledImage(image, _mask_of(folder, image), _ANOMALY, anomalous=True)
        for image in list_images(folder / _IMAGES / "Anomaly").images
    ]
    note = (
        f"VisA's {SPLIT} is not here: the last tenth of the normal images is judged, so figures do not compare with "
        "published ones."
    )
    return Category(printable_name(folder.resolve().name), folder, normal[:-judged], (*good, *bad), note)


def _mask_of(folder: Path, image: Path) -> Path | None:
    mask = folder / _MASKS / f"{image.stem}.png"
    return mask if mask.is_file() else None


def _category(root: Path, name: str, rows: Iterable[dict[str, str]]) -> Category:
    references, tests = [], []
    for row in rows:
        image = _inside(root, row["image"])
        anomalous = row["label"] == _ANOMALY
        if row["split"] == "test":
            mask = _inside(root, row["mask"]) if anomalous and row["mask"] else None
            tests.append(LabelledImage(image, mask, _ANOMALY if anomalous else GOOD, anomalous))
        elif not anomalous:
            references.append(image)
    return Category(printable_name(name), root / name, tuple(references), tuple(tests))


def _rows(root: Path) -> list[dict[str, str]]:
    path = root / SPLIT
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FolderError(
            "{path} cannot be read ({error}). Get VisA again.", path=printable_name(str(path)), error=error
        ) from error
    for number, row in enumerate(rows, start=2):
        complete = _COLUMNS.issubset(row) and None not in row.values()
        if not complete or row["label"] not in _LABELS or Path(row["object"]).name != row["object"]:
            raise FolderError(
                "{path}, line {number}: expected {columns} with a label of normal or anomaly. Get VisA again.",
                path=printable_name(str(path)),
                number=number,
                columns=", ".join(sorted(_COLUMNS)),
            )
    if not rows:
        raise FolderError("{path} lists no image. Get VisA again.", path=printable_name(str(path)))
    return rows


def _inside(root: Path, name: str) -> Path:
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise FolderError(
            "{split} names {name}, which is not in {root}. Get VisA again.",
            split=SPLIT,
            name=printable_name(name),
            root=printable_name(str(root)),
        )
    return path
