"""Limits where several regions are looked at: each has its own, and together they keep one promise.

A part is refused where any of its regions is. With k regions that may happen k times as often, so each is given k-th
part of the false-reject rate (Bonferroni): whatever the regions have to do with each other, a good part is refused at
most as often as was promised. Where the parts cannot carry that, each promises the least it can, and the sum is said.
A region that counts has two shares: too few and too many are two ways to be wrong, and where items begin is found from
the very parts that promise.

Scores of regions are put on one scale: a number is added to the log-odds of each, such that all their limits for OK
fall on the highest of them, and what lies beyond is stretched until their limits for NG do as well. The image score is
then the highest score of any region, and one pair of limits says what each would have said by its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filo_core.calibration.bad_parts import bad_parts_sentence, prove, stopping_limits
from filo_core.calibration.conformal import ConformalLimit, GoodParts
from filo_core.calibration.counting import RIGHT_COUNT, counts_sentence, with_least_likeness
from filo_core.calibration.evidence import calibrated, limits_found, promised_limit
from filo_core.calibration.limits import GUESSED, LEAST_REVIEW_BAND
from filo_core.calibration.session_span import span_sentence, spanning
from filo_core.errors import EvidenceError
from filo_core.events import Calibrated
from filo_core.proof import JudgedPart
from filo_core.sentence import Sentence, one_or_many, sentences
from filo_core.statistics.rates import percent
from filo_core.types import Limits, Verdict, ZoneScore
from filo_core.whole_part import LEAST_PARTS
from filo_core.zones import Zone, ZoneKind, inspected, log_odds, on_scale

if TYPE_CHECKING:
    from filo_core.calibration.known_parts import ScoredParts

_MOST_STRETCH = 100.0
_OF_COUNT = 2
"""Shares of a region that counts."""


@dataclass(frozen=True, slots=True)
class ZoneEvidence:
    """Scores of the good parts in one zone, before anything was added to them."""

    zone: Zone
    parts: GoodParts
    peaks: tuple[float, ...]
    """Largest map value a reference."""


@dataclass(frozen=True, slots=True)
class ZoneLimit:
    """What was found for one zone alone, on its own scale."""

    zone: Zone
    limits: Limits
    promised: ConformalLimit | None
    """None of one good part alone, and where a person set the limit."""
    ng_from: float
    """Score above which the good parts' promise lets the zone call NG."""


def calibrated_parts(
    scored: ScoredParts,
    zones: Sequence[Zone],
    alpha: float,
    *,
    model_hash: str,
    trained: bool,
    sessions: Sequence[str] = (),
) -> Calibrated:
    """Limits from scored parts; one pair of them where no more than one zone is looked at.

    Args:
        scored: the parts, scored while nothing was added to any zone.
        zones: as drawn.
        alpha: false-reject rate to promise, in (0, 1).
        model_hash: model the scores are from.
        trained: whether its weights are.
        sessions: of each part outside of the memory bank, the session it is said to be of; empty for none.

    Raises:
        EvidenceError: if ``alpha`` is no rate, or several parts all have the very same score.
    """
    idle = _too_few(zones, len(scored.references))
    kept, told = (zones, scored) if not idle else _without(zones, scored, idle)
    drawn = inspected(kept)
    several = len(drawn) > 1 or any(zone.limit is not None or not zone.has_map for zone in drawn)
    found = _by_zone(told, kept, alpha, sessions) if several else _as_one(told, kept, alpha, sessions)
    by_name = {zone.name: zone for zone in found.zones}
    return replace(
        found,
        model_hash=model_hash,
        trained=trained,
        zones=tuple(by_name.get(zone.name, zone) for zone in zones),
        sentence=sentences(found.sentence, *(_idle_sentence(name, len(scored.references)) for name in idle)),
    )


def _too_few(zones: Sequence[Zone], references: int) -> list[str]:
    """Names of zones that are looked at as a whole, where good images are too few for it."""
    return [zone.name for zone in zones if zone.kind is ZoneKind.WHOLE] if references < LEAST_PARTS else []


def _idle_sentence(name: str, references: int) -> Sentence:
    return one_or_many(
        references,
        "Region {name} is to be looked at as a whole, which needs {least} good images. There is 1: it is off.",
        "Region {name} is to be looked at as a whole, which needs {least} good images. There are {count}: it is off.",
        name=name,
        least=LEAST_PARTS,
    )


def _without(zones: Sequence[Zone], scored: ScoredParts, names: Sequence[str]) -> tuple[tuple[Zone, ...], ScoredParts]:
    """The zones and what the parts came to without some of them.

    Raises:
        EvidenceError: if nothing would be looked at.
    """
    left = tuple(zone for zone in zones if zone.name not in names)
    if not inspected(left):
        raise EvidenceError(
            "Nothing but region {name} is looked at, as a whole, and that needs {least} good images. Add some, or draw "
            "a region that is inspected as well.",
            name=names[0],
            least=LEAST_PARTS,
        )
    scores = {key: tuple(score for score in own if score.name not in names) for key, own in scored.zones.items()}
    return left, replace(scored, zones=scores)


def _as_one(scored: ScoredParts, zones: Sequence[Zone], alpha: float, sessions: Sequence[str]) -> Calibrated:
    by_session = _by_session(scored.outside, sessions)
    found = calibrated(
        [part.score for part in scored.references],
        scored.peaks,
        by_session.pop("", []),
        alpha,
        model_hash="",
        trained=False,
        good=(*scored.references, *scored.outside),
        bad=scored.bad,
        sessions=by_session,
    )
    return replace(found, apart=scored.apart, zones=tuple(zones))


def _by_session(parts: Sequence[JudgedPart], sessions: Sequence[str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for part, session in zip(parts, sessions or [""] * len(parts), strict=True):
        found.setdefault(session, []).append(part.score)
    return found


def zone_limits(evidence: Sequence[ZoneEvidence], alpha: float) -> tuple[ZoneLimit, ...]:
    """The limits of each zone, each on its own scale, at its share of the false-reject rate.

    Args:
        evidence: one or more zones.
        alpha: rate for all of them together, in (0, 1).

    Raises:
        EvidenceError: if ``alpha`` is no rate, or all parts have the very same score in one of them.
    """
    shares = _shares([one.zone for one in evidence])
    return tuple(_limit_of(one, alpha / shares, shares) for one in evidence)


def _shares(zones: Sequence[Zone]) -> int:
    return sum(1 if zone.count is None else _OF_COUNT for zone in zones)


def on_one_scale(found: Sequence[ZoneLimit]) -> tuple[tuple[Zone, ...], Limits]:
    """The zones with what moves their limits to one another, and the limits of all."""
    common = max(one.limits.ok for one in found)
    knee = log_odds(common)
    eased = [replace(one.zone, ease=knee - log_odds(one.limits.ok), knee=knee) for one in found]
    ng = max(_moved(one.limits.ng, zone) for one, zone in zip(found, eased, strict=True))
    moved = tuple(_stretched(one, zone, ng) for one, zone in zip(found, eased, strict=True))
    mapped = [one for one in zip(found, moved, strict=True) if one[0].zone.has_map]
    region = max((_moved(one.limits.region, zone) for one, zone in mapped), default=common)
    return moved, Limits(ok=common, ng=max(ng, common), region=region)


def _stretched(one: ZoneLimit, zone: Zone, ng: float) -> Zone:
    """The zone with its own limit for NG where that of all is; as it is where either lies beyond every score."""
    if ng >= 1.0 or one.limits.ng >= 1.0:
        return zone
    own, wanted = log_odds(_moved(one.limits.ng, zone)) - zone.knee, log_odds(ng) - zone.knee
    stretch = min(wanted / own, _MOST_STRETCH) if own > 0.0 else _MOST_STRETCH
    return replace(zone, stretch=max(stretch, 1.0))


def _by_zone(scored: ScoredParts, zones: Sequence[Zone], alpha: float, sessions: Sequence[str]) -> Calibrated:
    # A part whose picture is gone has one score from before: of one region that is its score, of several none is known.
    zones, scored, unseen = with_least_likeness(zones, _with_scores_of_before(scored, inspected(zones)))
    of = dict(zip((part.image_hash for part in scored.outside), sessions or [""] * len(scored.outside), strict=True))
    outside = [part for part in scored.outside if part.image_hash in scored.zones]
    found = zone_limits(_evidence(scored, inspected(zones), [one for one in outside if not of[one.image_hash]]), alpha)
    moved, all_limits = on_one_scale(found)
    unseen_scores = [max(on_scale(zone, score) for score, zone in zip(scores, moved, strict=True)) for scores in unseen]
    own, confirmed, bad, apart = (
        tuple(_on_scale(part, scored, moved) for part in parts)
        for parts in (scored.references, outside, scored.bad, scored.apart)
    )
    by_session = _by_session(confirmed, [of[part.image_hash] for part in confirmed])
    parts = GoodParts(tuple(part.score for part in own), tuple(by_session.pop("", [])))
    limit = _shared(found, moved)
    # What moves the regions rests on no part of another session: of those, the highest score is one number a part.
    span = spanning(all_limits, limit, by_session, alpha)
    promised = span.limits.ng if span.promised_at is None else span.promised_at
    good_scores = [part.score for part in (*own, *confirmed)]
    limits = stopping_limits(span.limits, good_scores, [part.score for part in bad], promised)
    proof = prove(limits, (*own, *confirmed), bad, span.limits, unseen_scores)
    shares = _shares([one.zone for one in found])
    needed = parts.needed(alpha / shares)
    by_hand = any(one.zone.limit is not None for one in found)
    calls_ng = bool(needed) or span.about_ng or limits.ok < span.limits.ok or by_hand
    told = (
        _sentence(parts, found, limit, alpha, calls_ng=calls_ng),
        span_sentence(by_session, span.promise, about_ng=calls_ng),
        bad_parts_sentence(proof, span.limits),
        counts_sentence(zones, scored),
    )
    by_name = {zone.name: zone for zone in moved}
    return Calibrated(
        limits=limits,
        scores=parts.references,
        lowest_promise=min(shares / (parts.count + 1), 1.0),
        sentence=" ".join(filter(None, told)),
        model_hash="",
        trained=False,
        alpha=alpha,
        promise=span.promise,
        needed_for_alpha=needed,
        guarantee=limit.guarantee.value if limit else "",
        promised_at=span.promised_at,
        refused_as=Verdict.NG if calls_ng else Verdict.REVIEW,
        confirmed_scores=tuple(part.score for part in confirmed),
        apart=apart,
        proof=proof,
        zones=tuple(by_name.get(zone.name, zone) for zone in zones),
    )


def _shared(found: Sequence[ZoneLimit], moved: Sequence[Zone]) -> ConformalLimit | None:
    """What all zones promise together, at the score above which none of them breaks it; None where one has none."""
    own = [one.promised for one in found if one.promised is not None]
    if len(own) < len(found):
        return None
    at = max(_moved(one.ng_from, zone) for one, zone in zip(found, moved, strict=True))
    return replace(own[0], limit=at, promise=min(sum(one.promise for one in own), 1.0))


def _with_scores_of_before(scored: ScoredParts, drawn: Sequence[Zone]) -> ScoredParts:
    if len(drawn) > 1:
        return scored
    before = {part.image_hash: (ZoneScore(drawn[0].name, part.score, part.score),) for part in scored.outside}
    return replace(scored, zones=before | dict(scored.zones))


def _evidence(scored: ScoredParts, drawn: Sequence[Zone], outside: Sequence[JudgedPart]) -> list[ZoneEvidence]:
    own = [scored.zones[part.image_hash] for part in scored.references]
    others = [scored.zones[part.image_hash] for part in outside]
    return [
        ZoneEvidence(
            zone,
            GoodParts(tuple(part[n].score for part in own), tuple(part[n].score for part in others)),
            tuple(part[n].peak for part in own),
        )
        for n, zone in enumerate(drawn)
    ]


def _limit_of(one: ZoneEvidence, alpha: float, shares: int) -> ZoneLimit:
    try:
        limit = promised_limit(one.parts, alpha) if one.parts.count > 1 else None
    except EvidenceError as error:
        raise EvidenceError("Region {name}: {error}", name=one.zone.name, error=error) from error
    if one.zone.count is not None:
        return _limit_of_count(one.zone, limit)
    found = limits_found(limit, one.parts, one.peaks, alpha, shares)[0]
    ng_from = limit.limit if limit else found.ng
    if one.zone.limit is not None:
        ok = one.zone.limit
        # NG is called no earlier than the good parts allow, whatever a person set for OK.
        ng = max(found.ng, ok * (1.0 + LEAST_REVIEW_BAND))
        return ZoneLimit(one.zone, Limits(ok, ng, found.region), limit, max(ng_from, ok))
    return ZoneLimit(one.zone, found, limit, ng_from)


def _limit_of_count(zone: Zone, limit: ConformalLimit | None) -> ZoneLimit:
    """OK ends where the count is wrong; NG begins there too, unless good parts are counted wrong themselves."""
    if limit is None:
        return ZoneLimit(zone, Limits(RIGHT_COUNT, RIGHT_COUNT, RIGHT_COUNT), None, RIGHT_COUNT)
    # A part is called NG only if its last item is less like one than those of all but so many good parts, or its next
    # place more: wherever items begin, each happens as often as one share says.
    ng, promise = max(RIGHT_COUNT, limit.limit), min(_OF_COUNT * limit.promise, 1.0)
    return ZoneLimit(zone, Limits(RIGHT_COUNT, ng, RIGHT_COUNT), replace(limit, promise=promise), ng)


def _on_scale(part: JudgedPart, scored: ScoredParts, moved: Sequence[Zone]) -> JudgedPart:
    scores = scored.zones[part.image_hash]
    return replace(part, score=max(on_scale(zone, one.score) for one, zone in zip(scores, moved, strict=True)))


def _sentence(
    parts: GoodParts, found: Sequence[ZoneLimit], limit: ConformalLimit | None, alpha: float, *, calls_ng: bool
) -> str:
    regions = one_or_many(len(found), "1 region", "{count} regions")
    if limit is None and not parts.references and not parts.confirmed:
        return GUESSED
    if limit is None:
        return Sentence(
            "1 good part and {regions}: no false-reject rate can be promised. Add good parts.", regions=regions
        )
    each = alpha / _shares([one.zone for one in found])
    needed = parts.needed(each)
    goal = ""
    if needed:
        goal = Sentence(
            " {needed} more for {alpha}: each region has to keep {each} of it.",
            needed=needed,
            alpha=percent(alpha),
            each=percent(each),
        )
    worst = "" if limit.guarantee.is_split else Sentence(" in the worst case")
    own = [one.zone.name for one in found if one.zone.limit is not None]
    by_hand = (
        Sentence(" Set by hand, so nothing is promised of what they doubt: {own}.", own=", ".join(own)) if own else ""
    )
    return Sentence(
        "{count} good parts and {regions}, which share the promise: at most {promise} of good "
        "parts are {calls_ng}{worst}, all regions together ({guarantee}).{goal}{by_hand}",
        count=parts.count,
        regions=regions,
        promise=percent(limit.promise),
        calls_ng=Sentence("called NG" if calls_ng else "refused"),
        worst=worst,
        guarantee=limit.guarantee,
        goal=goal,
        by_hand=by_hand,
    )


def _moved(score: float, zone: Zone) -> float:
    # A band above a limit may end beyond 1, where no score is: it stays above all of them.
    return on_scale(zone, score) if score < 1.0 else score
