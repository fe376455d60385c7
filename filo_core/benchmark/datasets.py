"""Data sets in the folder layout of MVTec AD (IV-A); VisA as published is read by :mod:`filo_core.benchmark.visa`.

A category is a folder with ``train/good``, ``test/good``, ``test/<defect>`` and, where there are masks,
``ground_truth/<defect>/<name>_mask.png``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.benchmark.categories import GOOD, Category, LabelledImage
from filo_core.benchmark.visa import is_visa, is_visa_object, load_visa, load_visa_object
from filo_core.errors import FiloError, FolderError
from filo_core.imaging import list_images, printable_name, read_image

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GOOD", "Category", "LabelledImage", "find_categories", "is_category", "load_category", "read_mask"]

_DEEPEST = 3
"""Levels below the given folder that are searched; linked folders that lead back end there too."""


def load_category(path: Path, name: str = "") -> Category:
    """The category in a folder, called ``name``, or by its folder when not given. Reads names only, no image.

    Raises:
        FolderError: if it is not laid out as a category, or one of its folders holds no images.
    """
    if not is_category(path):
        raise FolderError(
            "{path} is not a category: it needs the folders train/{good} and test. Choose a folder in "
            "the layout of MVTec AD.",
            path=printable_name(str(path)),
            good=GOOD,
        )
    tests = tuple(test for folder in _folders(path / "test") for test in _tests_of(path, folder))
    return Category(
        name=name or printable_name(path.resolve().name),
        root=path,
        references=list_images(path / "train" / GOOD).images,
        tests=tests,
    )


def find_categories(root: Path) -> list[Category]:
    """Every category at or below ``root``, by name: ``"set/category"``, or the folder's name for ``root`` itself.

    Raises:
        FolderError: if there is none, or a folder cannot be read.
    """
    found = _find(root, root, _DEEPEST)
    if not found:
        raise FolderError(
            "{root} holds no category: no folder in it has train/{good} and test, or Data/Images as "
            "VisA has it. Choose a data set in the layout of MVTec AD, VisA's own folder, or one that "
            "holds both.",
            root=printable_name(str(root)),
            good=GOOD,
        )
    return sorted(found, key=lambda category: category.name)


def other_data_set(root: Path) -> Path | None:
    """A data set beside ``root``, to learn from what is not judged; None where there is none, or more than one."""
    try:
        beside = [path for path in _folders(root.resolve().parent) if path != root.resolve()]
        found = [path for path in beside if is_visa(path) or any(map(_is_any, [path, *_folders(path)]))]
    except FolderError:
        return None
    return found[0] if len(found) == 1 else None


def _is_any(folder: Path) -> bool:
    return is_category(folder) or is_visa_object(folder)


def is_category(path: Path) -> bool:
    """Whether a folder has the two folders that every category has."""
    return (path / "train" / GOOD).is_dir() and (path / "test").is_dir()


def read_mask(path: Path, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Mask of an image, ``(H, W)``, True where it is anomalous: wherever the file is not black.

    Args:
        path: the mask.
        size: width and height in pixels of the image it belongs to.

    Raises:
        UnreadableImageError: if the file is not one whole picture.
        FiloError: if it is not of the image's size; the message gives both.
    """
    mask = read_image(path)
    if mask.size != size:
        raise FiloError(
            "{name}: the mask is {mask_width} x {mask_height} pixels, its image {width} x {height}. Save the "
            "mask in the size of the image.",
            name=mask.name,
            mask_width=mask.size[0],
            mask_height=mask.size[1],
            width=size[0],
            height=size[1],
        )
    anomalous: NDArray[np.bool_] = mask.pixels.max(axis=2) > 0
    return anomalous


def _find(root: Path, folder: Path, levels: int) -> list[Category]:
    above = "" if folder == root else printable_name(folder.relative_to(root).as_posix())
    if is_category(folder):
        return [load_category(folder, above)]
    if is_visa(folder):
        return [replace(one, name=f"{above}/{one.name}".strip("/")) for one in load_visa(folder)]
    if is_visa_object(folder):
        found = load_visa_object(folder)
        return [replace(found, name=above or found.name)]
    if not levels:
        return []
    return [one for below in _folders(folder) for one in _find(root, below, levels - 1)]


def _folders(path: Path) -> list[Path]:
    try:
        return sorted(below for below in path.iterdir() if below.is_dir() and not below.name.startswith("."))
    except OSError as error:
        raise FolderError(
            "{path} cannot be read ({strerror}). Choose another folder.",
            path=printable_name(str(path)),
            strerror=error.strerror,
        ) from error


def _tests_of(root: Path, folder: Path) -> list[LabelledImage]:
    anomalous = folder.name != GOOD
    defect = printable_name(folder.name)
    return [
        LabelledImage(image, _mask_of(root, image) if anomalous else None, defect, anomalous)
        for image in list_images(folder).images
    ]


def _mask_of(root: Path, image: Path) -> Path | None:
    outlined = root / "ground_truth" / image.relative_to(root / "test")
    # MVTec AD appends _mask, VisA does not.
    candidates = (outlined.with_name(f"{outlined.stem}{ending}") for ending in ("_mask.png", ".png"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)
