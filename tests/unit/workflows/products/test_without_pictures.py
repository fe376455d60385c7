"""A product without any picture, judged by words alone where the profile can: Table I's mode."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from filo_core.calibration.limits import GUESSED
from filo_core.engine import Engine
from filo_core.errors import ProductError, RecipeError
from filo_core.events import Calibrated
from filo_core.profiles.loaded import LoadedProfile
from filo_core.proof import Standing
from filo_core.types import Limits, ProductDescription, Verdict, WizardStep
from tests.small_network import SMALL
from tests.unit.storage.making import make_image
from workflows.products.catalogue import Catalogue
from workflows.products.creating import create_product
from workflows.products.golden import GoldenSets
from workflows.products.steps import calibration_steps
from workflows.settings.settings import Settings

NAME = "metal nut"


def engine_of(**numbers: Any) -> Engine:
    from filo_core.profiles.builder import load_profile

    loaded = load_profile(SMALL, "cpu")
    assert isinstance(loaded, LoadedProfile)
    profile = loaded.profile.model_copy(update={"trained": True, "names_types": True} | numbers)
    return Engine(dataclasses.replace(loaded, profile=profile))


@pytest.fixture(scope="module")
def engine() -> Engine:
    """The small network, taken for a trained one that reads words."""
    return engine_of()


def create(catalogue: Catalogue, engine: Engine) -> Calibrated:
    _, found = create_product(catalogue, Settings(operator="Ada"), ProductDescription(NAME, "nut"), None, engine=engine)
    return found


def calibrate(catalogue: Catalogue, engine: Engine) -> Calibrated:
    *_, found = calibration_steps(catalogue, NAME)(engine)
    assert isinstance(found, Calibrated)
    return found


def test_it_is_signed_within_limits_that_say_what_they_are_worth(catalogue: Catalogue, engine: Engine) -> None:
    found = create(catalogue, engine)
    assert (found.limits, found.promise, found.sentence) == (Limits(0.5, 0.75, 0.5), None, GUESSED)
    version = catalogue.recipe(NAME)
    assert version.recipe.references == ()
    assert version.recipe.anomaly_types
    signed = catalogue.signed_proof(NAME)
    assert signed.counts.standing is Standing.WORDS_ALONE
    assert signed.sentence.startswith("No good part shown: it judges by words alone")
    assert "no good part was shown" in signed.reason
    prediction = engine.detector(version.recipe, []).predict(make_image(5, side=48).pixels)
    assert 0.0 <= prediction.image_score <= 1.0
    assert np.isfinite(prediction.anomaly_map).all()


def test_good_images_may_be_added_later(catalogue: Catalogue, engine: Engine) -> None:
    create(catalogue, engine)
    for shade in (1, 200):
        catalogue.add_reference(NAME, make_image(shade, f"{shade}.png", side=48))
    draft = catalogue.draft(NAME)
    assert (draft.limits, draft.next_step) == (None, WizardStep.CALIBRATE)
    found = calibrate(catalogue, engine)
    assert found.promise == pytest.approx(1 / 3)
    assert catalogue.proof(NAME).standing is Standing.NEVER_SHOWN


def test_confirmed_good_parts_alone_make_limits_with_a_promise(catalogue: Catalogue, engine: Engine) -> None:
    create(catalogue, engine)
    golden = GoldenSets(catalogue.storage)
    for shade in (1, 60, 200):
        golden.add(NAME, make_image(shade, f"{shade}.png", side=48), Verdict.OK, "Ada")
    found = calibrate(catalogue, engine)
    assert found.promise == pytest.approx(1 / 4)
    assert found.guarantee == "split conformal"
    assert catalogue.proof(NAME).standing is Standing.NEVER_SHOWN


@pytest.mark.parametrize("numbers", [{"trained": False}, {"zero_shot": False}])
def test_a_profile_that_cannot_asks_for_a_part_and_leaves_nothing_behind(
    numbers: dict[str, bool], catalogue: Catalogue
) -> None:
    unable = engine_of(**numbers)
    assert not unable.starts_without_pictures
    with pytest.raises(ProductError, match="compares parts with good ones"):
        create(catalogue, unable)
    assert catalogue.drafts() == ()
    catalogue.create(ProductDescription(NAME, "nut"))
    assert catalogue.draft(NAME).next_step is not None
    with pytest.raises(RecipeError, match="no good image yet"):
        calibrate(catalogue, unable)
