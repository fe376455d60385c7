"""What may be drawn as a region or an ignore mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from filo_core.errors import RecipeError
from filo_core.identity import FIELDS
from filo_core.method.zone_masks import INSIDE, coverage, ignored_in
from filo_core.types import Reference
from filo_core.zones import (
    LARGEST_SCALE,
    LONGEST_ZONE_NAME,
    CodeRead,
    FixtureSearch,
    ItemCount,
    ItemExample,
    Point,
    Zone,
    ZoneKind,
    ZoneShape,
    contains,
    fixture_of,
    inspected,
)

MOST_ZONES = 32
MOST_POINTS = 200
MOST_ITEMS = 99
MOST_EXAMPLES = 40
MOST_NAMES = 50
_DIGITS = 6
_LEAST_AREA = 1e-5
"""Of the picture: about a square of 3 pixels in a picture of a million."""
_TOLERANCE = 1e-6
_CHECKED = 128
"""Cells a side on which zones are checked when they are drawn."""


def checked_zones(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """Zones as they are kept, of which each has something that is looked at.

    Raises:
        RecipeError: if one cannot be; the sentence says which, and what to do.
    """
    tidy = tidy_zones(zones)
    whole = (0.0, 0.0, 1.0, 1.0)
    ignored = ignored_in(tidy, whole, _CHECKED, _CHECKED) >= INSIDE
    _check_fixture(tidy)
    for zone in inspected(tidy):
        covered = coverage(zone, whole, _CHECKED, _CHECKED)
        if ignored[covered >= min(INSIDE, float(covered.max()))].all():
            raise RecipeError("Everything in region {name} is ignored. Make the ignore mask smaller.", name=zone.name)
        _check_examples(zone, fixture_of(tidy))
    if ignored.all():
        raise RecipeError("Everything is ignored, so nothing would be looked at. Make the ignore masks smaller.")
    return tidy


def tidy_zones(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """The zones as they are kept: names without needless blanks, coordinates rounded, corners in order.

    Raises:
        RecipeError: if one cannot be: no name or one twice, outside of the picture, empty, or crossing itself.
    """
    if len(zones) > MOST_ZONES:
        raise RecipeError(
            "{count} regions are more than the {most_zones} that a product may have.",
            count=len(zones),
            most_zones=MOST_ZONES,
        )
    tidy = tuple(_tidy(zone) for zone in zones)
    names = [zone.name.casefold() for zone in tidy]
    twice = next((zone.name for zone in tidy if names.count(zone.name.casefold()) > 1), None)
    if twice is not None:
        raise RecipeError("Two regions are called {twice}. Give each a name of its own.", twice=twice)
    return tidy


def _check_fixture(zones: Sequence[Zone]) -> None:
    fixtures = [zone.name for zone in zones if zone.kind is ZoneKind.FIXTURE]
    if len(fixtures) > 1:
        raise RecipeError(
            "{first} and {second} are both fixtures. Regions move with one: remove the other.",
            first=fixtures[0],
            second=fixtures[1],
        )
    if fixtures and not inspected(zones):
        raise RecipeError(
            "Nothing moves with fixture {fixture}. Draw the region that is to be inspected as well.",
            fixture=fixtures[0],
        )


def _tidy_search(zone: Zone, name: str) -> FixtureSearch | None:
    if zone.kind is not ZoneKind.FIXTURE:
        return None
    search = zone.search or FixtureSearch()
    if not 0.0 <= search.turn <= 180.0:
        raise RecipeError(
            "Fixture {fixture} can be searched for at rotations of 0 to 180 degrees, not {turn:g}.",
            fixture=name,
            turn=search.turn,
        )
    if not 0.0 <= search.scale <= LARGEST_SCALE:
        raise RecipeError(
            "Fixture {fixture} can be looked for up to {most:.0f} % larger or smaller, not {scale:g} %.",
            fixture=name,
            most=100 * LARGEST_SCALE,
            scale=100 * search.scale,
        )
    return replace(search, turn=round(search.turn, 3), scale=round(search.scale, 4))


def _tidy(zone: Zone) -> Zone:
    name = " ".join(zone.name.split())
    if not name or len(name) > LONGEST_ZONE_NAME or not name.isprintable():
        raise RecipeError(
            "A region needs a name of 1 to {longest_zone_name} characters that can be seen.",
            longest_zone_name=LONGEST_ZONE_NAME,
        )
    if not all(math.isfinite(value) for point in zone.points for value in point):
        raise RecipeError("Region {name} has a corner that is no number. Draw it again.", name=name)
    if any(not -_TOLERANCE <= value <= 1.0 + _TOLERANCE for point in zone.points for value in point):
        raise RecipeError("Region {name} lies outside the picture. Draw it inside.", name=name)
    if zone.limit is not None and not 0.0 < zone.limit < 1.0:
        raise RecipeError(
            "The limit of region {name} must lie between 0 and 1, {limit:g} does not.", name=name, limit=zone.limit
        )
    if not all(math.isfinite(value) for value in (zone.ease, zone.knee, zone.stretch)) or zone.stretch < 1.0:
        raise RecipeError("Region {name} cannot be read. Draw it again.", name=name)
    points = _tidy_points(zone, name)
    limit = zone.limit if zone.kind is ZoneKind.INSPECT else None
    anomalies = _tidy_names(zone, name)
    tidy = replace(zone, name=name, points=points, limit=limit, search=_tidy_search(zone, name), anomalies=anomalies)
    return replace(tidy, count=tidy_count(tidy), code=_tidy_code(tidy))


def _tidy_code(zone: Zone) -> CodeRead | None:
    if zone.kind is not ZoneKind.CODE:
        return None
    code = zone.code or CodeRead()
    if code.field not in FIELDS:
        raise RecipeError(
            "The code in region {region} cannot name {field}. Choose one of: {fields}.",
            region=zone.name,
            field=code.field[:40],
            fields=", ".join(FIELDS),
        )
    return code


def _tidy_names(zone: Zone, name: str) -> tuple[str, ...]:
    """The zone's own anomaly list as it is kept, each name once; where there is no map, nothing is named."""
    if not zone.has_map:
        return ()
    if len(zone.anomalies) > MOST_NAMES:
        raise RecipeError(
            "Region {name} lists {count} anomalies; {most} are enough. Remove some.",
            name=name,
            count=len(zone.anomalies),
            most=MOST_NAMES,
        )
    named = [" ".join(one.split()) for one in zone.anomalies]
    if not all(one and one.isprintable() for one in named):
        raise RecipeError("The anomaly list of region {name} has an empty entry. Remove it.", name=name)
    return tuple({one.casefold(): one for one in reversed(named)}.values())[::-1]


def with_listed(zones: Sequence[Zone], listed: Sequence[str]) -> tuple[Zone, ...]:
    """The zones with their anomalies as the product's list writes them.

    Args:
        zones: tidy ones.
        listed: names on the product's anomaly list.

    Raises:
        RecipeError: if a zone lists what the product does not.
    """
    by_name = {name.casefold(): name for name in listed}
    for zone in zones:
        strange = [one for one in zone.anomalies if one.casefold() not in by_name]
        if strange:
            raise RecipeError(
                "Region {name} lists {strange}, which the product's anomaly list does not have. Add it there first.",
                name=zone.name,
                strange=", ".join(strange),
            )
    return tuple(replace(zone, anomalies=tuple(by_name[one.casefold()] for one in zone.anomalies)) for zone in zones)


def tidy_count(zone: Zone) -> ItemCount | None:
    """What a tidy zone counts, as it is kept.

    Raises:
        RecipeError: if a zone that counts says not what or how many, or shows no item within it.
    """
    if zone.kind is not ZoneKind.COUNT:
        return None
    count, name = zone.count, zone.name
    if count is None or not count.examples:
        raise RecipeError("Region {name} counts, and shows no example. Mark one item on a good image.", name=name)
    what = " ".join(count.what.split())
    if not what or len(what) > LONGEST_ZONE_NAME or not what.isprintable():
        raise RecipeError(
            "Say what region {name} counts, in 1 to {longest} characters: screws.", name=name, longest=LONGEST_ZONE_NAME
        )
    if not 1 <= count.expected <= MOST_ITEMS:
        raise RecipeError(
            "Region {name} expects {count} {what}. Give 1 to {most}; for a place that has to be empty draw a region "
            "that is inspected.",
            name=name,
            count=count.expected,
            what=what,
            most=MOST_ITEMS,
        )
    if len(count.examples) > MOST_EXAMPLES:
        raise RecipeError(
            "Region {name} shows {count} examples; {most} are enough. Remove some.",
            name=name,
            count=len(count.examples),
            most=MOST_EXAMPLES,
        )
    examples = tuple(_tidy_example(zone, one) for one in count.examples)
    return replace(count, what=what, examples=examples)


def with_pictures(zones: Sequence[Zone], references: Sequence[Reference]) -> tuple[Zone, ...]:
    """The zones with the hashes of pictures that a file calls by name.

    Raises:
        RecipeError: if one is no good image, or several have that name.
    """
    found = []
    for zone in zones:
        count = zone.count
        if count is not None:
            examples = tuple(_of_picture(zone, one, references) for one in count.examples)
            count = replace(count, examples=examples)
        found.append(replace(zone, count=count))
    return tuple(found)


def _of_picture(zone: Zone, example: ItemExample, references: Sequence[Reference]) -> ItemExample:
    if any(reference.image_hash == example.picture for reference in references):
        return example
    named = [reference.image_hash for reference in references if reference.name == example.picture]
    if len(named) == 1:
        return replace(example, picture=named[0])
    if named:
        raise RecipeError(
            "Region {name} shows what it counts on {picture}, and several good images are called so. Give the hash of "
            "the picture, or mark an item in the window.",
            name=zone.name,
            picture=example.picture[:60],
        )
    raise RecipeError(
        "Region {name} shows what it counts on {picture}, which is no good image of the product. Add that image, or "
        "mark an item on a good one.",
        name=zone.name,
        picture=example.picture[:60],
    )


def require_no_example(zones: Sequence[Zone], image_hash: str) -> None:
    """Refuse to do without a picture on which a zone shows what it counts.

    Raises:
        RecipeError: if there is one.
    """
    for zone in zones:
        if zone.count is not None and any(example.picture == image_hash for example in zone.count.examples):
            raise RecipeError(
                "Region {name} shows on this picture what it counts. Mark an item on another good image first, or "
                "remove the region.",
                name=zone.name,
            )


def _check_examples(zone: Zone, fixture: Zone | None) -> None:
    """Refuse an item outside of the zone; where zones move, in the picture that they were drawn on alone."""
    drawn_on = fixture.search.picture if fixture is not None and fixture.search is not None else ""
    for example in zone.count.examples if zone.count is not None else ():
        (left, top), (right, bottom) = example.points
        moved = fixture is not None and example.picture != drawn_on
        if not moved and not contains(zone.outline, ((left + right) / 2.0, (top + bottom) / 2.0)):
            raise RecipeError(
                "An example of region {name} lies outside of it. Mark an item inside, or draw the region around it.",
                name=zone.name,
            )


def _tidy_example(zone: Zone, example: ItemExample) -> ItemExample:
    if len(example.points) != 2 or not all(math.isfinite(value) for point in example.points for value in point):
        raise RecipeError("An example of region {name} cannot be read. Mark the item again.", name=zone.name)
    (x, y), (other_x, other_y) = example.points
    box = (
        (_fraction(min(x, other_x)), _fraction(min(y, other_y))),
        (_fraction(max(x, other_x)), _fraction(max(y, other_y))),
    )
    if (box[1][0] - box[0][0]) * (box[1][1] - box[0][1]) < _LEAST_AREA:
        raise RecipeError("An example of region {name} is empty. Draw a box around one item.", name=zone.name)
    return replace(example, points=box)


def _tidy_points(zone: Zone, name: str) -> tuple[Point, ...]:
    points = [(_fraction(x), _fraction(y)) for x, y in zone.points]
    if zone.shape is not ZoneShape.POLYGON:
        if len(points) != 2:
            raise RecipeError("Region {name} needs two opposite corners.", name=name)
        (x, y), (other_x, other_y) = points
        points = [(min(x, other_x), min(y, other_y)), (max(x, other_x), max(y, other_y))]
        if (points[1][0] - points[0][0]) * (points[1][1] - points[0][1]) < _LEAST_AREA:
            raise RecipeError("Region {name} is empty. Draw it larger, or remove it.", name=name)
        return tuple(points)
    points = [point for number, point in enumerate(points) if point != points[(number + 1) % len(points)]]
    if len(points) < 3 or abs(_area(points)) < _LEAST_AREA:
        raise RecipeError("Region {name} is empty. A polygon needs three corners or more around something.", name=name)
    if len(points) > MOST_POINTS:
        raise RecipeError(
            "Region {name} has {count} corners, more than the {most_points} that are kept.",
            name=name,
            count=len(points),
            most_points=MOST_POINTS,
        )
    if crosses_itself(points):
        raise RecipeError("The outline of region {name} crosses itself. Draw it again without a crossing.", name=name)
    return tuple(points)


def crosses_itself(points: Sequence[Point]) -> bool:
    """Whether two sides of a polygon that are no neighbours meet, or a corner folds back onto its own side."""
    count = len(points)
    sides = [(points[number], points[(number + 1) % count]) for number in range(count)]
    for first in range(count):
        before, (here, after) = points[first - 1], sides[first]
        if _turn(before, here, after) == 0.0 and _ahead(before, here, after) < 0.0:
            return True
        for second in range(first + 2, count):
            if (second + 1) % count != first and _meet(*sides[first], *sides[second]):
                return True
    return False


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the sides ``ab`` and ``cd`` have a point in common."""
    abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if abc * abd < 0.0 and cda * cdb < 0.0:
        return True
    touching = ((abc, a, b, c), (abd, a, b, d), (cda, c, d, a), (cdb, c, d, b))
    return any(turn == 0.0 and _beside(start, end, point) for turn, start, end, point in touching)


def _beside(start: Point, end: Point, point: Point) -> bool:
    """Whether a point on the line of a side lies within it."""
    return all(min(s, e) <= p <= max(s, e) for s, e, p in zip(start, end, point, strict=True))


def _turn(a: Point, b: Point, c: Point) -> float:
    return round((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]), 2 * _DIGITS)


def _ahead(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1])


def _area(points: Sequence[Point]) -> float:
    return sum(x * points[n - 1][1] - points[n - 1][0] * y for n, (x, y) in enumerate(points)) / 2.0


def _fraction(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), _DIGITS)
