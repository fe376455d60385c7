"""Limits that hold for good parts of each of several sessions, and not for some mixture of them.

Parts of two days are not exchangeable, so they are not pooled. Each session asks for a limit of its own, and the
highest is taken: it refuses no more parts of any session than that session's own would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.calibration.conformal import lowest_promise, parts_needed, split_limit
from filo_core.calibration.limits import doubt_limit
from filo_core.sentence import Sentence
from filo_core.statistics.rates import percent
from filo_core.types import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from filo_core.calibration.conformal import ConformalLimit


@dataclass(frozen=True, slots=True)
class SessionSpan:
    """Limits for all sessions, and what they promise for each of them."""

    limits: Limits
    promise: float | None
    """The highest of what the sessions promise; None where nothing is promised."""
    promised_at: float | None
    about_ng: bool
    """Whether any session has too few parts for more than a promise about NG."""


def spanning(
    found: Limits, limit: ConformalLimit | None, sessions: Mapping[str, Sequence[float]], alpha: float
) -> SessionSpan:
    """Limits raised to what the parts of other sessions ask for.

    Args:
        found: limits without those.
        limit: the promise behind them; None without one.
        sessions: image scores of good parts, by their session's name.
        alpha: false-reject rate to promise where the parts of a session carry it, in (0, 1).
    """
    if not sessions:
        return SessionSpan(found, limit.promise if limit else None, limit.limit if limit else None, False)
    own = {name: _own(scores, alpha) for name, scores in sessions.items()}
    ok = max(found.ok, *(one.ok for one, _ in own.values()))
    ng = max(found.ng, ok, *(one.ng for one, _ in own.values()))
    promised_at = max(limit.limit if limit else 0.0, *(one.ng for one, _ in own.values()))
    promise = max(limit.promise, *(rate for _, rate in own.values())) if limit else None
    few = any(len(scores) < parts_needed(alpha) for scores in sessions.values())
    return SessionSpan(Limits(ok, ng, found.region), promise, promised_at if limit else None, few)


def _own(scores: Sequence[float], alpha: float) -> tuple[Limits, float]:
    """What one session asks for, and what it promises then."""
    highest, lowest = max(scores), lowest_promise(len(scores))
    if len(scores) < parts_needed(alpha) or min(scores) == highest:
        # Too few for the goal: NG above all of them, and REVIEW from where a part is unlike them.
        return Limits(min(doubt_limit(scores), highest), highest, 0.0), lowest
    limit = split_limit(scores, alpha).limit
    return Limits(limit, limit, 0.0), alpha


def span_sentence(sessions: Mapping[str, Sequence[float]], promise: float | None, *, about_ng: bool) -> str:
    """What the limits promise of good parts of every session; empty where there is one alone.

    Args:
        sessions: as for :func:`spanning`.
        promise: of the span.
        about_ng: whether all that is promised in the end, bad parts reckoned with, is about NG.
    """
    if not sessions:
        return ""
    named = ", ".join(f"{name} ({len(scores)})" for name, scores in sessions.items())
    if promise is None:
        return Sentence("They let the good parts of these sessions pass as well: {named}.", named=named)
    refused = Sentence("called NG" if about_ng else "refused")
    return Sentence(
        "With the good parts of {named}: at most {promise} of good parts of any session are {refused}.",
        named=named,
        promise=percent(promise),
        refused=refused,
    )
