"""Meanings of a list's phrases are read once and then taken from disk, as long as the same reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from filo_core.eyes import naming
from filo_core.eyes.kept_meanings import MOST_LISTS, KeptMeanings
from filo_core.eyes.naming import Naming
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.resources import resource_path
from filo_core.trunks.store import TrunkStore
from filo_core.types import AnomalyType, Limits, ProductDescription, ProductDraft, Recipe
from filo_core.words import phrases
from filo_core.words.specs import SIZE, shipped_words

MEANINGS = np.random.default_rng(3).standard_normal((2, SIZE)).astype(np.float32)


def test_what_was_kept_comes_back_to_the_bit_for_the_same_phrases_and_reader_alone(tmp_path: Path) -> None:
    KeptMeanings(tmp_path).save(("crack", "Öl"), "reader", MEANINGS)
    again = KeptMeanings(tmp_path)
    found = again.load(("crack", "Öl"), "reader")
    assert found is not None
    assert np.array_equal(found, MEANINGS)
    assert again.load(("Öl", "crack"), "reader") is None
    assert again.load(("crack", "Öl"), "another reader") is None


@pytest.mark.parametrize("spoil", [lambda content: content[:-4], lambda content: content[:-1] + b"\0", lambda _: b""])
def test_a_damaged_file_is_as_none(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    KeptMeanings(tmp_path).save(("crack", "stain"), "reader", MEANINGS)
    path = next(tmp_path.iterdir())
    path.write_bytes(spoil(path.read_bytes()))
    assert KeptMeanings(tmp_path).load(("crack", "stain"), "reader") is None


def test_only_the_newest_lists_are_kept(tmp_path: Path) -> None:
    kept = KeptMeanings(tmp_path)
    for number in range(MOST_LISTS + 3):
        kept.save((f"crack {number}", "stain"), "reader", MEANINGS)
    assert len(list(tmp_path.iterdir())) == MOST_LISTS


def test_a_folder_that_cannot_be_made_is_no_reason_to_stop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    KeptMeanings(tmp_path / "file").save(("crack", "stain"), "reader", MEANINGS)
    assert "not kept" in caplog.text


def test_the_encoder_is_opened_for_a_new_list_alone_and_names_stay_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if TrunkStore().folder(shipped_words()) is None:
        pytest.skip("the sentence encoder is not on this machine: main.py models prepare")
    opened = []
    real = naming.open_words
    monkeypatch.setattr(naming, "open_words", lambda *given: opened.append(1) or real(*given))
    first = names_of(tmp_path, "scratch", "missing screw")
    again = names_of(tmp_path, "scratch", "missing screw")
    assert len(opened) == 1
    assert np.array_equal(first, again)
    names_of(tmp_path, "scratch", "Riss")
    assert len(opened) == 2
    # Whoever changes how phrases are read makes what was kept worthless.
    monkeypatch.setattr(phrases, "READING", phrases.READING + 1)
    names_of(tmp_path, "scratch", "missing screw")
    assert len(opened) == 3


def names_of(folder: Path, *types: str) -> np.ndarray:
    home = resource_path("models", "compact")
    profile = read_any_manifest(home)
    assert isinstance(profile, EyesProfile)
    found = Naming(home, profile, TrunkStore(), folder).of_recipe(recipe_of(*types))
    assert found is not None
    return found._likely


def recipe_of(*types: str) -> Recipe:
    draft = ProductDraft(ProductDescription("p", "plate"), tuple(AnomalyType(name) for name in types))
    return draft.recipe(Limits(0.3, 0.4, 0.3), "0" * 64)
