"""The engine on small pictures made here, through the shipped compact profile."""

import dataclasses
import hashlib
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.engine import Engine, load_engine
from filo_core.errors import ProfileError, RecipeError
from filo_core.events import FIRES_ABOVE, Calibrated, PartJudged, PhrasesLit, StepDone
from filo_core.eyes.features import Eye, Features
from filo_core.naming.region_features import EMBEDDING_SIZE
from filo_core.profiles.builder import load_profile
from filo_core.types import (
    UNKNOWN_TYPE,
    AnomalyType,
    Box,
    Eyes,
    Limits,
    ProductDescription,
    ProductDraft,
    Reference,
    Sight,
    SourceImage,
    View,
)
from filo_core.views import PART_LIMITS
from tests.small_network import SMALL


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


class CountingEye(Eye):
    """Looks as another does, and counts."""

    pictures = 0

    def features(self, pixels: NDArray[np.uint8]) -> Features:
        CountingEye.pictures += 1
        return super().features(pixels)


EYES = Eyes(Sight.FAST, 256)
REFERENCES = [_image(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def draft() -> ProductDraft:
    return ProductDraft(
        ProductDescription("plate", "metal plate"),
        (AnomalyType("scratch"),),
        tuple(Reference(image.image_hash, image.name) for image in REFERENCES),
        eyes=EYES,
    )


@pytest.fixture(scope="module")
def calibrated(engine: Engine, draft: ProductDraft) -> Calibrated:
    events = list(engine.calibrate(draft, REFERENCES))
    assert [type(event) for event in events] == [StepDone, *[PartJudged, StepDone] * 3, Calibrated]
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
    detector = engine.detector(draft.recipe(calibrated.limits, engine.model_hash_for(EYES)), REFERENCES)
    good = detector.predict(_part(99))
    bad = detector.predict(_part(98, spot=(50, 40)))
    assert good.image_score <= calibrated.limits.ok
    assert bad.image_score > calibrated.limits.ng
    box = bad.regions[0].box
    assert box.x <= 57 <= box.x + box.width
    assert box.y <= 47 <= box.y + box.height
    assert bad.anomaly_map.dtype == np.float32
    assert 0.0 <= bad.anomaly_map.min() <= bad.anomaly_map.max() <= 1.0
    elsewhere = detector.predict(_part(97, spot=(20, 60)))
    first, second = bad.regions[0].embedding, elsewhere.regions[0].embedding
    assert first is not None
    assert second is not None
    assert first.shape == (EMBEDDING_SIZE,)
    assert float(first @ second) > 0.5, "the same spot at another place looks alike"
    assert bad.embedding_space == elsewhere.embedding_space != ""


def test_an_untrained_profile_never_puts_a_name_on_a_region(draft: ProductDraft) -> None:
    engine = Engine(load_profile(SMALL, "cpu"))
    detector = engine.detector(draft.recipe(Limits(0.05, 0.1, 0.05), engine.model_hash), REFERENCES)
    prediction = detector.predict(_part(98, spot=(50, 40)))
    assert not prediction.trained
    assert prediction.regions
    assert {region.anomaly_type for region in prediction.regions} == {UNKNOWN_TYPE}


def test_the_same_picture_always_gets_the_same_score(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    recipe = draft.recipe(calibrated.limits, engine.model_hash_for(EYES))
    first = engine.detector(recipe, REFERENCES).predict(_part(5))
    again = load_engine("compact", "cpu").detector(recipe, REFERENCES[::-1]).predict(_part(5))
    assert first.image_score == pytest.approx(again.image_score, abs=1e-6)
    np.testing.assert_allclose(first.anomaly_map, again.anomaly_map, atol=1e-6)


def test_other_limits_need_no_reference_looked_at_again_but_another_reference_does(
    draft: ProductDraft, calibrated: Calibrated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filo_core.eyes.loaded.Eye", CountingEye)
    engine = load_engine("compact", "cpu")
    eyes = Eyes(Sight.FAST, 256)
    draft, model = dataclasses.replace(draft, eyes=eyes), engine.model_hash_for(eyes)
    list(engine.calibrate(draft, REFERENCES))
    seen = CountingEye.pictures
    first = engine.detector(draft.recipe(calibrated.limits, model), REFERENCES)
    assert CountingEye.pictures == seen
    assert len(first.memory_bank) == len(REFERENCES)
    fewer = dataclasses.replace(draft, references=draft.references[:2])
    second = engine.detector(fewer.recipe(calibrated.limits, model), REFERENCES)
    assert CountingEye.pictures == seen + 2
    assert len(second.memory_bank) == 2
    first.memory_bank.remove(REFERENCES[0].image_hash)
    assert len(second.memory_bank) == 2
    focused = dataclasses.replace(fewer, region_of_interest=Box(0, 0, 80, 120))
    engine.detector(focused.recipe(calibrated.limits, model), REFERENCES)
    assert CountingEye.pictures == seen + 4


def test_a_region_of_interest_hides_what_lies_outside_it(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    focused = dataclasses.replace(draft, region_of_interest=Box(0, 0, 80, 120))
    detector = engine.detector(focused.recipe(calibrated.limits, engine.model_hash_for(EYES)), REFERENCES)
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
    prediction = engine.detector(moved.recipe(calibrated.limits, engine.model_hash_for(EYES)), REFERENCES).predict(part)
    assert prediction.regions
    assert all(region.box.x + region.box.width <= part.shape[1] for region in prediction.regions)


def test_a_recipe_of_another_model_is_refused_with_what_to_do(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    with pytest.raises(RecipeError, match="Set its limits again"):
        engine.detector(draft.recipe(calibrated.limits, "0" * 64), REFERENCES)


def test_a_missing_good_image_is_named(engine: Engine, draft: ProductDraft, calibrated: Calibrated) -> None:
    recipe = draft.recipe(calibrated.limits, engine.model_hash_for(EYES))
    other = dataclasses.replace(recipe, class_name="another plate")
    with pytest.raises(RecipeError, match=r"2\.png"):
        engine.detector(other, REFERENCES[:2])


def test_calibrating_without_a_good_image_says_so(engine: Engine) -> None:
    with pytest.raises(RecipeError, match="no good image yet"):
        next(engine.calibrate(ProductDraft(ProductDescription("plate", "plate")), []))


def test_a_part_with_views_is_judged_by_their_recipes_and_never_by_its_own(engine: Engine, draft: ProductDraft) -> None:
    part = dataclasses.replace(draft, views=(View("top", draft),))
    with pytest.raises(RecipeError, match="is looked at in several views"):
        engine.detector(part.recipe(PART_LIMITS, engine.model_hash), [])
    with pytest.raises(RecipeError, match="Choose 'plate / top'"):
        next(engine.calibrate(part, []))


def test_one_good_image_is_enough_to_start(engine: Engine, draft: ProductDraft) -> None:
    single = dataclasses.replace(draft, references=draft.references[:1])
    *_, result = engine.calibrate(single, REFERENCES[:1])
    assert isinstance(result, Calibrated)
    assert result.lowest_promise == 0.5
    assert result.limits.ok > 0.0


def test_a_profile_without_maps_of_phrases_shows_no_preview_and_says_so(engine: Engine, draft: ProductDraft) -> None:
    assert not engine.lights_phrases
    with pytest.raises(ProfileError, match="a phrase lights up nothing"):
        next(engine.light_phrases(draft, REFERENCES))


def test_every_phrase_gets_its_map_on_every_good_image(draft: ProductDraft) -> None:
    loaded = load_profile(SMALL, "cpu")
    naming = Engine(
        dataclasses.replace(loaded, profile=loaded.profile.model_copy(update={"names_types": True, "trained": True}))
    )
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
    loaded = load_profile(SMALL, "cpu")
    naming = Engine(
        dataclasses.replace(loaded, profile=loaded.profile.model_copy(update={"names_types": True, "trained": True}))
    )
    with pytest.raises(RecipeError, match="no good image yet"):
        next(naming.light_phrases(dataclasses.replace(draft, references=()), []))


def test_the_nearest_patch_of_a_spot_is_named_and_that_of_a_good_part_is_its_own_place(
    engine: Engine, draft: ProductDraft, calibrated: Calibrated
) -> None:
    detector = engine.detector(draft.recipe(calibrated.limits, engine.model_hash_for(EYES)), REFERENCES)
    found = detector.nearest(_part(98, spot=(50, 40)), Box(44, 34, 26, 26))
    assert found.key in {image.image_hash for image in REFERENCES}
    assert found.part[0] == pytest.approx(57 / 160, abs=0.08)
    assert found.part[1] == pytest.approx(47 / 120, abs=0.08)
    assert found.stored is not None
    assert all(0.0 <= place <= 1.0 for place in found.stored)
    same = detector.nearest(REFERENCES[0].pixels, Box(44, 34, 26, 26))
    assert same.key == REFERENCES[0].image_hash
    assert same.distance < 1e-5 < found.distance
    assert same.stored == pytest.approx(same.part)
