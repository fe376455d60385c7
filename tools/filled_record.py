"""A record of many inspections for measurements: real rows, real rules and a real audit chain, inserted in bulk."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select

from filo_core.types import Limits, Position
from storage.audit.chain import Added, append, read_head
from storage.engine import wait_for_other_links
from storage.models import InspectionRow, RecipeVersionRow, RegionRow, ReviewRow

BATCH = 5_000
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
EVERY_S = 3
"""Seconds from one part to the next: a million parts take five weeks."""
NG_SHARE, REVIEW_SHARE = 0.03, 0.02
TYPES = ("scratch", "dent", "crack", "stain", "missing screw", "bent corner", "unknown")
_LIMITS = Limits(0.25, 0.5, 0.125)
_REVIEWED_SHARE = 0.95
"""Of what was not OK."""


@dataclass(frozen=True, slots=True)
class Made:
    """Rows of a batch, ready to be inserted."""

    inspections: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    reviews: list[dict[str, Any]]


def fill(connection: Connection, count: int, seed: int = 2026) -> None:
    """Insert ``count`` inspections under the recipe versions that are there, with regions, reviews and chain.

    Args:
        connection: to an empty record with signed products, in a transaction that was begun for writing.
        count: inspections.
        seed: of what they say.
    """
    chance = random.Random(seed)
    recipes = connection.execute(
        select(RecipeVersionRow.id, RecipeVersionRow.product_id, RecipeVersionRow.model_hash)
    ).all()
    first = (connection.scalar(select(func.max(InspectionRow.id))) or 0) + 1
    wait_for_other_links(connection)
    head = read_head(connection)
    for start in range(first, first + count, BATCH):
        made = _made(chance, recipes, range(start, min(start + BATCH, first + count)))
        for row, rows in ((InspectionRow, made.inspections), (RegionRow, made.regions), (ReviewRow, made.reviews)):
            connection.execute(insert(row), rows)
        head = append(connection, list(_added(connection, made)), made.inspections[-1]["inspected_at"], head)


def serial_of(number: int) -> str:
    """Two pictures in a row are of one part."""
    return f"SN-{number // 2:08}"


def _made(chance: random.Random, recipes: Any, numbers: range) -> Made:
    made = Made([], [], [])
    for number in numbers:
        recipe_id, product_id, model_hash = recipes[number % len(recipes)]
        draw = chance.random()
        score = chance.uniform(0.5, 1) if draw < NG_SHARE else chance.uniform(0, 0.25)
        if NG_SHARE <= draw < NG_SHARE + REVIEW_SHARE:
            score = chance.uniform(0.26, 0.49)
        verdict, at = _LIMITS.verdict(score).value, BEGUN + timedelta(seconds=EVERY_S * number)
        made.inspections.append(
            {
                "id": number,
                "product_id": product_id,
                "recipe_version_id": recipe_id,
                "name": f"part {number:08}.png",
                "image_hash": hashlib.sha256(b"image %d" % number).hexdigest(),
                "map_hash": hashlib.sha256(b"map %d" % number).hexdigest(),
                "model_hash": model_hash,
                "width": 1280,
                "height": 1024,
                "verdict": verdict,
                "reason": "",
                "image_score": score,
                "limit_ok": _LIMITS.ok,
                "limit_ng": _LIMITS.ng,
                "limit_region": _LIMITS.region,
                "trained": True,
                "origin": "folder",
                "station": f"line {number % 3}",
                "operator": "Ada",
                "captured_at": at,
                "inspected_at": at,
                "seconds": 0.2,
                "stage_seconds": json.dumps({"encode": 0.15, "match": 0.05}),
                "frame_id": None,
                "frame_age_ms": None,
                "serial": serial_of(number),
            }
        )
        if verdict != "OK":
            made.regions.extend(_regions(chance, number))
            if chance.random() < _REVIEWED_SHARE:
                made.reviews.append(_review(chance, number, verdict, at))
    return made


def _regions(chance: random.Random, number: int) -> Iterator[dict[str, Any]]:
    for ordinal in range(chance.randint(1, 3)):
        yield {
            "inspection_id": number,
            "ordinal": ordinal,
            "x": chance.randrange(1200),
            "y": chance.randrange(1000),
            "width": 20,
            "height": 10,
            "area_px": 150,
            "score": 0.75,
            # The first types are the frequent ones.
            "anomaly_type": TYPES[int(len(TYPES) * chance.random() ** 2)],
            "type_confidence": 0.5,
            "position": Position.CENTER.value,
        }


def _review(chance: random.Random, number: int, verdict: str, at: datetime) -> dict[str, Any]:
    overruled = verdict == "NG" and chance.random() < 0.05
    return {
        "inspection_id": number,
        "decision": "overrule" if overruled else "confirm",
        "verdict": "OK" if overruled else "NG",
        "reviewer": "Bo",
        "reviewed_at": at + timedelta(minutes=5),
        "reason": "dust on the lens" if overruled else "",
        "anomaly_type": "",
    }


def _added(connection: Connection, made: Made) -> Iterator[Added]:
    regions: dict[int, list[dict[str, Any]]] = {}
    for region in made.regions:
        regions.setdefault(region["inspection_id"], []).append(region)
    for row in made.inspections:
        yield Added.of("inspections", row, regions.get(row["id"], ()))
    first = made.inspections[0]["id"]
    reviews = select(*ReviewRow.__table__.columns).where(ReviewRow.inspection_id >= first).order_by(ReviewRow.id)
    for review in connection.execute(reviews).mappings():
        yield Added.of("reviews", review)
