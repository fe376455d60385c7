"""Recipes to and from the text that a recipe version keeps."""

from __future__ import annotations

import json
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from filo_core.errors import StorageError
from filo_core.learned_map import LearnedMap
from filo_core.types import Recipe

_RECIPE = TypeAdapter(Recipe)
_LEARNED_MAP = TypeAdapter(LearnedMap)


def dump_recipe(recipe: Recipe) -> str:
    """Canonical JSON of everything in ``recipe``, the names of its references and their order included."""
    return json.dumps(asdict(recipe), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def load_recipe(content: str, content_hash: str, where: str) -> Recipe:
    """The recipe that :func:`dump_recipe` wrote.

    Args:
        content: the text.
        content_hash: what the recipe's ``content_hash`` was when it was signed.
        where: which recipe this is, for the message.

    Raises:
        StorageError: if the content is not what was signed.
    """
    remedy = "It was altered outside this program. Restore the database from a backup, or sign the recipe off again."
    try:
        recipe = _RECIPE.validate_json(content)
    except ValidationError as error:
        raise StorageError(f"The recipe of {where} cannot be read. {remedy}") from error
    if recipe.content_hash != content_hash:
        raise StorageError(f"The recipe of {where} is not the one that was signed off: its hash is wrong. {remedy}")
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
            f"What the map of {where} learnt cannot be read: it was altered outside this program. Restore a backup."
        ) from error
