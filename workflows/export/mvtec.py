"""Inspections as a category in the folder layout of MVTec AD, which the benchmark and ``golden import`` read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from filo_core.benchmark.datasets import GOOD
from filo_core.errors import FolderError
from filo_core.types import Recipe, Verdict
from filo_core.whole_files import cannot_write
from workflows.export.images import ImageFolder, safe_name
from workflows.export.masks import anomaly_mask
from workflows.export.selection import Looked, Selection, anomaly_type_of, looked_at
from workflows.products.catalogue import Catalogue
from workflows.products.views import judging_views


def write_mvtec(selection: Selection, catalogue: Catalogue, folder: Path) -> int:
    """Write ``train/good`` from the recipe's references, ``test`` and ``ground_truth`` from the inspections.

    Of a product with views each view is a category of its own, in a folder of its name.

    What counts as NG lies under the name of its anomaly type; its mask is what the recipe's region limit cuts out of
    the anomaly map. REVIEW that nobody decided on and NOT_INSPECTED are no truth, and are left out.

    Args:
        selection: of one product.
        catalogue: where its references are.
        folder: new or empty.

    Returns:
        How many pictures were written.

    Raises:
        FolderError: if the folder is not empty, or cannot be written.
        ProductError: if the product has no recipe.
        StorageError: if a reference or an anomaly map is missing or damaged.
    """
    recipe = catalogue.recipe(selection.wanted.product).recipe
    _make_empty(folder)
    views = judging_views(catalogue, recipe)
    for below, own in [(safe_name(view.name), view.recipe) for view in views] or [("", recipe)]:
        _write_references(catalogue, own, folder / below / "train" / GOOD)
        (folder / below / "test" / GOOD).mkdir(parents=True)
    count = 0
    for seen in (one for record in selection.records() for one in looked_at(record)):
        if seen.record.final_verdict in {Verdict.OK, Verdict.NG}:
            count += _write_one(selection, seen, folder / safe_name(seen.view) if seen.view else folder)
    return count


def _write_one(selection: Selection, seen: Looked, folder: Path) -> bool:
    record = seen.record
    anomalous = record.final_verdict is Verdict.NG
    kind = safe_name(anomaly_type_of(record)) if anomalous else GOOD
    if anomalous and kind == GOOD:
        kind = f"{GOOD}_"
    name = ImageFolder(folder / "test" / kind, selection.history).put(record, seen.view)
    if name is None:
        return False
    mask = anomaly_mask(selection.history, record) if anomalous and record.map_hash else None
    if mask is not None and mask.any():
        path = folder / "ground_truth" / kind / f"{Path(name).stem}_mask.png"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask.astype(np.uint8) * 255).save(path)
        except OSError as error:
            raise cannot_write(path, error) from error
    return True


def _write_references(catalogue: Catalogue, recipe: Recipe, folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
        for number, image in enumerate(catalogue.references(recipe)):
            stem, ending = Path(image.name).stem, Path(image.name).suffix.lower()
            (folder / f"{number:03}_{safe_name(stem)}{ending or '.png'}").write_bytes(image.encoded)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FolderError("{folder} is not empty. Choose a new folder.", folder=folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
