"""How references enter the memory bank, and what a whole detector on the tiny network may never do."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from open_clip.tokenizer import SimpleTokenizer

from filo_core.errors import RecipeError
from filo_core.fixture import Fixture
from filo_core.method.detector import FiLoDetector
from filo_core.method.grids import shifted
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.method.head_settings import HeadSettings
from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.interfaces import GroundingBox, ImageFeatures, TextAnswer
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.method.text_side import TextSide
from filo_core.method.trained_heads import TrainedHeads
from filo_core.profiles.loaded import LoadedProfile
from filo_core.profiles.manifest import ModelProfile
from filo_core.types import AnomalyType, Box, Limits, Position, Prediction, ProductDescription, ProductDraft
from filo_core.zones import Zone, ZoneKind, on_scale
from tests.unit.filo_core.method import parts_to_find as parts

PROFILE = ModelProfile(
    name="tiny",
    trained=False,
    architecture="none",
    stages=(2, 4),
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    gaussian_sigma_px=1.0,
    licence="none",
    trained_on="nothing",
)
BOX = GroundingBox(0.0, 0.0, 0.4, 0.4, 0.9, "crack")


class FixedBoxes:
    """A localizer that always answers the same."""

    def __init__(self, *boxes: GroundingBox) -> None:
        self.boxes = boxes

    def locate(self, pixels: NDArray[np.uint8], phrases: Sequence[str]) -> tuple[GroundingBox, ...]:
        del pixels, phrases
        return self.boxes


def picture(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8)


def detector_of(
    tiny_clip: open_clip.CLIP,
    names: Sequence[str] = ("crack",),
    *boxes: GroundingBox,
    zones: tuple[Zone, ...] = (),
    fixture: Fixture | None = None,
    **changes: object,
) -> FiLoDetector:
    draft = ProductDraft(ProductDescription("p", "tile"), tuple(AnomalyType(name) for name in names), zones=zones)
    draft = replace(draft, fixture=fixture)
    recipe = draft.recipe(Limits(0.1, 0.2, 0.1), "0" * 64)
    words = OpenClipTextEncoder(tiny_clip, SimpleTokenizer(context_length=77))
    heads = TrainedHeads(tiny_clip, (1, 4), HeadSettings(value_stages=(3, 4), first_value_block=2))
    return FiLoDetector(
        recipe,
        PROFILE.model_copy(update=changes),
        OpenClipImageEncoder(
            tiny_clip, PROFILE.stages, PROFILE.mean, PROFILE.std, value_stages=(3, 4), first_value_block=2
        ),
        words,
        FixedBoxes(*boxes) if boxes else WholeImageLocalizer(),
        text_side=TextSide(recipe, words, heads, tiny_clip),
    )


@pytest.fixture(scope="module")
def seen_again(tiny_clip: open_clip.CLIP) -> FiLoDetector:
    """One detector for many draws; its references are set anew in each."""
    return detector_of(tiny_clip, ("crack", "stain"), BOX)


def test_a_shift_moves_the_picture_and_repeats_its_border() -> None:
    picture = torch.arange(9.0).view(1, 1, 3, 3)
    assert shifted(picture, 1, 0)[0, 0].tolist() == [[0, 0, 1], [3, 3, 4], [6, 6, 7]]
    assert shifted(picture, 0, -1)[0, 0].tolist() == [[3, 4, 5], [6, 7, 8], [6, 7, 8]]
    assert shifted(picture, -1, 1)[0, 0].tolist() == [[1, 2, 2], [1, 2, 2], [4, 5, 5]]


def test_no_shift_gives_the_picture_itself() -> None:
    picture = torch.rand(1, 3, 4, 4)
    assert shifted(picture, 0, 0) is picture


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=3, unique=True), st.integers(0, 10_000))
def test_adding_a_reference_never_raises_the_map_or_the_score(
    seen_again: FiLoDetector, references: list[int], asked: int
) -> None:
    seen_again.set_references({str(references[0]): picture(references[0])})
    before = seen_again.predict(picture(asked))
    for number in references[1:]:
        seen_again.add_reference(str(number), picture(number))
        after = seen_again.predict(picture(asked))
        assert after.image_score <= before.image_score + 1e-6
        assert bool((after.anomaly_map <= before.anomaly_map + 1e-6).all())
        before = after


def test_without_a_box_lambda_is_one(tiny_clip: open_clip.CLIP) -> None:
    some, none = (detector_of(tiny_clip, ("crack",), suppression=value) for value in (0.0, 1.0))
    boxed = detector_of(tiny_clip, ("crack",), BOX, suppression=0.0)
    for detector in (some, none, boxed):
        detector.add_reference("a", picture(1))
    assert np.array_equal(some.predict(picture(2)).anomaly_map, none.predict(picture(2)).anomaly_map)
    assert boxed.predict(picture(2)).anomaly_map[-1, -1] == 0.0


def test_the_map_is_smoothed_after_what_lies_outside_the_boxes_is_suppressed(tiny_clip: open_clip.CLIP) -> None:
    whole, cut = (
        detector_of(tiny_clip, ("crack",), BOX, suppression=factor).predict(picture(2)).anomaly_map
        for factor in (1.0, 0.0)
    )
    # λ first leaves no edge at the box: the pixel inside has lost to the zeros beside it, the one outside has won.
    edge = round(0.4 * 32)
    assert cut[3, edge - 1] < 0.9 * whole[3, edge - 1]
    assert 0.0 < cut[3, edge] < whole[3, edge]
    assert cut[3, 3] == pytest.approx(whole[3, 3], abs=1e-6)


def test_a_zero_shot_score_is_taken_before_suppression_and_a_few_shot_one_after(tiny_clip: open_clip.CLIP) -> None:
    corner = GroundingBox(0.0, 0.0, 0.1, 0.1, 0.9, "crack")
    free, cut = (detector_of(tiny_clip, ("crack",), corner, suppression=factor) for factor in (1.0, 0.0))
    assert free.predict(picture(2)).image_score == cut.predict(picture(2)).image_score
    for detector in (free, cut):
        detector.add_reference("a", picture(1))
    seen, suppressed = free.predict(picture(2)), cut.predict(picture(2))
    lost = float(seen.anomaly_map.max() - suppressed.anomaly_map.max())
    assert lost > 0.0, "the peak of this picture lies outside the corner"
    assert seen.image_score - suppressed.image_score == pytest.approx(lost / 2.0, abs=1e-6)


def test_the_order_of_references_and_of_anomaly_names_changes_nothing(tiny_clip: open_clip.CLIP) -> None:
    results = []
    for names, references in ((("crack", "stain", "dent"), (1, 2)), (("dent", "crack", "stain"), (2, 1))):
        detector = detector_of(tiny_clip, names, BOX)
        detector.set_references({str(number): picture(number) for number in references})
        results.append(detector.predict(picture(3)))
    assert results[0].image_score == pytest.approx(results[1].image_score, abs=1e-4)
    np.testing.assert_allclose(results[0].anomaly_map, results[1].anomaly_map, atol=1e-4)


def test_text_that_no_score_uses_is_not_asked(tiny_clip: open_clip.CLIP) -> None:
    detector = detector_of(tiny_clip, ("crack",), BOX, vision_language_weight=0.0, text_score=False)
    alone = detector.predict(picture(2))
    detector.add_reference("a", picture(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TextSide, "sides", lambda *_: pytest.fail("the text side was asked"))
        matched = detector.predict(picture(2))
    assert matched.image_score == float(matched.anomaly_map.max())
    assert alone.image_score != matched.image_score


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (4000, 1, 3)])
def test_a_picture_of_any_shape_gets_a_finite_map(tiny_clip: open_clip.CLIP, shape: tuple[int, int, int]) -> None:
    detector = detector_of(tiny_clip, ("crack",), BOX)
    detector.add_reference("a", np.full(shape, 90, np.uint8))
    prediction = detector.predict(np.full(shape, 160, np.uint8))
    assert bool(np.isfinite(prediction.anomaly_map).all())
    assert 0.0 <= prediction.image_score <= 1.0
    for region in prediction.regions:
        assert 0 <= region.box.x < region.box.x + region.box.width <= shape[1]
        assert 0 <= region.box.y < region.box.y + region.box.height <= shape[0]


STRANGE = ("\U0001f529 crack", "crack; -- ' \" {} at {0}", "...", "c" * 500, "long word " * 50)


@pytest.mark.parametrize("names", [STRANGE, tuple(f"flaw number {count}" for count in range(300))])
def test_strange_and_many_anomaly_names_go_through_a_whole_detector(
    tiny_clip: open_clip.CLIP, names: tuple[str, ...]
) -> None:
    detector = detector_of(tiny_clip, names, BOX)
    detector.add_reference("a", picture(1))
    prediction = detector.predict(picture(2))
    assert 0.0 <= prediction.image_score <= 1.0
    assert prediction.anomaly_map.shape == (32, 32)
    assert bool(np.isfinite(prediction.anomaly_map).all())


class FixedSide:
    """A text side of another kind than ours: it counts how often it is asked, and says what it could not filter."""

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, features: ImageFeatures, boxes: Sequence[GroundingBox]) -> TextAnswer:
        del features, boxes
        self.asked += 1
        return TextAnswer(lambda: 0.25, lambda side: torch.full((side, side), 0.5), ("normal",))


def test_any_text_side_is_asked_once_an_image_and_all_of_its_answer_is_used(tiny_clip: open_clip.CLIP) -> None:
    side = FixedSide()
    words = OpenClipTextEncoder(tiny_clip, SimpleTokenizer(context_length=77))
    recipe = ProductDraft(ProductDescription("p", "tile")).recipe(Limits(0.1, 0.2, 0.1), "0" * 64)
    backbone = OpenClipImageEncoder(tiny_clip, PROFILE.stages, PROFILE.mean, PROFILE.std)
    detector = FiLoDetector(recipe, PROFILE, backbone, words, WholeImageLocalizer(), text_side=side)
    predicted = detector.predict(picture(1))
    assert side.asked == 1
    assert predicted.unfiltered_sides == ("normal",)
    assert predicted.image_score == pytest.approx((0.25 + 0.5) / 2)


def test_a_prediction_says_what_its_text_side_went_by(tiny_clip: open_clip.CLIP) -> None:
    detector = detector_of(tiny_clip, ("crack",), BOX, text_score=True)
    found = detector.explained(picture(1))
    assert found is not None
    assert found.reasons is not None
    (located,) = found.reasons.boxes
    assert (located.box, located.phrase) == (Box(0, 0, 19, 16), "crack")
    assert found.reasons.positions == (Position.TOP_LEFT,)
    assert found.reasons.dropped is not None
    assert found.reasons.dropped >= 0
    without = detector_of(tiny_clip, ("crack",), text_score=True).explained(picture(1))
    assert without is not None
    assert without.reasons is not None
    assert (without.reasons.boxes, without.reasons.positions) == ((), tuple(Position))
    assert found.reasons.phrase_at(Box(2, 2, 10, 10)) == "crack"
    assert found.reasons.phrase_at(Box(30, 30, 10, 10)) == ""


_LEFT, _RIGHT = Zone("left", ((0.0, 0.0), (0.5, 1.0))), Zone("right", ((0.5, 0.0), (1.0, 1.0)))
_PRINT = Zone("print", ((0.0, 0.0), (0.5, 0.5)), kind=ZoneKind.IGNORE)


def _predicted(clip: open_clip.CLIP, zones: tuple[Zone, ...], **changes: object) -> Prediction:
    detector = detector_of(clip, ("crack",), zones=zones, **changes)
    detector.add_reference("a", picture(1))
    return detector.predict(picture(2))


def test_one_region_over_everything_scores_like_the_map_of_the_whole_picture(tiny_clip: open_clip.CLIP) -> None:
    whole = _predicted(tiny_clip, (), text_score=False)
    drawn = _predicted(tiny_clip, (Zone("all", ((0.0, 0.0), (1.0, 1.0))),), text_score=False)
    assert drawn.image_score == pytest.approx(whole.image_score, abs=1e-6)
    assert np.allclose(drawn.anomaly_map, whole.anomaly_map, atol=1e-6)
    assert [zone.name for zone in drawn.zones] == ["all"]


def test_each_region_has_the_peak_of_its_own_place_and_the_worst_decides(tiny_clip: open_clip.CLIP) -> None:
    found = _predicted(tiny_clip, (_LEFT, _RIGHT), gaussian_sigma_px=0.0, text_score=False)
    side = len(found.anomaly_map)
    halves = found.anomaly_map[:, : side // 2], found.anomaly_map[:, side // 2 :]
    assert [zone.name for zone in found.zones] == ["left", "right"]
    assert [zone.score for zone in found.zones] == pytest.approx([float(half.max()) for half in halves], abs=1e-6)
    assert found.image_score == max(zone.score for zone in found.zones)


def test_what_lies_under_an_ignore_mask_has_no_map_and_no_score(tiny_clip: open_clip.CLIP) -> None:
    plain = _predicted(tiny_clip, (), gaussian_sigma_px=0.0, text_score=False).anomaly_map
    masked = _predicted(tiny_clip, (_PRINT,), gaussian_sigma_px=0.0, text_score=False)
    side = len(plain)
    assert not masked.anomaly_map[: side // 2, : side // 2].any()
    outside = np.ones_like(plain, bool)
    outside[: side // 2, : side // 2] = False
    assert masked.image_score == pytest.approx(float(plain[outside].max()), abs=1e-6)
    assert np.allclose(masked.anomaly_map[outside], plain[outside], atol=1e-6)


def test_a_region_on_the_scale_of_all_moves_its_score_and_its_map(tiny_clip: open_clip.CLIP) -> None:
    plain = _predicted(tiny_clip, (_LEFT, _RIGHT))
    eased = _predicted(tiny_clip, (replace(_LEFT, ease=1.0), _RIGHT))
    assert eased.zones[0].score == pytest.approx(on_scale(replace(_LEFT, ease=1.0), plain.zones[0].score))
    assert eased.zones[0].peak > plain.zones[0].peak
    assert eased.zones[1] == plain.zones[1]


def test_regions_move_with_the_part_as_in_every_profile(tiny_clip: open_clip.CLIP) -> None:
    zones = (parts.SHAPE, parts.BODY)
    moving = detector_of(tiny_clip, ("crack",), zones=zones, fixture=parts.fixture())
    lying = detector_of(tiny_clip, ("crack",), zones=(parts.BODY,))
    for detector in (moving, lying):
        detector.set_references({f"{seed}": parts.picture(seed=seed) for seed in range(2)})
    turned = parts.picture(90.0, (20.0, -10.0), seed=7)
    found = moving.predict(turned)
    assert found.placement is not None
    assert found.placement.turned == pytest.approx(90.0, abs=0.5)
    assert [zone.name for zone in found.zones] == ["body"]
    assert found.image_score < lying.predict(turned).image_score
    side = len(found.anomaly_map)
    x, y = parts.place(parts.SIZE[0] / 2, parts.SIZE[1] / 2, 90.0, (20.0, -10.0))
    column, row = int(x / parts.SIZE[0] * side), int(y / parts.SIZE[1] * side)
    assert found.anomaly_map[row, column] > 0.0
    assert found.anomaly_map[0].max() == 0.0


@pytest.mark.parametrize("kind", [ZoneKind.COUNT, ZoneKind.WHOLE])
def test_what_takes_the_trunks_of_the_compact_profile_is_refused_by_name(kind: ZoneKind) -> None:
    zones = (_LEFT, Zone("board", ((0.5, 0.0), (1.0, 1.0)), kind=kind))
    recipe = ProductDraft(ProductDescription("p", "tile"), zones=zones).recipe(Limits(0.1, 0.2, 0.1), "0" * 64)
    nothing: Any = None
    loaded = LoadedProfile(PROFILE, nothing, nothing, nothing, "cpu", "0" * 64)
    with pytest.raises(RecipeError, match="Region board of p counts, or is seen as a whole, and the 'tiny' profile"):
        loaded.detector(recipe)
