"""The engine on small pictures made here, through the shipped compact profile."""

import dataclasses
import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from filo_core.engine import Engine, load_engine
from filo_core.errors import ProfileError, RecipeError
from filo_core.events import FIRES_ABOVE, Calibrated, PhrasesLit, StepDone
from filo_core.method.interfaces import Backbone, ImageFeatures
from filo_core.profiles.builder import load_profile, profile_folder
from filo_core.types import UNKNOWN_TYPE, AnomalyType, Box, ProductDescription, ProductDraft, Reference, SourceImage


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("compact", "cpu")


def _part(seed: int, spot: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    pixels = np.full((120, 160, 3), 90, np.uint8)
    pixels[30:90, 40:120] = (170, 160, 150)
    noisy = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
    if spot:
        noisy[spot[1] : spot[1] + 14, spot[0] : spot[0] + 14] = (20, 20, 20)
    return noisy


def _image(seed: int) -> SourceImage:
    pixels = _part(seed)
    return SourceImage(f"{seed}.png", b"", hashlib.sha256(pixels).hexdigest(), pixels, datetime.now(UTC))


class CountingBackbone:
    """Encodes as another does, and counts."""

    def __init__(self, other: Backbone) -> None:
        self._other = other
        self.image_size = other.image_size
        self.prepare = other.prepare
        self.images = 0

    def encode(self, batch: torch.Tensor) -> ImageFeatures:
        self.images += len(batch)
        return self._other.encode(batch)


REFERENCES = [_image(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def draft() -> ProductDraft:
    return ProductDraft(
        ProductDescription("plate", "metal plate"),
        (AnomalyType("scratch"),),
        tuple(Reference(image.image_hash, image.name) for image in REFERENCES),
    )


@pytest.fixture(scope="module")
def calibrated(engine: Engine, draft: ProductDraft) -> Calibrated:
    events = list(engine.calibrate(draft, REFERENCES))
    assert [type(event) for event in events] == [StepDone] * 4 + [Calibrated]
    result = events[-1]
    assert isinstance(result, Calibrated)
    return result


def test_calibration_scores_each_part_once_and_promises_only_what_three_parts_carry(calibrated: Calibrated) -> None:
    assert len(calibrated.scores) == 3
    assert calibrated.lowest_promise == 0.25
    assert calibrated.limits.ok <= max(calibrated.scores) <= calibrated.limits.ng
    assert calibrated.trained


def test_a_spot_is_found_where_it_is_and_a_good_part_stays_below_the_limit(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    detector = engine.detector(draft.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    good = detector.predict(_part(99))
    bad = detector.predict(_part(98, spot=(50, 40)))
    assert good.image_score <= calibrated.limits.ok
    assert bad.image_score > calibrated.limits.ng
    box = bad.regions[0].box
    assert box.x <= 57 <= box.x + box.width
    assert box.y <= 47 <= box.y + box.height
    assert bad.anomaly_map.dtype == np.float32
    assert 0.0 <= bad.anomaly_map.min() <= bad.anomaly_map.max() <= 1.0


def test_an_untrained_profile_never_puts_a_name_on_a_region(draft: ProductDraft, calibrated: Calibrated) -> None:
    engine = Engine(load_profile(profile_folder("compact"), "cpu", seeded=True))
    detector = engine.detector(draft.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    prediction = detector.predict(_part(98, spot=(50, 40)))
    assert not prediction.trained
    assert prediction.regions
    assert {region.anomaly_type for region in prediction.regions} == {UNKNOWN_TYPE}


def test_the_same_picture_always_gets_the_same_score(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    recipe = draft.recipe(calibrated.limits, engine.model_hash)
    first = engine.detector(recipe, REFERENCES).predict(_part(5))
    again = load_engine("compact", "cpu").detector(recipe, REFERENCES[::-1]).predict(_part(5))
    assert first.image_score == pytest.approx(again.image_score, abs=1e-6)
    np.testing.assert_allclose(first.anomaly_map, again.anomaly_map, atol=1e-6)


def test_other_limits_need_no_reference_encoded_again_but_another_reference_does(
    draft: ProductDraft, calibrated: Calibrated
) -> None:
    loaded = load_profile(profile_folder("compact"), "cpu")
    counted = CountingBackbone(loaded.backbone)
    engine = Engine(dataclasses.replace(loaded, backbone=counted))
    list(engine.calibrate(draft, REFERENCES))
    seen = counted.images
    first = engine.detector(draft.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    assert counted.images == seen
    assert len(first.memory_bank) == len(REFERENCES)
    fewer = dataclasses.replace(draft, references=draft.references[:2])
    second = engine.detector(fewer.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    assert counted.images == seen + 2
    assert len(second.memory_bank) == 2
    first.memory_bank.remove(REFERENCES[0].image_hash)
    assert len(second.memory_bank) == 2
    focused = dataclasses.replace(fewer, region_of_interest=Box(0, 0, 80, 120))
    engine.detector(focused.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    assert counted.images == seen + 4


def test_a_region_of_interest_hides_what_lies_outside_it(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    focused = dataclasses.replace(draft, region_of_interest=Box(0, 0, 80, 120))
    detector = engine.detector(focused.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    outside = detector.predict(_part(98, spot=(130, 50)))
    inside = detector.predict(_part(98, spot=(50, 40)))
    assert inside.image_score > 2 * outside.image_score
    assert not inside.anomaly_map[:, 128:].any()
    assert all(region.box.x + region.box.width <= 80 for region in inside.regions)


def test_a_region_of_interest_beside_the_picture_leaves_regions_inside_it(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    moved = dataclasses.replace(draft, region_of_interest=Box(5_000, 5_000, 80, 80))
    part = _part(98, spot=(50, 40))
    prediction = engine.detector(moved.recipe(calibrated.limits, engine.model_hash), REFERENCES).predict(part)
    assert prediction.regions
    assert all(region.box.x + region.box.width <= part.shape[1] for region in prediction.regions)


def test_a_recipe_of_another_model_is_refused_with_what_to_do(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    with pytest.raises(RecipeError, match="Calibrate it and sign it off again"):
        engine.detector(draft.recipe(calibrated.limits, "0" * 64), REFERENCES)


def test_a_missing_good_image_is_named(engine: Engine, draft: ProductDraft, calibrated: Calibrated) -> None:
    recipe = draft.recipe(calibrated.limits, engine.model_hash)
    other = dataclasses.replace(recipe, class_name="another plate")
    with pytest.raises(RecipeError, match=r"2\.png"):
        engine.detector(other, REFERENCES[:2])


def test_calibrating_without_a_good_image_says_so(engine: Engine) -> None:
    with pytest.raises(RecipeError, match="no good image yet"):
        next(engine.calibrate(ProductDraft(ProductDescription("plate", "plate")), []))


def test_one_good_image_is_enough_to_start(engine: Engine, draft: ProductDraft) -> None:
    single = dataclasses.replace(draft, references=draft.references[:1])
    *_, result = engine.calibrate(single, REFERENCES[:1])
    assert isinstance(result, Calibrated)
    assert result.lowest_promise == 0.5
    assert result.limits.ok > 0.0


def test_a_profile_that_tells_no_types_apart_shows_no_preview_and_says_so(engine: Engine, draft: ProductDraft) -> None:
    assert not engine.names_types
    with pytest.raises(ProfileError, match="does not tell anomaly types apart"):
        next(engine.light_phrases(draft, REFERENCES))


def test_every_phrase_gets_its_map_on_every_good_image(draft: ProductDraft) -> None:
    loaded = load_profile(profile_folder("compact"), "cpu")
    naming = Engine(dataclasses.replace(loaded, profile=loaded.profile.model_copy(update={"names_types": True})))
    two = dataclasses.replace(
        draft, anomaly_types=(AnomalyType("scratch"), AnomalyType("stain"), AnomalyType("dent", enabled=False))
    )
    *steps, lit = naming.light_phrases(two, REFERENCES)
    assert [type(step) for step in steps] == [StepDone] * 3
    assert isinstance(lit, PhrasesLit)
    known = [name for name in ("scratch", "stain") if name not in lit.unknown]
    assert known
    assert {(light.phrase, light.image_hash) for light in lit.lights} == {
        (name, image.image_hash) for name in known for image in REFERENCES
    }
    for light in lit.lights:
        assert light.share_map.dtype == np.float32
        assert 0.0 <= light.share_map.min() <= light.share_map.max() <= 1.0
        assert (light.image_hash in lit.fires_on(light.phrase)) == (light.share_map.max() > FIRES_ABOVE)


def test_a_preview_without_a_good_image_asks_for_one(draft: ProductDraft) -> None:
    loaded = load_profile(profile_folder("compact"), "cpu")
    naming = Engine(dataclasses.replace(loaded, profile=loaded.profile.model_copy(update={"names_types": True})))
    with pytest.raises(RecipeError, match="no good image yet"):
        next(naming.light_phrases(dataclasses.replace(draft, references=()), []))


def test_the_nearest_patch_of_a_spot_lies_at_the_same_place_of_a_good_part(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    detector = engine.detector(draft.recipe(calibrated.limits, engine.model_hash), REFERENCES)
    found = detector.nearest(_part(98, spot=(50, 40)), Box(44, 34, 26, 26))
    assert found.key in {image.image_hash for image in REFERENCES}
    assert found.part[0] == pytest.approx(57 / 160, abs=0.08)
    assert found.part[1] == pytest.approx(47 / 120, abs=0.08)
    assert found.stored is not None
    assert found.stored[0] == pytest.approx(found.part[0], abs=0.16)
    same = detector.nearest(REFERENCES[0].pixels, Box(44, 34, 26, 26))
    assert same.key == REFERENCES[0].image_hash
    assert same.distance < 1e-5 < found.distance
    assert same.stored == pytest.approx(same.part)
