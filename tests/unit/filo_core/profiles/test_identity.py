"""A recipe holds for one model: what is that model's identity, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from filo_core.method.grounding_settings import GroundingSettings
from filo_core.method.head_settings import HeadSettings
from filo_core.profiles import identity
from filo_core.profiles.identity import at_default, model_hash
from filo_core.profiles.manifest import GroundingFiles, ModelProfile, read_architecture, read_manifest, read_vocabulary

ROOT = Path(__file__).resolve().parents[4]
SIGNED_FOR = {
    "tests/profiles/small": "a971e401382fc98760986290af6b17ee1ab8d3a3b0c015f7c20988c3c563562a",
    "resources/profiles/full": "bc4d58955a31604f8aee19f69ad8f91a1e9174e3728eb623063eebc771891c92",
    "resources/profiles/filo": "5fde16e5f3d7ac10997b452da95e56432a9b320f895b85854a6d61ca79fae137",
}
"""Hashes that recipes were signed off for, and that of a network of the tests.

That of ``full`` without trained heads is of the map of the V-V stages alone: before, it had other scores.
"""


class LaterProfile(ModelProfile):
    """As a later program may know it."""

    sharpness: float = 1.0
    extras: tuple[str, ...] = Field(default_factory=tuple)


@dataclass(frozen=True)
class LaterHeads(HeadSettings):
    gate: bool = False


def hash_of(folder: Path, profile: ModelProfile) -> str:
    vocabulary = None if profile.vocabulary is None else read_vocabulary(folder, profile.vocabulary)
    return model_hash(profile, read_architecture(folder, profile), vocabulary)


@pytest.mark.parametrize("name", sorted(SIGNED_FOR))
def test_recipes_that_were_signed_off_keep_their_model(name: str) -> None:
    assert hash_of(ROOT / name, read_manifest(ROOT / name)) == SIGNED_FOR[name]


@pytest.mark.parametrize("name", sorted(SIGNED_FOR))
def test_a_field_that_a_later_program_brings_voids_no_recipe_while_it_holds_its_default(name: str) -> None:
    folder = ROOT / name
    content: dict[str, Any] = read_manifest(folder).model_dump()
    assert hash_of(folder, LaterProfile(**content)) == SIGNED_FOR[name]
    assert hash_of(folder, LaterProfile(**content, sharpness=2.0)) != SIGNED_FOR[name]
    assert hash_of(folder, LaterProfile(**content, extras=("edges",))) != SIGNED_FOR[name]


def test_a_later_field_of_the_heads_is_left_out_while_it_holds_its_default() -> None:
    known = frozenset(field.name for field in fields(HeadSettings))
    assert at_default(LaterHeads(), known) == {"gate"}
    assert at_default(replace(LaterHeads(), gate=True), known) == frozenset()


@pytest.mark.parametrize("field", ["suppression", "gaussian_sigma_px", "match_windows", "seed"])
def test_a_number_that_decides_verdicts_makes_another_model(field: str) -> None:
    folder = ROOT / "tests/profiles/small"
    profile = read_manifest(folder)
    other = {"suppression": 0.1, "gaussian_sigma_px": 9.5, "match_windows": (0.25,), "seed": 77}[field]
    assert hash_of(folder, profile.model_copy(update={field: other})) != SIGNED_FOR["tests/profiles/small"]


def test_what_is_hashed_always_is_there() -> None:
    assert set(ModelProfile.model_fields) >= identity._HASHED_ALWAYS
    assert {field.name for field in fields(HeadSettings)} >= identity._HEADS_HASHED_ALWAYS
    assert set(GroundingFiles.model_fields) >= identity._GROUNDING_HASHED_ALWAYS
    assert {field.name for field in fields(GroundingSettings)} >= identity._GROUNDING_SETTINGS_HASHED_ALWAYS
