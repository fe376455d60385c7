"""What of a row goes into its hash, written the same way on every database and in every program.

A format names the columns that it covers. A format that was released is never changed: a new column gets a new format,
and older entries of the chain go on being checked by theirs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from storage.columns import storable

FORMAT = 8
"""The newest format. Each after the first added tables or columns; what is without them is written as before."""

INSPECTIONS, REGIONS = "inspections", "regions"

_COVERED: Mapping[str, tuple[str, ...]] = {
    "recipe_versions": (
        "id", "product_id", "version", "content", "content_hash", "model_hash", "signed_by", "signed_at",
    ),
    INSPECTIONS: (
        "id", "product_id", "recipe_version_id", "name", "image_hash", "map_hash", "model_hash", "width", "height",
        "verdict", "reason", "image_score", "limit_ok", "limit_ng", "limit_region", "trained", "origin", "station",
        "operator", "captured_at", "inspected_at", "seconds", "stage_seconds", "frame_id", "frame_age_ms",
        "serial", "lot", "order_number", "field_1", "field_2", "field_3", "counted",
    ),
    REGIONS: (
        "ordinal", "x", "y", "width", "height", "area_px", "score", "anomaly_type", "type_confidence", "position",
    ),
    "reviews": (
        "id", "inspection_id", "decision", "verdict", "reviewer", "reviewed_at", "reason", "anomaly_type",
    ),
    "blind_reviews": ("id", "inspection_id", "verdict", "reviewer", "reviewed_at"),
    "golden_checks": (
        "id", "product_id", "recipe_version_id", "parts", "wrong", "answers", "checked_by", "checked_at",
    ),
    "golden_releases": ("id", "product_id", "check_id", "problem", "reason", "signed_by", "signed_at"),
    "calibrations": (
        "id", "product_id", "scoring_hash", "reference_scores", "confirmed_scores", "last_inspection_id",
        "last_review_id", "limit_ok", "limit_ng", "sentence", "calibrated_at",
    ),
    "drift_alarms": ("id", "calibration_id", "sentence", "raised_at"),
    "studies": (
        "id", "product_id", "recipe_version_id", "parts", "people", "presentations", "order_key", "created_by",
        "created_at",
    ),
    "study_answers": (
        "id", "study_id", "appraiser", "presentation", "part", "verdict", "image_score", "answered_at",
    ),
    "users": (
        "id", "name", "name_key", "version", "role", "disabled", "pin_hash", "changed_by", "changed_at",
    ),
    "namings": (
        "id", "inspection_id", "image_types", "unfiltered", "shares", "space", "embeddings", "examples",
    ),
    "named_regions": ("id", "review_id", "ordinal"),
    "known_inspections": ("id", "inspection_id", "known_as", "known_hash"),
    "part_views": (
        "id", "inspection_id", "ordinal", "name", "recipe_version_id", "image_hash", "map_hash", "width", "height",
        "verdict", "reason", "image_score", "limit_ok", "limit_ng", "limit_region", "seconds", "regions",
    ),
    "events": ("id", "at", "kind", "actor", "station", "subject", "detail"),
}  # fmt: skip
_SINCE = {
    "blind_reviews": 2, "golden_checks": 2, "golden_releases": 2, "calibrations": 3, "drift_alarms": 3, "studies": 4,
    "study_answers": 4, "namings": 5, "named_regions": 5, "known_inspections": 6, "part_views": 7,
}  # fmt: skip
"""Format that brought a table into the chain; the others were there from the first."""
_LATER = {"serial": 7, "lot": 7, "order_number": 7, "field_1": 7, "field_2": 7, "field_3": 7, "counted": 8}
"""Format that brought a column into the contents. A row in which it is NULL reads, and hashes, as before it was there:
so the rows of earlier formats keep their hashes, and none of their columns can be filled in unseen."""
REMOVABLE = ("recipe_versions", "calibrations", "drift_alarms")
"""Rows that go with a product under which nothing was inspected; an event says which."""
_REAL = frozenset(
    {"image_score", "limit_ok", "limit_ng", "limit_region", "seconds", "frame_age_ms", "score", "type_confidence"}
)
_PIN = "pin_hash"

CHAINED = tuple(table for table in _COVERED if table != REGIONS)
"""Tables whose rows are in the chain; regions are part of their inspection."""


def covered(table: str) -> tuple[str, ...]:
    """Columns of a table that the current format covers."""
    return _COVERED[table]


def format_of(table: str, row: Mapping[str, Any]) -> int:
    """The format that a new entry of a row is written in: the first that has all of what it says."""
    later = (since for name, since in _LATER.items() if row.get(name) is not None)
    return max((_SINCE.get(table, 1), *later))


def content_of(table: str, row: Mapping[str, Any], regions: Iterable[Mapping[str, Any]] = ()) -> str:
    """A row as canonical JSON: sorted keys, no blanks, ASCII; an inspection with its regions in their order."""
    content = _plain(table, row)
    if table == INSPECTIONS:
        content[REGIONS] = [_plain(REGIONS, region) for region in regions]
    return canonical(content)


def canonical(content: object) -> str:
    """JSON that has one spelling only."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """Hash of a text in UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()


def moment(at: datetime) -> str:
    """A moment as the chain spells it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        name: _value(name, row[name]) for name in _COVERED[table] if name not in _LATER or row.get(name) is not None
    }
    if _PIN in content:
        # An export must not carry what a PIN could be guessed from; its hash binds it as well.
        content["pin_digest"] = sha256(content.pop(_PIN))
    return content


def _value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _REAL:
        # SQLite keeps no minus sign before a zero.
        return float(value) + 0.0
    if isinstance(value, datetime):
        return moment(value)
    # As the database has it, which refuses some characters.
    return storable(value) if isinstance(value, str) else value
