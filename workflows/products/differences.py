"""What differs between two set-ups of a product: for the event that tells of a change, and beside a signature."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from filo_core.picture_limits import PictureLimits
from filo_core.types import ProductDraft, Recipe
from filo_core.zones import ItemCount, Zone

Difference = tuple[object, object]
"""The old and the new value as JSON takes them; of a list, what was taken out and what came in."""


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
        f"{name}: {_list_in_words(old, new)}"
        if isinstance(old, list) and isinstance(new, list)
        else f"{name}: {_in_words(old)} → {_in_words(new)}"
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
    return f"focus from {limits.least_focus:g}, brightness {limits.darkest:g} to {limits.brightest:g}"


def _zone_in_words(zone: Zone) -> str:
    corners = " ".join(f"{x:g},{y:g}" for x, y in zone.points)
    limit = "" if zone.limit is None else f", limit {zone.limit:g}"
    searched, count = zone.search, zone.count
    search = "" if searched is None else f", turned by up to {searched.turn:g}°, {100 * searched.scale:g} % of size"
    counted = "" if count is None else f", {count.expected} {count.what} like {_examples_in_words(count)}"
    named = f", named {', '.join(zone.anomalies)}" if zone.anomalies else ""
    return f"{zone.name} ({zone.kind.value}, {zone.shape.value} {corners}{limit}{search}{counted}{named})"


def _examples_in_words(count: ItemCount) -> str:
    return " ".join(f"{one.picture[:12]} {' '.join(f'{x:g},{y:g}' for x, y in one.points)}" for one in count.examples)


def _of_lists(old: list[object], new: list[object]) -> Difference:
    taken, come = [one for one in old if one not in new], [one for one in new if one not in old]
    # The same in another order is a change as well.
    return (taken, come) if taken or come else (old, new)


def _list_in_words(old: Iterable[object], new: Iterable[object]) -> str:
    return ", ".join([*(f"- {one}" for one in old), *(f"+ {one}" for one in new)])


def _in_words(value: object) -> str:
    if value is None or value == "":
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
