"""What a draft may hold, and which change of it makes its limits stale. Pure: nothing is read or stored."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from filo_core.errors import RecipeError
from filo_core.eyes.known_defects import heads_of
from filo_core.method.fixture_edges import check_fixture
from filo_core.method.zone_rules import tidy_zones
from filo_core.sentence import Sentence
from filo_core.types import UNKNOWN_TYPE, AnomalyType, Box, Limits, ProductDescription, ProductDraft, WizardStep
from filo_core.zones import without_ease, without_names
from storage.names import name_key, product_name, tidy_name
from workflows.products.view_rules import tidy_views

# It names a folder: nothing that leads out of the one where profiles lie.
_PROFILE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LARGEST_PIXEL = 1 << 20
# A band above the limit for OK, which is at most 1; what lies in it above 1 means that nothing is NG.
_HIGHEST_NG = 2.0


def signable_limits(draft: ProductDraft, model_hash: str) -> Limits:
    """The draft's limits, if everything that a recipe needs is there and fits together.

    Raises:
        RecipeError: if it does not; the message says what to do.
    """
    name = draft.description.name
    for step in WizardStep:
        if step is not WizardStep.SIGN_OFF and draft.missing(step):
            raise RecipeError("{name} cannot be signed off yet. {draft}", name=name, draft=draft.missing(step))
    assert draft.limits is not None, "the step before is complete"
    if not model_hash:
        raise RecipeError("It is not known for which model the limits of {name} are. Set the limits again.", name=name)
    if draft.model_hash not in {"", model_hash}:
        raise RecipeError(
            "The limits of {name} were found with another model than the one in use. Set the limits again.", name=name
        )
    return draft.limits


def tidy_description(description: ProductDescription) -> ProductDescription:
    """The same with its words as they are kept.

    Raises:
        ProductError: if a word is of no use as a name.
    """
    return replace(
        description,
        name=product_name(description.name),
        class_name=tidy_name(description.class_name, "class name"),
        domain=tidy_name(description.domain, "domain"),
    )


def tidy_draft(draft: ProductDraft) -> ProductDraft:
    """A draft from outside: nothing in it may be what this program itself would refuse.

    Raises:
        RecipeError: if there is anything of the kind.
        ProductError: if a word is of no use as a name.
    """
    name, box = draft.description.name, draft.region_of_interest
    if box is not None and not _lies_in_an_image(box):
        raise RecipeError("The region of interest of {name} lies outside any image. Export it again.", name=name)
    if not all(_lies_in_an_image(patch.box) for patch in draft.taught_patches):
        raise RecipeError("A place that was taught to {name} lies outside any image. Export it again.", name=name)
    try:
        heads_of(draft.learned_map)
    except RecipeError as error:
        raise RecipeError(
            "{error} Until then, import {name} from a file without it.", error=error, name=name
        ) from error
    if not _PROFILE.fullmatch(draft.profile):
        raise RecipeError(
            "{profile!r} cannot be the name of a model profile. Export the product again.", profile=draft.profile[:40]
        )
    check_fixture(draft.fixture, draft.zones, name)
    types, zones = tidy_types(draft.anomaly_types), tidy_zones(draft.zones)
    views = tuple(replace(view, draft=tidy_draft(view.draft)) for view in tidy_views(draft))
    return replace(
        draft, description=tidy_description(draft.description), anomaly_types=types, zones=zones, views=views
    )


def _lies_in_an_image(box: Box) -> bool:
    return all(0 <= value <= _LARGEST_PIXEL for value in (box.x, box.y, box.width - 1, box.height - 1))


def tidy_types(types: Sequence[AnomalyType]) -> tuple[AnomalyType, ...]:
    """An anomaly list with its names as they are kept.

    Raises:
        RecipeError: if a name is empty, stands twice, or is the word for no known type.
        ProductError: if a name is too long or holds characters that cannot be seen.
    """
    tidy = tuple(replace(entry, name=tidy_name(entry.name, "anomaly type")) for entry in types)
    _check_types(tidy)
    return tidy


def renamed(draft: ProductDraft, new_name: str) -> ProductDraft:
    """The same product under another name, which nobody has signed."""
    description = replace(draft.description, name=product_name(new_name))
    return replace(draft, description=description, signed_version=None, changed_since_signing=True)


def without_stale_limits(before: ProductDraft, after: ProductDraft) -> ProductDraft:
    """``after``, without its limits when what they were found with has changed.

    What a map learnt is of the eyes that it was learnt with, and goes with them.
    """
    if before.eyes != after.eyes:
        after = replace(after, learned_map=None)
    if _limits_rest_on(before) == _limits_rest_on(after):
        return after
    return replace(after, limits=None, calibration_note="", model_hash="")


def _limits_rest_on(draft: ProductDraft) -> tuple[object, ...]:
    """Everything that decides a score: the references, and the words that become prompts."""
    described = draft.description
    phrases = frozenset(entry.name for entry in draft.anomaly_types if entry.enabled)
    references = frozenset(reference.image_hash for reference in draft.references)
    seen = (
        draft.eyes,
        draft.learned_map,
        without_names(without_ease(draft.zones)),
        draft.fixture,
        draft.region_of_interest,
    )
    return (described.class_name, described.kind, described.domain, phrases, references, *seen)


def _check_types(types: Sequence[AnomalyType]) -> None:
    seen: set[str] = set()
    for entry in types:
        key = name_key(entry.name)
        if not key:
            raise RecipeError("An anomaly type has no name. Name it, or take it off the list.")
        if key == UNKNOWN_TYPE:
            raise RecipeError("{name} is what unnamed anomalies are called. Choose another name.", name=entry.name)
        if key in seen:
            raise RecipeError("{name} stands twice on the list. Take one of them off.", name=entry.name)
        seen.add(key)


def uncalibrated(draft: ProductDraft) -> ProductDraft:
    """The same without limits and what they promise: what was found elsewhere, or typed into a file, proves nothing."""
    views = tuple(replace(view, draft=uncalibrated(view.draft)) for view in draft.views)
    return replace(draft, limits=None, calibration_note="", model_hash="", views=views)


def check_limits(limits: Limits) -> None:
    """Refuse limits that no score can be held against.

    Raises:
        RecipeError: if one is not a finite number, or so high that no score exceeds it.
    """
    if not all(math.isfinite(limit) for limit in (limits.ok, limits.ng, limits.region)):
        raise RecipeError("A limit is not a number. Set the limits again.")
    if limits.ok > 1 or limits.region > 1 or limits.ng > _HIGHEST_NG:
        raise RecipeError("Scores lie between 0 and 1, and a limit is higher. Set the limits again.")


def unsigned_sentence(name: str) -> str:
    """Why a draft that nobody has signed learns nothing."""
    return Sentence("{name} has changes that nobody has signed. Sign them off first, or take them back.", name=name)
