"""What differs between two set-ups of a product: for the event that tells of a change, and beside a signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from filo_core.identifying import shown_name
from filo_core.picture_limits import PictureLimits
from filo_core.sentence import Joined, Sentence, str_of
from filo_core.types import ProductDraft, Recipe
from filo_core.zones import ItemCount, Zone, ZoneKind, ZoneShape

Difference = tuple[object, object]
"""The old and the new value as JSON takes them; of a list, what was taken out and what came in."""

_PARTS = {
    str(part): part
    for part in (
        Sentence("name"),
        Sentence("class name"),
        Sentence("kind"),
        Sentence("domain"),
        Sentence("anomaly types"),
        Sentence("good images"),
        Sentence("taught places"),
        Sentence("region of interest"),
        Sentence("regions"),
        Sentence("fixture"),
        Sentence("picture"),
        Sentence("profile"),
        Sentence("eyes"),
        Sentence("learnt map"),
        Sentence("model"),
        Sentence("views"),
        Sentence("limit OK"),
        Sentence("limit NG"),
        Sentence("limit region"),
    )
}
"""What a part of a set-up is called, by its name in an event."""
_KINDS = {
    ZoneKind.INSPECT: Sentence("inspect"),
    ZoneKind.IGNORE: Sentence("ignore"),
    ZoneKind.FIXTURE: Sentence("fixture"),
    ZoneKind.COUNT: Sentence("count"),
    ZoneKind.WHOLE: Sentence("whole part"),
    ZoneKind.CODE: Sentence("code"),
}
_SHAPES = {
    ZoneShape.RECTANGLE: Sentence("rectangle"),
    ZoneShape.ELLIPSE: Sentence("ellipse"),
    ZoneShape.POLYGON: Sentence("polygon"),
}


def differences(before: ProductDraft | Recipe | None, after: ProductDraft | Recipe) -> dict[str, Difference]:
    """By part of the set-up: what it was and what it is; empty where nothing differs.

    Args:
        before: None for a product that is new.
        after: of the same kind.
    """
    old, new = _parts(before) if before is not None else {}, _parts(after)
    found: dict[str, Difference] = {}
    for name, value in new.items():
        was = old.get(name, [] if isinstance(value, list) else None)
        if was != value:
            found[name] = _of_lists(was, value) if isinstance(was, list) and isinstance(value, list) else (was, value)
    return found


def sentences(found: Mapping[str, Difference]) -> tuple[str, ...]:
    """Each difference as a line for a person."""
    return tuple(
        Sentence("{part}: {changes}", part=_PARTS.get(name, name), changes=_list_in_words(old, new))
        if isinstance(old, list) and isinstance(new, list)
        else Sentence("{part}: {old} → {new}", part=_PARTS.get(name, name), old=_in_words(old), new=_in_words(new))
        for name, (old, new) in found.items()
    )


def _parts(setup: ProductDraft | Recipe) -> dict[str, object]:
    described = setup.description if isinstance(setup, ProductDraft) else setup
    limits, box = setup.limits, setup.region_of_interest
    return {
        "name": setup.description.name if isinstance(setup, ProductDraft) else setup.product,
        "class name": described.class_name,
        "kind": described.kind.value,
        "domain": described.domain,
        "anomaly types": [
            f"{entry.name} ({entry.severity.value}{'' if entry.enabled else ', off'})" for entry in setup.anomaly_types
        ],
        "good images": [f"{one.name} {one.image_hash[:12]}" for one in setup.references],
        "taught places": [f"{one.name} {one.image_hash[:12]} {one.box}" for one in setup.taught_patches],
        "region of interest": [box.x, box.y, box.width, box.height] if box is not None else None,
        "regions": [_zone_in_words(zone) for zone in setup.zones],
        "fixture": setup.fixture.words if setup.fixture else None,
        "picture": _picture_in_words(setup.picture_limits),
        "profile": setup.profile,
        "eyes": setup.eyes.words if setup.eyes else None,
        "learnt map": setup.learned_map.words if setup.learned_map else None,
        "model": setup.model_hash[:12],
        "views": _views(setup),
        "limit OK": limits.ok if limits is not None else None,
        "limit NG": limits.ng if limits is not None else None,
        "limit region": limits.region if limits is not None else None,
    }


def _views(setup: ProductDraft | Recipe) -> list[str]:
    recipes = [view.in_recipe for view in setup.views] if isinstance(setup, ProductDraft) else setup.views
    return [f"{view.name} {view.recipe_hash[:12]}" for view in recipes]


def _picture_in_words(limits: PictureLimits | None) -> str | None:
    if limits is None:
        return None
    return Sentence(
        "focus from {focus:g}, brightness {darkest:g} to {brightest:g}",
        focus=limits.least_focus,
        darkest=limits.darkest,
        brightest=limits.brightest,
    )


def _zone_in_words(zone: Zone) -> str:
    corners = " ".join(f"{x:g},{y:g}" for x, y in zone.points)
    limit = "" if zone.limit is None else Sentence(", limit {limit:g}", limit=zone.limit)
    searched, count = zone.search, zone.count
    search = counted = ""
    if searched is not None:
        search = Sentence(
            ", turned by up to {turn:g}°, {scale:g} % of size", turn=searched.turn, scale=100 * searched.scale
        )
    if count is not None:
        counted = Sentence(
            ", {expected} {what} like {examples}",
            expected=count.expected,
            what=count.what,
            examples=_examples_in_words(count),
        )
    named = Sentence(", named {anomalies}", anomalies=Joined(zone.anomalies)) if zone.anomalies else ""
    code = ""
    if zone.code is not None:
        field, cost = shown_name(zone.code.field), zone.code.unreadable.value
        code = Sentence(", names the {field}, else {cost}", field=field, cost=cost)
    return Sentence(
        "{name} ({kind}, {shape} {corners}{limit}{search}{counted}{named}{code})",
        name=zone.name,
        kind=_KINDS[zone.kind],
        shape=_SHAPES[zone.shape],
        corners=corners,
        limit=limit,
        search=search,
        counted=counted,
        named=named,
        code=code,
    )


def _examples_in_words(count: ItemCount) -> str:
    return " ".join(f"{one.picture[:12]} {' '.join(f'{x:g},{y:g}' for x, y in one.points)}" for one in count.examples)


def _of_lists(old: list[object], new: list[object]) -> Difference:
    taken, come = [one for one in old if one not in new], [one for one in new if one not in old]
    # The same in another order is a change as well.
    return (taken, come) if taken or come else (old, new)


def _list_in_words(old: Iterable[object], new: Iterable[object]) -> str:
    taken = (Sentence("- {what}", what=one) for one in old)
    return Joined([*taken, *(Sentence("+ {what}", what=one) for one in new)])


def _in_words(value: object) -> str:
    if value is None or value == "":
        return Sentence("none")
    return Sentence("{number:.4g}", number=value) if isinstance(value, float) else str_of(value)
