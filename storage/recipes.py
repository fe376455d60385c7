"""Recipes to and from the text that a recipe version keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from filo_core.errors import StorageError
from filo_core.fixture import Fixture
from filo_core.learned_map import LearnedMap
from filo_core.picture_limits import PictureLimits
from filo_core.sentence import Sentence
from filo_core.types import Recipe
from filo_core.zones import Zone

_RECIPE = TypeAdapter(Recipe)
_LEARNED_MAP = TypeAdapter(LearnedMap)
_ZONES = TypeAdapter(tuple[Zone, ...])
_PICTURE_LIMITS = TypeAdapter(PictureLimits)
_FIXTURE = TypeAdapter(Fixture)


def dump_recipe(recipe: Recipe) -> str:
    """Canonical JSON of everything in ``recipe``, the names of its references and their order included."""
    return json.dumps(asdict(recipe), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def dump_picture_limits(limits: PictureLimits | None) -> str:
    """The limits of a draft's pictures as its row keeps them; empty without any."""
    return "" if limits is None else json.dumps(asdict(limits), sort_keys=True, allow_nan=False)


def load_picture_limits(content: str, where: str) -> PictureLimits | None:
    """What :func:`dump_picture_limits` wrote.

    Raises:
        StorageError: if it cannot be read.
    """
    if not content:
        return None
    try:
        return _PICTURE_LIMITS.validate_json(content)
    except ValidationError as error:
        raise StorageError(
            "What pictures of {where} must be like cannot be read. Restore a backup.", where=where
        ) from error


def dump_fixture(fixture: Fixture | None) -> str:
    """A draft's fixture as its row keeps it; empty without one."""
    return "" if fixture is None else json.dumps(asdict(fixture), sort_keys=True, allow_nan=False)


def load_fixture(content: str, where: str) -> Fixture | None:
    """What :func:`dump_fixture` wrote.

    Raises:
        StorageError: if it cannot be read.
    """
    if not content:
        return None
    try:
        return _FIXTURE.validate_json(content)
    except ValidationError as error:
        raise StorageError(
            "The fixture of {where} cannot be read. Restore the database from a backup.", where=where
        ) from error


def dump_zones(zones: Sequence[Zone]) -> str:
    """The zones of a draft as its row keeps them; empty without any."""
    return json.dumps([asdict(zone) for zone in zones], ensure_ascii=False, allow_nan=False) if zones else ""


def load_zones(content: str, where: str) -> tuple[Zone, ...]:
    """The zones that :func:`dump_zones` wrote.

    Raises:
        StorageError: if they cannot be read.
    """
    if not content:
        return ()
    try:
        return _ZONES.validate_json(content)
    except ValidationError as error:
        raise StorageError(
            "The regions of {where} cannot be read. Restore the database from a backup.", where=where
        ) from error


def load_recipe(content: str, content_hash: str, where: str) -> Recipe:
    """The recipe that :func:`dump_recipe` wrote.

    Args:
        content: the text.
        content_hash: what the recipe's ``content_hash`` was when it was signed.
        where: which recipe this is, for the message.

    Raises:
        StorageError: if the content is not what was signed.
    """
    remedy = Sentence(
        "It was altered outside this program. Restore the database from a backup, or sign the recipe off again."
    )
    try:
        recipe = _RECIPE.validate_json(content)
    except ValidationError as error:
        raise StorageError("The recipe of {where} cannot be read. {remedy}", where=where, remedy=remedy) from error
    if recipe.content_hash != content_hash:
        raise StorageError(
            "The recipe of {where} is not the one that was signed off: its hash is wrong. {remedy}",
            where=where,
            remedy=remedy,
        )
    return recipe


def dump_learned_map(learned: LearnedMap | None) -> str:
    """As a draft keeps it; empty for none."""
    return "" if learned is None else json.dumps(asdict(learned), sort_keys=True, separators=(",", ":"))


def load_learned_map(text: str, where: str) -> LearnedMap | None:
    """What :func:`dump_learned_map` wrote.

    Raises:
        StorageError: if it did not.
    """
    if not text:
        return None
    try:
        return _LEARNED_MAP.validate_json(text)
    except ValidationError as error:
        raise StorageError(
            "What the map of {where} learnt cannot be read: it was altered outside this program. Restore a backup.",
            where=where,
        ) from error
