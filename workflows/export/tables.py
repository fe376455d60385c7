"""Inspections as CSV for spreadsheets, and as JSON Lines for programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filo_core.identity import FIELDS
from filo_core.naming.part_types import part_broad
from filo_core.spreadsheets import harmless
from filo_core.types import InspectionRecord, Region
from filo_core.whole_files import whole_file
from workflows.export.selection import Selection, looked_at, shares_in_words, type_share_of

PLACED = ("fixture_x", "fixture_y", "fixture_turned", "fixture_scale", "fixture_residual_px")
"""Where a fixture was found: moved across and down in pixels, turned in degrees, times as large, and how well."""
COLUMNS = (
    "inspection_id", "product", "recipe_version", "recipe_hash", "name", "image_hash", "width", "height", "verdict",
    "final_verdict", "anomaly_type", "type_share", "types",
    "image_score", "limit_ok", "limit_ng", "limit_region", "regions", "trained",
    "origin", "inspected_at", "seconds", "reason", "decision", "reviewer", "reviewed_at", "review_reason",
    "name_examples", "unfiltered", "known_part", "broad_kind", *PLACED, "view", *FIELDS,
)  # fmt: skip


def write_csv(selection: Selection, path: Path) -> int:
    """One row an inspection, and below that of a part one a view; back comes how many inspections.

    Raises:
        FolderError: if the file cannot be written.
    """
    count = 0
    # With a byte order mark, or a spreadsheet takes UTF-8 for something else.
    with whole_file(path) as temporary, temporary.open("x", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        for record in selection.records():
            for row in (row_of(record), *rows_of_views(record)):
                writer.writerow({name: harmless(value) for name, value in row.items()})
            count += 1
    return count


def write_json_lines(selection: Selection, path: Path) -> int:
    """One JSON object a line and inspection, with its regions and views in full; back comes how many.

    Raises:
        FolderError: if the file cannot be written.
    """
    count = 0
    with whole_file(path) as temporary, temporary.open("x", encoding="utf-8", newline="\n") as file:
        for record in selection.records():
            content = _in_full(record)
            if record.views:
                content["views"] = [_in_full(one.record) | {"view": one.view} for one in looked_at(record)]
            file.write(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n")
            count += 1
    return count


def _in_full(record: InspectionRecord) -> dict[str, Any]:
    types = [asdict(one) for one in record.anomaly_types]
    return {**row_of(record), "types": types, "regions": [_region(region) for region in record.regions]}


def _region(region: Region) -> dict[str, Any]:
    """In words and plain numbers: what it looks like to the trunks says nothing to others."""
    content = asdict(replace(region, embedding=None))
    del content["embedding"]
    return content


def rows_of_views(record: InspectionRecord) -> list[dict[str, Any]]:
    """The views of a part by the names of :data:`COLUMNS`, scores and limits on each view's own scale; none without."""
    return [{**row_of(one.record), "view": one.view} for one in looked_at(record) if one.view]


def row_of(record: InspectionRecord) -> Mapping[str, Any]:
    """An inspection by the names of :data:`COLUMNS`; of a part what it came to as a whole."""
    review, (name, share) = record.review, type_share_of(record)
    broad = part_broad(record.regions)
    is_called = bool(record.regions or record.anomaly_types or (review and review.anomaly_type))
    return {
        "inspection_id": record.inspection_id,
        "product": record.product,
        "recipe_version": record.recipe_version,
        "recipe_hash": record.recipe_hash,
        "name": record.name,
        "image_hash": record.image_hash,
        "width": record.width,
        "height": record.height,
        "verdict": record.verdict.value,
        "final_verdict": record.final_verdict.value,
        "anomaly_type": name if is_called else "",
        "type_share": share if is_called else None,
        "types": shares_in_words(record.anomaly_types),
        "image_score": record.image_score,
        "limit_ok": record.limits.ok,
        "limit_ng": record.limits.ng,
        "limit_region": record.limits.region,
        "regions": len(record.regions),
        "trained": record.trained,
        "origin": record.origin.value,
        "inspected_at": record.inspected_at.isoformat(),
        "seconds": record.seconds,
        "reason": record.reason,
        "decision": review.decision.value if review else "",
        "reviewer": review.reviewer if review else "",
        "reviewed_at": review.reviewed_at.isoformat() if review else "",
        "review_reason": review.reason if review else "",
        "name_examples": record.examples,
        "unfiltered": ", ".join(record.unfiltered_sides),
        "broad_kind": shares_in_words([broad] if broad is not None and is_called else []),
        "known_part": record.known_as.value if record.known_as else "",
        **asdict(record.identity),
        **dict(zip(PLACED, _placed(record), strict=True)),
        "view": "",
    }


def _placed(record: InspectionRecord) -> tuple[float | None, ...]:
    place = record.placement
    if place is None:
        return (None,) * len(PLACED)
    return (*place.moved, place.turned, place.scale, place.residual_px)
