"""The promise behind a recipe's limits beside good parts of other sessions, as the record has them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from filo_core.calibration.guard import Guard, Source
from filo_core.calibration.session_guard import session_rate
from filo_core.sessions import SessionPart, Taken, ToldBy
from filo_core.types import EventKind, Limits, Recipe, Verdict

if TYPE_CHECKING:
    from storage.storage import Transaction

_LOOKED_BACK = 20
"""Calibrations that are looked through for the one of a set-up."""


def session_guard(transaction: Transaction, recipe: Recipe, references: Sequence[str]) -> Guard | None:
    """The promise behind a recipe's limits beside its sessions; None where nothing was judged under its set-up.

    Args:
        transaction: of the record.
        recipe: whose limits are looked at.
        references: hashes of its good images.
    """
    detail = _judged(transaction, recipe)
    if detail is None:
        return None
    product_id = transaction.products.product_id(recipe.product)
    refused_as, promise = Verdict(detail["refused_as"]), _promise(detail, recipe.limits)
    scores = {image_hash: score for image_hash, _, score in (*detail["good"], *detail["apart"])}
    parts = transaction.sessions.parts(product_id)
    declared = {part.image_hash: part.session for part in parts}
    evidence = [image_hash for image_hash, _, _ in detail["good"]] or list(references)
    joined = set(evidence)
    by_session: defaultdict[str, list[SessionPart]] = defaultdict(list)
    for part in parts:
        by_session[part.session].append(part)
    rates, waiting = [], []
    for session, shown in by_session.items():
        judged = [scores[part.image_hash] for part in shown if part.image_hash in scores]
        if len(judged) < len(shown):
            waiting.append(session)
        if judged:
            is_evidence = any(part.image_hash in joined for part in shown)
            rates.append(session_rate(session, judged, recipe.limits, promise, refused_as, joined=is_evidence))
    sources = _sources(evidence, declared, transaction.known.taken(product_id, evidence))
    return Guard(promise, refused_as, sources, tuple(rates), tuple(waiting))


def _judged(transaction: Transaction, recipe: Recipe) -> dict[str, Any] | None:
    """What the newest calibration under the recipe's set-up kept; those before sessions were kept are none."""
    for event in transaction.events.about(EventKind.PARTS_JUDGED, recipe.product, _LOOKED_BACK):
        detail: dict[str, Any] = json.loads(event.detail)
        if detail["scoring_hash"] == recipe.scoring_hash and "promise" in detail:
            return detail
    return None


def _promise(detail: dict[str, Any], limits: Limits) -> float | None:
    """What was promised, unless the limit was moved below where the promise holds."""
    promise: float | None = detail["promise"]
    limit = limits.ng if detail["refused_as"] == Verdict.NG.value else limits.ok
    return promise if promise is not None and limit >= detail["promised_at"] else None


def _sources(evidence: Sequence[str], declared: dict[str, str], taken: dict[str, Taken]) -> tuple[Source, ...]:
    """Sessions by name, else days, in the order of their names; what nothing is known of last."""
    counts: Counter[tuple[str, ToldBy | None]] = Counter()
    for image_hash in evidence:
        if image_hash in declared:
            counts[declared[image_hash], None] += 1
        elif image_hash in taken:
            one = taken[image_hash]
            counts[f"{one.at.astimezone():%Y-%m-%d}", one.told_by] += 1
        else:
            counts["", None] += 1
    found = [Source(name, parts, told_by) for (name, told_by), parts in counts.items()]
    return tuple(sorted(found, key=lambda source: (not source.name, source.name, source.told_by or "")))
