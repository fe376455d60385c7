"""What stands in rows that change, beside what the chain says of it: versions in force and golden sets.

Such a row has no entry of its own. Its newest change has one: a recipe version that was signed, or an event.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from filo_core.sentence import Sentence
from filo_core.types import EventKind
from storage.audit.contents import canonical, sha256
from storage.audit.happenings import told
from storage.audit.problems import Problem
from storage.calibration_models import GoldenDemandRow, GoldenPartRow
from storage.models import ProductRow, RecipeVersionRow
from storage.names import name_key
from storage.trust_models import AuditRow

NO_GOLDEN_SET = sha256(canonical({"demanded": None, "parts": []}))
_PRODUCTS = ProductRow.__tablename__


def standing_problems(session: Session) -> Iterator[Problem]:
    """Products that stand otherwise than the chain says."""
    yield from _misnamed(session)
    said, stands = versions_said(session), versions_standing(session)
    for product_id in sorted(said.keys() | stands.keys()):
        sequence, version = said.get(product_id, (0, None))
        if stands.get(product_id) != version:
            words = Sentence(
                "{stands} is in force, and the chain says {said}",
                stands=_spoken(stands.get(product_id)),
                said=_spoken(version),
            )
            yield Problem(sequence, _PRODUCTS, product_id, words)
    told_sets, sets = golden_said(session), golden_standing(session)
    for product_id in sorted(told_sets.keys() | sets.keys()):
        sequence, digest = told_sets.get(product_id, (0, NO_GOLDEN_SET))
        if sets.get(product_id, NO_GOLDEN_SET) != digest:
            what = Sentence("its golden set, or the demand of a check, is not what the chain says")
            yield Problem(sequence, _PRODUCTS, product_id, what)


def versions_said(source: Session | Connection) -> dict[int, tuple[int, int | None]]:
    """By product: the version in force, after the entry that says so."""
    found: dict[int, tuple[int, int | None]] = {}
    for event in told(source, EventKind.RECIPE_IN_FORCE, EventKind.PRODUCT_REMOVED):
        if event.product_id is not None:
            found[event.product_id] = (event.sequence, event.detail.get("version"))
    # The newest entry of a row: its id may have been another one's before.
    signed = (
        select(func.max(AuditRow.sequence), RecipeVersionRow.product_id, RecipeVersionRow.version)
        .join(RecipeVersionRow, RecipeVersionRow.id == AuditRow.row_id)
        .where(AuditRow.table_name == RecipeVersionRow.__tablename__)
        .group_by(RecipeVersionRow.id, RecipeVersionRow.product_id, RecipeVersionRow.version)
    )
    for sequence, product_id, version in source.execute(signed):
        if sequence > found.get(product_id, (0, None))[0]:
            found[product_id] = (sequence, version)
    return found


def versions_standing(source: Session | Connection) -> dict[int, int | None]:
    """By product: the version that its row has in force."""
    return {row.id: row.signed_version for row in source.execute(select(ProductRow.id, ProductRow.signed_version))}


def golden_said(source: Session | Connection) -> dict[int, tuple[int, str]]:
    """By product: the digest of its golden set, after the entry that says so."""
    return {
        event.product_id: (event.sequence, event.detail.get("digest", NO_GOLDEN_SET))
        for event in told(source, EventKind.GOLDEN_SET_CHANGED, EventKind.PRODUCT_REMOVED)
        if event.product_id is not None
    }


def golden_standing(source: Session | Connection, product_id: int | None = None) -> dict[int, str]:
    """By product, or for one: the digest of its known parts and of the check that it demands; absent without either."""
    parts: defaultdict[int, list[list[str]]] = defaultdict(list)
    known = select(GoldenPartRow.product_id, GoldenPartRow.image_hash, GoldenPartRow.name, GoldenPartRow.expected)
    demands = select(GoldenDemandRow.product_id, GoldenDemandRow.shift_starts)
    if product_id is not None:
        known = known.where(GoldenPartRow.product_id == product_id)
        demands = demands.where(GoldenDemandRow.product_id == product_id)
    for owner, *part in source.execute(known):
        parts[owner].append(part)
    demanded: Mapping[int, str] = dict(source.execute(demands).all())
    return {
        owner: sha256(canonical({"demanded": demanded.get(owner), "parts": sorted(parts[owner])}))
        for owner in {*parts, *demanded}
    }


def _misnamed(session: Session) -> Iterator[Problem]:
    """A signed product keeps the name that its recipes carry."""
    query = (
        select(RecipeVersionRow.product_id, RecipeVersionRow.content, ProductRow.name, ProductRow.name_key)
        .join(ProductRow, ProductRow.id == RecipeVersionRow.product_id)
        .order_by(RecipeVersionRow.product_id, RecipeVersionRow.version)
    )
    misnamed: dict[int, str] = {}
    for product_id, content, name, key in session.execute(query):
        if name_key(name) != key or _named(content) not in {"", key}:
            misnamed.setdefault(product_id, name)
    for product_id, name in misnamed.items():
        yield Problem(
            0, _PRODUCTS, product_id, Sentence("it is called {name}, which its recipes are not signed for", name=name)
        )


def _named(content: str) -> str:
    try:
        return name_key(json.loads(content)["product"])
    except (ValueError, LookupError, TypeError):
        # Somebody wrote something else over it, which the chain finds itself.
        return ""


def _spoken(version: int | None) -> str:
    return Sentence("no recipe") if version is None else Sentence("recipe version {version}", version=version)
