"""Views of inspected parts: added with the part, and read with it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from filo_core.types import Box, Limits, Position, Region, TypeShare, Verdict, ViewInspection, ViewRecord
from storage.models import RecipeVersionRow
from storage.repositories.products import RecipeKeys
from storage.view_models import PartViewRow


class ViewRepository:
    """Views are added and read, never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, inspection_id: int, views: Sequence[tuple[ViewInspection, RecipeKeys, str]]) -> None:
        """Keep what each view of a part came to.

        Args:
            inspection_id: of the part.
            views: each with its recipe version and the hash of its map.
        """
        self._session.add_all(
            _row(inspection_id, ordinal, view, keys, map_hash) for ordinal, (view, keys, map_hash) in enumerate(views)
        )
        self._session.flush()


def views_of(session: Session, inspection_ids: Sequence[int]) -> dict[int, tuple[ViewRecord, ...]]:
    """Views of each of these parts, in their order; no statement where there is none."""
    if not inspection_ids:
        return {}
    query = (
        select(PartViewRow, RecipeVersionRow.version, RecipeVersionRow.content_hash)
        .join(RecipeVersionRow, RecipeVersionRow.id == PartViewRow.recipe_version_id)
        .where(PartViewRow.inspection_id.in_(inspection_ids))
        .order_by(PartViewRow.inspection_id, PartViewRow.ordinal)
    )
    found: defaultdict[int, list[ViewRecord]] = defaultdict(list)
    for row, version, recipe_hash in session.execute(query):
        found[row.inspection_id].append(_record(row, version, recipe_hash))
    return {inspection_id: tuple(views) for inspection_id, views in found.items()}


def _row(inspection_id: int, ordinal: int, view: ViewInspection, keys: RecipeKeys, map_hash: str) -> PartViewRow:
    own = view.inspection
    width, height = own.image.size if own.image else (0, 0)
    regions = own.prediction.regions if own.prediction else ()
    return PartViewRow(
        inspection_id=inspection_id,
        ordinal=ordinal,
        name=view.name,
        recipe_version_id=keys.recipe_version_id,
        image_hash=own.image_hash,
        map_hash=map_hash,
        width=width,
        height=height,
        verdict=own.verdict.value,
        reason=own.reason,
        image_score=own.prediction.image_score if own.prediction else None,
        limit_ok=keys.limits.ok,
        limit_ng=keys.limits.ng,
        limit_region=keys.limits.region,
        seconds=own.seconds,
        regions=json.dumps([_plain(region) for region in regions], sort_keys=True),
    )


def _plain(region: Region) -> dict[str, object]:
    content = asdict(replace(region, embedding=None))
    del content["embedding"]
    return content


def _record(row: PartViewRow, recipe_version: int, recipe_hash: str) -> ViewRecord:
    return ViewRecord(
        name=row.name,
        recipe_version=recipe_version,
        recipe_hash=recipe_hash,
        image_hash=row.image_hash,
        map_hash=row.map_hash,
        width=row.width,
        height=row.height,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        image_score=row.image_score,
        limits=Limits(row.limit_ok, row.limit_ng, row.limit_region),
        regions=tuple(_region(one) for one in json.loads(row.regions)),
    )


def _region(content: dict[str, Any]) -> Region:
    broad = content["broad"]
    return Region(
        **content
        | {
            "box": Box(**content["box"]),
            "position": Position(content["position"]),
            "type_shares": tuple(TypeShare(**share) for share in content["type_shares"]),
            "broad": TypeShare(**broad) if broad else None,
        }
    )
