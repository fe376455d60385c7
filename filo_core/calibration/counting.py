"""Counts as scores: how far a part is from another number than it should have, and from which likeness items begin.

A good part has as many items as were asked for. So each good part says twice what an item is: its n-th likest place is
one, the next is none. The least likeness lies between the lowest of the former and the highest of the latter, nearer to
the items: what nobody has shown, as an empty hole, is liker to an item than the ground is. Bad parts that lack an item
show just that, and move it half way between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from filo_core.sentence import Sentence, sentences
from filo_core.types import ItemsFound, ZoneScore
from filo_core.zones import Zone, inspected

if TYPE_CHECKING:
    from filo_core.calibration.known_parts import ScoredParts

RIGHT_COUNT = 0.5
"""Score of a count up to which it is the right one."""
_NO_PLACE = -1.0
"""Likeness of a place that is not there."""
_BELOW_ITEMS = 0.25
"""Of the way from the items down to the ground: where items begin while no bad part has shown what lies between."""
_CLEARLY_LESS = 0.1
"""Of that way: a bad part whose n-th place is at least so far below all items lacks one."""
_SHARPNESS = 40.0
"""Log-odds a unit of likeness."""
_MOST_ODDS = 12.0


@dataclass(frozen=True, slots=True)
class Turns:
    """Likeness of the place with which a part has as many items as expected, and of the next."""

    last: float
    next: float

    @classmethod
    def of(cls, likenesses: Sequence[float], expected: int) -> Turns:
        """Of a part's places, the likest first."""
        padded = [*likenesses, *[_NO_PLACE] * (expected + 1 - len(likenesses))]
        return cls(padded[expected - 1], padded[expected])


def count_score(likenesses: Sequence[float], expected: int, least: float) -> float:
    """Score in (0, 1) of a count, above :data:`RIGHT_COUNT` where it is wrong.

    Args:
        likenesses: of a part's places, the likest first.
        expected: items that have to be there.
        least: likeness from which on a place is one.
    """
    turns = Turns.of(likenesses, expected)
    wrong = not turns.next < least <= turns.last
    margin = max(least - turns.last, turns.next - least, 1e-6 if wrong else -math.inf)
    odds = min(max(_SHARPNESS * margin, -_MOST_ODDS), _MOST_ODDS)
    return 1.0 / (1.0 + math.exp(-odds))


def least_likeness(good: Sequence[Turns], bad: Sequence[Turns] = ()) -> float:
    """Likeness from which on a place is an item.

    Args:
        good: of good parts, each without its own items; one or more.
        bad: of bad parts that were shown.
    """
    items, ground = min(one.last for one in good), max(one.next for one in good)
    way = items - ground
    if way <= 0.0:
        # They cannot be told apart: where fewest good parts are counted wrong is anybody's guess.
        return (items + ground) / 2.0
    lacking = [one.last for one in bad if one.last < items - _CLEARLY_LESS * way]
    return (items + max(ground, *lacking)) / 2.0 if lacking else items - _BELOW_ITEMS * way


def recounted(score: ZoneScore, least: float) -> ZoneScore:
    """What a part came to in a zone with items that begin elsewhere; a zone without a count stays as it is."""
    counted = score.counted
    if counted is None:
        return score
    return replace(
        score,
        score=count_score([place.likeness for place in counted.places], counted.expected, least),
        counted=replace(counted, least=least),
    )


def with_least_likeness(
    zones: Sequence[Zone], scored: ScoredParts
) -> tuple[tuple[Zone, ...], ScoredParts, list[list[float]]]:
    """Where items begin in each zone that counts, what all parts come to by that, and bad parts had they said nothing.

    Args:
        zones: as drawn.
        scored: the parts, in which items began as the good images alone say.

    Returns:
        the zones, the parts, and of each bad part the score in every zone by a likeness that was found without it.
    """
    drawn = inspected(zones)
    good = [
        scored.zones[part.image_hash]
        for part in (*scored.references, *scored.outside)
        if part.image_hash in scored.zones
    ]
    bad = [scored.zones[part.image_hash] for part in scored.bad]
    leasts: list[float | None] = [None] * len(drawn)
    unseen = [[score.score for score in scores] for scores in bad]
    for place, zone in enumerate(drawn):
        if zone.count is None:
            continue
        of_good = [turns_of(counted) for scores in good if (counted := scores[place].counted) is not None]
        of_bad = [turns_of(counted) for scores in bad if (counted := scores[place].counted) is not None]
        leasts[place] = least_likeness(of_good, of_bad)
        for number, scores in enumerate(bad):
            without = least_likeness(of_good, [*of_bad[:number], *of_bad[number + 1 :]])
            unseen[number][place] = recounted(scores[place], without).score
    anew = {
        image_hash: tuple(
            score if least is None else recounted(score, least) for score, least in zip(scores, leasts, strict=True)
        )
        for image_hash, scores in scored.zones.items()
    }
    by_name = {zone.name: least for zone, least in zip(drawn, leasts, strict=True)}
    counting = tuple(
        zone if zone.count is None else replace(zone, count=replace(zone.count, least=by_name[zone.name]))
        for zone in zones
    )
    return counting, replace(scored, zones=anew), unseen


def counts_sentence(zones: Sequence[Zone], scored: ScoredParts) -> str:
    """How often good parts were counted wrong, a sentence a zone that counts; empty where nothing is counted."""
    told = []
    for place, zone in enumerate(inspected(zones)):
        if zone.count is None:
            continue
        parts = [scored.zones[part.image_hash][place] for part in scored.references]
        wrong = sum(score.score > RIGHT_COUNT for score in parts)
        remedy = Sentence(" Mark another item, or draw the region closer.") if wrong else ""
        told.append(
            Sentence(
                "Region {name} counts {expected} {what}: another number was found in {wrong} of {count} good images, "
                "each held against the others.{remedy}",
                name=zone.name,
                expected=zone.count.expected,
                what=zone.count.what,
                wrong=wrong,
                count=len(parts),
                remedy=remedy,
            )
        )
    return sentences(*told)


def turns_of(counted: ItemsFound) -> Turns:
    """Of what was counted in one part."""
    return Turns.of([place.likeness for place in counted.places], counted.expected)
