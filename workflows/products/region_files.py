"""Regions and ignore masks as files: ours, labelme's, and COCO's polygons."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from filo_core.errors import ProductError, RecipeError
from filo_core.method.zone_rules import checked_zones
from filo_core.sentence import Sentence
from filo_core.whole_files import whole_file
from filo_core.zones import (
    LONGEST_ZONE_NAME,
    CodeRead,
    FixtureSearch,
    ItemCount,
    ItemExample,
    Point,
    Unreadable,
    Zone,
    ZoneKind,
    ZoneShape,
)
from workflows.people.rights import free

FORMAT = "filo-regions"
FORMAT_VERSION = 1
IGNORE = "ignore"
"""A label that begins so is an ignore mask in files that know no kinds."""
_LARGEST_BYTES = 4 << 20
_REMEDY = Sentence("Draw the regions in the window, or see docs/regions.md for what such a file holds.")


def read_regions(path: Path) -> tuple[Zone, ...]:
    """Regions from a file, checked.

    Raises:
        ProductError: if it cannot be read, or is none of the three kinds.
        RecipeError: if a region in it cannot be: empty, outside of the picture, crossing itself, or wholly ignored.
    """
    content = _content(path)
    try:
        zones = tuple(_reader_of(content, path)(content))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise ProductError(
            "{path} holds a region that cannot be read ({error}). {remedy}",
            path=path,
            error=_said(error),
            remedy=_REMEDY,
        ) from error
    if not zones:
        raise ProductError("{path} holds no region. {remedy}", path=path, remedy=_REMEDY)
    return checked_zones(_named_apart(zones))


@free("a drawing of where a product is looked at, which anybody may see")
def write_regions(path: Path, zones: Sequence[Zone]) -> None:
    """Write regions to a file that :func:`read_regions` reads; one that is there is replaced.

    Raises:
        FolderError: if it cannot be written.
    """
    content = {"format": FORMAT, "version": FORMAT_VERSION, "regions": [_as_json(zone) for zone in zones]}
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _as_json(zone: Zone) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": zone.name,
        "kind": zone.kind.value,
        "shape": zone.shape.value,
        "points": zone.points,
    }
    if zone.limit is not None:
        found["limit"] = zone.limit
    if zone.search is not None:
        found |= {"turn": zone.search.turn, "scale": zone.search.scale}
    if zone.count is not None:
        found["count"] = count_as_json(zone.count)
    if zone.anomalies:
        found["anomalies"] = zone.anomalies
    if zone.code is not None:
        found["code"] = code_as_json(zone.code)
    return found


def code_as_json(code: CodeRead) -> dict[str, Any]:
    """What a zone reads a code for, as a file of regions has it."""
    return {"field": code.field, "unreadable": code.unreadable.value}


def count_as_json(count: ItemCount) -> dict[str, Any]:
    """What a zone counts, as a file of regions has it."""
    examples = [{"picture": one.picture, "points": one.points} for one in count.examples]
    return {"what": count.what, "expected": count.expected, "examples": examples}


def _content(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise ProductError(
                "{path} is larger than {largest_bytes} MB, which no file of regions is.",
                path=path,
                largest_bytes=_LARGEST_BYTES >> 20,
            )
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProductError(
            "{path} cannot be read: {strerror}. Check the path.", path=path, strerror=error.strerror or error
        ) from error
    except (ValueError, RecursionError) as error:
        raise ProductError("{path} is no JSON. {remedy}", path=path, remedy=_REMEDY) from error
    if not isinstance(content, dict):
        raise ProductError("{path} holds no regions. {remedy}", path=path, remedy=_REMEDY)
    return content


def _reader_of(content: dict[str, Any], path: Path) -> Callable[[dict[str, Any]], Iterable[Zone]]:
    if content.get("format") == FORMAT:
        if content.get("version") != FORMAT_VERSION:
            raise ProductError("{path} was written by a newer version of this program. Update the program.", path=path)
        return _of_ours
    if "shapes" in content:
        return _of_labelme
    if "annotations" in content:
        return _of_coco
    raise ProductError(
        "{path} is neither a file of regions, nor labelme's, nor COCO's. {remedy}", path=path, remedy=_REMEDY
    )


def _of_ours(content: dict[str, Any]) -> Iterator[Zone]:
    for one in content["regions"]:
        limit = one.get("limit")
        yield Zone(
            str(one["name"]),
            tuple(_point(point) for point in one["points"]),
            ZoneShape(one.get("shape", ZoneShape.POLYGON)),
            ZoneKind(one.get("kind", ZoneKind.INSPECT)),
            None if limit is None else _number(limit),
            search=_search_of(one),
            count=_count(one["count"]) if "count" in one else None,
            anomalies=_names(one.get("anomalies", [])),
            code=_code(one["code"]) if "code" in one else None,
        )


def _search_of(one: dict[str, Any]) -> FixtureSearch | None:
    """How a fixture may lie; the image that it was drawn on is the first good one, since a file knows none."""
    if one.get("kind") != ZoneKind.FIXTURE:
        return None
    usual = FixtureSearch()
    return FixtureSearch(_number(one.get("turn", usual.turn)), _number(one.get("scale", usual.scale)))


def _names(content: object) -> tuple[str, ...]:
    if not isinstance(content, list) or not all(isinstance(name, str) for name in content):
        raise TypeError("anomalies are a list of names")
    return tuple(content)


def _code(content: dict[str, Any]) -> CodeRead:
    usual = CodeRead()
    return CodeRead(
        str(content.get("field", usual.field)), Unreadable(str(content.get("unreadable", usual.unreadable)).upper())
    )


def _count(content: dict[str, Any]) -> ItemCount:
    expected = content["expected"]
    if isinstance(expected, bool) or not isinstance(expected, int):
        raise TypeError(f"{str(expected)[:20]!r} is no number of items")
    examples = []
    for one in content.get("examples", []):
        first, second = (_point(point) for point in one["points"])
        examples.append(ItemExample(str(one["picture"]), (first, second)))
    return ItemCount(str(content["what"]), expected, tuple(examples))


def _of_labelme(content: dict[str, Any]) -> Iterator[Zone]:
    width, height = _size(content["imageWidth"], content["imageHeight"])
    for one in content["shapes"]:
        points = [_point(point) for point in one["points"]]
        shape = one.get("shape_type", "polygon")
        if shape == "circle":
            (x, y), (edge_x, edge_y) = points
            radius = math.hypot(edge_x - x, edge_y - y)
            points = [(x - radius, y - radius), (x + radius, y + radius)]
        known = {"polygon": ZoneShape.POLYGON, "rectangle": ZoneShape.RECTANGLE, "circle": ZoneShape.ELLIPSE}
        if shape not in known:
            raise RecipeError("A {shape} is no region: draw a polygon, a rectangle or a circle.", shape=str(shape)[:20])
        if shape == "rectangle" and len(points) == 4:
            across, down = zip(*points, strict=True)
            points = [(min(across), min(down)), (max(across), max(down))]
        yield _labelled(str(one["label"]), _fractions(points, width, height), known[shape])


def _of_coco(content: dict[str, Any]) -> Iterator[Zone]:
    names = {one["id"]: str(one["name"]) for one in content.get("categories", [])}
    images = {one["id"]: one for one in content["images"]}
    used = {one["image_id"] for one in content["annotations"]}
    if len(used) > 1:
        raise RecipeError(
            "The file has regions of {count} pictures. Keep those of one, the reference.", count=len(used)
        )
    for one in content["annotations"]:
        image = images[one["image_id"]]
        width, height = _size(image["width"], image["height"])
        outlines = one.get("segmentation") or []
        if isinstance(outlines, dict):
            raise RecipeError("The file has masks as run lengths. Export its regions as polygons.")
        name = names.get(one.get("category_id"), "region")
        if not outlines:
            x, y, across, down = (_number(value) for value in one["bbox"])
            corners = _fractions([(x, y), (x + across, y + down)], width, height)
            yield _labelled(name, corners, ZoneShape.RECTANGLE)
        for outline in outlines:
            values = [_number(value) for value in outline]
            points = list(zip(values[::2], values[1::2], strict=True))
            yield _labelled(name, _fractions(points, width, height), ZoneShape.POLYGON)


def _labelled(label: str, points: tuple[Point, ...], shape: ZoneShape) -> Zone:
    ignored = label.strip().casefold().startswith(IGNORE)
    return Zone(label, points, shape, ZoneKind.IGNORE if ignored else ZoneKind.INSPECT)


def _named_apart(zones: Iterable[Zone]) -> tuple[Zone, ...]:
    """Labels say what something is, and stand several times: the second gets a number."""
    taken: set[str] = set()
    named = []
    for zone in zones:
        stem = " ".join(zone.name.split())
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem[: LONGEST_ZONE_NAME - 4]} {number}"
        taken.add(name.casefold())
        named.append(replace(zone, name=name))
    return tuple(named)


def _fractions(points: Sequence[Point], width: float, height: float) -> tuple[Point, ...]:
    # Tools let a corner lie on the border's far side, half a pixel outside.
    return tuple((_near(x / width, 1 / width), _near(y / height, 1 / height)) for x, y in points)


def _near(value: float, slack: float) -> float:
    return min(max(value, 0.0), 1.0) if -slack <= value <= 1.0 + slack else value


def _size(width: object, height: object) -> tuple[float, float]:
    found = _number(width), _number(height)
    if min(found) < 1.0:
        raise ValueError("the picture has no size")
    return found


def _point(point: Sequence[object]) -> Point:
    x, y = point
    return _number(x), _number(y)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{str(value)[:20]!r} is no number")
    return float(value)


def _said(error: Exception) -> str:
    first = str(error).strip().splitlines()[:1]
    what = first[0][:80] if first else type(error).__name__
    return Sentence("{what} is missing", what=what) if isinstance(error, KeyError) else what
