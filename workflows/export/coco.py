"""Inspections as a COCO data set: one JSON file with boxes and run-length masks, and the images beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as run_lengths

from filo_core.types import UNKNOWN_TYPE, InspectionRecord, Region, Verdict
from filo_core.whole_files import whole_file
from workflows.export.images import ImageFolder
from workflows.export.masks import anomaly_mask, within
from workflows.export.selection import Looked, Selection, looked_at

IMAGES = "images"
_POLYGON_FREE = 0
"""COCO's word for an annotation of one object; its mask may be run-length encoded nevertheless."""


def write_coco(selection: Selection, path: Path) -> int:
    """Write ``path`` and the folder ``images`` beside it; back comes how many images it lists, one a view of a part.

    Each region of an inspection that does not count as OK is an annotation. Inspections without an image, NOT_INSPECTED
    and those whose image was removed, are left out.

    Raises:
        FolderError: if a file cannot be written.
        StorageError: if an anomaly map is damaged.
    """
    images = ImageFolder(path.parent / IMAGES, selection.history)
    categories: dict[str, int] = {}
    listed: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for seen in (one for record in selection.records() for one in looked_at(record)):
        file = images.put(seen.record, seen.view)
        if file is None:
            continue
        listed.append(_image(seen, file))
        if seen.record.final_verdict is not Verdict.OK:
            for annotation in _annotations(selection, seen, categories):
                annotations.append({"id": len(annotations) + 1, **annotation})
    content = {
        "info": {"description": "inspections of FiLo Inspector"},
        "images": listed,
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for name, number in categories.items()],
    }
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return len(listed)


def _image(seen: Looked, file: str) -> dict[str, Any]:
    record = seen.record
    image = {
        "id": seen.number,
        "file_name": file,
        "width": record.width,
        "height": record.height,
        "name": record.name,
        "verdict": record.final_verdict.value,
    }
    return image | {"view": seen.view, "inspection_id": record.inspection_id} if seen.view else image


def _annotations(selection: Selection, seen: Looked, categories: dict[str, int]) -> list[dict[str, Any]]:
    record = seen.record
    if not record.regions:
        return []
    mask = anomaly_mask(selection.history, record)
    return [
        {
            "image_id": seen.number,
            "category_id": categories.setdefault(_name_of(record, region), len(categories) + 1),
            "bbox": [region.box.x, region.box.y, region.box.width, region.box.height],
            "area": region.area_px,
            "segmentation": _encoded(within(mask, region.box)),
            "iscrowd": _POLYGON_FREE,
            "score": region.score,
        }
        for region in record.regions
    ]


def _name_of(record: InspectionRecord, region: Region) -> str:
    """The review's word where there is only one region that it can mean."""
    named = record.review.anomaly_type if record.review and len(record.regions) == 1 else ""
    return named or region.anomaly_type or UNKNOWN_TYPE


def _encoded(mask: Any) -> dict[str, Any]:
    encoded = run_lengths.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}
