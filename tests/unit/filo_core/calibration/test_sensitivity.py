"""Synthetic anomalies are what they claim to be, and so is what is said about finding them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from filo_core.calibration.sensitivity import (
    HeldOutPart,
    Sensitivity,
    SensitivityPoint,
    default_sizes,
    measure_sensitivity,
)
from filo_core.calibration.synthetic import SyntheticKind, draw, kinds_of, likely_part
from filo_core.errors import EvidenceError
from filo_core.events import StepDone
from filo_core.statistics.rates import Rate
from filo_core.types import AnomalyType, Limits, Prediction, ProductKind

LIMITS = Limits(ok=0.05, ng=0.1, region=0.05)


def _picture(seed: int = 0, side: int = 120) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return rng.integers(100, 120, (side, side, 3), np.uint8)


class ChangedArea:
    """A detector whose score is the share of pixels far from the one good picture it knows, times a gain."""

    def __init__(self, good: NDArray[np.uint8], gain: float = 10.0, offset: float = 0.0) -> None:
        self._good, self._gain, self._offset = good, gain, offset

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        changed = np.abs(pixels.astype(int) - self._good).max(axis=2) > 40
        score = min(self._offset + self._gain * float(changed.mean()), 1.0)
        return Prediction(score, changed.astype(np.float32), (), {}, trained=True)


def _parts(count: int, **settings: float) -> list[HeldOutPart]:
    pictures = [_picture(seed) for seed in range(count)]
    return [HeldOutPart(f"{i}.png", picture, ChangedArea(picture, **settings)) for i, picture in enumerate(pictures)]


def _measured(parts: list[HeldOutPart], kinds: list[SyntheticKind], **settings: object) -> Sensitivity:
    *steps, result = measure_sensitivity(parts, LIMITS, kinds, **settings)  # type: ignore[arg-type]
    assert [step.done for step in steps if isinstance(step, StepDone)] == list(range(1, len(steps) + 1))
    assert isinstance(result, Sensitivity)
    assert steps[-1].total == len(steps)
    return result


@pytest.mark.parametrize("kind", SyntheticKind)
@pytest.mark.parametrize("size_px", [2, 9, 30, 60])
def test_a_drawing_has_its_size_and_leaves_the_picture_as_it_was(kind: SyntheticKind, size_px: int) -> None:
    pixels = _picture()
    before = pixels.copy()
    for seed in range(10):
        drawn = draw(pixels, kind, size_px, 0.3, np.random.default_rng(seed))
        assert np.array_equal(pixels, before)
        rows, columns = np.nonzero(drawn.mask)
        extent = np.hypot(np.ptp(rows) + 1, np.ptp(columns) + 1)
        assert 0.5 * size_px <= extent <= 1.45 * size_px + 2
        if kind.graded:
            far = np.abs(drawn.pixels.astype(int) - before).max(axis=2) > 3
            # Soft edges end within a few pixels of the outline.
            assert far.sum() <= 3 * drawn.mask.sum() + 16
            change = np.abs(drawn.pixels.astype(int) - before)[drawn.mask]
            assert abs(change.max() - 0.3 * 255) <= 1.0


def test_the_same_state_draws_at_the_same_place_in_any_size() -> None:
    centres = []
    for size_px in (11, 21, 31):
        rows, columns = np.nonzero(draw(_picture(), SyntheticKind.SPOT, size_px, 0.3, np.random.default_rng(6)).mask)
        centres.append((rows.mean(), columns.mean()))
    assert np.ptp(centres, axis=0).max() < 1.5


def test_a_missing_patch_loses_its_texture() -> None:
    pixels = _picture()
    drawn = draw(pixels, SyntheticKind.MISSING_PATCH, 40, 1.0, np.random.default_rng(1))
    assert drawn.pixels[drawn.mask].std() < 0.6 * pixels[drawn.mask].std()
    assert np.array_equal(drawn.pixels[~drawn.mask], pixels[~drawn.mask])


def test_dark_ground_gets_a_bright_anomaly_and_bright_ground_a_dark_one() -> None:
    for grey, sign in ((30, 1), (220, -1)):
        ground = np.full((60, 60, 3), grey, np.uint8)
        drawn = draw(ground, SyntheticKind.SPOT, 12, 0.5, np.random.default_rng(2))
        assert np.sign(drawn.pixels.astype(int) - grey).sum() * sign > 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(EvidenceError, match="from 1 to 60 px"):
        draw(_picture(), SyntheticKind.SPOT, 61, 0.3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="contrast"):
        draw(_picture(), SyntheticKind.SPOT, 10, 0.0, np.random.default_rng(0))


def test_the_part_is_told_from_a_plain_background() -> None:
    pixels = np.full((80, 80, 3), 240, np.uint8)
    pixels[20:60, 30:50] = 60
    part = likely_part(pixels)
    assert part[25:55, 35:45].all()
    assert not part[:15].any()
    assert likely_part(_picture()).mean() > 0.3
    assert likely_part(np.full((40, 40, 3), 7, np.uint8)).all()
    centres = [
        np.argwhere(draw(pixels, SyntheticKind.SPOT, 5, 0.4, np.random.default_rng(seed), part).mask).mean(axis=0)
        for seed in range(20)
    ]
    assert all(17 <= row <= 62 and 27 <= column <= 52 for row, column in centres)


def test_the_recipe_s_own_words_choose_the_kinds() -> None:
    names = ("deep scratch", "oil stain", "missing print", "bent pin", "scratched foil")
    found = kinds_of([*(AnomalyType(name) for name in names), AnomalyType("hole", enabled=False)])
    assert found.kinds == (SyntheticKind.SCRATCH, SyntheticKind.STAIN, SyntheticKind.MISSING_PATCH)
    assert found.not_drawn == ("bent pin",)


def test_larger_and_stronger_anomalies_are_found_and_every_sentence_says_synthetic() -> None:
    sensitivity = _measured(
        _parts(3), [SyntheticKind.SPOT, SyntheticKind.SCRATCH], sizes_px=(4, 12, 40), contrasts=(0.1, 0.4), draws=10
    )
    shares = {(p.kind, p.contrast, p.size_px): p.found.value for p in sensitivity.points}
    assert len(shares) == 12
    assert shares[SyntheticKind.SPOT, 0.4, 4] == 0.0
    assert shares[SyntheticKind.SPOT, 0.4, 40] == 1.0
    assert shares[SyntheticKind.SPOT, 0.1, 40] == 0.0
    smallest = sensitivity.smallest_found(SyntheticKind.SPOT, 0.4)
    assert smallest is not None
    assert smallest.size_px == 12
    assert (smallest.found.lower, smallest.found.upper) == pytest.approx(
        proportion_confint(smallest.found.count, 10, method="beta"), abs=1e-6
    )
    assert sensitivity.smallest_found(SyntheticKind.SPOT, 0.1) is None
    assert len(sensitivity.sentences) == 4
    assert all(sentence.startswith("Synthetic ") for sentence in sensitivity.sentences)
    assert "found 9 times in 10 from 12 px on (10 of 10" in sensitivity.sentences[1]
    assert "not found 9 times in 10 up to 40 px (0 of 10" in sensitivity.sentences[0]
    assert "drawn on 3 good parts" in sensitivity.sentences[0]


def test_a_size_found_by_luck_below_one_that_is_missed_does_not_count() -> None:
    points = tuple(
        SensitivityPoint(SyntheticKind.SPOT, size, 0.3, Rate(count, 20, 0.0, 1.0))
        for size, count in ((5, 20), (10, 15), (20, 19), (40, 20))
    )
    smallest = Sensitivity(points, 4, ()).smallest_found(SyntheticKind.SPOT, 0.3)
    assert smallest is not None
    assert smallest.size_px == 20


def test_a_part_that_is_refused_as_it_is_is_not_drawn_on() -> None:
    refused = HeldOutPart("odd.png", _picture(9), ChangedArea(_picture(9), offset=0.5))
    sensitivity = _measured([*_parts(2), refused], [SyntheticKind.SPOT], sizes_px=(4,), contrasts=(0.3,), draws=6)
    assert (sensitivity.left_out, sensitivity.parts) == (("odd.png",), 2)
    assert sensitivity.points[0].found.count == 0


def test_the_same_seed_measures_the_same() -> None:
    settings = {"sizes_px": (4, 9), "contrasts": (0.2,), "draws": 5, "product_kind": ProductKind.OBJECT}
    kinds = [SyntheticKind.STAIN, SyntheticKind.MISSING_PATCH]
    first = _measured(_parts(2, gain=30.0), kinds, **settings)
    assert first == _measured(_parts(2, gain=30.0), kinds, **settings)
    assert [point.contrast for point in first.points] == [0.2, 0.2, None, None]


@pytest.mark.parametrize(
    ("parts", "kinds", "sizes", "sentence"),
    [
        (1, [SyntheticKind.SPOT], (), "at least two good parts"),
        (2, [], (), "can be drawn"),
        (2, [SyntheticKind.SPOT], (70,), "Choose 1 to 60 px"),
    ],
)
def test_what_cannot_be_measured_is_said(
    parts: int, kinds: list[SyntheticKind], sizes: tuple[int, ...], sentence: str
) -> None:
    with pytest.raises(EvidenceError, match=sentence):
        next(measure_sensitivity(_parts(parts), LIMITS, kinds, sizes_px=sizes))


def test_limits_that_refuse_every_good_part_have_no_sensitivity() -> None:
    with pytest.raises(EvidenceError, match="All 2 good parts are refused as they are"):
        list(measure_sensitivity(_parts(2, offset=0.5), LIMITS, [SyntheticKind.SPOT]))


def test_default_sizes_rise_and_fit() -> None:
    for side in (24, 128, 1080):
        sizes = default_sizes(np.zeros((side, 2 * side, 3), np.uint8))
        assert list(sizes) == sorted(set(sizes))
        assert sizes[-1] <= side / 2
