"""Which trunks a recipe is judged with: those it was signed off with, or none, and never others in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from filo_core.errors import ProfileError, RecipeError
from filo_core.eyes.loaded import LoadedEyes
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.resources import resource_path
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import RECORD, TrunkStore, folder_name
from filo_core.types import AnomalyType, Eyes, Limits, ProductDescription, ProductDraft, Recipe, Sight

LIMITS = Limits(0.3, 0.4, 0.3)


def _machine(root: Path, *names: str) -> LoadedEyes:
    """A machine that has these trunks; nothing of them is opened here."""
    for spec in shipped_trunks():
        if spec.name in names:
            folder = root / folder_name(spec)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / RECORD).write_text("{}")
    profile = read_any_manifest(resource_path("models", "compact"))
    assert isinstance(profile, EyesProfile)
    return LoadedEyes(profile, shipped_trunks(), TrunkStore(prepared=root), "cpu")


def _recipe(machine: LoadedEyes, eyes: Eyes | None) -> Recipe:
    draft = ProductDraft(ProductDescription("plate", "plate"), (AnomalyType("scratch"),), eyes=eyes)
    return draft.recipe(LIMITS, machine.model_hash_for(eyes))


def test_without_the_deep_trunk_everything_is_looked_at_with_the_light_one_and_said(tmp_path: Path) -> None:
    alone = _machine(tmp_path, "lite0")
    assert alone.usual_eyes() == Eyes(Sight.FAST)
    assert "light trunk alone" in alone.note
    assert "models prepare" in alone.note
    both = _machine(tmp_path, "lite0", "dinov2s-focus")
    assert both.usual_eyes() == Eyes(Sight.SHARP)
    assert both.note == ""


def test_without_the_light_trunk_the_profile_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"lite0 .* is not on this machine\. Run 'main.py models prepare'"):
        _machine(tmp_path, "dinov2s-focus")


def test_a_recipe_keeps_its_trunk_when_the_published_one_is_installed(tmp_path: Path) -> None:
    before = _machine(tmp_path, "lite0", "dinov2s-focus")
    recipe = _recipe(before, Eyes())
    after = _machine(tmp_path, "lite0", "dinov2s-focus", "dinov2s")
    after.check(recipe)
    assert after.model_hash_for(Eyes()) != recipe.model_hash
    after.check(_recipe(after, Eyes()))


def test_a_recipe_whose_trunk_is_not_here_names_it(tmp_path: Path) -> None:
    recipe = _recipe(_machine(tmp_path / "one", "lite0", "dinov2s"), Eyes())
    with pytest.raises(RecipeError, match=r"dinov2s .* is not on this machine\. Run 'main\.py models install eyes'"):
        _machine(tmp_path / "other", "lite0", "dinov2s-focus").check(recipe)


def test_a_recipe_of_the_old_backbone_says_what_to_do(tmp_path: Path) -> None:
    machine = _machine(tmp_path, "lite0", "dinov2s-focus")
    old = replace(_recipe(machine, None), model_hash="1a" * 32)
    with pytest.raises(RecipeError, match=r"no score of it is changed.*Set its limits again.*sign it off"):
        machine.check(old)


def test_eyes_that_need_the_deep_trunk_are_refused_where_it_is_not(tmp_path: Path) -> None:
    alone = _machine(tmp_path, "lite0")
    alone.model_hash_for(Eyes(Sight.FAST))
    with pytest.raises(ProfileError, match="dinov2s-focus"):
        alone.model_hash_for(Eyes(Sight.SHARP))


def test_every_kind_and_size_of_eyes_is_another_model(tmp_path: Path) -> None:
    machine = _machine(tmp_path, "lite0", "dinov2s-focus")
    several = [Eyes(), Eyes(Sight.FAST), Eyes(Sight.FAST, 256), Eyes(light_px=768), Eyes(deep_px=448)]
    assert len({machine.model_hash_for(eyes) for eyes in several}) == len(several)
    assert machine.model_hash_for(None) == machine.model_hash_for(Eyes())
