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
from filo_core.imaging import printable_name

if TYPE_CHECKING:
    from collections.abc import Iterable

SPLIT = "split_csv/1cls.csv"
"""Split of the unsupervised protocol: only normal images are for training."""
_COLUMNS = {"object", "split", "label", "image", "mask"}
_ANOMALY = "anomaly"
_LABELS = {"normal", _ANOMALY}


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
        raise FolderError(f"{printable_name(str(path))} cannot be read ({error}). Get VisA again.") from error
    for number, row in enumerate(rows, start=2):
        complete = _COLUMNS.issubset(row) and None not in row.values()
        if not complete or row["label"] not in _LABELS or Path(row["object"]).name != row["object"]:
            raise FolderError(
                f"{printable_name(str(path))}, line {number}: expected {', '.join(sorted(_COLUMNS))} with a label of "
                "normal or anomaly. Get VisA again."
            )
    if not rows:
        raise FolderError(f"{printable_name(str(path))} lists no image. Get VisA again.")
    return rows


def _inside(root: Path, name: str) -> Path:
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise FolderError(
            f"{SPLIT} names {printable_name(name)}, which is not in {printable_name(str(root))}. Get VisA again."
        )
    return path
